#!/bin/sh
# mutants.sh [--slice]: every defect that the sources hold behind #ifdef MUTANT_* is
# compiled in alone; a test must fail. First the tests of the defect's own layer are asked,
# then, layer by layer, those above it. Prints TAP, one line a defect. The slice takes the
# first defect of each layer.
set -eu
cd "$(dirname "$0")/.."
slice=${1-}
[ -z "$slice" ] || [ "$slice" = --slice ] || { echo 'usage: ./dev mutants [--slice]' >&2; exit 2; }
folder=build-mutants
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
layers='base codec crypto merkle ledger genome evolve aggregate pbft govern fed audit sim node cli api'

grep -r -n -o -E '^ *# *if(def +|n?def +| +!?defined\()MUTANT_[A-Z0-9_]+' src |
    sed -E 's/^src\/([a-z]+)\/([^:]+):[0-9]+:.*(MUTANT_[A-Z0-9_]+)$/\1 \3 \2/' | LC_ALL=C sort -u > "$scratch/all"
if [ -n "$slice" ]; then
    awk '!seen[$1]++' "$scratch/all" > "$scratch/list"
else
    cp "$scratch/all" "$scratch/list"
fi

if [ ! -f "$folder/build.ninja" ]; then
    rm -rf "$folder"
    meson setup "$folder" . -Dbuildtype=plain -Doptimization=1 > "$scratch/log" 2>&1 || { cat "$scratch/log" >&2; exit 1; }
fi

# killer MUTANT LAYER: prints the layer whose tests notice, or nothing.
killer() {
    started=
    for layer in $layers; do
        [ "$layer" != "$2" ] || started=yes
        [ -n "$started" ] && [ -f "tests/$layer/meson.build" ] || continue
        tests=$(meson test -C "$folder" --list 2> /dev/null | sed -n "s,^.*prismfed[^/]* / ,,; s,^.* ,,; /^$layer\//p")
        [ -n "$tests" ] || continue
        if ! timeout 600 meson test -C "$folder" --quiet $tests > "$scratch/log" 2>&1; then
            echo "$layer"
            return
        fi
    done
}

count=0
failed=0
while read -r layer mutant file; do
    count=$((count + 1))
    meson configure "$folder" -Dmutant="$mutant" > /dev/null
    found=$(killer "$mutant" "$layer")
    if [ -n "$found" ]; then
        echo "ok $count - $mutant in $layer/$file is noticed by the tests of $found"
    else
        echo "not ok $count - $mutant in $layer/$file survives"
        failed=1
    fi
done < "$scratch/list"
[ "$count" -gt 0 ] || { echo 'ok 1 - mutants # SKIP the sources hold none'; count=1; }
echo "1..$count"
exit "$failed"
