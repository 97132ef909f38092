#!/bin/sh
# test_carried.sh PRISMFED: a site without any network takes part by a folder that is carried to a validator and back:
# what it leaves comes into the log and counts; what a carrier does to the folder can only delay.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
prismfed=$(realpath "$1")
. "$root/tests/node/processes.sh"

cat > plan.json << 'END'
{
  "name": "carried", "quorum": 3, "max_ledger_drift": 16, "epoch_start": 1,
  "guard_rails": {"collect_deadline_ms": 60000, "score_deadline_ms": 60000},
  "nodes": [
    {"id": "a", "region": "eu", "role": "core", "stake": 10},
    {"id": "b", "region": "eu", "role": "core", "stake": 10},
    {"id": "c", "region": "eu", "role": "core", "stake": 10},
    {"id": "d", "region": "eu", "role": "core", "stake": 10},
    {"id": "visitor", "region": "eu", "role": "edge", "stake": 10}
  ]
}
END
"$prismfed" net up --scenario plan.json > out 2>&1 && status=0 || status=$?
report "$status" "a federation runs" out
pid=$(field visitor pid)
kill "$pid"
while kill -0 "$pid" 2> /dev/null; do sleep 0.1; done
# Nothing listens, nobody is named, and what it is told to dial is not there.
sed -i '/"listen"/d; s/127\.0\.0\.1:[0-9]*/127.0.0.1:1/g' net/visitor/node.json
epoch_of() { field a epoch; }

# One epoch waits for what the visitor owes. The way of a folder: validator, site, validator (not always the same one).
first=$(epoch_of)
status=0
rounds=0
until [ "$(epoch_of)" -ge $((first + 3)) ] || [ "$rounds" = 40 ]; do
    rounds=$((rounds + 1))
    case $((rounds % 3)) in 0) by=a ;; 1) by=b ;; *) by=c ;; esac
    "$prismfed" node carry --config net/$by/node.json --folder box > carried 2>&1 || status=1
    "$prismfed" site --once --config net/visitor/node.json --folder box --timeout 60 > visited 2>&1 || status=1
    "$prismfed" node carry --config net/$by/node.json --folder box > carried 2>&1 || status=1
    [ "$status" = 0 ] || break
    sleep 0.5
done
[ "$rounds" -lt 40 ] || status=1
report "$status" "epochs end with what the folder has brought" carried visited
echo "# $rounds rounds for three epochs"
grep -q '^blocks_added' carried && grep -q '^entries_taken' carried && status=0 || status=1
report "$status" "a validator says what it has done with the folder" carried

# What a carrier may do: files of others, damage.
mkdir -p box/entries
head -c 300 /dev/zero > "box/entries/$(printf '%064d' 7)"
echo hello > box/entries/readme
"$prismfed" node carry --config net/a/node.json --folder box --format json > carried 2>&1 && status=0 || status=1
grep -q 'a file that is no entry' carried && [ ! -e "box/entries/$(printf '%064d' 7)" ] && [ -e box/entries/readme ] ||
    status=1
report "$status" "what is no entry is named and removed, and nothing else is touched" carried
last=$(ls box/blocks | tail -n 1)
cp -r box damaged
head -c 100 "box/blocks/$last" > "damaged/blocks/$last"
cp -r net/visitor/. net/other
sed -i 's|"control": *"[^"]*",||; s|"http": *"[^"]*",||' net/other/node.json
"$prismfed" site --once --config net/other/node.json --folder damaged --timeout 20 > out 2>&1 && status=1 || status=$?
[ "$status" = 1 ] && grep -q 'damaged: block .* cannot be taken' out && status=0 || status=1
report "$status" "a block that was damaged is refused, by its number" out
"$prismfed" site --once --config net/other/node.json --folder box --timeout 60 > out 2>&1 && status=0 || status=$?
report "$status" "and the whole one is taken the next time" out

"$prismfed" net record --dir net > out 2>&1 && status=0 || status=$?
report "$status" "the validators leave a record" out
python3 - > out 2>&1 << 'END' && status=0 || status=1
import json
epochs = json.load(open("net/record/simulations/epoch_summary_plan.json"))["epochs"]
mine = [e["epoch"] for e in epochs if any(u["node_id"] == "visitor" for u in e["aligned_updates"])]
print("epochs with the visitor:", mine, "of", len(epochs))
assert len(mine) >= 2
END
report "$status" "in which the visitor's updates count" out
"$prismfed" audit --scenario plan.json net/record > out 2>&1 && status=0 || status=$?
report "$status" "and which the auditor accepts" out
finish
