#!/bin/sh
# shipped.sh PROGRAM OUTPUT_DIR [OPTION...]: simulates every shipped scenario with
# federated_sim and writes its artifacts to OUTPUT_DIR.
# shipped.sh paths DIR: the paths below DIR that are theirs, for git; what users have rehearsed there is none of them.
set -eu
scenarios='baseline edge_failover validator_loss partition_heal lying_site disk_loss false_claims governance'
root=$(cd "$(dirname "$0")/.." && pwd)
if [ "$1" = paths ]; then
    for scenario in $scenarios; do
        printf '%s\n' "$2/scenarios/$scenario.json"
        case $scenario in
        baseline)
            printf '%s\n' "$2/simulations/epoch_summary.json" ":(glob)$2/ledger/*.json" ":(glob)$2/ledger/*.checkpoint"
            ;;
        *) printf '%s\n' "$2/simulations/epoch_summary_$scenario.json" "$2/ledger/$scenario" ;;
        esac
        case $scenario in
        governance) printf '%s\n' "$2/simulations/META-GOVERNANCE-LOG_governance.md" ;;
        esac
    done
    exit 0
fi
program=$1
output=$2
shift 2
for scenario in $scenarios; do
    epochs=5
    [ "$scenario" != governance ] || epochs=12
    "$program" --scenario "$root/artifacts/mec/M5/scenarios/$scenario.json" --epochs "$epochs" --clean \
        --output-dir "$output" "$@"
done
