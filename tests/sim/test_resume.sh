#!/bin/sh
# test_resume.sh FEDERATED_SIM KILLS: a run that is killed at any point, and gone on with, ends with the same bytes as
# one that is not; what a program has answered is not asked again. Half of the runs have built-in work, half a program.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
federated_sim=$(realpath "$1")
kills=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
. "$root/tests/tap.sh"
cd "$scratch"
seed=${SEED:-$(date +%s)}
echo "# SEED=$seed"

cat > program.sh << 'END'
#!/bin/sh
# irace's command line: configuration, instance id, seed, instance, then the parameters
echo "$*" >> runs
read -r best < "$4"
x=${5#--x=}
echo $(((x - best) * (x - best) + $3 % 5))
END
chmod +x program.sh
echo 17 > one
echo 20 > three

# node ID ROLE WORK
node() {
    echo "{\"id\": \"$1\", \"region\": \"r\", \"role\": \"$2\", \"stake\": 10, \"disclosed\": true, \"workload\": $3}"
}

# scenario SPACE WORK: an edge site crashes in the middle of its work and comes back; a site claims what is not so, and
# is found where its work is built in
scenario() {
    echo "{\"name\": \"stopped\", \"quorum\": 2, \"max_ledger_drift\": 2, \"epoch_start\": 1, $1"
    echo "\"policy\": {\"evaluations\": 6, \"iteration_limit\": 3000, \"spot_checks\": 12}, \"nodes\": ["
    node a core "$2"
    for id in b c; do
        echo ,
        node $id core "$2"
    done
    echo ,
    node d edge "$2"
    echo '], "events": [{"kind": "crash", "node": "d", "epoch": 2, "after_ms": 50}'
    echo ', {"kind": "restart", "node": "d", "epoch": 3}'
    echo ', {"kind": "lie", "node": "c", "epoch": 2, "behaviour": "inflated_claims"}]}'
}
scenario '' '{"family": "random", "instances": 2}' > built_in.json
scenario '"space": {"genes": [{"name": "x", "type": "discrete", "low": 1, "high": 60, "default": 50}]},' \
    '{"program": {"runner": "irace", "command": ["./program.sh"], "instances": ["one", "three"], "retries": 0}}' \
    > own.json

# simulate SCENARIO FOLDER WORD...
simulate() {
    name=$1
    folder=$2
    shift 2
    "$federated_sim" --scenario "$name.json" --epochs 4 --output-dir "$folder" --quiet "$@" > log 2>&1
}

# milliseconds of an undisturbed run, whose files are the ones to be had
undisturbed() {
    begin=$(date +%s%N)
    simulate "$1" "whole_$1" --threads 1 || report 1 "$1: undisturbed" log
    echo $((($(date +%s%N) - begin) / 1000000))
}
built_in_ms=$(undisturbed built_in)
: > runs
own_ms=$(undisturbed own)
runs_needed=$(wc -l < runs)

# draw N: a fraction of one, by the seed and N
draw() { awk -v seed="$((seed + 7919 * $1))" 'BEGIN { srand(seed); rand(); printf "%.4f", rand() }'; }

# stop SCENARIO MILLISECONDS FRACTION: goes on with the run, and kills it on the way
stop() {
    seconds=$(awk -v ms="$2" -v part="$3" 'BEGIN { printf "%.3f", ms * part / 1000 }')
    "$federated_sim" --scenario "$1.json" --epochs 4 --output-dir out --threads 2 --resume --quiet > log 2>&1 &
    pid=$!
    sleep "$seconds"
    kill -9 $pid 2> /dev/null || true
    wait $pid 2> /dev/null || true
}

kill_number=0
different=0
paid_twice=0
while [ "$kill_number" -lt "$kills" ]; do
    name=built_in
    ms=$built_in_ms
    [ $((kill_number % 4)) -lt 2 ] || { name=own; ms=$own_ms; }
    rm -rf out
    : > runs
    for attempt in 1 2; do
        kill_number=$((kill_number + 1))
        stop $name "$ms" "$(draw $kill_number)"
    done
    simulate $name out --resume || different=$((different + 1))
    if ! diff -r whole_$name out > difference; then
        different=$((different + 1))
        echo "# $name, kill $kill_number: another result"
        head -n 5 log difference | sed 's/^/# /'
    fi
    # a kill costs what was being evaluated, by two threads; and the site that crashed may have done its work in vain,
    # some of it twice, to see whether the program is deterministic
    [ $name = built_in ] || [ "$(wc -l < runs)" -le $((runs_needed * 5 / 4)) ] || paid_twice=$((paid_twice + 1))
    [ $name = built_in ] || echo "# kill $kill_number: $(wc -l < runs) runs of the program, $runs_needed undisturbed"
done
report "$different" "$kills kills: the same bytes in the end"
report "$paid_twice" "what a program has answered is not asked again"

# another program would answer otherwise: the run does not go on with it
rm -rf out
simulate own out --trace /dev/full || true # stopped, with its journal
journal=$(find out -name '*.journal' | head -n 1)
report "$([ -n "$journal" ]; echo $?)" "a run that was stopped leaves a journal" log
refused() { # TEXT
    status=0
    simulate own out --resume || status=$?
    [ "$status" = 2 ] && grep -q 'since the run was stopped a program of the sites' log && status=0 || status=1
    report "$status" "$1" log
}
cp program.sh program.kept
echo '# another one' >> program.sh
refused "a program that has changed since is refused"
cp program.kept program.sh
echo 18 > one
refused "and so is another instance"
echo 17 > one
status=0
simulate own out --resume || status=$?
report "$status" "put back, they go on" log

# what is finished is not run again; whatever is not this very run is
rm -rf out
simulate own out --resume
# again WHAT RUN? WORD...: --resume with these words says that the run is finished (no), or runs (yes), in `out`
again() {
    what=$1
    wanted=$2
    shift 2
    : > runs
    status=0
    "$federated_sim" --scenario own.json --output-dir out --resume --threads 2 "$@" > log 2>&1 || status=$?
    grep -q '^stopped (label .*, seed .*): finished already' log && ran=no || ran=yes
    if [ "$status" = 0 ] && [ "$ran" = no ] && [ -s runs ]; then ran="no, but the program did"; fi
    [ "$ran" = "$wanted" ] || status=1
    report $status "$what" log runs
}
again "a finished run is not run again" no --epochs 4
status=0
diff -r whole_own out > difference || status=1
report $status "and its artifacts stay as they are" difference
again "its own seed may be named" no --epochs 4 --seed 1
again "with a trace it is run" yes --epochs 4 --trace trace
again "a missing file is made again" yes --epochs 4 --label "$(rm out/ledger/own/epoch_003.json; echo own)"
again "so that it is whole" no --epochs 4
again "another label has not been run" yes --epochs 4 --label other
again "another number of epochs is another run" yes --epochs 3
again "and then the one that is finished" no --epochs 3
again "another seed is another run" yes --epochs 3 --seed 9
again "and so it is with the scenario's own seed" yes --epochs 3
sed -i 's/"after_ms": 50/"after_ms": 60/' own.json
again "an event that comes later makes another scenario" yes --epochs 3
cp -R out before
status=0
"$federated_sim" --scenario own.json --output-dir out --epochs 3 --resume --json > log || status=$?
told='{"scenario":"stopped","label":"own","seed":"1","already_finished":true,"epoch_count":3,"anchored":3}'
grep -q -x "$told" log || status=1
report $status "a program is told so, too" log
status=0
"$federated_sim" --scenario own.json --output-dir out --epochs 3 --quiet || status=$?
diff -r before out > difference || status=1
report $status "without --resume it is run again" difference
finish
