#!/bin/sh
# Right and wrong usage: help for who read nothing, one clear line for who mistyped.
set -eu
. "$(dirname "$0")/tap.sh"

cat > tiny.json << 'END'
{"name": "tiny", "quorum": 1, "max_ledger_drift": 1, "epoch_start": 1,
 "nodes": [{"id": "a", "region": "r", "role": "core", "stake": 1},
           {"id": "b", "region": "r", "role": "edge", "stake": 1}],
 "workload": {"family": "queen", "instances": 1, "size_min": 5}, "policy": {"evaluations": 2, "iteration_limit": 50}}
END

for verb in sim eval audit genome show keys; do
    ok "prismfed $verb --help explains" run 0 "$prismfed" "$verb" --help
    ok "prismfed help $verb explains" run 0 "$prismfed" help "$verb"
done
ok "prismfed help lists the verbs" run 0 "$prismfed" help
ok "prismfed version" run 0 "$prismfed" version
ok "no verb" refused_with 'which verb' "$prismfed"
ok "unknown verb" refused_with 'no verb "simulate"' "$prismfed" simulate
ok "no scenario" refused_with 'which scenario' "$federated_sim"
ok "unknown option" refused_with '\-\-speed is not an option' "$federated_sim" --scenario tiny.json --speed 3
ok "option without value" refused_with '\-\-epochs needs a value' "$federated_sim" --scenario tiny.json --epochs
ok "no epochs" refused_with '\-\-epochs must be a number from 1' "$federated_sim" --scenario tiny.json --epochs 0
ok "too many epochs" refused_with '100000' "$federated_sim" --scenario tiny.json --epochs 100001
ok "epochs in words" refused_with '"five"' "$federated_sim" --scenario tiny.json --epochs five
ok "negative seed" refused_with '\-\-seed' "$federated_sim" --scenario tiny.json --seed -1
ok "a word too many" refused_with 'one word too many' "$federated_sim" --scenario tiny.json tiny.json
ok "one label for two scenarios" refused_with '\-\-label goes with one' \
    "$federated_sim" --scenario tiny.json --scenario tiny.json --label x
ok "label that is a path" refused_with 'label' "$federated_sim" --scenario tiny.json --label ../x --output-dir o
ok "nothing was written" test ! -e o

ok "federated_sim runs" run 0 "$federated_sim" --scenario tiny.json --epochs 2 --output-dir o
ok "it prints the table" grep -q '^ *2  yes ' out
ok "it prints the seed" grep -q 'seed 1)' out
ok "it says what was gained" grep -q '^gained: ' out
ok "nothing on standard error in a pipe" test ! -s err
ok "its artifacts are compliant" run 0 "$prismfed" audit --scenario tiny.json o
ok "as a rehearsal" grep -q '^verdict: compliant, as a rehearsal' out
ok "nobody said whose they are" run 3 "$prismfed" audit o
ok "so they are consistent" grep -q '^verdict: consistent, and not more: 1 question is open' out
ok "and it says what is open" grep -q 'OPEN: PF-GENESIS-TRUST' out
ok "for a program, too" run 3 "$prismfed" audit --json o
ok "in its words" grep -q '"verdict": "consistent"' out
ok "another seed is another federation" run 3 "$prismfed" audit --scenario tiny.json --seed 9 o
ok "and says so" grep -q 'OPEN: PF-GENESIS-TRUST: no scenario that was named' out
ok "prismfed sim is the same program" run 0 "$prismfed" sim --scenario tiny.json --epochs 2 --output-dir o2 --quiet
ok "--quiet says nothing" test ! -s out
ok "the same bytes" diff -r o o2
ok "again with --clean" run 0 "$federated_sim" --scenario tiny.json --epochs 1 --output-dir o2 --clean --quiet
ok "--clean leaves no old epoch" test ! -e o2/ledger/tiny/epoch_002.json
ok "--label" run 0 "$federated_sim" --scenario tiny.json --epochs 1 --output-dir o2 --label mine --quiet
ok "has its own files" test -e o2/simulations/epoch_summary_mine.json -a -e o2/ledger/mine/epoch_001.json
ok "both labels are compliant" run 0 "$prismfed" audit --scenario tiny.json o2
ok "in several folders" run 0 "$prismfed" audit --scenario tiny.json o o2
ok "--seed changes the bytes" run 0 "$federated_sim" --scenario tiny.json --seed 2 --output-dir o3 --quiet
ok "another seed, another federation" sh -c '! cmp -s o/ledger/tiny/genesis.json o3/ledger/tiny/genesis.json'
ok "--json" run 0 "$federated_sim" --scenario tiny.json --epochs 1 --output-dir o4 --json
ok "is one line of JSON" sh -c '[ "$(wc -l < out)" = 1 ] && grep -q "^{\"scenario\":\"tiny\"" out'
ok "two scenarios in a call" run 0 "$federated_sim" --scenario tiny.json --scenario tiny.json --epochs 1 --output-dir o5
ok "print two tables" sh -c '[ "$(grep -c "^tiny (label" out)" = 2 ]'
ok "--trace" run 0 "$federated_sim" --scenario tiny.json --epochs 1 --output-dir o5 --quiet --trace trace
ok "writes events" grep -q 'fed.anchor' trace

