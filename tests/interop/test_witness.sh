#!/bin/sh
# An independent witness (litewitness of filippo.io/torchwood) cosigns our checkpoints, epoch by epoch, keeps its word,
# and never cosigns two histories. ./dev interop fetches it.
set -eu
. "$(dirname "$0")/tap.sh"

command -v litewitness > /dev/null || without "a witness cosigns the log" "./dev interop, which fetches litewitness"
command -v witnessctl > /dev/null || without "a witness cosigns the log" "./dev interop, which fetches witnessctl"
command -v ssh-agent > /dev/null || without "a witness cosigns the log" "the package openssh-client"
command -v python3 > /dev/null || without "a witness cosigns the log" "the package python3"

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
agent=
witness=
stop() {
    [ -z "$witness" ] || kill "$witness" 2> /dev/null || :
    [ -z "$agent" ] || kill "$agent" 2> /dev/null || :
}
trap 'stop; rm -rf "$scratch"' EXIT
ssh-keygen -q -t ed25519 -N '' -f key
ssh-agent -D -a "$scratch/agent" > agent.out 2>&1 &
agent=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ -S agent ] && break
    sleep 0.2
done
SSH_AUTH_SOCK=$scratch/agent ssh-add -q key 2> /dev/null
litewitness -db witness.db -name witness.example/w -ssh-agent "$scratch/agent" -listen "127.0.0.1:$port" \
    -key "$(ssh-keygen -l -f key.pub | cut -d ' ' -f 2)" > witness.out 2>&1 &
witness=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
    python3 -c "import socket; socket.create_connection(('127.0.0.1', $port), 1)" 2> /dev/null && break
    sleep 0.3
done
# The witness's verifier key, from the key itself: NAME+ID+base64(4, key).
vkey=$(python3 - << 'END_OF_PROGRAM'
import base64, hashlib
blob = base64.b64decode(open('key.pub').read().split()[1])
key = b'\x04' + blob[-32:]
name = 'witness.example/w'
print('%s+%s+%s' % (name, hashlib.sha256(name.encode() + b'\n' + key).hexdigest()[:8], base64.b64encode(key).decode()))
END_OF_PROGRAM
)

# Two histories with the same keys and the same genesis: every block of both has the certificate of a quorum. That takes
# more than f liars, of whom this is what they would leave.
history() { # LABEL EVENTS
    cat > "$1.json" << END
{"name": "split", "quorum": 3, "max_ledger_drift": 2, "epoch_start": 1,
 "nodes": [{"id": "v0", "region": "r", "role": "core", "stake": 1},
           {"id": "v1", "region": "r", "role": "core", "stake": 1},
           {"id": "v2", "region": "r", "role": "core", "stake": 1},
           {"id": "v3", "region": "r", "role": "core", "stake": 1},
           {"id": "e", "region": "r", "role": "edge", "stake": 1}],
 "workload": {"family": "planted", "instances": 1, "size_min": 20},
 "policy": {"evaluations": 6, "iteration_limit": 200},
 "events": [$2]}
END
    "$federated_sim" --scenario "$1.json" --label x --epochs 4 --output-dir "$1" --quiet
}
history told ''
history hidden '{"kind": "lie", "node": "v1", "behaviour": "inverted_scores", "epoch": 2}'
ledger=told/ledger/x
last=$ledger/epoch_004.checkpoint
origin=$(sed -n 1p "$last")
"$prismfed" tlog policy --label x --witness "$vkey=http://127.0.0.1:$port/" --output asked told
witnessctl add-log -db witness.db -origin "$origin" > words 2>&1
sed -n 's/^log //p' asked | while read -r log; do
    witnessctl add-key -db witness.db -origin "$origin" -key "$log" > words 2>&1
done
witness() { # FOLDER
    "$prismfed" tlog witness --label x --policy asked "$1"
}
audits() { # STATUS HISTORY OPTION...
    want=$1
    history=$2
    shift 2
    run "$want" "$prismfed" audit --scenario "$history.json" "$@" "$history"
}

# Each epoch's end in turn, as if the record had just got there.
mkdir -p growing/ledger/x
cp $ledger/genesis.json growing/ledger/x/
for epoch in 1 2 3 4; do
    cp $ledger/epoch_00$epoch.* growing/ledger/x/
    ok "the witness cosigns epoch $epoch" run 0 witness growing
done
ok "it cosigns the same again" run 0 witness growing
ok "one cosignature of it is kept" test "$(grep -c '^— witness.example/w ' growing/ledger/x/epoch_004.checkpoint)" = 1
ok "without it the policy is not met" audits 1 told --policy asked
ok "says the auditor" grep -q 'PF-WITNESS.*too few cosigned it: 4 of the 5' out
cp growing/ledger/x/*.checkpoint $ledger/
ok "with it all is well" audits 0 told --policy asked
"$prismfed" prove --label x --update v0 --output witnessed told > words
ok "a proof has it, too" run 0 "$prismfed" verify --policy asked witnessed
grep -v '^— witness.example/w ' witnessed > unwitnessed
ok "a proof without it is not enough" run 1 "$prismfed" verify --policy asked unwitnessed
awk '/^— witness.example/ { sub(/.....$/, "AAAA=") } { print }' witnessed > spoilt
ok "nor one that was changed" run 1 "$prismfed" verify --policy asked spoilt

# An older record: the witness has seen more.
cp -r growing older
rm older/ledger/x/epoch_004.*
ok "it does not go back" run 1 witness older
ok "because it has cosigned more" says 'it has cosigned this log with'

# The other history.
ok "the other history is certified by quorums, too" audits 0 hidden
ok "the witness does not cosign it" run 1 witness hidden
ok "because it is another one" says 'is not part of this history\|it has cosigned this log with'
grep -v '^— witness.example/w ' hidden/ledger/x/epoch_004.checkpoint > before
ok "so it has no cosignature" cmp -s before hidden/ledger/x/epoch_004.checkpoint
ok "and who asks for one witness does not believe it" audits 1 hidden --policy asked
ok "says the auditor of it" grep -q 'PF-WITNESS.*too few' out
grep '^— witness.example/w ' $last >> hidden/ledger/x/epoch_004.checkpoint
ok "the cosignature of the one history is none of the other" audits 1 hidden --policy asked
ok "and does not verify" grep -q 'PF-WITNESS.*does not verify' out
ok "together they are a fork" run 1 "$prismfed" audit --scenario told.json --scenario hidden.json told hidden
ok "and who voted for both is named" grep -q 'PF-BLOCK-FORK' out

# Another log, and nobody there.
sed "s/:$port/:1/" asked > nobody
ok "a witness that is not there" run 2 "$prismfed" tlog witness --label x --policy nobody told
"$federated_sim" --scenario told.json --seed 77 --label x --epochs 1 --output-dir stranger --quiet
"$prismfed" tlog policy --label x --witness "$vkey=http://127.0.0.1:$port/" --output strange stranger
ok "a witness does not cosign a log that it does not know" \
    run 1 "$prismfed" tlog witness --label x --policy strange stranger
ok "which is said" says 'does not know this log'
finish
