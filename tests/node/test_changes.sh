#!/bin/sh
# test_changes.sh PRISMFED: the members of a federation of real processes change: one leaves, one gets another key, one
# joins.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
prismfed=$(realpath "$1")
. "$root/tests/node/processes.sh"

cat > plan.json << 'END'
{
  "name": "changing", "quorum": 3, "max_ledger_drift": 8, "epoch_start": 1,
  "nodes": [
    {"id": "a", "region": "eu", "role": "core", "stake": 10},
    {"id": "b", "region": "eu", "role": "core", "stake": 10},
    {"id": "c", "region": "eu", "role": "core", "stake": 10},
    {"id": "d", "region": "eu", "role": "core", "stake": 10},
    {"id": "e", "region": "eu", "role": "edge", "stake": 10},
    {"id": "late", "region": "eu", "role": "edge", "stake": 5}
  ],
  "events": [{"kind": "join", "node": "late", "epoch": 60}]
}
END
# agree FILE: the validators sign it off
agree() {
    for node in a b c d; do
        ask "$node" sign-off --change "$1" || return 1
    done
}
epoch_is_over() {
    epoch_now=$(field b epoch)
    [ "${epoch_now:-0}" -gt "$1" ]
}

if ! "$prismfed" net up --scenario plan.json > out 2>&1 || ! until_true epoch_is_over 1; then
    report 1 "it runs" out net/a/log
    finish
fi
report 0 "it runs"
until_=$(($(field a epoch) + 40))

ask e leave > out 2>&1 && status=0 || status=1
report "$status" "a participant may leave" out
ask a leave > out 2>&1 && status=1 || status=0
report "$status" "a validator may not, by itself" out

# the key of b
"$prismfed" keys generate next.pem > /dev/null
sed -i 's|"key": "key.pem"|"key": "key.pem", "next_key": "../../next.pem"|' net/b/node.json
kill "$(field b pid)"
sleep 0.5
"$prismfed" node run --config net/b/node.json 2> b.log &
started="$started $!"
"$prismfed" change rotate --genesis net/genesis.cbor --node b --key next.pem --until "$until_" --out rotate.cbor
ask b status --timeout 60 > /dev/null
agree rotate.cbor > out 2>&1 && status=0 || status=1
report "$status" "every validator signs the rotation off" out
until_true grep -q 'event=rotated' b.log && status=0 || status=1
report "$status" "the node goes over to its next key" b.log
epoch=$(field b epoch)
until_true epoch_is_over $((epoch + 1)) && status=0 || status=1
report "$status" "and takes part with it" b.log net/a/log

# the key of c, which is away while the others agree
"$prismfed" keys generate later.pem > /dev/null
sed -i 's|"key": "key.pem"|"key": "key.pem", "next_key": "../../later.pem"|' net/c/node.json
kill "$(field c pid)"
"$prismfed" change rotate --genesis net/genesis.cbor --node c --key later.pem --until "$until_" --out away.cbor
for node in a b d; do ask $node sign-off --change away.cbor; done > out 2>&1 && status=0 || status=1
report "$status" "those who are there sign the rotation of one who is away off" out
epoch=$(field b epoch)
until_true epoch_is_over $((epoch + 2)) || true
"$prismfed" node run --config net/c/node.json 2> c.log &
started="$started $!"
until_true grep -q 'event=rotated' c.log && status=0 || status=1
report "$status" "it comes back with the key that they know" c.log

# who joins: its key is the plan's
"$prismfed" change join --genesis net/genesis.cbor --node late --key net/late/key.pem --plan plan.json --sponsor a \
    --until "$until_" --out join.cbor
agree join.cbor > out 2>&1 && status=0 || status=1
report "$status" "every validator signs the newcomer off" out
"$prismfed" node run --config net/late/node.json 2> late.log &
started="$started $!"
until_true sh -c "[ \"\$('$prismfed' node status --config net/late/node.json --format json 2> /dev/null |
    sed -n 's/.*\"member\":\([-0-9]*\).*/\1/p')\" = 5 ]" && status=0 || status=1
report "$status" "the newcomer is a member" late.log
late_contributes() { grep -q 'event=epoch' late.log; }
until_true late_contributes && status=0 || status=1
report "$status" "and follows the epochs" late.log

"$prismfed" change stake --genesis net/genesis.cbor --node d --stake 7 --until 9 > out 2>&1 && status=1 || status=0
grep -q -- '--out FILE is missing' out || status=1
report "$status" "what is missing is said" out
finish
