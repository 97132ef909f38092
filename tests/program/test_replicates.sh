#!/bin/sh
# test_replicates.sh FEDERATED_SIM: a noisy program, a space of few points. A site remembers what each has cost it,
# so that luck does not name a new genome in every epoch; the number of threads changes nothing.
set -eu
federated_sim=$(realpath "$1")
. "$(dirname "$0")/../tap.sh"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

cat > cost.sh << 'END2'
#!/bin/sh
# CONFIGURATION INSTANCE-ID SEED INSTANCE --a=A: 30 apart, and luck of up to 300.
echo $((200 + 30 * ${5#--a=} + $3 / 7 % 301 - 150))
END2
chmod +x cost.sh
echo 1 > one
echo 2 > two
cat > x.json << 'END2'
{"name": "x", "quorum": 1, "max_ledger_drift": 1, "epoch_start": 1,
 "space": {"genes": [{"name": "a", "type": "discrete", "low": 1, "high": 4, "default": 3}]},
 "policy": {"evaluations": 24, "iteration_limit": 1000},
 "nodes": [{"id": "one", "region": "r", "role": "core", "stake": 1, "workload": {"program": {
   "runner": "irace", "command": ["./cost.sh"], "instances": ["one", "two"]}}}]}
END2
for threads in 1 4; do
    status=0
    "$federated_sim" --scenario x.json --epochs 20 --output-dir out$threads --threads $threads > table$threads 2>&1 ||
        status=$?
    report "$status" "twenty epochs with $threads threads" table$threads
done
diff -r out1 out4 > difference && status=0 || status=1
report "$status" "leave the same bytes" difference
grep -q '^  a  *1  (default 3)$' table1 && status=0 || status=1
report "$status" "the best point is shared in the end" table1
changes=$(grep -c 'new genome\|rolled back' table1 || true)
[ "$changes" -le 6 ] && status=0 || status=1
report "$status" "and seldom another one on the way ($changes times)" table1
runs=$(sed -n 's/^program .*: \([0-9]*\) runs, .*/\1/p' table1)
[ "$runs" -le 190 ] && status=0 || status=1 # 4 points, 2 instances, some runs done twice
report "$status" "no question is asked twice in an epoch ($runs runs)" table1
finish
