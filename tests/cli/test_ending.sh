#!/bin/sh
# How a rehearsal ends: what is said, and with which status, when not all epochs were anchored, or a checker found a
# violation.
set -eu
. "$(dirname "$0")/tap.sh"

# scenario NAME EVENTS [MORE]: four validators and a participant
scenario() {
    cat > "$1.json" << END
{"name": "$1", "quorum": 3, "max_ledger_drift": 2, "epoch_start": 1,
 "nodes": [{"id": "v0", "region": "r0", "role": "core", "stake": 1},
           {"id": "v1", "region": "r1", "role": "core", "stake": 1},
           {"id": "v2", "region": "r2", "role": "core", "stake": 1},
           {"id": "v3", "region": "r3", "role": "core", "stake": 1},
           {"id": "e", "region": "r0", "role": "edge", "stake": 1, "disclosed": true}],
 "workload": {"family": "queen", "instances": 1, "size_min": 4, "size_max": 5},
 "policy": {"evaluations": 2, "iteration_limit": 50, "spot_checks": 4}, "events": [$2]${3-}}
END
}
# ends STATUS NAME EPOCHS [OPTION...]
ends() {
    want=$1 name=$2 epochs=$3
    shift 3
    run "$want" "$federated_sim" --scenario "$name.json" --epochs "$epochs" --output-dir "o_$name" "$@"
}
# told PATTERN: the report has exactly one such line.
told() {
    [ "$(grep -c -E -e "$1" out)" = 1 ]
}
json() { # EXPRESSION: of the one line, as d
    python3 -c "import json, sys; d = json.load(open('out')); sys.exit(not ($1))"
}

scenario whole ''
time='[0-9.]+ s'
two_of_four=' are missing; 2 of 4 validators can hear each other, and 3 are needed;'
ok "all epochs are anchored" ends 0 whole 3
ok "nothing is unfinished" sh -c '! grep -E "^(not finished|given up|stopped|epochs?) " out'

scenario dead '{"kind": "crash", "node": "v1", "epoch": 2, "after_ms": 20}, {"kind": "crash", "node": "v2", "epoch": 2},
    {"kind": "restart", "node": "v1", "epoch": 3}'
ok "two of four validators are down" ends 4 dead 1000
ok "who is down, since when, how many are needed" told \
    "^not finished: epoch 2 stands still since $time: v1 \(down since $time\) and v2 \(down since $time\)$two_of_four"
ok "what waits" told '; the log has the updates of [0-9] of 5 active members;'
ok "what never happened" told '; /events/2 \(restart of v1\) waits for an epoch that never began;'
ok "what ended the run" told '; the run ended at its limit of 3600.000 s of virtual time \(--limit-ms'
ok "epochs that never began are one line" told '^epochs 3 to 1000 never began$'
ok "and no rows" sh -c '[ "$(grep -c "^ *[0-9]* *no " out)" = 1 ]'
ok "it is audited as far as it goes" run 3 "$prismfed" audit --scenario dead.json o_dead
ok "it is finished, and still not whole" ends 4 dead 1000 --resume
ok "and says so" told '^not finished: 1 of 1000 epochs were anchored'
ok "with another limit it is run again" ends 4 dead 1000 --resume --limit-ms 5000
ok "until then" told 'the run ended at its limit of 5.000 s'
ok "the same as JSON" ends 4 dead 1000 --json
ok "the rows are those of the epochs that began" json 'len(d["epochs"]) == 2 and d["epoch_count"] == 1000'
ok "the others are named" json 'd["never_began"] == {"first": 3, "last": 1000} and d["anchored"] == 1'
ok "why" json '[m["node_id"] + " " + m["why"] for m in d["standstill"]["missing"]] == ["v1 down", "v2 down"]'
ok "how many" json '[d["standstill"][k] for k in ("epoch", "validators", "together", "quorum")] == [2, 4, 2, 3]'
ok "since when" json '0 < d["standstill"]["missing"][1]["since_ms"] <= d["standstill"]["since_ms"] < 5000'
ok "in the words of the table" json 'd["standstill"]["text"].startswith("epoch 2 stands still since ")'
ok "a quiet one has the status alone" ends 4 dead 3 --quiet
ok "and no words" sh -c '[ ! -s out ] && [ ! -s err ]'

scenario apart '{"kind": "partition", "groups": [["v0", "v1"], ["v2", "v3", "e"]], "epoch": 2}'
ok "two halves" ends 4 apart 3
ok "are cut off from each other" told 'since [0-9.]+ s: v[0-9] \(cut off since [0-9.]+ s\) and v[0-9] \(cut off since'
scenario mutes '{"kind": "lie", "node": "v0", "behaviour": "mute", "epoch": 1},
    {"kind": "lie", "node": "v3", "behaviour": "mute", "epoch": 1}'
ok "two that say nothing" ends 4 mutes 2
ok "are called mute" told 'epoch 1 stands still since 0.000 s: v0 \(mute since 0.000 s\) and v3 \(mute'
scenario gone '{"kind": "crash", "node": "v0", "epoch": 1}, {"kind": "crash", "node": "v1", "epoch": 1},
    {"kind": "crash", "node": "v2", "epoch": 1}, {"kind": "crash", "node": "v3", "epoch": 1},
    {"kind": "crash", "node": "e", "epoch": 1}'
