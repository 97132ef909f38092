#!/bin/sh
# tools/count.awk counts what Meson's log says, and its exit status follows; of what failed it shows why.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
log=$(mktemp)
trap 'rm -f "$log" "$log".*' EXIT
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

# line NAME STDOUT RESULT STATUS STDERR: as Meson writes it; each text escaped as JSON has it.
line() {
    printf '{"name": "%s", "stdout": "%s", "result": "%s", "starttime": 1.5, "returncode": %s, ' "$1" "$2" "$3" "$4"
    printf '"env": {"A": "not ok"}, "command": ["/build/x"], "stderr": "%s"}\n' "$5"
}

# shows NAME < EXPECTED: for the log so far, which is then emptied.
shows() {
    cat > "$log.expected"
    awk -f "$root/tools/count.awk" "$log" > "$log.got" || true
    status=0
    diff "$log.expected" "$log.got" > "$log.difference" || status=1
    report "$status" "$1" "$log.difference"
    : > "$log"
}
{
    line 'prismfed / a/passes' '# SEED=1\nok 1 - fine\n1..1\n' OK 0 'a warning'
    line 'prismfed:slow / a/fails' \
        '# SEED=17\nok 1 - x\n# at \"C:\\new\":\t1 is 2\nnot ok 2 - y\nok 3 - z\n1..3\n' FAIL 1 ''
    line 'prismfed / a/crashes' 'ok 1 - x\nok 2 - y\n' ERROR -11 'SUMMARY: overflow\n'
} >> "$log"
tab=$(printf '\t')
shows "what failed, why, and how to run it again" << END
failed: a/fails (FAIL, exit status 1)
    # SEED=17
    # at "C:\\new":${tab}1 is 2
    not ok 2 - y
    1..3
  again: SEED=17 ./dev check a/fails
failed: a/crashes (ERROR, exit status -11)
    ok 2 - y
    SUMMARY: overflow
  again: ./dev check a/crashes
5 passed, 2 failed
END
line 'prismfed / a/b' "$(seq 1 70 | sed 's/$/\\n/' | tr -d '\n')not ok 1 - x\n" FAIL 1 '' >> "$log"
{
    echo 'failed: a/b (FAIL, exit status 1)'
    echo '    (11 lines of its output before)'
    seq 12 70 | sed 's/^/    /'
    echo '    not ok 1 - x'
    echo '  again: ./dev check a/b'
    echo '0 passed, 1 failed'
} > "$log.long"
shows "of much output its end" < "$log.long"
line 'prismfed / a/measures' '# lines: 5 (at most 7)\n# more: words\nok 1 - x\n1..1\n' OK 0 '' >> "$log"
shows "what a test measured against a bound" << END
lines: 5 (at most 7)
1 passed, 0 failed
END
finish
