#!/bin/sh
# A ledger in a real PostgreSQL server, which is killed and brought back: nothing lost, nothing twice.
# test_postgresql.sh PRISMFED FEDERATED_SIM
set -eu
. "$(dirname "$0")/../cli/tap.sh"
. "$root/tests/sink/postgresql.sh"

missing=$(pg_missing)
if [ -n "$missing" ]; then
    skip "a sink in PostgreSQL" "$missing"
    finish
fi
trap 'pg_stop; rm -rf "$scratch"' EXIT
pg_make
pg_start
counts() { # EXPECTED QUERY
    [ "$(pg_ask "$2")" = "$1" ] || { echo "# $(pg_ask "$2"), not $1"; false; }
}

cat > tiny.json << 'END'
{"name": "tiny", "quorum": 1, "max_ledger_drift": 1, "epoch_start": 1,
 "nodes": [{"id": "a", "region": "r", "role": "core", "stake": 1},
           {"id": "b", "region": "r", "role": "edge", "stake": 1}],
 "workload": {"family": "queen", "instances": 1, "size_min": 5}, "policy": {"evaluations": 2, "iteration_limit": 50}}
END

# ---- a rehearsal, out again to the byte, and audited
ok "a rehearsal" run 0 "$federated_sim" --scenario tiny.json --epochs 60 --output-dir o --quiet --sink "$pg_url"
ok "each anchor once" counts 60 'SELECT COUNT(*) FROM anchor'
ok "export" run 0 "$prismfed" sink export "$pg_url" back
ok "gives the same bytes" diff -r o back
ok "which an auditor takes" run 0 "$prismfed" audit --scenario tiny.json back
ok "the shipped ledgers" run 0 "$prismfed" sink fill "$pg_url" "$root/artifacts/mec/M5"
awk '/^```sql$/ { inside = 1; next } /^```/ { inside = 0 } inside' "$root/docs/sinks.md" > queries.sql
ok "the queries of docs/sinks.md" run 0 "$pg_bin/psql" -X -q -v ON_ERROR_STOP=1 \
    -U sink -h "$pg/socket" -d postgres -f queries.sql
ok "all give rows" sh -c '! grep -q "^(0 rows)" out && [ "$(grep -c "rows\{0,1\})$" out)" -ge 5 ]'
ok "another history" run 1 "$federated_sim" --scenario tiny.json --seed 9 --output-dir other --quiet --sink "$pg_url"
ok "is refused" says 'has another genesis 0 already'

# ---- the server is killed in the middle of it, again and again
# Each commit takes 30 ms, so that there is a middle.
pg_ask 'TRUNCATE ledger CASCADE' > /dev/null 2>&1
pg_ask 'ALTER ROLE sink SET commit_delay = 30000' > /dev/null
pg_ask 'ALTER ROLE sink SET commit_siblings = 0' > /dev/null
round=0
interrupted=0
while [ "$round" -lt 5 ]; do
    round=$((round + 1))
    "$prismfed" sink fill "$pg_url" o > fill.out 2> fill.err & fill=$!
    while kill -0 "$fill" 2> /dev/null && [ "$(pg_ask 'SELECT COUNT(*) FROM anchor')" -lt $((round * 8)) ]; do :; done
    pg_kill
    wait "$fill" || interrupted=$((interrupted + 1))
    pg_start
done
echo "# $interrupted of 5 were interrupted; $(pg_ask 'SELECT COUNT(*) FROM anchor') anchors were there"
ok "the server was killed while it was written to" test "$interrupted" -ge 3
pg_ask 'ALTER ROLE sink RESET ALL' > /dev/null
ok "the last fill" run 0 "$prismfed" sink fill "$pg_url" o
ok "each anchor is there, once" counts 60 'SELECT COUNT(*) FROM anchor'
ok "none is twice" counts 60 'SELECT COUNT(DISTINCT epoch) FROM anchor'
ok "in their order" counts 0 'SELECT COUNT(*) FROM anchor a JOIN anchor b ON b.epoch = a.epoch + 1
    WHERE b.log_size <= a.log_size'
ok "each leaf of the log has its entry" counts 0 \
    'SELECT (SELECT MAX(log_size) FROM anchor) - 1 - (SELECT COUNT(*) FROM entry)'
ok "the killed sink" run 0 "$prismfed" sink export "$pg_url" killed
ok "has the same bytes" diff -r o killed

# ---- a server that is not there, and one that hangs
pg_kill
ok "no server" run 2 "$federated_sim" --scenario tiny.json --epochs 2 --label lone \
    --output-dir lone --quiet --sink "$pg_url"
ok "is said" says 'PostgreSQL: '
ok "with what to do" says 'prismfed sink fill brings the rest'
ok "the files are whole" run 0 "$prismfed" audit --scenario tiny.json lone
pg_start
ok "it catches up" run 0 "$prismfed" sink fill "$pg_url" lone
ok "with each anchor" counts 2 "SELECT COUNT(*) FROM anchor WHERE label = 'lone'"
kill -STOP $(pg_all) 2> /dev/null || true
"$prismfed" sink fill "$pg_url" lone > out 2> err & fill=$!
sleep 1
ok "a server that hangs is waited for" kill -0 "$fill"
kill -CONT $(pg_all) 2> /dev/null || true
ok "until it answers" wait "$fill"
finish
