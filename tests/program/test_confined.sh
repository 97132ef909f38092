#!/bin/sh
# test_confined.sh PRISMFED FEDERATED_SIM: what a scenario's programs see of each other, of the environment and of the
# folder that they lie in; and that what keeps them in is said, as text and as JSON.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
prismfed=$(realpath "$1")
federated_sim=$(realpath "$2")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
. "$root/tests/tap.sh"
cp "$root/tests/program/programs/spy.sh" "$scratch/"
cd "$scratch"
mkdir a b
for file in a/one.txt b/two.txt a.txt b.txt; do
    echo "$file" > "$file"
done

# site ID INSTANCE COMMA
site() {
    printf '  {"id": "%s", "region": "r", "role": "core", "stake": 10, "workload": {"program": {' "$1"
    printf '"runner": "irace", "command": ["./spy.sh"], "instances": ["%s"], ' "$2"
    printf '"environment": ["TEST_GIVEN"], "cutoff_ms": 60000}}}%s\n' "$3"
}
cat > spies.json << END
{"name": "spies", "quorum": 3, "max_ledger_drift": 2, "epoch_start": 1,
 "space": {"genes": [{"name": "x", "type": "discrete", "low": 1, "high": 60, "default": 50}]},
 "policy": {"evaluations": 4, "iteration_limit": 100000},
 "nodes": [
$(site one a/one.txt ,)
$(site two b/two.txt ,)
$(site three a.txt ,)
$(site four b.txt '')
 ]}
END
export TEST_SECRET=sesame TEST_GIVEN=yes
status=0
"$prismfed" eval spies.json > out 2>&1 || status=$?
report "$status" "the programs run" out
[ "$(grep -c ' confined: ' out)" = 4 ] && status=0 || status=1
report "$status" "it is said what keeps each of them in" out
status=0
"$prismfed" eval --json spies.json > json 2>&1 || status=$?
[ "$(wc -l < json)" = 1 ] && [ "$(grep -o '"confined":"[a-z]' json | wc -l)" = 4 ] || status=1
report "$status" "also as JSON" json
if grep -q 'confined: .*Landlock.*not to be had' out && ! grep -q 'confined: [^;]*Landlock' out; then
    echo "# there is no Landlock here"
else
    [ "$(grep -c ' cost 11000$' out)" = 4 ] && status=0 || status=1
    report "$status" "each sees its own instance and the variable that it was given, nothing else" out
    [ ! -e spied ] && status=0 || status=1
    report "$status" "and leaves nothing behind"
fi
status=0
"$federated_sim" --scenario spies.json --epochs 1 --output-dir out.d --json > table 2>&1 || status=$?
report "$status" "a rehearsal of them runs" table
[ "$(grep -o '"confined":"[a-z]' table | wc -l)" = 4 ] && status=0 || status=1
report "$status" "and its JSON says it, too" table
sed 's/"TEST_GIVEN"/"LC_ALL"/' spies.json > wrong.json
"$prismfed" eval wrong.json > out 2>&1 && status=1 || status=0
report "$status" "what is the same for every program cannot be passed on" out
grep -q 'LC_ALL is the same for every program' out && status=0 || status=1
report "$status" "as the error says" out
finish
