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
# write QUORUM SITE...: the scenario of so many sites
write() {
    quorum=$1 comma=
    shift
    cat << END
{"name": "workers", "quorum": $quorum, "max_ledger_drift": 2, "epoch_start": 1,
 "space": {"genes": [{"name": "x", "type": "discrete", "low": 1, "high": 600, "default": 50}]},
 "policy": {"evaluations": 6, "iteration_limit": 1000000}, "nodes": [
END
    for site; do
        cat << END
$comma{"id": "$site", "region": "r", "role": "core", "stake": 10, "workload": {"program": {"runner": "irace",
   "command": ["./program.sh"], "instances": ["1", "2", "3", "4"], "retries": 0}}}
END
        comma=,
    done
    echo ']}'
}
write 1 a > one.json
write 2 a b > two.json

scenario=one.json
simulate() {
    threads=$1
    shift
    "$federated_sim" --scenario "$scenario" --epochs 2 --threads "$threads" --quiet --run-log runs "$@" > log 2>&1
}

for threads in 1 2 8; do
    status=0
    simulate $threads --output-dir "with_$threads" || status=$?
    report "$status" "one site with $threads threads" log
    mv runs "runs_$threads"
    [ "$threads" = 1 ] && continue
    status=0
    diff -r with_1 "with_$threads" > log 2>&1 || status=$?
    report "$status" "leaves the same bytes as with one" log
    cmp runs_1 "runs_$threads" > log 2>&1 && status=0 || status=1
    report "$status" "and the same log of runs" log
done

for kill_after in 0.2 0.5; do
    "$federated_sim" --scenario one.json --epochs 2 --threads 8 --quiet --output-dir stopped > log 2>&1 &
    pid=$!
    sleep $kill_after
    kill -KILL "$pid" 2> /dev/null || true
    wait "$pid" 2> /dev/null || true
    simulate 3 --output-dir stopped --resume && status=0 || status=$?
    report "$status" "a run that is killed after $kill_after s goes on with other threads" log
    status=0
    diff -r with_1 stopped > log 2>&1 || status=$?
    report "$status" "and leaves the same bytes" log
    cmp runs_1 runs > log 2>&1 && status=0 || status=1
    report "$status" "and the same log of runs" log
    rm -rf stopped
done

# the log of runs: whatever is asked, in the program's own unit
asked='{"epoch":1,"site":"a","job":"cycle","number":0,"genome":"[0-9a-f]\{64\}","instance":"[1-4]","seed":[0-9]*'
answered='"status":"SUCCESS","cost":[0-9]*,"values":{"x":50}}'
sed -n 1p runs_1 | grep -q -x "$asked,$answered" && status=0 || status=1
report "$status" "the first run is of the genome that all begin with" runs_1
seed=$(sed -n 's/.*"number":0,.*"seed":\([0-9]*\),.*/\1/p' runs_1 | head -n 1)
instance=$(sed -n 's/.*"number":0,.*"instance":"\([0-9]*\)",.*/\1/p' runs_1 | head -n 1)
cost=$(sed -n 's/.*"number":0,.*"cost":\([0-9]*\),.*/\1/p' runs_1 | head -n 1)
[ "$(./program.sh c i "$seed" "$instance" --x=50)" = "$cost" ] && status=0 || status=1
report "$status" "and can be run again by hand" runs_1
simulate 8 --output-dir timed --run-times
sed 's/,"seconds":[0-9]*\.[0-9]\{6\},/,/' runs > untimed
cmp -s runs runs_1 && status=1 || status=0
cmp untimed runs_1 > log 2>&1 || status=1
report "$status" "with --run-times the lines say how long the runs took, and nothing else is another one" log

# two sites: the log has their jobs in the order in which they are taken
scenario=two.json
simulate 1 --output-dir two_1 && mv runs two_runs && simulate 8 --output-dir two_8 && status=0 || status=$?
report "$status" "two sites" log
cmp two_runs runs > log 2>&1 && status=0 || status=1
report "$status" "have the same log of runs with one thread and with eight" log
scenario=one.json

# progress is for a terminal
"$federated_sim" --scenario one.json --epochs 2 --output-dir piped > log 2> errors
[ -s errors ] && status=1 || status=0
report "$status" "there is no progress in a pipe" errors
printf 'import pty, sys\npty.spawn(sys.argv[1:])\n' > terminal.py
python3 terminal.py "$federated_sim" --scenario one.json --epochs 2 --output-dir seen > log 2>&1
tr '\r' '\n' < log | grep -q '^epoch 1 of 2; [0-9]* of about [0-9]* runs; .*best [0-9.e+]* (a)' && status=0 || status=1
report "$status" "on a terminal it says how many runs have ended and what the best genome costs" log
finish
