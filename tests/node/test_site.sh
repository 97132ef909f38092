#!/bin/sh
# test_site.sh PRISMFED: a site without a daemon and without a port takes part from time to time: what it leaves is in
# the log, and counts.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
prismfed=$(realpath "$1")
. "$root/tests/node/processes.sh"

cat > plan.json << 'END'
{
  "name": "visited", "quorum": 3, "max_ledger_drift": 16, "epoch_start": 1,
  "guard_rails": {"collect_deadline_ms": 20000, "score_deadline_ms": 20000},
  "nodes": [
    {"id": "a", "region": "eu", "role": "core", "stake": 10},
    {"id": "b", "region": "eu", "role": "core", "stake": 10},
    {"id": "c", "region": "eu", "role": "core", "stake": 10},
    {"id": "d", "region": "eu", "role": "core", "stake": 10},
    {"id": "visitor", "region": "eu", "role": "edge", "stake": 10}
  ]
}
END
if ! "$prismfed" net up --scenario plan.json > out 2>&1; then
    report 1 "it runs" out
    finish
fi
# The visitor's daemon goes; from now on an epoch waits for its visits, up to the deadlines.
kill "$(field visitor pid)"
sed -i '/"listen"/d' net/visitor/node.json
sleep 0.5

"$prismfed" site --config net/visitor/node.json > out 2>&1 && status=1 || status=0
grep -q -- '--once is missing' out || status=1
report "$status" "a site that stays is another verb's" out
status=0
for visit in 1 2 3 4; do
    "$prismfed" site --once --config net/visitor/node.json --timeout 120 > "out$visit" 2>&1 || status=$?
    sleep 0.5
done
report "$status" "each visit ends when what was owed is in the log" out1 out2 out3 out4
pattern='^update of .* entry \([0-9]*\) of the log, in block \([0-9]*\), \(.*\)$'
place=$(cat out[1234] | sed -n "s/$pattern/\1 \2 \3/p" | head -n 1)
height=${place#* }
"$prismfed" node entries --from "${height% *}" --config net/a/node.json --format json > out 2>&1 || true
told="{\"leaf_index\":${place%% *},.*\"kind\":\"update\".*\"node_id\":\"visitor\",\"anchor_hash\":\"${place##* }\"}"
grep -q "$told" out && status=0 || status=1
report "$status" "and says where it stands, which a validator's log agrees with" out1 out2 out3 out4 out
"$prismfed" net record --dir net > out 2>&1 && status=0 || status=$?
report "$status" "the validators have ended epochs meanwhile" out
python3 - > out 2>&1 << 'END' && status=0 || status=1
import json
epochs = json.load(open("net/record/simulations/epoch_summary_plan.json"))["epochs"]
mine = [e["epoch"] for e in epochs if any(u["node_id"] == "visitor" for u in e["aligned_updates"])]
print("epochs with the visitor:", mine, "of", len(epochs))
assert len(mine) >= 2
END
report "$status" "and what it has left counts" out
"$prismfed" audit --scenario plan.json net/record > out 2>&1 && status=0 || status=$?
report "$status" "the auditor accepts it" out
finish
