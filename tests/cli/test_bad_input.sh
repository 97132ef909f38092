#!/bin/sh
# Bad input: each gets one clear line and exit status 2, and nothing old is lost.
set -eu
. "$(dirname "$0")/tap.sh"

# scenario FILE NODES MORE: a scenario with quorum 1
scenario() {
    printf '{"name": "x", "quorum": 1, "max_ledger_drift": 1, "epoch_start": 1, "nodes": [%s]%s}\n' "$2" "$3" > "$1"
}
core='{"id": "a", "region": "r", "role": "core", "stake": 1}'
small=', "workload": {"family": "queen", "instances": 1, "size_min": 5},
 "policy": {"evaluations": 2, "iteration_limit": 50}'

# bad TEXT PATTERN: x.json must be refused
bad() {
    ok "$1" refused_with "$2" "$federated_sim" --scenario x.json --epochs 1 --output-dir o
}

scenario x.json "$core" ', "guard_rail": {}'
bad "unknown key" 'x.json:1:.*/guard_rail: unknown key; did you mean "guard_rails"'
scenario x.json "$core" ', "seed": []'
bad "wrong type" '/seed: expected an integer, found an array'
scenario x.json "$core, $core" ''
bad "duplicate id" '/nodes/1/id.*already'
scenario x.json '' ''
bad "no nodes" '/nodes: expected 1 to 16384'
scenario x.json '{"id": "a", "region": "r", "role": "edge", "stake": 1}' ''
bad "no validator" 'none of the 1 nodes is a validator'
printf '{"name": "x", "quorum": 2, "max_ledger_drift": 1, "epoch_start": 1, "nodes": [%s]}' "$core" > x.json
bad "quorum above the validators" 'a quorum of 2 cannot be reached by 1 validator'
printf '{"name": "x", "quorum": 2, "max_ledger_drift": 1, "epoch_start": 1, "nodes": [%s, %s, %s, %s]}' "$core" \
    '{"id": "b", "region": "r", "role": "core", "stake": 1}' '{"id": "c", "region": "r", "role": "core", "stake": 1}' \
    '{"id": "d", "region": "r", "role": "core", "stake": 1}' > x.json
bad "quorum below the safe one" 'ceil((4+1+1)/2) = 3'
scenario x.json '{"id": "a", "region": "r", "role": "core", "stake": -1}' ''
bad "negative number" '/nodes/0/stake: -1 is outside'
scenario x.json '{"id": "a", "region": "r", "role": "core", "stake": 1e400}' ''
bad "huge number" 'x.json:1:'
scenario x.json "$core" ', "workload": {"family": "files", "files": ["no.col"]}'
bad "missing graph" '/workload/files/0: cannot read the graph no.col'
printf 'c fine\np edge 3 2\ne 1 2\ne 1 9\n' > bad.col
scenario x.json "$core" ', "workload": {"family": "files", "files": ["bad.col"]}'
bad "malformed graph" 'bad.col:4'
# never TEXT PATTERN EVENTS [EPOCHS]: events that cannot happen in a run of two epochs, 5 and 6
never() {
    {
        printf '{"name": "x", "quorum": 2, "max_ledger_drift": 1, "epoch_start": 5, "nodes": ['
        printf '{"id": "%s", "region": "r", "role": "%s", "stake": 1}%s' a core ', ' b core ', ' c edge '], '
        printf '"events": [%s]%s}\n' "$3" "$small"
    } > x.json
    ok "$1" refused_with "$2" "$federated_sim" --scenario x.json --epochs 2 --output-dir o
    shift 3
    [ $# = 0 ] || ok "  but with --epochs $1" run 0 "$federated_sim" --scenario x.json --epochs "$1" --output-dir often
}
never "an epoch that never begins" \
    'x.json:1:.*/events/0/epoch: epoch 99 never begins: the run has 2 epochs (--epochs), 5 to 6; it would take 95' \
    '{"kind": "crash", "node": "c", "epoch": 99}'
never "the epoch behind the last" '/events/1/epoch: epoch 7 never begins.* take 3' \
    '{"kind": "crash", "node": "c", "epoch": 5}, {"kind": "restart", "node": "c", "epoch": 7}' 3
never "a time behind the limit" \
    '/events/0/at_ms: 3600001 is behind the limit of virtual time, 3600000 (limit_ms, --limit-ms)' \
    '{"kind": "crash", "node": "c", "at_ms": 3600001}'
never "a restart of a node that nothing stops" '/events/1/node: "c" cannot start again' \
    '{"kind": "crash", "node": "b", "epoch": 6}, {"kind": "restart", "node": "c", "epoch": 6}'
never "nothing to heal" '/events/0/kind: there is no partition that could heal' '{"kind": "heal", "epoch": 6}'
never "a crash before the node is there" '/events/0/epoch: "c" joins in epoch 6 (/events/1)' \
    '{"kind": "crash", "node": "c", "epoch": 5}, {"kind": "join", "node": "c", "epoch": 6}'
never "leaving twice" '/events/1/node: "c" leaves twice' \
    '{"kind": "leave", "node": "c", "epoch": 5}, {"kind": "leave", "node": "c", "epoch": 6}'
never "nobody stays" '/events/0/node: all 2 validators leave; one has to stay' \
    '{"kind": "leave", "node": "a", "epoch": 5}, {"kind": "leave", "node": "b", "epoch": 5}'
# many N MIGRANTS: N nodes; `"migrants": M`, or nothing
many() {
    awk -v n="$1" -v migrants="$2" 'BEGIN {
        printf "{\"name\": \"x\", \"quorum\": 1, \"max_ledger_drift\": 1, \"epoch_start\": 1, \"nodes\": ["
        for (i = 0; i < n; i++)
            printf "%s{\"id\": \"n%d\", \"region\": \"r\", \"role\": \"%s\", \"stake\": 1}",
                i ? "," : "", i, i ? "edge" : "core"
        printf "], \"workload\": {\"family\": \"queen\", \"instances\": 1, \"size_min\": 4},"
        printf " \"policy\": {\"evaluations\": 1, \"iteration_limit\": 1%s}}", migrants }' > x.json
}
many 84 ', "migrants": 3'
bad "more offers than can be scored" \
    '/policy/migrants: 84 members x 3 migrants are 252 offers, but .*for 84 members at most 2 fit'
