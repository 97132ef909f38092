#!/bin/sh
# What docs/internals.md says of the code is so: every function of the road is defined in its file and called by the one
# that it hangs below, and every record has its number. Prints the length of the road. With a DOCUMENT only this one is
# checked; without, the test also sees that a document is refused which says something else.
set -eu
cd "$(dirname "$0")/../.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
. tests/tap.sh
document=${1:-docs/internals.md}

# body FILE NAME: the definition, from the line with the name to the closing brace.
body() {
    awk -v name="$2" '
        !inside && $0 ~ "^[a-z].*[ *]" name "\\(" && $0 !~ /;$/ { inside = 1 }
        inside { print }
        inside && /^}/ { exit }' "$1"
}

awk -f tests/docs/road.awk "$document" > "$scratch/road"
grep '^step ' "$scratch/road" > "$scratch/wrong" && status=1 || status=0
report "$status" "each step of the road is defined in its file and called by the one before" "$scratch/wrong"

# Bounds that may only fall.
measure() { # NAME VALUE BOUND
    echo "# $1: $2 (at most $3)"
    [ "$2" -le "$3" ] && status=0 || status=1
    report "$status" "$1"
}
set -- $(sed -n 's/^road //p' "$scratch/road") "$@"
measure "steps of the road of one update" "$1" 100
measure "functions on the road of one update" "$2" 68
measure "files on the road of one update" "$3" 16
shift 3

# The numbers of enum constants, counted up where none is given.
constants() {
    sed 's|/\*.*||' "$1" | awk '
        /^enum.*RECORD_|^enum record_kind/ { inside = 1 }
        inside {
            n = split($0, part, ",")
            for (i = 1; i <= n; i++)
                if (match(part[i], /RECORD_[A-Z]+/)) {
                    name = substr(part[i], RSTART, RLENGTH)
                    value = match(part[i], /= *[0-9]+/) ? substr(part[i], RSTART + 1, RLENGTH - 1) + 0 : value + 1
                    print value, name
                }
        }
        /}/ { inside = 0 }' | grep -v -E 'RECORD_(SUM|OWN)'
}
for file in src/pbft/record.h src/fed/internal.h; do
    constants "$file" | sed "s|\$| $file|"
done | LC_ALL=C sort > "$scratch/in_code"
sed -n 's/^| \([0-9]*\) | `\(RECORD_[A-Z]*\)` | \([^ ]*\) .*/\1 \2 \3/p' "$document" |
    LC_ALL=C sort > "$scratch/in_document"
diff "$scratch/in_code" "$scratch/in_document" > "$scratch/difference" && status=0 || status=1
sort -n "$scratch/in_code" | sed 's/^/# record /'
report "$status" "the records are those of the code" "$scratch/difference"

sed -n 's/.*| `\([a-z_]*\)` in \(src[^ ]*\) |$/\1 \2/p' "$document" > "$scratch/formats"
while read -r name file; do
    [ -n "$(body "$file" "$name")" ] || echo "$file does not define $name"
done < "$scratch/formats" > "$scratch/wrong"
[ -s "$scratch/formats" ] && [ ! -s "$scratch/wrong" ] && status=0 || status=1
report "$status" "what writes each format is where the document says" "$scratch/wrong"

# sees WHAT EXPRESSION: the document that sed makes by the expression is refused.
sees() {
    sed "$2" "$document" > "$scratch/other.md"
    cmp -s "$document" "$scratch/other.md" && status=1 || status=0
    "$0" "$scratch/other.md" > "$scratch/out" && status=1
    report "$status" "sees $1" "$scratch/out"
}
if [ $# -eq 0 ]; then
    sees "a function in another file" 's| submit_update  | submit_resend  |'
    sees "a file that does not define it" '/ pbft_request /s|src/pbft/pbft.c|src/pbft/normal.c|'
    sees "a call that is none" 's| replica_request | replica_timer   |'
    sees "a callback that is a call" 's|  callback$||'
    sees "a step that comes twice" 's|^ 43 .*|&\n&|'
    sees "a step that is left out" '/ pbft_request /d'
    sees "another number of a record" 's/^| 32 /| 34 /'
fi
finish
