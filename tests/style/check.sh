#!/bin/sh
# check.sh ROOT: prints every breach of the style rules below ROOT; exit status 1 if
# there is one.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$1"
status=0

run() {
    program=$1
    shift
    [ $# -eq 0 ] || awk -f "$here/$program" "$@" || status=1
}

# Folders of ours that exist; file names here have no white space (checked first).
folders=
for folder in src include storm experiment model tests fuzz bench tools docs man completion examples; do
    [ ! -d "$folder" ] || folders="$folders $folder"
done
for path in $(find $folders -name '*[!A-Za-z0-9_.+-]*' | sed 's/ /?/g'); do
    echo "$path: a file name of letters, digits and _ . + - only"
    status=1
done
[ "$status" = 0 ] || exit 1

sources=$(find $folders \( -name '*.c' -o -name '*.h' \) | LC_ALL=C sort)
sources_of_layers=$(find src -name '*.[ch]' | LC_ALL=C sort)
texts=$(find $folders \( -name '*.sh' -o -name '*.awk' -o -name '*.md' -o -name meson.build \) | LC_ALL=C sort)
for file in meson.build meson_options.txt dev README.md ARCHITECTURE.md CONTRIBUTING.md; do
    [ ! -f "$file" ] || texts="$texts $file"
done

run includes.awk src/layers $sources_of_layers
run size.awk $sources
# jansson's releases print numbers in different ways: bytes of JSON are made by codec/json_write.c alone.
if grep -Hn -E 'json_dump[a-z_]* *\(' $sources_of_layers | sed 's/$/  (json_line and json_render write)/' | grep .
then
    status=1
fi
run text.awk $sources $texts
for file in $sources $texts; do
    if [ -n "$(tail -c 1 "$file")" ]; then
        echo "$file: no newline at the end"
        status=1
    fi
done
# One interpreter of effects: whoever drives a machine is a user of it.
for file in $sources; do
    if [ "$file" != src/driver/outbox.c ] && grep -n -E 'case EFFECT_' "$file" > /dev/null; then
        echo "$file: src/driver/outbox.c alone does what effects ask for"
        status=1
    fi
done
# A planted defect is an expression that names itself where it stands, and the build plants none.
for file in $sources_of_layers; do
    if [ "$file" != src/base/mutate.h ] && grep -H -n -E 'MUTANT_|PLANTED|MUTATE\($' "$file"; then
        echo "$file: a planted defect is MUTATE(NAME, wrong, right), see base/mutate.h"
        status=1
    fi
done
# Whoever runs a failed test again needs to know what it drew.
for file in $texts; do
    case $file in
    tests/style/*) ;;
    tests/*.sh)
        if grep -q -E 'date \+%|/dev/u?random|\$RANDOM|\$\{RANDOM' "$file" && ! grep -q '^echo "# SEED=' "$file"; then
            echo "$file: takes a seed from outside and does not print it as # SEED=N"
            status=1
        fi
        ;;
    esac
done
exit "$status"
