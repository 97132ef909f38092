#!/bin/sh
# prismfed govern: statements of governors are made, signed and looked at.
set -eu
. "$(dirname "$0")/tap.sh"
umask 077

for name in a b c; do
    openssl genpkey -algorithm ed25519 -out $name.key 2> log
    openssl pkey -in $name.key -pubout -out $name.pub 2> log
done
genesis=$root/artifacts/mec/M5/ledger/governance/genesis.json
common="--genesis $genesis --serial 1 --until 70"
hash=$(printf '%064d' 5)

makes() { # ACTION OPTION...: what is made is signed by two and can be looked at
    # shellcheck disable=SC2086
    run 0 "$prismfed" govern "$@" $common --out s.json && run 0 "$prismfed" govern sign --key a.key s.json &&
        run 0 "$prismfed" govern sign --key b.key s.json && run 0 "$prismfed" govern inspect s.json &&
        [ "$(grep -c '^signed by ' out)" = 2 ]
}
ok "apply" makes apply --epoch 60 --genome "$hash"
ok "policy" makes policy --set margin_ppm=10 --set approval=0
ok "says what is set" grep -q '"policy":{"approval":0,"margin_ppm":10}' out
ok "quarantine" makes quarantine --member core-a --reason "an alarm"
ok "says why" grep -q '"reason":"an alarm"' out
ok "release" makes release --member core-a
ok "rollback" makes rollback --epoch 60
ok "halt" makes halt
id=$(sed -n 's/.*"federation_id": "\([0-9a-f]*\)".*/\1/p' "$genesis" | head -n 1)
ok "is about this federation" grep -q "$id" out
ok "resume" makes resume
ok "rotate-key" makes rotate-key --of a.pub --next c.pub --from 65
ok "revoke-key" makes revoke-key --of a.pub --from 65
ok "one key is one signature" sh -c \
    '"$0" govern sign --key a.key s.json && [ "$("$0" govern inspect s.json | grep -c "^signed by ")" = 2 ]' "$prismfed"

# shellcheck disable=SC2086
{
    ok "no genome" refused_with 'genome' "$prismfed" govern apply --epoch 60 $common --out s.json
    ok "no setting" refused_with 'set' "$prismfed" govern policy $common --out s.json
    ok "no setting of that name" refused_with 'set' "$prismfed" govern policy --set window=3 $common --out s.json
    ok "no such value" refused_with 'approval=2' "$prismfed" govern policy --set approval=2 $common --out s.json
    ok "no name" refused_with 'member' "$prismfed" govern quarantine --member 'a b' $common --out s.json
    ok "a reason that hides something" refused_with 'reason' \
        "$prismfed" govern halt --reason "$(printf 'x\033[2J')" $common --out s.json
    ok "no action" refused_with '"bless"' "$prismfed" govern bless $common --out s.json
}
ok "no time" refused_with 'until' "$prismfed" govern halt --genesis "$genesis" --serial 1 --out s.json
printf '{"payload":"aGk=","payloadType":"application/vnd.in-toto+json","signatures":[]}' > other.json
ok "no statement" refused "$prismfed" govern inspect other.json
ok "is not signed" refused "$prismfed" govern sign --key a.key other.json
finish
