#!/bin/sh
# mutants.sh [--slice]: every defect that the sources hold behind #ifdef MUTANT_* is planted
# alone in a copy of the tree; a test program of its layer, or of a layer above, must fail
# that passes without it. Prints TAP, one line a defect. The slice takes the first
# defect of each layer and asks that layer's tests only.
set -eu
cd "$(dirname "$0")/.."
slice=${1-}
[ -z "$slice" ] || [ "$slice" = --slice ] || { echo 'usage: ./dev mutants [--slice]' >&2; exit 2; }
export PRISMFED_SHARED="${PRISMFED_SHARED:-$PWD/../shared}"
work=$PWD/build-mutants
tree=$work/tree
build=$work/build
layers='base codec crypto merkle ledger genome evolve aggregate pbft govern fed audit sim scenario cli api trace'
layers="$layers storm"

rm -rf "$work"
mkdir -p "$tree" "$work/ran"
for part in meson.build meson_options.txt src include storm tests tools artifacts docs man bench fuzz model; do
    [ ! -e "$part" ] || cp -R "$part" "$tree/"
done
meson setup "$build" "$tree" -Doptimization=1 -Dwerror=false > "$work/log" 2>&1 ||
    { cat "$work/log" >&2; exit 1; }

# The test programs of a layer, one a line.
programs() {
    ninja -C "$build" -t targets all | sed -n "s,^\(tests/$1/test_[a-z0-9_]*\): .*,\1,p"
}

passes() {
    timeout 300 "$build/$1" > /dev/null 2>&1 < /dev/null
}

# Fills $work/ran/LAYER with the test programs that pass without any defect.
sound() {
    [ ! -f "$work/ran/$1" ] || return 0
    : > "$work/ran/$1"
    for program in $(programs "$1"); do
        if ninja -C "$build" "$program" > "$work/log" 2>&1 && passes "$program"; then
            echo "$program" >> "$work/ran/$1"
        fi
    done
}

# killer LAYER: prints the first test program that fails with the planted defect.
killer() {
    reached=
    for layer in $layers; do
        [ "$layer" != "$1" ] || reached=yes
        [ -n "$reached" ] && [ -f "$work/ran/$layer" ] || continue
        for program in $(cat "$work/ran/$layer"); do
            ninja -C "$build" "$program" > "$work/log" 2>&1 || { echo "nothing: it does not compile"; return; }
            passes "$program" || { echo "$program"; return; }
        done
    done
}

# One line a defect: its layer, its name, and every file that knows it.
grep -r -o -E '^ *# *if.*MUTANT_[A-Z0-9_]+' src | sed -E 's/^([^:]+):.*(MUTANT_[A-Z0-9_]+)$/\2 \1/' |
    LC_ALL=C sort -u | awk '
        $1 != last { if (line) print line; split($2, part, "/"); line = part[2] " " $1; last = $1 }
        { line = line " " $2 }
        END { if (line) print line }' > "$work/all"
if [ -n "$slice" ]; then
    awk '!seen[$1]++' "$work/all" > "$work/list"
else
    cp "$work/all" "$work/list"
fi

# Which layers to ask: the defects' own; without --slice all above the lowest of them.
own=$(awk '{ print $1 }' "$work/list" | sort -u)
reached=
for layer in $layers; do
    if echo "$own" | grep -q -x "$layer"; then
        reached=yes
        sound "$layer"
    elif [ -n "$reached" ] && [ -z "$slice" ]; then
        sound "$layer"
    fi
done

count=0
failed=0
while read -r layer mutant files; do
    count=$((count + 1))
    for path in $files; do
        { echo "#define $mutant 1"; cat "$path"; } > "$tree/$path"
    done
    found=$(killer "$layer")
    for path in $files; do
        cp "$path" "$tree/$path"
    done
    case $found in
    tests/*) echo "ok $count - $mutant in $files is noticed by $found" ;;
    *)
        echo "not ok $count - $mutant in $files is noticed by ${found:-nothing}"
        failed=1
        ;;
    esac
done < "$work/list"
[ "$count" -gt 0 ] || { count=1; echo 'ok 1 - defects # SKIP the sources hold none'; }
echo "1..$count"
exit "$failed"
