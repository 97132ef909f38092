#!/bin/sh
# test_monitoring.sh: the alerts and the dashboard that are shipped name metrics that docs/metrics.md has, and no
# others; promtool, where there is one, accepts the alerts.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
. tests/tap.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

sed -n 's/^| `\([a-z_]*\)` | \([a-z]*\) .*/\1 \2/p' docs/metrics.md |
    while read -r name type; do
        echo "$name"
        [ "$type" != histogram ] || printf '%s_bucket\n%s_sum\n%s_count\n' "$name" "$name" "$name"
    done | sort > "$scratch/known"
[ -s "$scratch/known" ] && status=0 || status=1
report "$status" "metrics are documented"
for file in share/prometheus/prismfed.rules.yml share/grafana/prismfed.json; do
    grep -E '"?expr"?:|label_values' "$file" | grep -o -E '\b(prismfed|process)_[a-z_]+' | sort -u > "$scratch/named"
    comm -23 "$scratch/named" "$scratch/known" > "$scratch/unknown"
    [ -s "$scratch/named" ] && [ ! -s "$scratch/unknown" ] && status=0 || status=1
    report "$status" "$file names no other" "$scratch/unknown"
done
python3 - 2> "$scratch/err" << 'END' && status=0 || status=1
import json
panels = json.load(open("share/grafana/prismfed.json"))["panels"]
assert len({panel["id"] for panel in panels}) == len(panels) > 10
END
report "$status" "the dashboard is JSON" "$scratch/err"
if command -v promtool > /dev/null; then
    promtool check rules share/prometheus/prismfed.rules.yml > "$scratch/out" 2>&1 && status=0 || status=1
    report "$status" "promtool accepts the alerts" "$scratch/out"
else
    skip "promtool accepts the alerts" "needs prometheus"
fi
finish
