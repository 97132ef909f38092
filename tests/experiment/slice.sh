#!/bin/sh
# slice.sh EXPERIMENT: a slice of each experiment prints what docs/experiments.md quotes, and the same twice; also on
# several threads; bad arguments are refused.
set -eu
experiment=$1
document=$(dirname "$0")/../../docs/experiments.md
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
. "$(dirname "$0")/../tap.sh"

# What stands in the document between <!-- NAME slice --> and <!-- end -->.
quoted() {
    awk -v mark="<!-- $1 slice -->" '$0 == "<!-- end -->" { inside = 0 } inside { print } $0 == mark { inside = 1 }' \
        "$document"
}

for name in $("$experiment" --help | sed -n 's/^  \([a-z]*\) .*seeds)$/\1/p'); do
    status=0
    "$experiment" "$name" --slice > "$scratch/printed" 2> "$scratch/said" || status=$?
    [ ! -s "$scratch/said" ] || status=1
    report "$status" "$name: a slice runs, and says nothing beside its tables" "$scratch/said"
    quoted "$name" > "$scratch/quoted"
    diff "$scratch/quoted" "$scratch/printed" > "$scratch/diff" && status=0 || status=1
    report "$status" "$name: it prints what the document quotes" "$scratch/diff"
    "$experiment" "$name" --slice --seeds 3 > "$scratch/one"
    "$experiment" "$name" --slice --seeds 3 --threads 3 > "$scratch/printed"
    diff "$scratch/one" "$scratch/printed" > "$scratch/diff" && status=0 || status=1
    report "$status" "$name: three threads print what one does" "$scratch/diff"
done

for arguments in 'nothing' 'federate --seeds 0' 'federate --seeds x' 'federate --seeds' 'federate --other' \
    'federate --threads 0' 'federate --threads 65' ''; do
    status=0
    "$experiment" $arguments > "$scratch/out" 2>&1 || status=$?
    [ "$status" = 2 ] && grep -q usage "$scratch/out" && status=0 || status=1
    report "$status" "refused: experiment $arguments" "$scratch/out"
done
finish
