#!/bin/sh
# nodes.sh STORM_NODES: a slice of the campaign over whole nodes finds nothing; a scenario that cannot go on is found;
# bad arguments are refused.
set -eu
storm=$1
seeds=24
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$(dirname "$0")/../tap.sh"

status=0
"$storm" --seeds "$seeds" --marks > "$work/out" 2>&1 || status=$?
report "$status" "$seeds seeds find nothing" "$work/out"
sed -n 's/^/# /p' "$work/out" | grep events || true

# What even so few seeds meet.
status=0
for mark in 'an epoch is anchored' 'a view changes' 'a member joins' 'a member gets a new key' \
    'a node starts again with what is on its disk' 'an entry in the log has no effect' 'a seed runs twice'; do
    grep -q "^ *[1-9][0-9]* .*  $mark\$" "$work/out" || { echo "not met: $mark" >> "$work/out"; status=1; }
done
report "$status" "the slice meets what it should" "$work/out"

cat > "$work/halts.json" << 'END'
{
  "name": "halts", "quorum": 2, "max_ledger_drift": 1, "epoch_start": 1, "limit_ms": 60000,
  "nodes": [
    {"id": "a", "region": "x", "role": "core", "stake": 1},
    {"id": "b", "region": "y", "role": "core", "stake": 1}
  ],
  "events": [{"kind": "crash", "node": "b", "epoch": 1}]
}
END
status=0
"$storm" --nodes --replay "$work/halts.json" --epochs 2 > "$work/out" 2>&1 || status=$?
[ "$status" = 1 ] && tail -n 1 "$work/out" | grep -q 'liveness epoch 1 never ended' && status=0 || status=1
report "$status" "an epoch that never ends is found" "$work/out"

for wrong in '--seeds x' '--replay' "--replay $work/none.json --epochs 1" "--replay $work/halts.json" '--epochs 0'; do
    status=0
    "$storm" --nodes $wrong > "$work/out" 2>&1 || status=$?
    [ "$status" = 2 ] && status=0 || status=1
    report "$status" "refused: $(echo "$wrong" | sed "s,$work/,,g")" "$work/out"
done

finish
