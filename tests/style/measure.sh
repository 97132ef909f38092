#!/bin/sh
# measure.sh ROOT: measures the house below ROOT. Prints each measure as "# NAME: VALUE (at most BOUND)", what lies
# beyond its bound under it; exit status 1 if anything does. A bound may fall, and never rises.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$1"
found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT
status=0

# measure NAME VALUE BOUND [FILE]: the file has what was found.
measure() {
    echo "# $1: $2 (at most $3)"
    if [ "$2" -gt "$3" ]; then
        status=1
        [ -z "${4-}" ] || sed 's/^/#     /' "$4" | head -n 20
    fi
}
lines() { # FILE: how many it has
    wc -l < "$1" | tr -d ' '
}
highest() { # FILE: the number at its begin
    awk 'NR == 1 { n = $1 } END { print n + 0 }' "$1"
}

folders=
for folder in src include storm experiment model tests fuzz bench tools; do
    [ ! -d "$folder" ] || folders="$folders $folder"
done
files=$(find $folders -name '*.[ch]' | LC_ALL=C sort)
headers=$(echo "$files" | grep '\.h$' || true)
sources=$(echo "$files" | grep '\.c$' || true)
product=$(find src -name '*.[ch]' | LC_ALL=C sort)
scripts=$(find $folders dev meson.build \( -name meson.build -o -name '*.sh' -o -name '*.awk' -o -name dev \) |
    LC_ALL=C sort)

# A circle is what tsort cannot put into an order.
grep -H '^[ ]*#[ ]*include "' $product /dev/null |
    sed -n 's|^src/\([^/]*\)/[^:]*:[ ]*#[ ]*include "\([^/"]*\)/.*|\1 \2|p' |
    awk '$1 != $2' | LC_ALL=C sort -u > "$found/edges"
tsort < "$found/edges" 2>&1 > /dev/null | grep 'loop' > "$found/circles" || true
measure "circles of includes between folders of src" "$(lines "$found/circles")" 0 "$found/circles"

# A second list is a line that names ten layers, or ten lines in a row that name one each.
awk 'FNR == NR { layer[$1] = 1; next }
    FNR == 1 { row = 0 }
    {
        line = $0
        gsub(/[^a-z_]+/, " ", line)
        n = split(line, word, " ")
        here = 0
        split("", seen)
        for (i = 1; i <= n; i++)
            if ((word[i] in layer) && !(word[i] in seen)) {
                seen[word[i]] = 1
                here++
            }
        row = here == 1 && n == 1 ? row + 1 : 0
        if ($0 !~ /^[ ]*#/ && (here >= 10 || row == 10))
            print FILENAME ":" FNR
    }' src/layers $scripts > "$found/lists"
measure "lists of the layers beside src/layers" "$(lines "$found/lists")" 0 "$found/lists"

# Who switches over the kinds of effects, or tells three of them apart, interprets them; src/base/effect.c makes them.
awk '/case EFFECT_/ { kinds[FILENAME] += 3 }
    {
        line = $0
        while (match(line, /[=!]= *EFFECT_[A-Z_]+/)) {
            kind = substr(line, RSTART, RLENGTH)
            sub(/[=!]= */, "", kind)
            line = substr(line, RSTART + RLENGTH)
            if (!((FILENAME, kind) in seen))
                kinds[FILENAME]++
            seen[FILENAME, kind] = 1
        }
    }
    END { for (f in kinds) if (kinds[f] >= 3) print f }' $files /dev/null |
    grep -v -x -e 'src/driver/outbox.c' -e 'src/base/effect.c' > "$found/interpreters" || true
measure "interpreters of effects beside src/driver/outbox.c" "$(lines "$found/interpreters")" 0 "$found/interpreters"

# As size.awk counts: from the line with the name to the closing brace.
awk 'FNR == 1 { start = 0 }
    { lines[FILENAME] = FNR }
    start == 0 && (/^\{$/ || /\)[ ]*\{$/) && !/^#/ { start = /^\{$/ ? FNR - 1 : FNR }
    start > 0 && /^\}/ { print FNR - start + 1, FILENAME ":" start > functions; start = 0 }
    END { for (f in lines) print lines[f], f > sizes }' functions="$found/functions" sizes="$found/sizes" $product
touch "$found/functions" "$found/sizes"
for what in functions sizes; do
    LC_ALL=C sort -rn "$found/$what" > "$found/sorted"
    mv "$found/sorted" "$found/$what"
done
awk '$1 > 40' "$found/functions" > "$found/long"
measure "lines of the longest function of src" "$(highest "$found/functions")" 70 "$found/functions"
measure "functions of src over 40 lines" "$(lines "$found/long")" 7 "$found/long"
measure "lines of the longest file of src" "$(highest "$found/sizes")" 800 "$found/sizes"

grep -n -E '^[ ]*#[ ]*(el)?if.*MUTANT' $files /dev/null > "$found/mutants" || true
measure "planted defects behind #if" "$(lines "$found/mutants")" 0 "$found/mutants"

grep -n -E '(^|[^A-Za-z0-9_])PPM *=[^=]|# *define +PPM([^A-Za-z0-9_]|$)' $files /dev/null > "$found/ppm" || true
measure "definitions of PPM" "$(lines "$found/ppm")" 1 "$found/ppm"

# Who asks for blocks or fills a ledger does catch-up; the replica does it for nodes and storm alike.
grep -n -E -e '(^|[^a-z_])(replica_message_fetch|transfer_message_ask|pbft_advance) *\(' \
    -e '^[a-z].*[ *](catch_up|backfill)[a-z_]*\(.*[^;]$' $files /dev/null |
    grep -v -E '^(src/(replica|transfer|pbft)|tests|fuzz)/' > "$found/catch_up" || true
measure "steps of catch-up outside of the replica" "$(lines "$found/catch_up")" 0 "$found/catch_up"

# In these folders so far.
awk -f "$here/errors.awk" \
    $(echo "$product" | grep -E '^src/(record|driver|scenario|world|sim)/.*\.h$' || true) /dev/null > "$found/errors"
measure "prototypes that do not say their errors" "$(lines "$found/errors")" 0 "$found/errors"

awk -f "$here/owners.awk" $headers $sources /dev/null | LC_ALL=C sort > "$found/owners"
sed -n 's/^door \([^ ]*\) \(.*\)/\1/p' "$found/owners" > "$found/doors"
echo "# structs with one owner: $(echo $(cat "$found/doors"))"
grep '^breach ' "$found/owners" > "$found/breaches" || true
measure "fields written outside of their owner" "$(lines "$found/breaches")" 0 "$found/breaches"
# Rooms that have no door: fields of an internal header that several files assign.
sed -n 's|^shared \([^ ]*\) \([^ ]*internal.h\) \([^ ]*\) .*|\2: \1.\3|p' "$found/owners" > "$found/shared"
measure "fields of internal headers that several files write" "$(lines "$found/shared")" 0 "$found/shared"
exit "$status"