ok "audit without a folder" refused_with 'expected a folder' "$prismfed" audit
ok "audit of no folder" refused_with 'no such folder' "$prismfed" audit nowhere
ok "audit of another folder" refused_with 'no artifacts' "$prismfed" audit .
ok "audit with a bad id" refused_with '64 lower-case hex' "$prismfed" audit --federation 12 o
ok "audit of the wrong federation" run 1 "$prismfed" audit --federation \
    0000000000000000000000000000000000000000000000000000000000000000 o
ok "names its code" grep -q 'FAIL PF-GENESIS-TRUST' out
id=$(sed -n 's/.*"federation_id": "\(.*\)",/\1/p' o/ledger/tiny/genesis.json)
ok "a spot check without a scenario" refused_with 'needs the scenario' "$prismfed" audit --spot-check 3 o
ok "a seed without a scenario" refused_with 'needs its --scenario' "$prismfed" audit --seed 3 o
ok "audit of the right federation" run 0 "$prismfed" audit --federation "$id" o
sed 's/"nodes": \[/"events": [{"kind": "crash", "node": "b", "epoch": 2}], &/' tiny.json > fork.json
ok "too few are left for an epoch" run 4 "$federated_sim" --scenario fork.json --epochs 2 --output-dir o6 --label tiny
ok "which is given up" grep -q '^given up: 1 of 2 epochs: ' out
ok "another history of one federation" sh -c '! cmp -s o/ledger/tiny/epoch_002.json o6/ledger/tiny/epoch_002.json'
ok "is well by itself" run 0 "$prismfed" audit --federation "$id" o6
ok "but not beside the first" run 1 "$prismfed" audit --federation "$id" o o6
ok "and is called a fork" grep -q 'FAIL PF-BLOCK-FORK: o6/ledger/tiny/epoch_00' out
cat > halt.json << 'END'
{"name": "halt", "quorum": 2, "max_ledger_drift": 1, "epoch_start": 1,
 "nodes": [{"id": "a", "region": "r", "role": "core", "stake": 1},
           {"id": "b", "region": "r", "role": "core", "stake": 1}],
 "workload": {"family": "queen", "instances": 1, "size_min": 4, "size_max": 5},
 "policy": {"evaluations": 2, "iteration_limit": 50},
 "events": [{"kind": "crash", "node": "b", "epoch": 2}]}
END
ok "a federation that halts" run 4 "$federated_sim" --scenario halt.json --epochs 2 --output-dir o7 --quiet
ok "an end that no quorum is left to vouch for" run 3 "$prismfed" audit --scenario halt.json o7
ok "is open" grep -q 'OPEN: PF-LOG-END: 1 validator vouches .* a quorum is 2' out
ok "pick picks from it" run 0 "$prismfed" pick --scenario halt.json --node a o7
ok "and says so, too" grep -q 'note: 1 validator vouches for the end' err
sed 's/"gain": /"gain": 1/' o/simulations/epoch_summary_tiny.json > changed
mv changed o/simulations/epoch_summary_tiny.json
ok "audit of a changed summary" run 1 "$prismfed" audit --json o
ok "names code, file and pointer" sh -c 'grep -q PF-SUMMARY-SIGNATURE out && grep -q "/summary_signature" out'
finish
