#!/bin/sh
# test_spot_check.sh PRISMFED FEDERATED_SIM: claims about disclosed work are run again: who claims what is not so is
# found in each way of lying about claims, and nobody else, whatever happens to the others.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
prismfed=$(realpath "$1")
federated_sim=$(realpath "$2")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
. "$root/tests/tap.sh"
cd "$scratch"

# scenario EVENTS: five sites, all disclosed but v2; shards that move when one is gone
scenario() {
    echo '{"name": "spot", "quorum": 3, "max_ledger_drift": 2, "epoch_start": 1, "seed": 3,'
    echo '"policy": {"evaluations": 6, "iteration_limit": 4000}, "rebalance": {"shards": 6}, "nodes": ['
    for node in v0:core:1 v1:core:1 v3:core:0.2 e0:edge:1; do # v3 is slow: a copy-cat has what to copy
        role=${node#*:}
        echo "{\"id\": \"${node%%:*}\", \"region\": \"r\", \"role\": \"${role%:*}\", \"stake\": 10,"
        echo "\"disclosed\": true, \"speed\": ${role#*:},"
        echo '"workload": {"family": "random", "instances": 2}},'
    done
    echo '{"id": "v2", "region": "r", "role": "core", "stake": 10, "workload": {"family": "queen", "instances": 1}}'
    echo "], \"events\": [$1]}"
}

# check SEED: simulates and audits everything there is; the report's findings are in the file report
check() {
    rm -rf out
    "$federated_sim" --scenario spot.json --epochs 4 --seed "$1" --output-dir out --quiet --clean
    status=0
    "$prismfed" audit --spot-check 1000 --scenario spot.json --seed "$1" --json out > report || status=$?
}

accused() { grep -o '[a-z0-9]* claims a cost of' report | cut -d ' ' -f 1 | sort -u | tr '\n' ' '; }

trouble='{"kind": "crash", "node": "e0", "epoch": 2, "after_ms": 60}, {"kind": "restart", "node": "e0", "epoch": 3}'
wrong=0
for seed in 1 2 3 4 5 6; do
    if [ $((seed % 2)) = 0 ]; then scenario "$trouble" > spot.json; else scenario '' > spot.json; fi
    check $seed
    [ $status = 0 ] || { wrong=1; echo "# seed $seed: $(accused)"; }
done
report $wrong "nobody who is honest is found, in six runs"
status=0
"$prismfed" audit --spot-check 5 --scenario spot.json --seed 6 out > text || status=$?
grep -q 'run again: 5 of the [0-9]* claims' text || status=1
report $status "a sample is passed as one" text

# open NAME PATTERN ARGUMENT...: nothing was run again, nobody is accused, and the verdict says so
open() {
    name=$1 pattern=$2 status=0
    shift 2
    "$prismfed" audit --spot-check 1000 "$@" out > text || status=$?
    [ $status = 3 ] && grep -q "OPEN: PF-WORK-CLAIMS: $pattern" text && status=0 || status=1
    report $status "$name" text
}
open "another seed's work is nobody's" 'refused.*seed 7; .*and seed 6$' --scenario spot.json --seed 7
sed 's/"family": "random"/"family": "queen"/' spot.json > other.json
digests="$(sha256sum other.json | cut -c 1-64) .*$(sha256sum spot.json | cut -c 1-64)"
open "other work is refused, though it makes the same federation" "refused.*$digests" --scenario other.json --seed 6
scenario '' | sed 's/"disclosed": true,//' > hidden.json
rm -rf out
"$federated_sim" --scenario hidden.json --epochs 2 --output-dir out --quiet
open "work that nobody discloses" 'no site with a claim' --scenario hidden.json

for behaviour in inflated_claims negated_claims copy_cat stale inverted_scores; do
    scenario "{\"kind\": \"lie\", \"node\": \"v3\", \"behaviour\": \"$behaviour\", \"epoch\": 1}" > spot.json
    check 10
    found=0
    [ "$status" = 1 ] && [ "$(accused)" = "v3 " ] || found=1
    report $found "$behaviour: the liar is found, and nobody else" report
done

scenario '{"kind": "lie", "node": "v2", "behaviour": "inflated_claims", "epoch": 1}' > spot.json
check 9
report "$status" "work that is not disclosed is not looked at" report
finish
