#!/bin/sh
# prismfed tlog, prove, verify: the log for others, and one entry of it on its own; and the auditor on checkpoints.
set -eu
. "$(dirname "$0")/tap.sh"

# Four validators, and one more from epoch 2 on.
cat > five.json << 'END'
{"name": "five", "quorum": 3, "max_ledger_drift": 2, "epoch_start": 1,
 "nodes": [{"id": "v0", "region": "r", "role": "core", "stake": 1},
           {"id": "v1", "region": "r", "role": "core", "stake": 1},
           {"id": "v2", "region": "r", "role": "core", "stake": 1},
           {"id": "v3", "region": "r", "role": "core", "stake": 1},
           {"id": "v4", "region": "r", "role": "core", "stake": 1},
           {"id": "e", "region": "r", "role": "edge", "stake": 1}],
 "workload": {"family": "planted", "instances": 1, "size_min": 20},
 "policy": {"evaluations": 6, "iteration_limit": 200},
 "events": [{"kind": "join", "node": "v4", "epoch": 1}]}
END
"$federated_sim" --scenario five.json --epochs 4 --output-dir o --quiet
ledger=o/ledger/five

audits() { # STATUS OPTION...: of the folder t
    want=$1
    shift
    run "$want" "$prismfed" audit --scenario five.json "$@" t
}
fresh() {
    rm -rf t
    cp -r o t
}

ok "each epoch has a checkpoint" test -f $ledger/epoch_004.checkpoint
ok "the auditor reads them" run 0 "$prismfed" audit --scenario five.json o
ok "and has nothing to say" sh -c '! grep -q PF-CHECKPOINT out'

# ---- one update
ok "the proof of an update" run 0 "$prismfed" prove --label five --update e --epoch 3 --output p o
ok "says which entry" grep -q '^p: entry [0-9]* in the tree of ' out
ok "a policy" run 0 "$prismfed" tlog policy --label five --output policy o
ok "has a quorum of the five" grep -q '^group validators [345] V1 V2 V3 V4 V5$' policy
ok "the proof verifies by the policy" run 0 "$prismfed" verify --policy policy p
ok "says so" grep -q '^verified$' out
ok "and whose it is" grep -q 'of kind "update" for epoch 3' out
ok "and by the genesis alone, over the link to the fifth validator" \
    run 0 "$prismfed" verify --genesis $ledger/genesis.json p
ok "for a program" run 0 "$prismfed" verify --policy policy --format json --entry entry p
ok "in its words" grep -q '"verified": true' out
ok "and the entry" run 0 "$prismfed" show entry
ok "the genesis document has a proof, too" sh -c \
    '"$0" prove --label five --entry 0 --output g o > out && "$0" verify --policy policy g > out' "$prismfed"
ok "in an earlier tree" run 0 "$prismfed" prove --label five --update e --epoch 1 --at 2 --output early o
ok "by the genesis" run 0 "$prismfed" verify --genesis $ledger/genesis.json early

# ---- what is no proof
not_verified() { # TEXT PATTERN FILE: with the policy and with the genesis
    ok "$1" run 1 "$prismfed" verify --policy policy "$3"
    ok "$1: says why" says "$2"
    ok "$1: the genesis says no, too" run 1 "$prismfed" verify --genesis $ledger/genesis.json "$3"
}
"$prismfed" prove --label five --update v0 --epoch 3 --output other o > out
{ sed -n 1p p; sed -n 2p other; sed 1,2d p; } > t.proof
not_verified "another entry in its place" 'is not in the tree' t.proof
sed "s/^index .*/index 1/" p > t.proof
not_verified "another index" 'is not in the tree' t.proof
awk '/^prismfed\/log/ { print; getline; print $0 + 1; next } { print }' p > t.proof
not_verified "another size" 'is not in the tree\|does not verify' t.proof
awk '/prismfed\/validator/ && n++ > 0 { next } { print }' p > t.proof
not_verified "one cosignature" 'too few cosigned the checkpoint: 1 of 5' t.proof
awk '{ print } /prismfed\/validator/ && !n++' p > t.proof
not_verified "one cosigner twice" 'said twice' t.proof
grep -v '^— prismfed/log' p > t.proof
not_verified "no signature of the log" 'not signed by a log that is trusted' t.proof
awk '/prismfed\/validator/ && !n++ { sub(/....==$/, "AAAA==") } { print }' p > t.proof
not_verified "a changed cosignature" 'the signature does not verify' t.proof
"$federated_sim" --scenario five.json --epochs 4 --seed 9 --output-dir o9 --quiet
"$prismfed" prove --label five --update e --epoch 3 --output foreign o9 > out
ok "of another federation" run 1 "$prismfed" verify --policy policy foreign
ok "is not believed" says 'not signed by a log that is trusted'
ok "nor with its genesis" run 1 "$prismfed" verify --genesis $ledger/genesis.json foreign

# ---- the same in COSE
ok "an entry with receipts" run 0 "$prismfed" prove --label five --update e --epoch 3 --receipt --output s o
ok "verifies by the policy" run 0 "$prismfed" verify --policy policy --entry from-s s
ok "by all five" grep -q '^5 of 5 cosigners signed this tree' out
"$prismfed" prove --label five --update v1 --epoch 3 --receipt --output by-v1 o > out
ok "a validator's own signature is checked, too" sh -c \
    '"$0" verify --policy policy by-v1 > out && grep -q "whose signature verifies" out' "$prismfed"
