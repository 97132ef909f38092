#!/bin/sh
# slice.sh STORM: a slice of the campaign finds nothing and meets every mark that it should; a seed runs twice alike;
# bad arguments are refused.
set -eu
storm=$1
seeds=1000
out=$(mktemp)
trap 'rm -f "$out" "$out.2"' EXIT
. "$(dirname "$0")/../tap.sh"

status=0
"$storm" --seeds "$seeds" --seed 1 --real-signatures 1 --marks > "$out" 2>&1 || status=$?
report "$status" "$seeds seeds find nothing" "$out"
sed -n 's/^/# /p' "$out" | grep events || true

# What so few seeds may miss.
rare='name two digests for a sequence|a bad chunk|offers more than a state'
rare="$rare|an offer that no quorum|a new key while it is down|two liars are convicted|wiped once more"
missed=$(awk '$1 == 0 && $2 == 0 { $1 = ""; $2 = ""; print }' "$out" | grep -v -E "$rare" || true)
printf '%s\n' "$missed" > "$out.2"
[ -z "$missed" ] && status=0 || { status=1; cp "$out.2" "$out"; }
report "$status" "every mark that a slice should meet is met" "$out"

"$storm" --trace 7 > "$out" && "$storm" --trace 7 > "$out.2" && cmp -s "$out" "$out.2" && status=0 || status=1
report "$status" "a seed runs twice alike, line by line" "$out"

status=0
"$storm" --seeds x > "$out" 2>&1 || status=$?
[ "$status" = 2 ] && status=0 || status=1
report "$status" "a bad number is refused" "$out"

finish
