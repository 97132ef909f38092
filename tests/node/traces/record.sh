#!/bin/sh
# record.sh PRISMFED: records the traces beside it anew, from real processes: after a change that is meant to alter what
# nodes do. test_replay.c replays them.
set -eu
prismfed=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap '"$prismfed" net down --dir "$scratch/net" > /dev/null 2>&1 || true; rm -rf "$scratch"' EXIT
"$prismfed" net up --scenario "$here/../../../artifacts/mec/M5/scenarios/validator_loss.json" --epochs 3 --trace \
    --dir "$scratch/net"
"$prismfed" net wait --dir "$scratch/net" --timeout 120
"$prismfed" net down --dir "$scratch/net"
for node in core-a core-b core-c core-d; do
    cp "$scratch/net/$node/trace.cbor" "$here/$node.cbor"
    chmod 644 "$here/$node.cbor"
done
