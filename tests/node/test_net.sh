#!/bin/sh
# test_net.sh PRISMFED FEDERATED_SIM: a federation of real processes, over QUIC, on real disks: it ends with the genomes
# that the rehearsal of the same file ends with, loses nothing when a node is killed, and the auditor accepts its log.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
prismfed=$(realpath "$1")
federated_sim=$(realpath "$2")
scratch=$(mktemp -d)
stop() {
    for folder in "$scratch"/*/net.json; do
        [ ! -f "$folder" ] || "$prismfed" net down --dir "$(dirname "$folder")" > /dev/null 2>&1 || true
    done
    rm -rf "$scratch"
}
trap stop EXIT
. "$root/tests/tap.sh"
scenarios=$root/artifacts/mec/M5/scenarios
cd "$scratch"

# net VERB DIR OPTION...
net() {
    verb=$1 folder=$2
    shift 2
    "$prismfed" net "$verb" --dir "$folder" "$@"
}

# runs NAME EPOCHS: from up to the verdict
runs() {
    status=0
    net up "$1" --scenario "$scenarios/$1.json" --epochs "$2" --trace > out 2>&1 || status=$?
    report "$status" "$1: all nodes are up" out
    status=0
    net wait "$1" --timeout 120 > out 2>&1 || status=$?
    [ "$status" = 0 ] || tail -n 20 "$1"/*/log >> out
    report "$status" "$1: every node ends the last epoch" out
    status=0
    net record "$1" > out 2>&1 || status=$?
    report "$status" "$1: it leaves a record" out
    status=0
    net status "$1" > out 2>&1 || status=$?
    report "$status" "$1: all nodes answer" out
    net down "$1" > out 2>&1
    status=0
    for trace in "$1"/*/trace.cbor; do
        "$prismfed" replay --config "$(dirname "$trace")/node.json" "$trace" || status=1
    done > out 2>&1
    report "$status" "$1: what each node has recorded is replayed, byte for byte" out
    status=0
    "$prismfed" audit --scenario "$scenarios/$1.json" "$1/record" > out 2>&1 || status=$?
    report "$status" "$1: the auditor accepts it" out
    [ -f "$(find "$1/record/ledger" -name '*.checkpoint' | head -n 1)" ] &&
        ! grep -q 'not checked: PF-CHECKPOINT' out && status=0 || status=1
    report "$status" "$1: and a quorum has cosigned the end of each epoch" out
}

# outcomes DIR: what each epoch has come to, without what depends on when messages came; the state root does not
outcomes() {
    python3 - "$1" << 'END'
import json, sys
for epoch in json.load(open(sys.argv[1] + "/simulations/epoch_summary.json"))["epochs"]:
    print(json.load(open(sys.argv[1] + "/ledger/epoch_%03d.json" % epoch["epoch"]))["anchor"]["state_root"])
    updates = sorted((u["node_id"], u["delta_score"]) for u in epoch["aligned_updates"])
    print(epoch["epoch"], epoch["anchored"], epoch["aggregated_delta"], epoch["incumbent"], updates)
END
}

runs baseline 5
"$federated_sim" --scenario "$scenarios/baseline.json" --epochs 5 --output-dir rehearsal --quiet
outcomes rehearsal > rehearsed
outcomes baseline/record > real
diff rehearsed real > differences && status=0 || status=1
report "$status" "baseline: each epoch comes to what the rehearsal comes to, state root and all" differences

runs validator_loss 5

# a validator is killed while the others go on, and comes back from its store
net up killed --scenario "$scenarios/validator_loss.json" > out 2>&1
sleep 2
pid=$("$prismfed" node status --config killed/core-b/node.json --format json | sed -n 's/.*"pid":\([0-9]*\).*/\1/p')
kill -9 "$pid"
while kill -0 "$pid" 2> /dev/null; do sleep 0.1; done
"$prismfed" node status --config killed/core-b/node.json > out 2>&1 && status=1 || status=0
grep -q 'no node answers' out || status=1
report "$status" "nobody answers for a node that was killed" out
sleep 1
"$prismfed" node run --config killed/core-b/node.json > again 2>&1 &
again=$!
# caught_up: core-b is where core-c is
caught_up() {
    for node in core-b core-c; do
        "$prismfed" node status --config "killed/$node/node.json" --format json |
            sed -n 's/.*"epoch":\([0-9]*\).*/\1/p'
    done > epochs 2> /dev/null
    [ "$(sort -u epochs | wc -l)" = 1 ] && [ "$(wc -l < epochs)" = 2 ]
}
tries=0
until caught_up || [ "$tries" = 300 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
caught_up && status=0 || status=1
report "$status" "who was killed catches up" again epochs
net record killed > out 2>&1 &&
    "$prismfed" audit --scenario "$scenarios/validator_loss.json" killed/record > out 2>&1 && status=0 || status=$?
report "$status" "the auditor accepts what they leave" out
kill "$again"
wait "$again" && status=0 || status=$?
report "$status" "a node that is told to stop ends well" again

net up killed --scenario "$scenarios/baseline.json" > out 2>&1 && status=1 || status=0
grep -q 'not empty' out || status=1
report "$status" "a folder with another federation's files is left alone" out
finish