ok "nobody is left" ends 4 gone 1
ok "and nothing happens" \
    told '0 of 4 validators can hear each other, and 3 are needed; .*; .* because nothing can happen any more$'

scenario away '{"kind": "partition", "groups": [["v0", "v1", "v2", "v3"]], "epoch": 2}'
ok "all epochs are anchored, but one site is cut off" ends 0 away 3 --limit-ms 60000
ok "which is said" told '^not finished: every epoch has ended, but not for e; the run ended at its limit of 60.000 s'

scenario late '{"kind": "leave", "node": "v3", "epoch": 1},
    {"kind": "rotate_key", "node": "e", "epoch": 3, "after_ms": 400}'
ok "a change that comes too late for the run" ends 0 late 3
ok "is told" told '^not done: /events/1 \(rotate_key of e\) was wanted, and was not done until the run ended$'
ok "as JSON, too" ends 0 late 3 --json
ok "in the same words" json \
    'd["undone"].startswith("/events/1 (rotate_key of e) was wanted") and d["standstill"] is None'

scenario short '' ', "limit_ms": 1000'
ok "a limit ends a run that is well" ends 4 short 50
ok "with a word" told 'has not ended, though a quorum of validators can hear each other; .* limit of 1.000 s'
ok "a longer one lets it end" ends 0 short 6 --limit-ms 60000
ok "no limit" refused_with 'limit-ms must be a number from 1' "$federated_sim" --scenario short.json --limit-ms 0
ok "the next scenario is still run" \
    run 4 "$federated_sim" --scenario short.json --scenario whole.json --epochs 20 --output-dir two
ok "and told" sh -c 'grep -q "^whole (label whole" out && grep -q "^ *20  yes" out'

scenario false '{"kind": "lie", "node": "v1", "epoch": 2, "behaviour": "false_recounts"},
    {"kind": "lie", "node": "v2", "epoch": 2, "behaviour": "false_recounts"}'
ok "more liars than f" ends 1 false 4 --seed 5
ok "the table until then" told '^ *1  yes '
ok "the violation" told '^stopped: violation at .* e was found with a false claim, but never lied'
command="$(sed -n 's/^seed 5; this command traces it: //p' out)"
ok "seed and command" test -n "$command"
ok "also on standard error" says \
    "seed 5; this command traces it: federated_sim --scenario false.json --epochs 4 --output-dir o_false --seed 5"
ok "the command works" run 1 sh -c "$(echo "$command" | sed "s|^federated_sim|$federated_sim|")"
ok "and traces it" grep -q 'fed.recount' violation.trace
ok "no artifacts" sh -c '[ -z "$(find o_false -type f)" ]'
ok "as JSON" ends 1 false 4 --json
ok "likewise" json '"false claim" in d["violation"]["text"] and "--trace" in d["violation"]["command"]'

# Stopped by a signal: it waits for a program that never answers.
cat > waits.json << 'END'
{"name": "waits", "quorum": 1, "max_ledger_drift": 2, "epoch_start": 1,
 "nodes": [{"id": "a", "region": "r", "role": "core", "stake": 1}],
 "space": {"genes": [{"name": "x", "type": "toggle"}]},
 "workload": {"program": {"runner": "irace", "command": ["./wait.sh"], "instances": ["i"], "cutoff_ms": 100000}}}
END
printf '#!/bin/sh\nsleep 60\n' > wait.sh
chmod +x wait.sh
: > i
# stopped OPTION...: by SIGTERM, when its journal is there
stopped() {
    "$federated_sim" --scenario waits.json --epochs 2 --output-dir o_waits "$@" > out 2> err & pid=$!
    for tick in $(seq 200); do
        [ ! -f o_waits/unfinished_waits.journal ] || break
        sleep 0.05
    done
    kill "$pid"
    status=0
    wait "$pid" || status=$?
    [ "$status" = 143 ] && [ "$(wc -l < err)" = 1 ]
}
ok "a run is stopped" stopped --clean --seed 4 --threads 2
ok "and says what goes on" says \
    'goes on: federated_sim --scenario waits.json --epochs 2 --output-dir o_waits --seed 4 --threads 2 --resume$'
ok "beside the journal that it needs" test -f o_waits/unfinished_waits.journal

cat > crashes.json << 'END'
{"name": "crashes", "quorum": 1, "max_ledger_drift": 2, "epoch_start": 1,
 "space": {"genes": [{"name": "x", "type": "discrete", "low": 1, "high": 60, "default": 50}]},
 "policy": {"evaluations": 2}, "guard_rails": {"min_participants": 1},
 "nodes": [{"id": "a", "region": "r", "role": "core", "stake": 1, "workload": {"program": {"runner": "irace",
   "command": ["/bin/false"], "instances": ["whole.json"], "retries": 0}}}]}
END
ok "every run of the sites' program crashes" ends 5 crashes 1
ok "which is said" told '^gained: nothing: no run of the sites. programs came to an end'

mkdir "it's here"
cp false.json "it's here/"
ok "a path that a shell would take apart" \
    run 1 "$federated_sim" --scenario "it's here/false.json" --epochs 4 --output-dir o --quiet
ok "is quoted" \
    run 1 sh -c "$(sed -n "s|^prismfed sim: seed 1; this command traces it: federated_sim|$federated_sim|p" err)"
finish
