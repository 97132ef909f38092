#!/bin/sh
# tools/count.awk counts what Meson's log says, and its exit status follows.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
. "$root/tests/tap.sh"

ran() { # RESULT STDOUT
    printf '{"name": "x / %s", "stdout": "%s", "result": "%s", "command": ["not ok"]}\n' "$1" "$2" "$1" >> "$log"
}

# counts NAME STATUS LINE: for the log so far, which is then emptied.
counts() {
    status=0
    got=$(awk -f "$root/tools/count.awk" "$log") || status=$?
    got=$(printf '%s\n' "$got" | tail -n 1)
    if [ "$got" = "$3" ] && [ "$status" = "$2" ]; then
        report 0 "$1"
    else
        echo "# got $got, exit status $status"
        report 1 "$1"
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
finish
