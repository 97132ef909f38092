#!/bin/sh
# experiments.sh EXPERIMENT [NAME...]: writes what experiments print into docs/experiments.md. Without names: the
# slices, which every change of what the sites compute alters; with names: the whole tables of these, which take long.
set -eu
experiment=$(realpath "$1")
shift
cd "$(dirname "$0")/.."
document=docs/experiments.md
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# quote MARK ARGUMENT...: what the experiment prints goes between the lines <!-- MARK --> and <!-- end -->.
quote() {
    mark="<!-- $1 -->"
    shift
    "$experiment" "$@" > "$scratch/printed"
    awk -v mark="$mark" -v printed="$scratch/printed" '
        $0 == "<!-- end -->" { inside = 0 }
        !inside { print }
        $0 == mark { inside = 1; while ((getline line < printed) > 0) print line }' "$document" > "$scratch/document"
    cp "$scratch/document" "$document"
}

if [ $# -gt 0 ]; then
    threads=$(nproc)
    [ "$threads" -le 64 ] || threads=64
    for name; do
        quote "$name" "$name" --threads "$threads"
    done
else
    for name in $("$experiment" --help | sed -n 's/^  \([a-z]*\) .*seeds)$/\1/p'); do
        quote "$name slice" "$name" --slice
    done
fi
