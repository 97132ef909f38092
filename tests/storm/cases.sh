#!/bin/sh
# cases.sh STORM: nothing is found in the cases, each of which a shrinker made of what a planted defect did: it is named
# after it, and ./dev mutants asks that the defect still fails in it.
set -eu
storm=$1
count=0
failed=0
for file in "$(dirname "$0")"/cases/*.txt; do
    count=$((count + 1))
    steps=$(sed -n '1s/^# \([0-9]*\) steps.*/\1/p' "$file")
    if [ "${steps:-99}" -le 40 ] && "$storm" --replay "$file" > /dev/null; then
        echo "ok $count - $(basename "$file"): nothing found; it took $steps steps with the defect"
    else
        echo "not ok $count - $(basename "$file"): nothing found; at most 40 steps"
        failed=1
    fi
done
echo "1..$count"
exit "$failed"
