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
ok "and what the network carried" grep -q '^bytes  *[0-9]' out
ok "a genesis file" run 0 "$prismfed" show o/ledger/tiny/genesis.json
ok "shows the quorum" grep -q '^quorum  *1$' out
ok "the members" grep -q '^a  *core  *local  *r  *1 ' out
ok "the policy" grep -q '^iteration_limit  *50$' out
ok "and the genes" grep -q '"tenure_base"' out
cat > busy.json << 'END'
{"name": "busy", "quorum": 3, "max_ledger_drift": 2, "epoch_start": 1,
 "nodes": [{"id": "v0", "region": "r", "role": "core", "stake": 1},
           {"id": "v1", "region": "r", "role": "core", "stake": 1},
           {"id": "v2", "region": "r", "role": "core", "stake": 1},
           {"id": "v3", "region": "r", "role": "core", "stake": 1},
           {"id": "v4", "region": "r", "role": "core", "stake": 1},
           {"id": "e", "region": "r", "role": "edge", "stake": 1}],
 "workload": {"family": "planted", "instances": 1, "size_min": 20},
 "policy": {"evaluations": 6, "iteration_limit": 200},
 "events": [{"kind": "join", "node": "v4", "epoch": 1}, {"kind": "crash", "node": "v1", "epoch": 3},
            {"kind": "restart", "node": "v1", "epoch": 4}, {"kind": "leave", "node": "e", "epoch": 4},
            {"kind": "lie", "node": "v2", "behaviour": "inverted_scores", "epoch": 2},
            {"kind": "lie", "node": "v2", "behaviour": "honest", "epoch": 4},
            {"kind": "loss_burst", "loss_ppm": 1000, "duration_ms": 100, "epoch": 2}]}
END
ok "a run in which much happens" run 0 "$federated_sim" --scenario busy.json --epochs 6 --output-dir o
ok "says who joined, and that the quorum is another one then" sh -c \
    'grep -q " v4 joined (" out && [ "$(grep -c "5 validators, f 1, quorum 4" out)" = 1 ]'
ok "who is down and up again" sh -c 'grep -q " v1 down (" out && grep -q " v1 up again (" out'
ok "who left" grep -q ' e left (' out
ok "what is over" sh -c 'grep -q " loss_burst (" out && grep -q "loss_burst is over (" out'
ok "how far a liar's scores are" grep -q "how far scores are from .*: v2 [01]\.[0-9]*, honest sites at most [01]\." out
ok "which lie a node tells" sh -c 'grep -q " v2 inverts its scores (" out && grep -q " v2 is honest again (" out'
ok "what the network carried" grep -q '^ *1  yes .* [1-9][0-9]*  *[0-9]*\.[0-9][0-9]' out
ok "the same as JSON" run 0 "$federated_sim" --scenario busy.json --epochs 6 --output-dir o --json
ok "with the summary's keys" python3 - << 'END'
import json
told, kept = json.load(open('out')), json.load(open('o/simulations/epoch_summary_busy.json'))
same = lambda a, b, keys: all(a[k] == b[k] for k in keys)
assert same(told, kept, ('scenario', 'label', 'seed', 'epoch_count', 'network', 'work', 'genome', 'costs', 'gain'))
assert told['genome']['hash'] == told['epochs'][-1]['incumbent'] and len(told['genome']['genes']) > 3
assert {c['node_id'] for c in told['costs']} > {'v0', 'v4'} and all(c['unit'] == 'iterations' for c in told['costs'])
assert same(told['roots'], kept['roots'], ('log_root', 'state_root', 'agree'))
for a, b in zip(told['epochs'], kept['epochs']):
    own = {'ended', 'left_out', 'incumbent_changed', 'rolled_back', 'log_size', 'network', 'quorum', 'rows'}
    assert same(a, b, set(a) - own), a
