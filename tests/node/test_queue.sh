#!/bin/sh
# test_queue.sh PRISMFED FEDERATED_SIM: nodes and visits hand their site's work to a queue, and it comes to what a
# rehearsal without one comes to; a node does not wait for its queue when it is told to stop.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
PRISMFED=$(realpath "$1")
federated_sim=$(realpath "$2")
export PRISMFED
scratch=$(mktemp -d)
trap '"$PRISMFED" net down --dir "$scratch/net" > /dev/null 2>&1 || true; rm -rf "$scratch"' EXIT
. "$root/tests/tap.sh"
cd "$scratch"
cp "$root/tests/program/queued_runner.sh" runner.sh
echo a > a.txt
echo bbb > b.txt
# the queue, which hangs while there is a file of that name
cat > queue.sh << END
#!/bin/sh
while [ -e "$scratch/hang" ]; do
    touch "$scratch/hangs"
    sleep 0.1
done
exec "$root/share/queue/local" "\$@"
END
chmod +x queue.sh
scenario() { python3 "$root/tests/program/queued.py" queued "$@"; }
scenario > plain.json
scenario -- ./queue.sh > queued.json

# outcomes FILE: what each epoch has come to, without what depends on when messages came. What the visitor finds itself
# is not compared either: a visit does not remember what an earlier one has measured.
outcomes() {
    python3 - "$1" << 'END'
import json, sys
for epoch in json.load(open(sys.argv[1]))["epochs"]:
    updates = sorted((u["node_id"], u["delta_score"]) for u in epoch["aligned_updates"] if u["node_id"] != "visitor")
    print(epoch["epoch"], epoch["anchored"], epoch["aggregated_delta"], epoch["incumbent"], updates)
END
}
pid_of() { "$PRISMFED" node status --config "net/$1/node.json" --format json | sed -n 's/.*"pid":\([0-9]*\).*/\1/p'; }

touch hang
"$PRISMFED" net up --scenario queued.json --epochs 2 > out 2>&1 && status=0 || status=$?
report "$status" "all nodes are up" out
pid=$(pid_of visitor)
tries=0
until [ -e hangs ] || [ "$tries" = 300 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
kill "$pid"
tries=0
while kill -0 "$pid" 2> /dev/null && [ "$tries" -lt 100 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
[ "$tries" -lt 100 ] && status=0 || status=1
report "$status" "a node ends at once, though its queue hangs" net/visitor/log

# Without the visitor's daemon an epoch waits for its visits.
rm hang
status=0 visit=0
until "$PRISMFED" node status --config net/one/node.json --format json | grep -q '"epoch":3,' || [ "$visit" = 20 ]; do
    visit=$((visit + 1))
    "$PRISMFED" site --once --config net/visitor/node.json --timeout 60 > "out$visit" 2>&1 || status=$?
done
[ "$visit" -lt 20 ] || status=1
"$PRISMFED" site --once --config net/visitor/node.json --timeout 60 > out 2>&1 || status=$? # nothing is owed any more
report "$status" "visits do what the site owes by the queue" out1 out2 out3 out
"$PRISMFED" net record --dir net > out 2>&1 && status=0 || status=$?
report "$status" "the epochs have ended" out
"$federated_sim" --scenario plain.json --epochs 2 --output-dir rehearsal --label run --quiet
outcomes rehearsal/simulations/epoch_summary_run.json > rehearsed
outcomes net/record/simulations/epoch_summary_queued.json > real
diff rehearsed real > differences && [ -s real ] && status=0 || status=1
report "$status" "each comes to what a rehearsal without a queue comes to" differences
finish
