#!/bin/sh
# test_signer.sh PRISMFED: a validator whose key is in another process, which remembers what it has signed; and one
# whose node remembers it itself.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
prismfed=$(realpath "$1")
scratch=$(mktemp -d)
signer=
stop() {
    "$prismfed" net down --dir "$scratch/net" > /dev/null 2>&1 || true
    for pid in $nodes $signer; do
        kill "$pid" 2> /dev/null || true
    done
    rm -rf "$scratch"
}
nodes=
trap stop EXIT
. "$root/tests/tap.sh"
cd "$scratch"
node=net/d/node.json
ask() { "$prismfed" node status --config "$1" --format json 2> /dev/null | sed -n "s/.*\"$2\":\([0-9]*\).*/\1/p"; }
# within SECONDS COMMAND...
within() {
    left=$(($1 * 10))
    shift
    until "$@"; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || return 1
        sleep 0.1
    done
}
gone() { ! kill -0 "$1" 2> /dev/null; }
higher() { height=$(ask $node height) && [ -n "$height" ] && [ "$height" -gt "$1" ]; }

cat > plan.json << 'END'
{
  "name": "signed", "quorum": 3, "max_ledger_drift": 16, "epoch_start": 1,
  "nodes": [
    {"id": "a", "region": "eu", "role": "core", "stake": 10},
    {"id": "b", "region": "eu", "role": "core", "stake": 10},
    {"id": "c", "region": "eu", "role": "core", "stake": 10},
    {"id": "d", "region": "eu", "role": "core", "stake": 10}
  ]
}
END
"$prismfed" net up --scenario plan.json > out 2>&1 && status=0 || status=$?
report "$status" "a federation runs" out
pid=$(ask $node pid)
kill "$pid"
within 20 gone "$pid" && cp -r net/d net/old && status=0 || status=1
report "$status" "one of its validators stops"

"$prismfed" signer create --memory d.memory > out 2>&1 && status=0 || status=$?
"$prismfed" signer create --memory d.memory > out 2>&1 && status=1 || true
grep -q 'not to be forgotten' out || status=1
report "$status" "a memory is made once" out
start_signer() {
    "$prismfed" signer run --key net/d/key.pem --memory d.memory --socket net/d/signer 2>> signer.err &
    signer=$!
}
sed -i 's|"key": *"key.pem"|"key": "signer:signer"|' $node
grep -q '"signer:signer"' $node && "$prismfed" node run --config $node > out 2>&1 && status=1 || status=$?
[ "$status" = 2 ] && grep -q 'no signer answers there' out && status=0 || status=1
report "$status" "without its signer the node does not start" out
start_signer
within 20 [ -S net/d/signer ]
"$prismfed" node run --config $node 2> log &
nodes="$nodes $!"
from=$(ask net/a/node.json height)
within 60 higher "$((from + 5))" && status=0 || status=1
report "$status" "with it, it takes part" log signer.err
kill -9 "$signer"
wait "$signer" 2> /dev/null || true
start_signer
within 30 higher "$((height + 5))" && status=0 || status=1
report "$status" "a signer that was killed is found again" log signer.err
pid=$(ask $node pid)
kill "$pid"
within 20 gone "$pid" || true
kill "$signer"
wait "$signer" && status=0 || status=$?
report "$status" "it ends when it is told to" signer.err
"$prismfed" signer show --memory d.memory > out 2>&1 &&
    "$prismfed" signer show --memory d.memory --format json > json 2>&1 &&
    grep -q ' commit ' out && grep -q '"statement":"prepare"' json && status=0 || status=1
report "$status" "and what it remembers can be looked at" out json

# In the node's own process: a second one with the key, and a memory that is not there, are refused.
sed -i 's|"signer:signer"|"key.pem", "key_memory": "../../d.memory"|' $node
"$prismfed" node run --config $node 2> log &
nodes="$nodes $!"
within 30 higher "$((height + 5))" && status=0 || status=1
report "$status" "a node remembers itself" log
sed 's|"listen": *"[^"]*",||; s|"http": *"[^"]*",||; s|"control": *"[^"]*",||' $node > net/old/node.json
timeout 60 "$prismfed" node run --config net/old/node.json > out 2>&1 && status=1 || status=$?
[ "$status" = 2 ] && grep -q 'd.memory: another process signs with it' out && status=0 || status=1
report "$status" "a second node with the same key does not start, not with an old store either" out
pid=$(ask $node pid)
kill "$pid"
within 20 gone "$pid" || true
mv d.memory kept
"$prismfed" node run --config $node > out 2>&1 && status=1 || status=$?
[ "$status" = 2 ] && grep -q 'd.memory: the memory of what the key has signed: No such file' out && status=0 || status=1
report "$status" "nor does a node whose memory is lost" out
finish
