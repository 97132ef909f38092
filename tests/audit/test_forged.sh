#!/bin/sh
# test_forged.sh PRISMFED FORGER...: each forger is a prismfed in whose replicated state one rule of membership is left
# out, or a draw is made otherwise, and all its validators vouch for what it executes. The auditor executes by the
# rules, and says no.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
prismfed=$(realpath "$1")
shift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
. "$root/tests/tap.sh"

# Three newcomers at once by the wish of one validator, where one may come in an epoch; and two of the seven nodes
# contribute to an epoch.
cp "$root/tests/suite/scenarios/joins.json" "$root/tests/suite/scenarios/cohort.json" "$scratch/"

# More genomes than an epoch has room for.
{
    printf '{"name": "crowd", "quorum": 3, "max_ledger_drift": 2, "epoch_start": 1, "seed": 3, '
    printf '"policy": {"evaluations": 8, "iteration_limit": 20, "migrants": 1, "archive": 32}, '
    printf '"workload": {"family": "random", "instances": 1, "size_min": 8, "size_max": 10}, "nodes": ['
    awk 'BEGIN {
        for (i = 0; i < 256; i++)
            printf "%s{\"id\": \"n%d\", \"region\": \"r\", \"role\": \"%s\", \"stake\": 1}",
                i ? ", " : "", i, i < 4 ? "core" : "edge"
    }'
    printf ']}\n'
} > "$scratch/crowd.json"

# rehearse PROGRAM SCENARIO EPOCHS: into out
rehearse() {
    rm -rf "$scratch/out"
    "$1" sim --scenario "$scratch/$2.json" --epochs "$3" --output-dir "$scratch/out" --quiet --clean \
        > "$scratch/said" 2>&1
}

# refused [CODE]: the audit ends with 1 and names the state that does not follow, or CODE
refused() {
    verdict=0
    "$prismfed" audit "$scratch/out" > "$scratch/report" 2>&1 || verdict=$?
    [ "$verdict" = 1 ] && grep -q "FAIL ${1:-PF-}" "$scratch/report"
}

honest() {
    rehearse "$prismfed" "$@"
    ! refused && ! grep -q FAIL "$scratch/report"
}

status=0
honest joins 5 || status=$?
report $status 'three newcomers who come in by the rules are no finding' "$scratch/said" "$scratch/report"
status=0
honest cohort 5 || status=$?
report $status 'nor are cohorts that the log drew' "$scratch/said" "$scratch/report"
status=0
honest crowd 2 && grep -q '"left_out"' "$scratch"/out/ledger/crowd/*.json || status=$?
report $status 'nor are offers that it left out' "$scratch/said" "$scratch/report"
for forger; do
    case $forger in
    *COHORT*) run='cohort 5' code=PF-COHORT ;;
    *OFFERS*) run='crowd 2' code=PF- ;;
    *) run='joins 5' code=PF- ;;
    esac
    status=0
    rehearse "$(realpath "$forger")" $run && refused $code || status=$?
    report $status "$(basename "$forger") is found" "$scratch/said" "$scratch/report"
done
finish
