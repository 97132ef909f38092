#!/bin/sh
# prismfed show: artifacts, envelopes, certificates for reading.
set -eu
. "$(dirname "$0")/tap.sh"

cat > tiny.json << 'END'
{"name": "tiny", "quorum": 1, "max_ledger_drift": 1, "epoch_start": 1,
 "nodes": [{"id": "a", "region": "r", "role": "core", "stake": 1}],
 "workload": {"family": "queen", "instances": 1, "size_min": 5}, "policy": {"evaluations": 2, "iteration_limit": 50}}
END
"$federated_sim" --scenario tiny.json --epochs 1 --output-dir o --quiet

# field NAME: the first value of this name in the epoch file.
field() {
    sed -n "s/^ *\"$1\": \"\([^\"]*\)\".*/\1/p" o/ledger/tiny/epoch_001.json | head -n 1
}

ok "an epoch file" run 0 "$prismfed" show o/ledger/tiny/epoch_001.json
ok "shows entries" grep -q 'update  *accepted' out
ok "a summary" run 0 "$prismfed" show o/simulations/epoch_summary_tiny.json
ok "shows epochs" grep -q '^1  *yes' out
ok "a genesis file" run 0 "$prismfed" show o/ledger/tiny/genesis.json
ok "shows the document" grep -q '"quorum": 1' out
field envelope > envelope.b64
ok "an envelope in base64" run 0 "$prismfed" show envelope.b64
ok "shows its kind" grep -q '^envelope: update of epoch 1' out
cp out shown
base64 -d < envelope.b64 > envelope
ok "an envelope as bytes" run 0 "$prismfed" show envelope
ok "shows the same" cmp -s out shown
od -An -v -tx1 envelope | tr -d ' \n' > envelope.hex
ok "an envelope in hex" run 0 "$prismfed" show envelope.hex
ok "shows the same" cmp -s out shown
field signature > anchor.b64
ok "an anchor" run 0 "$prismfed" show anchor.b64
ok "shows the statement" grep -q '^subject  *anchor' out
field header > header.b64
ok "a header" run 0 "$prismfed" show header.b64
ok "shows its map" grep -q 'state_root' out
sed -n '/"certificate": \[/{n;s/[^"]*"\([^"]*\)".*/\1/p;}' o/ledger/tiny/epoch_001.json | head -n 1 > vote.b64
ok "a vote" run 0 "$prismfed" show vote.b64
ok "shows what was voted on" grep -q 'block_id' out
{ printf '\201'; base64 -d < vote.b64; } > certificate
ok "a certificate" run 0 "$prismfed" show certificate
ok "counts its votes" grep -q '^certificate: 1 commit votes' out
ok "no such file" refused_with 'nothere' "$prismfed" show nothere
echo 'what is this?' > text
ok "something else" refused_with 'neither JSON nor deterministic CBOR' "$prismfed" show text
printf '{"a": ' > cut.json
ok "JSON that is cut off" refused_with 'cut.json:1:' "$prismfed" show cut.json
ok "no file named" refused_with 'expected one FILE' "$prismfed" show
finish
