#!/bin/sh
# chaos.sh BUILD: a slice of ./dev chaos on real processes finds nothing.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$root/tests/tap.sh"

status=0
python3 "$root/storm/chaos/chaos.py" --build "$1" --minutes 0.5 --seed 7 --keep "$work" > "$work/out" 2>&1 || status=$?
report "$status" "real nodes that are killed, frozen and cut off lose nothing, and go on together" "$work/out"
sed -n 's/^/# /p' "$work/out" | tail -n 3
finish
