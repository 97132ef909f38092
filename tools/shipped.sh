#!/bin/sh
# shipped.sh PROGRAM OUTPUT_DIR [OPTION...]: simulates every shipped scenario with
# federated_sim and writes its artifacts to OUTPUT_DIR.
set -eu
scenarios='baseline edge_failover validator_loss partition_heal lying_site disk_loss false_claims'
epochs=5
root=$(cd "$(dirname "$0")/.." && pwd)
program=$1
output=$2
shift 2
for scenario in $scenarios; do
    "$program" --scenario "$root/artifacts/mec/M5/scenarios/$scenario.json" --epochs "$epochs" --clean \
        --output-dir "$output" "$@"
done