assert [e['quorum']['quorum'] for e in told['epochs']][-1] == kept['quorum']['quorum'] == 4
assert sum(e['network']['bytes'] for e in told['epochs']) <= told['network']['bytes']
happened = {'%s %s' % (e['node_id'], e['what']) for e in told['events']}
assert {'v4 joined', 'v1 down', 'v1 up again', 'e left'} <= happened
assert [[l['node_id'] for l in e['rows']['liars']] for e in told['epochs']] == [[], ['v2'], ['v2'], ['v2'], [], []]
END
ok "its summary" run 0 "$prismfed" show o/simulations/epoch_summary_busy.json
ok "shows what happened" grep -q '^3  *[0-9]*  *crash  *v1 ' out
ok "the shared genome" grep -q '^  tenure_base  *[0-9]' out
ok "what it costs" grep -q '^v0  *[0-9.]*  *[0-9.]*  *iterations' out
ok "how many offers were left out" grep -q 'left_out' out
ok "and who is up" grep -q '^v1  *core  *active  *0  *yes  *[0-9]*  *1 ' out
ok "an epoch of it" run 0 "$prismfed" show o/ledger/busy/epoch_001.json
ok "shows the genome after it" grep -q '^  tenure_base  *[0-9]' out
ok "shows how far each row is" grep -q '^v2  *[01]\.[0-9][0-9]' out
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

# harmless: the last command has printed nothing but ASCII that a terminal shows, on standard output and error.
refused_pattern() { # PATTERN FILE: it has no such line
    ! grep -q -e "$1" "$2"
}
harmless() {
    [ -s out ] || [ -s err ]
    [ "$(cat out err | tr -d '\n\040-\176' | wc -c)" = 0 ]
}
escape='\033]0;owned\007\033[2J\302\233' # ESC, BEL, and CSI as one character
printf '{"format": "prismfed.epoch", "federation": "\\u001b[2J\\u009b31m\\u202e\\nforged", "epoch": 1, "blocks": [],
  "entries": [{"node_id": "\\u001b[8m\342\200\256", "kind": "0123456789abcde\303\274"}]}' > hostile.json
ok "hostile texts of an epoch file" run 0 "$prismfed" show hostile.json
ok "do nothing" harmless
ok "and forge no line" refused_pattern '^forged' out
ok "but can be seen" grep -q -F '\u{1b}[2J\u{9b}31m\u{202e}\u{a}forged' out
printf '{"format": "prismfed.epoch-summary", "scenario": "\\u009b2J", "epochs": [{"epoch": "\\u202e"}],
  "nodes": [{"node_id": "\\u200b"}],
  "genome": {"genes": {"\\u001b[2J": "\\u009b"}}, "costs": [{"unit": "\\u202e"}]}' > hostile.json
ok "of a summary" run 0 "$prismfed" show hostile.json
ok "do nothing" harmless
printf '{"x": "\177\302\233"}' > hostile.json
ok "of any JSON" run 0 "$prismfed" show hostile.json
ok "do nothing" harmless
printf '\143\033[\303' > hostile.cbor # not UTF-8
ok "a text of CBOR that is not UTF-8" refused "$prismfed" show hostile.cbor
printf '\150\033[2J\302\233\302\205' > hostile.cbor
ok "hostile texts of CBOR" run 0 "$prismfed" show hostile.cbor
ok "do nothing" harmless
ok "and can be seen" grep -q -F '\u{1b}[2J\u{9b}\u{85}' out
# A COSE_Sign1 whose protected header has the escapes as content type and subject; its signature is not checked.
signed() { # HEX of a text of 8 bytes
    key=$(printf '%064d' 0)
    issuer=$(printf '%064d' 0 | sed 's/0/30/g')
    protected="a401270368$1045820${key}0fa2017840${issuer}0268$1"
    printf 'd28458%02x%sa04101' $((${#protected} / 2)) "$protected"
    printf '5840%0128d' 0
}
signed 1b5b324ac29bc285 > hostile.hex
ok "a signed statement" run 0 "$prismfed" show hostile.hex
ok "of which it shows the subject" grep -q '^subject' out
ok "does nothing" harmless
for words in "show" "audit" "space" "eval --scenario" "keys show" "aggregate --rule mean" ""; do
    ok "hostile words after '$words'" eval 'run 2 "$prismfed" '"$words"' "$(printf "$escape")"'
    ok "do nothing" harmless
done
ok "a hostile scenario" run 2 "$federated_sim" --scenario "$(printf "$escape")"
ok "does nothing" harmless
ok "a hostile label" run 2 "$federated_sim" --scenario tiny.json --label "$(printf "$escape")"
ok "does nothing" harmless
printf '{"name": "%b"}' "$escape" > hostile.json
ok "a hostile name" run 2 "$federated_sim" --scenario hostile.json
ok "does nothing" harmless
ok "no file named" refused_with 'expected one FILE' "$prismfed" show
finish
