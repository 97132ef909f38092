#!/bin/sh
# A ledger in SQLite: filled by a rehearsal and from a folder, asked, exported and audited.
# test_sqlite.sh PRISMFED FEDERATED_SIM
set -eu
. "$(dirname "$0")/../cli/tap.sh"

cat > tiny.json << 'END'
{"name": "tiny", "quorum": 1, "max_ledger_drift": 1, "epoch_start": 1,
 "nodes": [{"id": "a", "region": "r", "role": "core", "stake": 1},
           {"id": "b", "region": "r", "role": "edge", "stake": 1}],
 "workload": {"family": "queen", "instances": 1, "size_min": 5}, "policy": {"evaluations": 2, "iteration_limit": 50}}
END
shipped=$root/artifacts/mec/M5
count() { # DATABASE QUERY
    python3 -c 'import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])' "$1" "$2"
}
counts() { # EXPECTED DATABASE QUERY
    [ "$(count "$2" "$3")" = "$1" ]
}

# ---- a rehearsal
ok "a rehearsal with a sink" \
    run 0 "$federated_sim" --scenario tiny.json --epochs 3 --output-dir o --quiet --sink sqlite:t.db
ok "list" run 0 "$prismfed" sink list sqlite:t.db
ok "says how far it is" grep -qx 'tiny: up to epoch 3' out
ok "each anchor once" counts 3 t.db 'SELECT COUNT(*) FROM anchor'
ok "again: nothing is new" run 0 "$prismfed" sink fill sqlite:t.db o
ok "and that is said" grep -qx 'o: 1 ledgers, 3 epochs, of which 0 were not there yet' out
ok "nothing is there twice" counts 3 t.db 'SELECT COUNT(*) FROM anchor'
ok "export" run 0 "$prismfed" sink export sqlite:t.db back
rm -rf o/unfinished*
ok "gives the same bytes" diff -r o back
ok "which an auditor takes" run 0 "$prismfed" audit --scenario tiny.json back
ok "a longer run goes on where the sink is" \
    run 0 "$federated_sim" --scenario tiny.json --epochs 5 --output-dir o --clean --quiet --sink sqlite:t.db
ok "without a gap" counts 5 t.db 'SELECT COUNT(*) FROM anchor'
ok "export of it" run 0 "$prismfed" sink export sqlite:t.db back
ok "has the new summary" diff -r o back
ok "another history" run 1 "$federated_sim" --scenario tiny.json --seed 9 --output-dir other --quiet --sink sqlite:t.db
ok "is refused" says 'has another genesis 0 already'
ok "and not written" counts 5 t.db 'SELECT COUNT(*) FROM anchor'
ok "but its files are whole" run 0 "$prismfed" audit --scenario tiny.json --seed 9 other
cp -R o forked
sed -i 's/"changed": true/"changed": false/' forked/ledger/tiny/epoch_005.json
echo ' ' >> forked/ledger/tiny/epoch_005.json
ok "another epoch under the same number" run 1 "$prismfed" sink fill sqlite:t.db forked
ok "is named" says 'has another epoch 5 already'

# ---- what is committed is what is there: a fill that stops anywhere goes on from there
rm -rf part && cp -R o part && rm part/ledger/tiny/epoch_00[345].json
ok "a part" run 0 "$prismfed" sink fill sqlite:p.db part
ok "and then the whole" run 0 "$prismfed" sink fill sqlite:p.db o
ok "brings what was missing" grep -q 'of which 3 were not there yet' out
cp -R o gap && rm gap/ledger/tiny/epoch_002.json
ok "a gap is refused" refused_with 'epoch_002.json' "$prismfed" sink fill sqlite:g.db gap
ok "before it comes into the sink" counts 1 g.db 'SELECT COUNT(*) FROM anchor'
ok "a sink that is not done" refused_with 'summary' "$prismfed" sink export sqlite:g.db nothing
ok "leaves nothing behind" sh -c '[ -z "$(find nothing -type f)" ]'
ok "it catches up" run 0 "$prismfed" sink fill sqlite:g.db o
ok "and is whole then" run 0 "$prismfed" sink export sqlite:g.db whole
ok "to the byte" diff -r o whole

