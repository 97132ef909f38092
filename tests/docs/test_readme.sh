#!/bin/sh
# test_readme.sh FEDERATED_SIM: the table that README.md quotes is what the program
# prints, but for the real time that it took.
set -eu
federated_sim=$(realpath "$1")
cd "$(dirname "$0")/../.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# From the scenario's line to that of the last site's cost, real times blanked.
table() {
    sed -n '/^baseline (label/,/^  edge-clinic /p' |
        sed -E 's/( [0-9.]+s) +([0-9.]+s|-)/\1/; s/virtual time in .*/virtual time/; s/ +$//'
}

scenario=artifacts/mec/M5/scenarios/baseline.json
"$federated_sim" --scenario "$scenario" --epochs 5 --output-dir "$scratch/out" 2> /dev/null |
    table > "$scratch/printed"
table < README.md > "$scratch/quoted"
if [ -s "$scratch/quoted" ] && diff "$scratch/quoted" "$scratch/printed" > "$scratch/diff"; then
    echo 'ok 1 - the table in README.md'
    status=0
else
    sed 's/^/# /' "$scratch/diff"
    echo 'not ok 1 - the table in README.md'
    status=1
fi
echo 1..1
exit "$status"
