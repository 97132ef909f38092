#!/bin/sh
# prismfed admit: the genesis of a real federation, from the requests that prismfed init has made; what is wrong with
# one is said, and then nothing is written.
set -eu
. "$(dirname "$0")/tap.sh"

cat > plan.json << 'END'
{"name": "real", "quorum": 3, "max_ledger_drift": 1, "epoch_start": 1,
 "nodes": [{"id": "north", "region": "r", "role": "core", "stake": 3, "disclosed": true},
           {"id": "south", "region": "r", "role": "core", "stake": 3},
           {"id": "east", "region": "s", "role": "core", "stake": 3},
           {"id": "west", "region": "s", "role": "core", "stake": 3},
           {"id": "clinic", "region": "r", "role": "edge", "stake": 1},
           {"id": "late", "region": "r", "role": "edge", "stake": 1}],
 "workload": {"family": "queen", "instances": 1, "size_min": 5}, "policy": {"evaluations": 2, "iteration_limit": 50},
 "events": [{"kind": "join", "node": "late", "epoch": 3}]}
END
init() { # PLAN NODE FOLDER [OPTION...]
    plan=$1 node=$2 folder=$3
    shift 3
    "$prismfed" init --plan "$plan" --node "$node" "$@" "$folder" > /dev/null
    cp "$folder/$node.request.json" "$folder.json"
}
port=7101
for node in north south east west; do
    init plan.json $node $node --listen 127.0.0.1:$port
    port=$((port + 1))
done
init plan.json clinic clinic
founders="north.json south.json east.json west.json clinic.json"

ok "all founders" run 0 "$prismfed" admit --plan plan.json --out fed $founders
fingerprint=$("$prismfed" keys fingerprint west/west.key)
told=$(sed -n '/^admitted  west, core, stake 3, 127.0.0.1:7104$/{n;s/ //g;p;}' out)
ok "each with its fingerprint" test "$told" = "$fingerprint"
id=$(sed -n 's/^federation id //p' out | tr -d ' ')
ok "the id is the SHA-256 of its genesis" test "$id" = "$(sha256sum < fed/genesis.cbor | cut -c 1-64)"
"$prismfed" show fed/genesis.cbor > genesis
ok "which is not simulated" grep -q '"simulated": false' genesis
key=$("$prismfed" keys public --der clinic/clinic.key | tail -c 32 | od -An -tx1 | tr -d ' \n')
ok "has their keys" grep -q "$key" genesis
ok "and what is disclosed" grep -q '"name": "north", "role": "core", "site": "local", "work": h' genesis
ok "addresses" grep -q '"address": "127.0.0.1:7103"' fed/members.json
ok "in another order" run 0 "$prismfed" admit --plan plan.json --out fed2 \
    clinic.json west.json east.json north.json south.json
ok "the same bytes" diff -r fed fed2
ok "again into the same folder" run 0 "$prismfed" admit --plan plan.json --out fed $founders
ok "only to look" run 0 "$prismfed" admit --plan plan.json --format json $founders
ok "one line of JSON" sh -c '[ "$(wc -l < out)" = 1 ] && grep -q "\"federation_id\":\"[0-9a-f]\{64\}\"" out'

# refuses TEXT PATTERN FILE...: exit status 1, the reason, and nothing is written
refuses() {
    text=$1 pattern=$2
    shift 2
    ok "$text" run 1 "$prismfed" admit --plan plan.json --out none "$@"
    ok "... and says so" grep -q -e "REFUSED.*$pattern" out
    ok "... and writes nothing" test ! -e none
}
ok "one is missing" run 1 "$prismfed" admit --plan plan.json --out none north.json south.json east.json clinic.json
ok "... and says so" grep -q '^MISSING   west: ' out
ok "... and writes nothing" test ! -e none
ok "for a program" run 1 "$prismfed" admit --plan plan.json --out none --format json north.json
ok "... too" grep -q '"federation_id":null.*"missing":\["south","east","west","clinic"\]' out