many 83 ', "migrants": 3'
ok "as many as can" run 0 "$federated_sim" --scenario x.json --epochs 1 --output-dir often --quiet
many 130 ''
ok "where two do not fit one is offered" run 0 "$federated_sim" --scenario x.json --epochs 1 --output-dir often --json
many 130 ', "migrants": 1'
cp out two
ok "as if that were said" run 0 "$federated_sim" --scenario x.json --epochs 1 --output-dir often --json
root_of() {
    sed -n 's/.*"log_root":"\([0-9a-f]*\)".*/\1/p' "$1"
}
ok "in the log's root" test "$(root_of out)" = "$(root_of two)" -a -n "$(root_of out)"

ok "missing scenario" refused_with 'nothere.json' "$federated_sim" --scenario nothere.json
ok "folder as scenario" refused "$federated_sim" --scenario .
scenario x.json "$core" ''
head -c 60 x.json > cut && mv cut x.json
bad "truncated file" 'x.json:1:'
: > x.json
bad "empty file" 'x.json:1:'
dd if=/dev/zero of=x.json bs=1 count=0 seek=1G 2> /dev/null
bad "file of 1 GB" '1073741824'
rm x.json
awk 'BEGIN { for (i = 0; i < 100000; i++) printf "[" }' > x.json
bad "deep nesting" 'nested more than'
printf '{"name": "\377"}' > x.json
bad "bad UTF-8" 'x.json:1:'
if [ "$(id -u)" = 0 ]; then
    skip "unreadable file" "root reads everything"
else
    scenario x.json "$core" ''
    chmod 0 x.json
    bad "unreadable file" 'x.json: Permission denied'
    chmod 600 x.json
fi
rm -rf o

scenario x.json "$core" "$small"
: > file
ok "a file where the output folder should be" refused_with 'file' \
    "$federated_sim" --scenario x.json --epochs 1 --output-dir file/o
if [ -d /proc/self ]; then
    ok "a folder that nobody can write" refused "$federated_sim" --scenario x.json --epochs 1 --output-dir /proc/self/o
else
    skip "a folder that nobody can write" "there is no /proc"
fi
ok "a good one" run 0 "$federated_sim" --scenario x.json --epochs 2 --output-dir o --quiet
cp -R o before
full() {
    (
        trap '' XFSZ
        ulimit -f 8
        refused "$federated_sim" --scenario x.json --epochs 2 --output-dir o --seed 9
    )
}
ok "a disk that is full" full
ok "leaves the old artifacts whole, beside what a run can go on from" diff -r -x unfinished_x.journal before o
rm -f o/unfinished_x.journal
echo mine > o/ledger/x/notes.txt
ok "--clean and a file of somebody else" refused_with 'notes.txt' \
    "$federated_sim" --scenario x.json --epochs 2 --output-dir o --clean
ok "touches nothing" cmp -s before/ledger/x/epoch_001.json o/ledger/x/epoch_001.json
rm o/ledger/x/notes.txt
for delay in 0.02 0.05 0.1 0.2; do
    "$federated_sim" --scenario x.json --epochs 2 --output-dir o --quiet & pid=$!
    sleep "$delay"
    kill -9 "$pid" 2> /dev/null || true
    wait "$pid" 2> /dev/null || true
    ok "killed after $delay s: what has a final name is whole" \
        sh -c 'for f in $(find before -type f); do cmp -s "$f" "o/${f#before/}" || exit 1; done'
done
finish
