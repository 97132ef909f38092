#!/bin/sh
# prismfed init: a key that stays, a request that is signed, a configuration and a unit; nothing half made.
set -eu
. "$(dirname "$0")/tap.sh"

cat > plan.json << 'END'
{"name": "real", "quorum": 1, "max_ledger_drift": 1, "epoch_start": 1,
 "nodes": [{"id": "north", "region": "r", "role": "core", "stake": 3},
           {"id": "clinic", "region": "r", "role": "edge", "stake": 1}],
 "workload": {"family": "queen", "instances": 1, "size_min": 5}, "policy": {"evaluations": 2, "iteration_limit": 50}}
END

ok "a validator" run 0 "$prismfed" init --plan plan.json --node north --listen 127.0.0.1:7101 north
ok "has a key that nobody else can read" test "$(stat -c %a north/north.key)" = 600
ok "in a folder that nobody else can enter" test "$(stat -c %a north)" = 700
fingerprint=$("$prismfed" keys fingerprint north/north.key)
ok "is told the fingerprint of its key" test "$(sed -n 's/^fingerprint  //p' out | tr -d ' ')" = "$fingerprint"
ok "in groups that can be told by voice" grep -q '^fingerprint  [0-9a-f]\{4\}\( [0-9a-f]\{4\}\)\{15\}$' out
ok "the request has it, too" grep -q "\"fingerprint\": \"$fingerprint\"" north/north.request.json
ok "and not the key" sh -c '! grep -q "$(sed -n 2p north/north.key)" north/*.json north/*.service out'
ok "its configuration says where it listens" grep -q '"listen": "127.0.0.1:7101"' north/node.json
ok "and where the plan is" grep -q "\"scenario\": \"$(pwd -P)/plan.json\"" north/node.json
unit=north/prismfed-north.service
ok "the unit starts the node" grep -q "^ExecStart=.* node run --config \"$(pwd -P)/north/node.json\"" $unit
ok "the unit may write in its folder only" grep -q "^ReadWritePaths=\"$(pwd -P)/north\"" $unit
if command -v systemd-analyze > /dev/null; then
    sed -i '/^User=/d' north/prismfed-north.service
    systemd-analyze verify north/prismfed-north.service > out 2> err || true
    ok "systemd has nothing to say about the unit" sh -c '! grep prismfed-north err'
else
    skip "systemd has nothing to say about the unit" "systemd-analyze is not installed"
fi
ok "the same folder again" refused_with 'north.key exists' \
    "$prismfed" init --plan plan.json --node north --listen 127.0.0.1:7101 north
cp north/node.json other.json
mkdir half && cp other.json half/node.json
ok "a folder with another node's configuration" refused_with 'half/node.json exists' \
    "$prismfed" init --plan plan.json --node clinic half
ok "gets nothing" test "$(ls half)" = node.json

ok "an edge node need not listen" run 0 "$prismfed" init --plan plan.json --node clinic --format json clinic
ok "one line" test "$(wc -l < out)" = 1
ok "of JSON" grep -q '^{"federation":"real","node":"clinic","fingerprint":"[0-9a-f]*","files":{' out
ok "then its request has no address" grep -q '"address": null' clinic/clinic.request.json
ok "and its configuration no listen" sh -c '! grep -q listen clinic/node.json'
mkdir 'a "b" %n$x' && cp plan.json 'a "b" %n$x'
ok "a folder of an ugly name" run 0 "$prismfed" init --plan 'a "b" %n$x/plan.json' --node clinic 'a "b" %n$x'
ok "has a unit that means it" grep -qF 'a \"b\" %%n$$x/node.json"' 'a "b" %n$x/prismfed-clinic.service'
ok "and a plan that moves with it" grep -q '"scenario": "plan.json"' 'a "b" %n$x/node.json'
ok "behind a NAT" run 0 "$prismfed" init --plan plan.json --node north --listen '[::]:7101' \
    --address north.example.org:7100 nat
ok "the others are told another address" grep -q '"address": "north.example.org:7100"' nat/north.request.json

(umask 077; echo 'correct horse battery' > words)
ok "a key under a passphrase" run 0 "$prismfed" init --plan plan.json --node clinic --passphrase-file words sealed
ok "is sealed" grep -q 'BEGIN ENCRYPTED PRIVATE KEY' sealed/clinic.key
ok "and the node is told where the passphrase is" grep -q "\"passphrase\": \"$(pwd -P)/words\"" sealed/node.json
run 1 "$prismfed" preflight --config sealed/node.json || true
ok "so that it can open it" grep -q '^key *PASSED' out
ok "a passphrase that is not there" refused_with 'nowords' \
    "$prismfed" init --plan plan.json --node clinic --passphrase-file nowords x
ok "no plan" refused_with 'which plan' "$prismfed" init --node north x
ok "no node" refused_with 'which of its nodes' "$prismfed" init --plan plan.json x
ok "no folder" refused_with 'expected one folder' "$prismfed" init --plan plan.json --node north
ok "a node that the plan does not have" refused_with 'no node "west"' "$prismfed" init --plan plan.json --node west x
ok "a validator that listens nowhere" refused_with '\-\-listen HOST:PORT is missing' \
    "$prismfed" init --plan plan.json --node north x
ok "an address that nobody can dial" refused_with 'nobody can dial 0.0.0.0:7101' \
    "$prismfed" init --plan plan.json --node north --listen 0.0.0.0:7101 x
for address in 127.0.0.1 127.0.0.1:0 127.0.0.1:65536 :7101 '[::1:7101' 'a b:7101' '127.0.0.1:7101x'; do
    ok "\"$address\" is no address" refused_with 'expected HOST:PORT' \
        "$prismfed" init --plan plan.json --node north --listen "$address" x
done
ok "metrics for the whole world" refused_with 'not for other machines' \
    "$prismfed" init --plan plan.json --node clinic --http 192.0.2.1:80 x
ok "an unknown format" refused_with 'must be text or json' \
    "$prismfed" init --plan plan.json --node clinic --format xml x
ok "none of these made a folder" test ! -e x
finish
