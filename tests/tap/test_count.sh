#!/bin/sh
# tools/count.awk counts what Meson's log says, and its exit status follows.
set -eu
count_awk=$(cd "$(dirname "$0")/../.." && pwd)/tools/count.awk
log=$(mktemp)
trap 'rm -f "$log"' EXIT
count=0
failed=0

ran() { # RESULT STDOUT
    printf '{"name": "x / %s", "stdout": "%s", "result": "%s", "command": ["not ok"]}\n' "$1" "$2" "$1" >> "$log"
}

# counts NAME STATUS LINE: for the log so far, which is then emptied.
counts() {
    count=$((count + 1))
    status=0
    got=$(awk -f "$count_awk" "$log") || status=$?
    got=$(printf '%s\n' "$got" | tail -n 1)
    if [ "$got" = "$3" ] && [ "$status" = "$2" ]; then
        echo "ok $count - $1"
    else
        echo "# got $got, exit status $status"
        echo "not ok $count - $1"
        failed=1
    fi
    : > "$log"
}

ran OK 'ok 1 - a\nok 2 - b # SKIP no\n1..2\n'
counts "passed and skipped" 0 '1 passed, 0 failed, 1 skipped'
ran OK 'ok 1 - a\n'
ran ERROR 'ok 1 - a\nnot ok 2 - b\n# not ok\n'
counts "a failed check" 1 '2 passed, 1 failed'
ran ERROR 'ok 1 - a\n'
ran TIMEOUT ''
counts "programs that died" 1 '1 passed, 2 failed'
counts "an empty log is a failure" 1 '0 passed, 1 failed'
echo "1..$count"
exit "$failed"
