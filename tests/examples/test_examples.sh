#!/bin/sh
# test_examples.sh PRISMFED FEDERATED_SIM: programs of users are tuned from a scenario alone; the same bytes on each
# run, whatever the number of threads; compliant; and better than what they began with.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
prismfed=$(realpath "$1")
federated_sim=$(realpath "$2")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
. "$root/tests/tap.sh"
cp -R "$root/examples" "$scratch/"
cd "$scratch"

# tuned NEED SCENARIO
tuned() {
    if ! command -v "$1" > /dev/null; then
        skip "$2" "there is no $1"
        return 0
    fi
    status=0
    "$federated_sim" --scenario "$2" --epochs 2 --threads 1 --output-dir one > table 2>&1 || status=$?
    report "$status" "$2 runs" table
    grep -Eq '^program .* [0-9]+ SUCCESS(, |$)' table && status=0 || status=1
    report "$status" "$2 says what became of the runs" table
    grep -q '^gained: the last shared genome costs .* less' table && status=0 || status=1
    report "$status" "$2 gains" table
    "$federated_sim" --scenario "$2" --epochs 2 --threads 5 --output-dir five > table 2>&1 &&
        diff -r one five > differences && status=0 || status=1
    report "$status" "$2 gives the same bytes again" table differences
    status=0
    "$prismfed" audit --scenario "$2" one > verdict 2>&1 || status=$?
    report "$status" "$2 leaves what the auditor accepts" verdict
    rm -rf one five
}

tuned python3 examples/python/descend.json
tuned minisat examples/minisat/minisat.json
finish