# ---- killed while it fills: nothing lost, nothing twice
i=0
"$federated_sim" --scenario tiny.json --epochs 40 --output-dir long --quiet
while [ "$i" -lt 8 ]; do
    i=$((i + 1))
    "$prismfed" sink fill sqlite:k.db long > /dev/null 2>&1 & pid=$!
    sleep 0.0$((i * i % 7))
    kill -9 "$pid" 2> /dev/null || true
    wait "$pid" 2> /dev/null || true
done
ok "after eight kills" run 0 "$prismfed" sink fill sqlite:k.db long
ok "each anchor is there, once" counts 40 k.db 'SELECT COUNT(*) FROM anchor'
ok "in their order" counts 0 k.db 'SELECT COUNT(*) FROM anchor AS a JOIN anchor AS b ON b.epoch = a.epoch + 1
    WHERE b.log_size <= a.log_size'
ok "each leaf of the log is there" counts 0 k.db \
    'SELECT (SELECT MAX(log_size) FROM anchor) - 1 - (SELECT COUNT(*) FROM entry)'
ok "with the files' bytes" run 0 "$prismfed" sink export sqlite:k.db killed
ok "all of them" diff -r long killed

# ---- a disk that is full
if [ "$(id -u)" = 0 ] && mkdir full && mount -t tmpfs -o size=200k none full 2> /dev/null; then
    trap 'umount full 2> /dev/null || true; rm -rf "$scratch"' EXIT
    ok "a full disk" run 2 "$prismfed" sink fill sqlite:full/f.db long
    ok "is named" says 'the disk is full'
    cp full/f.db* . && umount full
    ok "with room it catches up" run 0 "$prismfed" sink fill sqlite:f.db long
    ok "with each anchor once" counts 40 f.db 'SELECT COUNT(*) FROM anchor'
else
    skip "a full disk" "needs to mount a tmpfs"
fi

# ---- the shipped ledgers, and the queries of the document
ok "all labels of a folder" run 0 "$prismfed" sink fill sqlite:all.db "$shipped"
ok "export all" run 0 "$prismfed" sink export sqlite:all.db all
ok "are the shipped files" \
    sh -c "diff -r '$shipped/ledger' all/ledger && diff -r '$shipped/simulations' all/simulations"
ok "one label" run 0 "$prismfed" sink export --label disk_loss sqlite:all.db one
ok "alone" sh -c '[ "$(ls one/ledger)" = disk_loss ]'
ok "the queries of docs/sinks.md" run 0 python3 "$root/tests/sink/queries.py" all.db "$root/docs/sinks.md"

# ---- usage
ok "no verb" refused_with 'expected fill' "$prismfed" sink
ok "another verb" refused_with '"drain" is not one' "$prismfed" sink drain sqlite:t.db
ok "no URL" refused_with 'needs a URL' "$prismfed" sink fill
ok "another kind of URL" refused_with 'expected sqlite:FILE or postgresql' "$prismfed" sink list mysql://x
ok "before anything is run" refused_with 'expected sqlite:FILE' \
    "$federated_sim" --scenario tiny.json --output-dir n --sink x.db
ok "nothing was" test ! -e n
ok "no such sink" refused_with 'No such file' "$prismfed" sink list sqlite:nowhere.db
ok "nothing is made by looking" test ! -e nowhere.db
python3 -c 'import sqlite3; sqlite3.connect("e.db").execute("create table x(y)")'
ok "no sink" refused_with 'prismfed_sink' "$prismfed" sink list sqlite:e.db
ok "no such label" refused_with 'genesis 0 of the ledger "nobody" is not there' \
    "$prismfed" sink export --label nobody sqlite:t.db nobody
ok "no folder" refused_with 'No such file' "$prismfed" sink fill sqlite:t.db nowhere
ok "a label that is a path" refused_with 'label' "$prismfed" sink export --label ../x sqlite:t.db nobody
python3 -c 'import sqlite3
db = sqlite3.connect("t.db")
db.execute("PRAGMA foreign_keys = off")
db.execute("UPDATE ledger SET label = char(46, 46, 47, 120)")
db.commit()'
ok "nor is one that a stranger put there" refused_with 'label' "$prismfed" sink export sqlite:t.db nobody
finish
