#!/bin/sh
# test_away.sh FEDERATED_SIM: half of the validators are away for twelve hours, and come back. Meanwhile nothing can be
# decided, and the others neither give up nor flood the network: the messages of an hour do not grow. Then all goes on
# within one greatest view time-out, without help.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
federated_sim=$(realpath "$1")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
. "$root/tests/tap.sh"
cd "$scratch"

cat > away.json << 'END'
{
  "name": "away", "quorum": 3, "max_ledger_drift": 4, "epoch_start": 1, "limit_ms": 90000000,
  "guard_rails": {"latency_limit_ms": 500},
  "nodes": [
    {"id": "a", "region": "eu", "role": "core", "stake": 10},
    {"id": "b", "region": "eu", "role": "core", "stake": 10},
    {"id": "c", "region": "eu", "role": "core", "stake": 10},
    {"id": "d", "region": "eu", "role": "core", "stake": 10}
  ],
  "events": [
    {"kind": "crash", "node": "c", "epoch": 2, "after_ms": 10, "duration_ms": 43200000},
    {"kind": "crash", "node": "d", "epoch": 2, "after_ms": 20, "duration_ms": 43200000}
  ]
}
END
status=0
"$federated_sim" --scenario away.json --epochs 3 --output-dir out --trace trace > table 2>&1 || status=$?
report "$status" "every epoch is anchored in the end" table

# Messages that are sent in each hour in which both are away; the first and the last are not whole.
awk '/ send / { hour[int($1 / 3600000)]++ } END { for (h = 1; h < 12; h++) print hour[h] + 0 }' trace > hours
awk 'NR == 1 { first = $1 } { if ($1 > 1.1 * first || $1 == 0) exit 1 }' hours && status=0 || status=1
report "$status" "the messages of an hour neither grow nor end" hours
# latency_limit_ms is the first view time-out; the greatest is 16 of them (scenario/machine.c), here 8 s.
awk '{ if ($1 > 2 * 50 * 3600 / 8) exit 1 }' hours && status=0 || status=1
report "$status" "each of the two who are there sends at most 50 of them in one greatest time-out" hours

awk '/ anchor epoch 2$/ { print $1; exit }' trace > anchored
[ -s anchored ] && awk '{ exit !($1 > 43200000 && $1 < 43200000 + 1000 + 16 * 500) }' anchored && status=0 || status=1
report "$status" "it is decided within one greatest time-out of their return" anchored
finish
