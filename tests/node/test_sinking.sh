#!/bin/sh
# test_sinking.sh PRISMFED: four validators as real processes, one with a sink in SQLite and one with a sink in a real
# PostgreSQL server. Whatever befalls the sinks, the federation goes on, and they have each anchor in the end, once.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
prismfed=$(realpath "$1")
. "$root/tests/node/processes.sh"
. "$root/tests/sink/postgresql.sh"
missing=$(pg_missing)
at_end() {
    [ -n "$missing" ] || pg_stop
}

cat > four.json << 'END_OF_SCENARIO'
{"name": "four", "quorum": 3, "max_ledger_drift": 2, "epoch_start": 1,
 "nodes": [{"id": "n1", "region": "r", "role": "core", "stake": 1},
           {"id": "n2", "region": "r", "role": "core", "stake": 1},
           {"id": "n3", "region": "r", "role": "core", "stake": 1},
           {"id": "n4", "region": "r", "role": "core", "stake": 1}],
 "workload": {"family": "queen", "instances": 1, "size_min": 5}, "policy": {"evaluations": 2, "iteration_limit": 50}}
END_OF_SCENARIO

beyond() { # NODE EPOCH
    [ "$(field "$1" epoch)" -gt "$2" ]
}
end() { # NODE: killed
    kill -9 "$(field "$1" pid)"
    sleep 0.2
}
lite() { # QUERY
    python3 -c 'import sqlite3, sys
print(sqlite3.connect(sys.argv[1], timeout=20).execute(sys.argv[2]).fetchone()[0])' net/n1/ledger.db "$1"
}
# whole ASK: each anchor once, each leaf with its entry, up to the position; in one query, for the sink goes on
whole() {
    "$1" "SELECT CASE WHEN (SELECT COUNT(*) FROM anchor) = last_epoch
        AND (SELECT COUNT(DISTINCT epoch) FROM anchor) = last_epoch
        AND (SELECT MAX(log_size) FROM anchor) - 1 = (SELECT COUNT(*) FROM entry)
        AND (SELECT MAX(height) FROM anchor) = (SELECT COUNT(*) FROM block) THEN 'whole' ELSE 'torn' END
        || ' ' || last_epoch FROM ledger" > counted
    echo "# $1: $(cat counted)"
    grep -q '^whole' counted
}
holds() { # ASK EPOCH
    [ "$("$1" 'SELECT last_epoch FROM ledger')" -ge "$2" ]
}
sinks() { # NODE URL
    end "$1"
    sed -i "s#^{#{\"sink\": \"$2\",#" "net/$1/node.json"
    start "$1"
}

ok "four validators are up" 0 "$prismfed" net up --scenario four.json --dir net
soon "epochs end" beyond n1 3
sinks n1 sqlite:ledger.db
soon "a sink in SQLite gets what was there before" holds lite 3
here=$(field n1 epoch)
soon "and goes on with the log" holds lite "$((here + 2))"
ok "with each anchor once" 0 whole lite

ok "a node with a sink keeps all blocks" 2 "$prismfed" prune --keep 20 --no-archive --config net/n1/node.json
grep -q "sink needs all blocks" out && status=0 || status=1
report "$status" "and says why" out

# ---- somebody else has it locked
python3 -c 'import sqlite3, time
db = sqlite3.connect("net/n1/ledger.db", timeout=20)
db.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
time.sleep(8)' > locked &
locker=$!
soon "it is locked" grep -q locked locked
here=$(field n1 epoch)
soon "the node goes on" beyond n1 $((here + 3))
ok "while it is locked" 0 kill -0 "$locker"
wait "$locker"
soon "and the sink catches up" holds lite $((here + 3))
ok "nothing is lost, nothing is there twice" 0 whole lite

# ---- the node is killed
end n1
start n1
here=$(field n2 epoch)
soon "a node that was killed goes on filling it" holds lite "$((here + 2))"
ok "without a gap" 0 whole lite

# ---- PostgreSQL
if [ -n "$missing" ]; then
    skip "a sink in PostgreSQL" "$missing"
else
    pg_make
    pg_start
    sinks n2 "$pg_url"
    soon "a sink in PostgreSQL gets what was there before" holds pg_ask "$((here + 1))"

    pg_kill
    here=$(field n2 epoch)
    soon "its server is killed, and the node goes on" beyond n2 $((here + 5))
    ok "and says what is wrong" 0 grep -q 'event=sink .*PostgreSQL: ' net/n2/log
    pg_start
    soon "the server is back, and the sink catches up" holds pg_ask $((here + 5))
    ok "nothing is lost, nothing is there twice" 0 whole pg_ask

    kill -STOP $(pg_all) 2> /dev/null || true
    here=$(field n2 epoch)
    soon "the server hangs, and the node goes on" beyond n2 $((here + 5))
    kill -CONT $(pg_all) 2> /dev/null || true
    soon "the server answers again, and the sink catches up" holds pg_ask $((here + 5))
    ok "nothing is lost, nothing is there twice" 0 whole pg_ask

    round=0
    while [ "$round" -lt 3 ]; do
        round=$((round + 1))
        here=$(field n2 epoch)
        soon "in the middle of the run" holds pg_ask "$here"
        pg_kill
        pg_start || { echo "# PostgreSQL does not start:"; tail -n 20 "$pg/log" | sed 's/^/# /'; }
    done
    here=$(field n2 epoch)
    soon "killed thrice more, it catches up" holds pg_ask "$((here + 1))"
    ok "nothing is lost, nothing is there twice" 0 whole pg_ask
fi

# ---- the end: what the store has, the sink has
for node in n1 n2; do
    kill -TERM "$(field "$node" pid)"
done
for pid in $started; do wait "$pid" || true; done
"$prismfed" net down --dir net > /dev/null 2>&1
ok "at the end the sink in SQLite is whole" 0 whole lite
ok "export" 0 "$prismfed" sink export sqlite:net/n1/ledger.db lite
"$prismfed" audit --scenario four.json lite > audit.out 2>&1 || true
if grep -q FAIL audit.out; then status=1; else status=0; fi
report "$status" "an audit finds nothing in it" audit.out
grep -q '^verdict: consistent, and not more' audit.out && status=0 || status=1
report "$status" "but that no quorum vouches for its end" audit.out
if [ -z "$missing" ]; then
    ok "that in PostgreSQL, too" 0 whole pg_ask
    ok "export of it" 0 "$prismfed" sink export "$pg_url" pg
    "$prismfed" audit --scenario four.json pg > audit.out 2>&1 || true
    if grep -q FAIL audit.out; then status=1; else status=0; fi
    report "$status" "an audit finds nothing in that, either" audit.out
fi
finish