ok "and by the genesis, of which the fifth is no part" run 0 "$prismfed" verify --genesis $ledger/genesis.json s
ok "it is the same entry" cmp entry from-s
size=$(wc -c < s)
for at in 20 300 600 $((size - 20)); do
    { head -c $at s; printf '\377'; tail -c +$((at + 2)) s; } > t.statement
    ok "with another byte at $at" sh -c '"$0" verify --policy policy t.statement > out 2> err; [ $? != 0 ]' "$prismfed"
done
"$prismfed" prove --label five --update e --epoch 3 --receipt o9 > foreign
ok "of another federation" run 1 "$prismfed" verify --policy policy foreign
ok "has no receipt of anybody who is known" says 'receipts of 0 of the policy'
ok "the genesis document is no COSE message" refused_with 'no COSE_Sign1' \
    "$prismfed" prove --label five --entry 0 --receipt o
ok "an entry without receipts" refused_with 'with receipts' "$prismfed" verify --policy policy entry

# ---- wrong usage and unusable input
ok "no proof" refused_with 'expected one proof' "$prismfed" verify --policy policy
ok "nobody to believe" refused_with 'whom to believe' "$prismfed" verify p
ok "no such proof" refused_with 'nowhere' "$prismfed" verify --policy policy nowhere
head -n 2 p > half
ok "half a proof" refused_with 'line 3 of the proof' "$prismfed" verify --policy policy half
echo 'witness nobody' > bad-policy
ok "a policy that is none" refused_with 'line 1 of the policy' "$prismfed" verify --policy bad-policy p
echo 'quorum none' > empty-policy
ok "a policy that believes everybody" refused_with 'names no log' "$prismfed" verify --policy empty-policy p
ok "which entry" refused_with 'which entry' "$prismfed" prove --label five o
ok "no such entry" refused_with 'no such entry' "$prismfed" prove --label five --entry 100000 o
ok "no such node" refused_with 'no such entry' "$prismfed" prove --label five --update nobody o
ok "no such folder" refused_with 'nowhere' "$prismfed" prove --entry 1 nowhere
ok "a later tree is wanted" refused_with 'came after epoch 1' \
    "$prismfed" prove --label five --update e --epoch 3 --at 1 o
ok "what is to be done" refused_with 'what is to be done' "$prismfed" tlog
ok "nothing else" refused_with '"publish"' "$prismfed" tlog publish o
ok "no witness" refused_with 'verifier key' "$prismfed" tlog policy --witness somebody o

# ---- tiles
ok "the log as static files" run 0 "$prismfed" tlog export --label five o tiles
ok "its checkpoint is the last one" cmp tiles/checkpoint $ledger/epoch_004.checkpoint
size=$(sed -n 2p tiles/checkpoint)
ok "one tile of hashes" test "$(wc -c < "tiles/tile/0/000.p/$size")" = $((32 * size))
ok "one bundle of entries" test -f "tiles/tile/entries/000.p/$size"
ok "not over what is there" refused_with 'tiles: ' "$prismfed" tlog export --label five o tiles

# ---- the auditor
fresh
cp $ledger/epoch_003.checkpoint t/ledger/five/epoch_004.checkpoint
ok "a checkpoint of another epoch" audits 1
ok "has a code" grep -q 'PF-CHECKPOINT.*epoch_004.checkpoint' out
fresh
cp o9/ledger/five/epoch_004.checkpoint t/ledger/five/
ok "a checkpoint of another federation" audits 1
ok "is none of this log" grep -q 'PF-CHECKPOINT.*the origin' out
fresh
awk 'NR == 3 { $0 = "A" substr($0, 2) } { print }' $ledger/epoch_004.checkpoint > t/ledger/five/epoch_004.checkpoint
ok "a checkpoint of another root" audits 1
ok "is not of this log" grep -q 'PF-CHECKPOINT.*the root is not' out
fresh
awk '/prismfed\/validator/ && !n++ { sub(/....==$/, "AAAA==") } { print }' $ledger/epoch_002.checkpoint \
    > t/ledger/five/epoch_002.checkpoint
ok "a cosignature that was changed" audits 1
ok "is named" grep -q 'PF-CHECKPOINT.*epoch_002.checkpoint.*the signature of v' out
fresh
grep -v '^— prismfed/log' $ledger/epoch_002.checkpoint > t/ledger/five/epoch_002.checkpoint
ok "nobody signed it as the log" audits 1
ok "says so" grep -q 'PF-CHECKPOINT.*no validator signed it as the log' out
fresh
head -n 3 $ledger/epoch_002.checkpoint > t/ledger/five/epoch_002.checkpoint
ok "no note" audits 1
ok "says what one is" grep -q 'PF-CHECKPOINT.*expected a signed note' out
fresh
rm t/ledger/five/epoch_00[1-4].checkpoint
ok "a record without checkpoints is one, too" audits 0
ok "a policy wants one" audits 1 --policy policy
ok "that is missing" grep -q 'PF-WITNESS.*no checkpoint' out
fresh
ok "with the policy all is well" audits 0 --policy policy
awk '/prismfed\/validator/ && n++ > 0 { next } { print }' $ledger/epoch_004.checkpoint \
    > t/ledger/five/epoch_004.checkpoint
ok "with fewer than the quorum nobody lied" audits 0
ok "but it was not checked" grep -q 'not checked: PF-CHECKPOINT: .*: 1 of the validators cosigned it' out
ok "and the policy wants more" audits 1 --policy policy
ok "says how many" grep -q 'PF-WITNESS.*too few cosigned it: 1 of the 5' out
fresh
mv t/ledger/five/epoch_004.json t/ledger/five/epoch_004.checkpoint
ok "a checkpoint of no epoch" audits 1
ok "is of nothing" grep -q 'PF-FILE-MISSING.*no file of the epoch' out
ok "a policy that cannot be read" refused_with 'nowhere' "$prismfed" audit --policy nowhere o
finish
