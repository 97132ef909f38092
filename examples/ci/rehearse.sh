#!/bin/sh
# rehearse.sh OUT SCENARIO...: rehearses each scenario, audits all of them together, and fails unless the verdict is
# "compliant". What to keep is in OUT: the artifacts, and the report as audit.txt and audit.json.
# EPOCHS: how many epochs (5); PRISMFED: the program (prismfed).
set -eu
prismfed=${PRISMFED:-prismfed}
out=$1
shift
mkdir -p "$out"
trusted=
for scenario; do
    echo "== $scenario"
    "$prismfed" sim --scenario "$scenario" --epochs "${EPOCHS:-5}" --output-dir "$out" --quiet
    trusted="$trusted --scenario $scenario"
done
status=0
# The paths of scenarios have no spaces here: each is a word of its own.
"$prismfed" audit $trusted "$out" > "$out/audit.txt" || status=$?
"$prismfed" audit --json $trusted "$out" > "$out/audit.json" || [ $? = "$status" ]
cat "$out/audit.txt"
exit "$status"
