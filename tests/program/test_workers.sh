#!/bin/sh
# test_workers.sh FEDERATED_SIM: the runs of one site are done beside each other, and nobody can tell from what comes
# out: with one thread, two and eight, and when the run is killed and goes on with another number of them.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
federated_sim=$(realpath "$1")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
. "$root/tests/tap.sh"
cd "$scratch"

# The earlier a run is begun, the longer it takes, about.
cat > program.sh << 'END'
#!/bin/sh
# irace's command line: configuration, instance id, seed, instance, then the parameters
read -r best < "$4"
x=${5#--x=}
sleep "0.0$(($3 % 3))"
echo $(((x - best) * (x - best) + $3 % 50))
END
chmod +x program.sh
for i in 1 2 3 4; do
    echo $((100 + 10 * i)) > "$i"
done
cat > one.json << 'END'
{"name": "one", "quorum": 1, "max_ledger_drift": 2, "epoch_start": 1,
 "space": {"genes": [{"name": "x", "type": "discrete", "low": 1, "high": 600, "default": 50}]},
 "policy": {"evaluations": 6, "iteration_limit": 1000000},
 "nodes": [{"id": "a", "region": "r", "role": "core", "stake": 10, "workload": {"program": {"runner": "irace",
   "command": ["./program.sh"], "instances": ["1", "2", "3", "4"], "retries": 0}}}]}
END

simulate() {
    threads=$1
    shift
    "$federated_sim" --scenario one.json --epochs 2 --threads "$threads" --quiet "$@" > log 2>&1
}

for threads in 1 2 8; do
    status=0
    simulate $threads --output-dir "with_$threads" || status=$?
    report "$status" "one site with $threads threads" log
    [ "$threads" = 1 ] && continue
    status=0
    diff -r with_1 "with_$threads" > log 2>&1 || status=$?
    report "$status" "leaves the same bytes as with one" log
done

for kill_after in 0.2 0.5; do
    status=0
    timeout -s KILL $kill_after "$federated_sim" --scenario one.json --epochs 2 --threads 8 --quiet \
        --output-dir stopped > log 2>&1 || status=$?
    simulate 3 --output-dir stopped --resume && status=0 || status=$?
    report "$status" "a run that is killed after $kill_after s goes on with other threads" log
    status=0
    diff -r with_1 stopped > log 2>&1 || status=$?
    report "$status" "and leaves the same bytes" log
    rm -rf stopped
done
finish
