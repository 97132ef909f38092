#!/bin/sh
# test_forged.sh PRISMFED FORGER...: each forger is a prismfed in whose replicated state one rule of membership is left
# out, and all its validators vouch for what it executes. The auditor executes by the rules, and says no.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
prismfed=$(realpath "$1")
shift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
. "$root/tests/tap.sh"

# Three newcomers at once by the wish of one validator, where one may come in an epoch.
cat > "$scratch/x.json" << 'END'
{"name": "forged", "quorum": 3, "max_ledger_drift": 2, "epoch_start": 1, "seed": 5,
 "policy": {"evaluations": 2, "iteration_limit": 50, "joins_per_epoch": 1},
 "workload": {"family": "queen", "instances": 1, "size_min": 5},
 "nodes": [{"id": "v0", "region": "r", "role": "core", "stake": 1},
           {"id": "v1", "region": "r", "role": "core", "stake": 1},
           {"id": "v2", "region": "r", "role": "core", "stake": 1},
           {"id": "v3", "region": "r", "role": "core", "stake": 1},
           {"id": "e0", "region": "r", "role": "edge", "stake": 1},
           {"id": "e1", "region": "r", "role": "edge", "stake": 1},
           {"id": "e2", "region": "r", "role": "edge", "stake": 1}],
 "events": [{"kind": "join", "node": "e0", "sponsor": "v1", "epoch": 1, "after_ms": 1},
            {"kind": "join", "node": "e1", "sponsor": "v1", "epoch": 1, "after_ms": 1},
            {"kind": "join", "node": "e2", "sponsor": "v1", "epoch": 1, "after_ms": 1}]}
END

# rehearse PROGRAM: into out
rehearse() {
    rm -rf "$scratch/out"
    "$1" sim --scenario "$scratch/x.json" --epochs 5 --output-dir "$scratch/out" --quiet --clean > "$scratch/said" 2>&1
}

# refused: the audit ends with 1 and names the state that does not follow
refused() {
    verdict=0
    "$prismfed" audit "$scratch/out" > "$scratch/report" 2>&1 || verdict=$?
    [ "$verdict" = 1 ] && grep -q 'FAIL PF-' "$scratch/report"
}

honest() {
    rehearse "$prismfed"
    ! refused && ! grep -q FAIL "$scratch/report"
}

status=0
honest || status=$?
report $status 'three newcomers who come in by the rules are no finding' "$scratch/said" "$scratch/report"
for forger; do
    status=0
    rehearse "$(realpath "$forger")" && refused || status=$?
    report $status "$(basename "$forger") is found" "$scratch/said" "$scratch/report"
done
finish
