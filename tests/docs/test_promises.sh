#!/bin/sh
# The checkers and tests that docs/consensus.md names exist, and it leaves out no checker.
set -eu
cd "$(dirname "$0")/../.."
. tests/tap.sh

table=$(sed -n '/^## Promised/,/^That the checkers/p' docs/consensus.md)

status=0
for name in $(printf '%s\n' "$table" | grep -o '`[a-z_]*\.c`' | tr -d '`' | sort -u); do
    [ -f "storm/checkers/$name" ] || { echo "# no storm/checkers/$name"; status=1; }
done
report "$status" "the checkers exist"

status=0
for path in storm/checkers/*.c; do
    name=${path##*/}
    [ "$name" != tables.c ] || continue
    printf '%s\n' "$table" | grep -q -F "\`$name\`" || { echo "# $name is left out"; status=1; }
done
report "$status" "no checker is left out"

status=0
for name in $(printf '%s\n' "$table" | grep -o '`[a-z_]*`' | tr -d '`' | sort -u); do
    grep -q -h "TAP_RUN($name)" tests/*/*.c || { echo "# no test $name"; status=1; }
done
report "$status" "the tests exist"

status=0
for number in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do
    printf '%s\n' "$table" | grep -q "^| $number |" || { echo "# no promise $number"; status=1; }
done
report "$status" "there are seventeen promises"
finish
