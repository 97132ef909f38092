#!/bin/sh
# prismfed root: a trust root is made, signed, renewed and refused; and the auditor decides by it.
set -eu
. "$(dirname "$0")/tap.sh"
umask 077

for name in a b c d; do
    openssl genpkey -algorithm ed25519 -out $name.key 2> log
    openssl pkey -in $name.key -pubout -out $name.pub 2> log
done
cat > two.json << 'END'
{"name": "two", "quorum": 2, "max_ledger_drift": 2, "epoch_start": 1,
 "nodes": [{"id": "v0", "region": "r", "role": "core", "stake": 1},
           {"id": "v1", "region": "r", "role": "core", "stake": 1}],
 "workload": {"family": "planted", "instances": 1, "size_min": 20},
 "policy": {"evaluations": 6, "iteration_limit": 200}}
END
"$federated_sim" --scenario two.json --epochs 2 --output-dir o --quiet
id=$(sed -n 's/.*"federation_id": "\([0-9a-f]*\)".*/\1/p' o/ledger/two/genesis.json | head -1)
other=$(printf '%064d' 1)
first="--federation $id --expires 2027-01-31T00:00:00Z --role root=2:a.pub,b.pub,c.pub"

# shellcheck disable=SC2086
ok "a root" run 0 "$prismfed" root init $first --out 1.json
ok "nobody has signed it" run 1 "$prismfed" root verify 1.json
ok "says how many must" grep -q '0 of the root keys' out
ok "one signs" run 0 "$prismfed" root sign --key a.key 1.json
ok "one is too few" run 1 "$prismfed" root verify 1.json
ok "signing twice is one signature" run 0 "$prismfed" root sign --key a.key 1.json
ok "still too few" run 1 "$prismfed" root verify 1.json
ok "who is no root key may sign" run 0 "$prismfed" root sign --key d.key 1.json
ok "and counts for nothing" run 1 "$prismfed" root verify 1.json
cp 1.json one_signature.json
ok "another one signs" run 0 "$prismfed" root sign --key b.key 1.json
ok "that is enough" run 0 "$prismfed" root verify --federation "$id" --at 2026-12-01T00:00:00Z 1.json
ok "it can be read" run 0 "$prismfed" root inspect 1.json
ok "in words" grep -q '^root: 2 of 3$' out
ok "it is of one federation" run 1 "$prismfed" root verify --federation "$other" 1.json
ok "it expires" run 1 "$prismfed" root verify --at 2027-01-31T00:00:00Z 1.json

# ---- version 2: c and d in place of a and b
ok "the next version" run 0 "$prismfed" root rotate --expires 2028-01-31T00:00:00Z --role root=2:c.pub,d.pub \
    --out 2.json 1.json
"$prismfed" root sign --key c.key 2.json
"$prismfed" root sign --key d.key 2.json
ok "its own keys are enough for itself" run 0 "$prismfed" root verify 2.json
ok "but not behind version 1" run 1 "$prismfed" root verify --after 1.json 2.json
ok "says whose are missing" grep -q 'of version 1 have signed' out
cp 2.json own_keys.json
"$prismfed" root sign --key a.key 2.json
ok "two of both" run 0 "$prismfed" root verify --after 1.json 2.json
ok "no way back" run 1 "$prismfed" root verify --after 2.json 1.json
ok "says so" grep -q 'no newer' out
"$prismfed" root rotate --expires 2029-01-31T00:00:00Z --out 3.json 2.json
"$prismfed" root sign --key c.key 3.json
"$prismfed" root sign --key d.key 3.json
ok "no version is passed over" run 1 "$prismfed" root verify --after 1.json 3.json

# ---- what is no root
sed 's/"payload":"e/"payload":"f/' 1.json > spoilt.json
ok "a payload with another bit" run 2 "$prismfed" root verify spoilt.json
makes="$prismfed root init --federation $id --expires 2027-01-31T00:00:00Z"
# shellcheck disable=SC2086
{
    ok "a threshold of 0" run 2 $makes --role root=0:a.pub --out 0.json
    ok "one key twice" run 2 $makes --role root=1:a.pub,a.pub --out 0.json
    ok "a day that is none" run 2 $makes --expires 2027-02-29T00:00:00Z --role root=1:a.pub --out 0.json
}
ok "what is to be done" run 2 "$prismfed" root
ok "nothing else" run 2 "$prismfed" root bless 1.json

# ---- the auditor
audits() { # STATUS CODE OPTION...
    want=$1 code=$2
    shift 2
    run "$want" "$prismfed" audit "$@" o && { [ "$code" = - ] || grep -q "$code" out; }
}
ok "the auditor trusts it" audits 0 - --trust 1.json --at 2026-12-01T00:00:00Z
ok "without a time, too, and says so" audits 0 PF-ROOT-EXPIRED --trust 1.json
ok "and what follows it" audits 0 - --trust 1.json --trust 2.json --at 2027-06-01T00:00:00Z
ok "too few signatures" audits 1 PF-ROOT-THRESHOLD --trust one_signature.json
ok "a version that the old keys have not signed" audits 1 PF-ROOT-THRESHOLD --trust 1.json --trust own_keys.json
ok "an older version" audits 1 PF-ROOT-VERSION --trust 2.json --trust 1.json
ok "a version is missing" audits 1 PF-ROOT-VERSION --trust 1.json --trust 3.json
ok "expired" audits 1 PF-ROOT-EXPIRED --trust 1.json --at 2027-01-31T00:00:00Z
"$prismfed" root init --federation "$other" --expires 2027-01-31T00:00:00Z --role root=1:a.pub --out foreign.json
"$prismfed" root sign --key a.key foreign.json
ok "another federation's" audits 1 PF-ROOT-FEDERATION --trust foreign.json
ok "does not vouch for this one" grep -q 'FAIL PF-GENESIS-TRUST' out
# shellcheck disable=SC2086
$makes --role root=1:a.pub --role governance=1:b.pub --out roles.json
"$prismfed" root sign --key a.key roles.json
ok "others govern than the root says" audits 1 PF-ROOT-ROLES --trust roles.json
ok "a root that is none" run 2 "$prismfed" audit --trust spoilt.json o
finish
