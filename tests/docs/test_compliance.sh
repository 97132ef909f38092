#!/bin/sh
# test_compliance.sh: each rule that docs/compliance.md names is one of docs/audit.md, and each row says what it cannot
# show or what shows it.
set -eu
cd "$(dirname "$0")/../.."
. tests/tap.sh
grep -o 'PF-[A-Z-]*' docs/compliance.md | sort -u | while read -r code; do
    grep -q "^| \`$code\` |" docs/audit.md || echo "$code is no rule"
done > "${TMPDIR:-/tmp}/unknown.$$"
status=0
[ ! -s "${TMPDIR:-/tmp}/unknown.$$" ] || status=1
report $status 'the rules are those of the audit' "${TMPDIR:-/tmp}/unknown.$$"
rm -f "${TMPDIR:-/tmp}/unknown.$$"
status=0
awk -F '|' '
    /^\| [0-9]/ && (NF != 6 || $4 ~ /^ *$/ || ($4 ~ /^ nothing $/ && $5 ~ /^ *$/)) { bad = 1 }
    END { exit bad }' docs/compliance.md || status=$?
report $status 'every clause says what shows it, and what does not'
finish