sed 's/"stake": 3/"stake": 4/' west.json > forged.json
refuses "an altered view" 'forged.json:.*/decoded/card/stake: .*not what was signed' $founders forged.json
sed 's/127.0.0.1:7104/127.0.0.1:7109/' west.json > forged.json
refuses "an altered address" '/decoded/address: .*not what was signed' $founders forged.json
sed 's/"fingerprint": "./"fingerprint": "/' west.json > forged.json
refuses "an altered fingerprint" '/fingerprint: .*not what was signed' $founders forged.json
sed 's/"version": 1,/&\n  "note": "let me in",/' west.json > forged.json
refuses "something that was never signed" '/note: .*not what was signed' $founders forged.json
bytes=$(sed -n 's/.*"request": "\(.*\)",/\1/p' west.json)
for at in 200 400 500; do # in the card, in the address, in the signature
    other=$(echo "$bytes" | awk -v at=$at '{
        print substr($0, 1, at - 1) (substr($0, at, 1) == "A" ? "B" : "A") substr($0, at + 1) }')
    sed "s|$bytes|$other|" west.json > forged.json
    refuses "an altered byte $at" '/request: ' north.json south.json east.json clinic.json forged.json
done
sed 's/prismfed.request/prismfed.genesis/' west.json > forged.json
refuses "another kind of file" 'expected "format": "prismfed.request"' $founders forged.json
echo '{' > forged.json
refuses "no JSON" 'forged.json:' $founders forged.json
refuses "the same request twice" 'another request of "west"' $founders west.json
init plan.json west west2 --listen 127.0.0.1:7110
refuses "another request in the name of a site" 'another request of "west"' $founders west2.json
init plan.json west west3 --listen 127.0.0.1:7101
refuses "the address of another" 'its address 127.0.0.1:7101 is that of "north"' \
    north.json south.json east.json clinic.json west3.json
init plan.json late late
refuses "one that joins later" 'joins later' $founders late.json
sed '/"id": "west"/s/"stake": 3/"stake": 30/' plan.json > more.json
init more.json west west4 --listen 127.0.0.1:7111
refuses "a stake that differs from the plan" 'its stake is 30, the plan says 3' north.json west4.json
sed '/"id": "clinic"/s/edge/core/; s/"quorum": 3/"quorum": 4/' plan.json > more.json
init more.json clinic clinic2 --listen 127.0.0.1:7112
refuses "a role that differs" 'its role is "core", the plan says "edge"' clinic2.json
sed 's/"id": "west", "region": "s"/"id": "west", "region": "r"/' plan.json > more.json
init more.json west west5 --listen 127.0.0.1:7113
refuses "a region that differs" 'its region is "r", the plan says "s"' west5.json
sed 's/"id": "south"/"disclosed": true, &/' plan.json > more.json
init more.json south south2 --listen 127.0.0.1:7114
refuses "work that the plan does not disclose" 'it discloses its work, the plan does not say so' south2.json
sed 's/"id": "north"/"workload": {"family": "queen", "instances": 2, "size_min": 6}, &/' plan.json > more.json
init more.json north north2 --listen 127.0.0.1:7121
refuses "other work than the plan discloses" 'is not the one that the plan describes' north2.json
sed 's/"id": "west"/"id": "waste"/' plan.json > more.json
init more.json waste waste --listen 127.0.0.1:7115
refuses "a name that the plan does not have" 'no node "waste"' waste.json
sed 's/"name": "real"/"name": "unreal"/' plan.json > more.json
init more.json west west6 --listen 127.0.0.1:7116
refuses "another federation" 'for the federation "unreal"' west6.json
sed 's/"iteration_limit": 50/"iteration_limit": 51/' plan.json > more.json
init more.json west west7 --listen 127.0.0.1:7117
refuses "another policy" 'made for another plan' west7.json
sed '/"id": "north"/s/"stake": 3/"stake": 9/' plan.json > more.json
init more.json west west8 --listen 127.0.0.1:7118
refuses "a plan in which another node has another stake" 'made for another plan' west8.json
sed 's/"id": "south"/"workload": {"family": "queen", "instances": 2, "size_min": 6}, &/' plan.json > more.json
init more.json south south3 --listen 127.0.0.1:7119
ok "private work may differ" run 0 "$prismfed" admit --plan plan.json \
    north.json south3.json east.json west.json clinic.json

init plan.json west west9 --listen 127.0.0.1:7120
ok "another key" run 2 "$prismfed" admit --plan plan.json --out fed \
    north.json south.json east.json west9.json clinic.json
ok "is another federation" says 'fed/genesis.cbor: the file exists'
ok "and leaves the one that is there" diff -r fed fed2
ok "no plan" refused_with 'which plan' "$prismfed" admit west.json
ok "no requests" refused_with 'expected the founders' "$prismfed" admit --plan plan.json
ok "no such file" refused_with 'nothere.json' "$prismfed" admit --plan plan.json nothere.json
finish
