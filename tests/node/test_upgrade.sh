#!/bin/sh
# test_upgrade.sh PRISMFED PREVIOUS: a federation goes from one version of the protocol to the next while it runs, one
# member after the other, as docs/runbook.md says. PREVIOUS does not speak the next one.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
prismfed=$(realpath "$1")
previous=$(realpath "$2")
. "$root/tests/node/processes.sh"

cat > plan.json << 'END'
{
  "name": "upgraded", "quorum": 3, "max_ledger_drift": 8, "epoch_start": 1,
  "guard_rails": {"collect_deadline_ms": 2000, "score_deadline_ms": 2000},
  "nodes": [
    {"id": "a", "region": "eu", "role": "core", "stake": 10},
    {"id": "b", "region": "eu", "role": "core", "stake": 10},
    {"id": "c", "region": "eu", "role": "core", "stake": 10},
    {"id": "d", "region": "eu", "role": "core", "stake": 10},
    {"id": "site", "region": "eu", "role": "edge", "stake": 10}
  ]
}
END
# list NODE NAME: of its status
list() {
    ask "$1" status --format json 2> /dev/null | sed -n "s/.*\"$2\":\[\([^]]*\)\].*/\1/p" | tr -d '"'
}
epoch_is_over() { # NODE EPOCH
    epoch_now=$(field "$1" epoch)
    [ "${epoch_now:-0}" -gt "$2" ]
}
gone() { # NODE
    ! ask "$1" status
}
# run_on PROGRAM NODE: in place of what runs now
run_on() {
    kill "$(field "$2" pid)" 2> /dev/null || true
    until_true gone "$2"
    "$1" node run --config "net/$2/node.json" >> "net/$2/log" 2>&1 &
    started="$started $!"
    until_true ask "$2" status
}
ready_is() { # NODE LIST
    [ "$(list "$1" ready)" = "$2" ]
}
speaks() { # NODE PROTOCOL
    [ "$(field "$1" protocol)" = "$2" ]
}
says() { # TEXT PATTERN FILE
    grep -q -e "$2" "$3" && status=0 || status=1
    report "$status" "$1" "$3"
}
propose() { # VERSION FILE
    "$prismfed" change protocol --version "$1" --genesis net/genesis.cbor --until $(($(field a epoch) + 50)) --out "$2"
}

if ! "$previous" net up --scenario plan.json > out 2>&1; then
    report 1 "it runs" out
    finish
fi
soon "a federation of the earlier version runs" epoch_is_over a 1
propose 2 next > out 2>&1
ask a sign-off --change next > out 2>&1 && status=1 || status=0
report "$status" "who does not speak the next version does not sign it off" out
says "and says why" 'does not speak that protocol' out

# ---- one program after the other
run_on "$prismfed" a
[ "$(field a upgrade)" != null ] && speaks a 1 && status=0 || status=1
report "$status" "a newer program speaks what is in force"
soon "and tells who is ready for more" ready_is a a
run_on "$prismfed" b
run_on "$prismfed" c
soon "one after the other" ready_is a a,b,c
[ "$(list a not_ready)" = d,site ] && status=0 || status=1
report "$status" "and who is not"
soon "they go on together" epoch_is_over d "$(field d epoch)"
propose 3 far > out 2>&1
ask a sign-off --change far > out 2>&1 && status=1 || status=0
report "$status" "no version is left out" out

# ---- the entry in the log
for node in a b c; do
    ask $node sign-off --change next || true
done > out 2>&1
soon "what a quorum has signed off is in force at the end of an epoch" speaks a 2
soon "a validator that does not speak it stops" gone d
says "with a clear word" 'event=stopped.*the federation speaks protocol 2 .*install one that does' net/d/log
soon "so does a site" gone site
"$previous" node run --config net/d/node.json > out 2>&1 && status=1 || status=0
report "$status" "it does not start again" out
says "and says why" 'the federation speaks protocol 2' out
"$previous" site --once --config net/site/node.json --timeout 20 > out 2>&1 && status=1 || status=0
report "$status" "nor does a visit" out
soon "the others go on" epoch_is_over a "$(field a epoch)"
run_on "$prismfed" d
run_on "$prismfed" site
soon "with the newer program it goes on" epoch_is_over d "$(field a epoch)"
soon "as the site does" speaks site 2
"$prismfed" net record --dir net > out 2>&1 && status=0 || status=$?
[ "$status" != 0 ] || "$prismfed" audit --scenario plan.json net/record > out 2>&1 || status=$?
[ "$status" != 3 ] || status=0 # the log goes on
report "$status" "the auditor accepts the log" out
finish
