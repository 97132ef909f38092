#!/bin/sh
# prismfed eval: a setup is tried before a rehearsal relies on it.
set -eu
. "$(dirname "$0")/tap.sh"

# scenario HOW EXTRA: one site, whose runner.sh behaves as HOW says.
scenario() {
    cp "$root/tests/program/programs/runner.sh" .
    cat > scenario.json << END
{"name": "x", "quorum": 1, "max_ledger_drift": 1, "epoch_start": 1,
 "space": {"genes": [{"name": "x", "type": "discrete", "low": 1, "high": 9}]},
 "nodes": [{"id": "a", "region": "r", "role": "core", "stake": 1, "workload": {"program": {
   "runner": "irace", "command": ["./runner.sh", "irace", "$1"], "instances": ["runner.sh"],
   "environment": ["TEST_MARK", "TEST_SCRATCH"]${2-}}}}]}
END
}
export TMPDIR="$PWD" TEST_SCRATCH="$PWD" TEST_MARK=74000
mkfifo pipe
exec 8<> pipe
seq 50 >&8 # another answer for each run that asks for one
printed() { grep -q -e "$1" out; }

scenario well
ok "one run an instance" run 0 "$prismfed" eval scenario.json
ok "with its cost" printed 'default  *runner.sh  *SUCCESS  cost 5'
ok "and the sum" printed '^1 runs: 1 SUCCESS, .*; all is well$'
ok "--check" run 0 "$prismfed" eval --check --random 2 scenario.json
ok "runs it again" printed 'default again  *runner.sh  *SUCCESS'
ok "and random genomes" printed '^4 runs: 4 SUCCESS, .*; all is well$'
ok "--node" run 0 "$prismfed" eval --node a scenario.json
ok "no such node" refused_with 'no node has the id "b"' "$prismfed" eval --node b scenario.json
scenario nan
ok "what is no number is a problem" run 1 "$prismfed" eval scenario.json
ok "and is named" printed 'ABORT  *the cost "NaN" is not a number'
scenario fails
ok "so is a crash" run 1 "$prismfed" eval scenario.json
ok "with its last words" printed 'CRASHED  exit status 3; its last words: I cannot'
scenario hang ', "cutoff_ms": 100'
ok "and nothing but time-outs" run 1 "$prismfed" eval scenario.json
ok "which is said" printed 'NOTHING TO BEGIN WITH'
scenario count
ok "and another answer" run 1 "$prismfed" eval --check scenario.json
ok "which is said, too" printed 'NOT DETERMINISTIC'
scenario count ', "deterministic": false'
ok "unless nobody promised" run 0 "$prismfed" eval --check scenario.json
scenario well
rm runner.sh
ok "a program that is not there" refused_with 'runner.sh cannot be executed: No' "$prismfed" eval scenario.json
scenario well
chmod -x runner.sh
[ "$(id -u)" = 0 ] || ok "one that may not be run" refused_with 'cannot be executed' "$prismfed" eval scenario.json
ok "the built-in solver" run 0 "$prismfed" eval "$root/artifacts/mec/M5/scenarios/baseline.json"
ok "which scenario?" refused_with 'which scenario' "$prismfed" eval
ok "one at a time" refused_with 'one scenario' "$prismfed" eval a b
ok "--random wants a number" refused_with '\-\-random must be' "$prismfed" eval --random x scenario.json
ok "no such file" refused_with 'nothere' "$prismfed" eval nothere.json
finish
