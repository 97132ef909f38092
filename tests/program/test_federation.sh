#!/bin/sh
# test_federation.sh PRISMFED FEDERATED_SIM: sites whose programs go wrong in every way cost the others nothing: the
# rehearsal ends, names each of them, is compliant, and leaves no process behind; also when it is killed itself.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
prismfed=$(realpath "$1")
federated_sim=$(realpath "$2")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
. "$root/tests/tap.sh"
cp "$root/tests/program/programs"/*.sh "$scratch/"
cd "$scratch"
export TMPDIR="$scratch" TEST_MARK="7500$$"

alive() { cat /proc/[0-9]*/cmdline 2> /dev/null | tr '\0' ' ' | grep -q -w "[7]${TEST_MARK#7}"; }

# site ID RUNNER SCRIPT WORD...
site() {
    printf '  {"id": "%s", "region": "r", "role": "%s", "stake": 10, "workload": {"program": {' "$1" "$role"
    printf '"runner": "%s", "command": ["./%s"' "$2" "$3"
    shift 3
    for word in "$@"; do
        printf ', "%s"' "$word"
    done
    printf '], "instances": ["runner.sh", "talker.sh"], "cutoff_ms": %s, "memory_mb": 128, "output_kb": 64, ' "$cutoff"
    printf '"environment": ["TEST_MARK"], '
    printf '"processes": 16, "retries": 0}}}%s\n' "$comma"
}

# The first three are well; their runs have all the time that a busy machine may need.
write_scenario() {
    cat << END
{"name": "misbehaviour", "quorum": 3, "max_ledger_drift": 2, "epoch_start": 1,
 "space": {"genes": [{"name": "x", "type": "discrete", "low": 1, "high": 60, "default": 50}]},
 "policy": {"evaluations": 4, "iteration_limit": 10000},
 "nodes": [
END
    role=core comma=, cutoff=60000
    site one irace runner.sh irace well
    site two jsonl talker.sh well
    site three smac runner.sh smac well
    role=edge
    site bomb irace runner.sh irace bomb
    site memory irace runner.sh irace memory
    site flood irace runner.sh irace flood
    site dies irace runner.sh irace dies
    site nan aclib runner.sh aclib nan
    site orphans irace runner.sh irace orphans
    site version jsonl talker.sh version
    site wrong_id jsonl talker.sh wrong_id
    cutoff=200
    site hang irace runner.sh irace hang
    comma=
    site beats jsonl talker.sh beats_then_hangs
    echo ']}'
}
write_scenario > misbehaviour.json

status=0
"$federated_sim" --scenario misbehaviour.json --epochs 1 --output-dir out > table 2>&1 || status=$?
report "$status" "the rehearsal ends" table
grep -q '^ *1  yes .* new genome$' table && status=0 || status=1
report "$status" "with a decision" table
grep -q '^gained: the last shared genome costs' table && status=0 || status=1
report "$status" "that is a gain" table

# named WHAT: the table says so
named() {
    grep -q -F "$1" table && status=0 || status=1
    report "$status" "the table says: $1" table
}
named 'more than 16 processes at once'
named 'printed more than 64 KB'
named 'killed by SIGSEGV'
named 'no answer after 200 ms'
named 'NaN'
named 'it speaks version 2, here is version 1'
named 'a result with the id'
named '  confined: '
status=0
"$prismfed" audit --scenario misbehaviour.json out > verdict 2>&1 || status=$?
report "$status" "the auditor accepts it" verdict
alive && status=1 || status=0
report "$status" "no process is left"

"$federated_sim" --scenario misbehaviour.json --epochs 1 --output-dir out > table 2>&1 &
pid=$!
tries=0
until alive || [ "$tries" = 300 ]; do
    tries=$((tries + 1))
    sleep 0.1
done
kill -KILL "$pid" 2> /dev/null || true
wait "$pid" 2> /dev/null || true
tries=0
while alive && [ "$tries" -lt 100 ]; do
    tries=$((tries + 1))
    sleep 0.1
done
alive && status=1 || status=0
report "$status" "nor when the rehearsal is killed"

# a program that always crashes
cat > crashes.json << 'END'
{"name": "crashes", "quorum": 2, "max_ledger_drift": 2, "epoch_start": 1,
 "space": {"genes": [{"name": "x", "type": "discrete", "low": 1, "high": 60, "default": 50}]},
 "policy": {"evaluations": 4, "iteration_limit": 10000},
 "nodes": [
  {"id": "a", "region": "r", "role": "core", "stake": 10, "workload": {"program": {"runner": "irace",
   "command": ["./runner.sh", "irace", "fails"], "instances": ["runner.sh"], "retries": 0}}},
  {"id": "b", "region": "r", "role": "core", "stake": 10, "workload": {"program": {"runner": "irace",
   "command": ["./runner.sh", "irace", "fails"], "instances": ["talker.sh"], "retries": 0}}},
  {"id": "c", "region": "r", "role": "core", "stake": 10, "workload": {"program": {"runner": "irace",
   "command": ["./runner.sh", "irace", "nan"], "instances": ["talker.sh"], "retries": 0}}}]}
END
status=0
"$federated_sim" --scenario crashes.json --epochs 2 --output-dir crashed > table 2>&1 || status=$?
[ "$status" = 5 ] && status=0 || status=1
report "$status" "when no run comes to an end that is the exit status" table
grep -q 'gained: nothing: no run of the sites. programs came to an end' table && status=0 || status=1
report "$status" "and is said" table
grep -q 'new genome' table && status=1 || status=0
report "$status" "there is no new genome" table

sed 's/"\.\/runner\.sh", "irace", "nan"/".\/nothere.sh"/' crashes.json > missing.json
"$federated_sim" --scenario missing.json --epochs 1 --output-dir missing > table 2>&1 && status=1 || status=$?
[ "$status" = 2 ] && grep -q 'the work of "c": .*nothere.sh cannot be executed' table && status=0 || status=1
report "$status" "a program that is not there is refused with the site that has it" table

# four points: each is asked about once an epoch, and the best of them stays the best
four_site() {
    printf '{"id": "%s", "region": "r", "role": "core", "stake": 10, "workload": {"program": {"runner": "irace", ' "$1"
    printf '"command": ["./four.sh", "%s"], "instances": ["four.sh"]}}}' "$1"
}
cat > four.sh << 'END'
#!/bin/sh
site=$1 a=$6 b=$7
echo $((100 - 30 * a - 10 * b + 25 * a * b + ${#site}))
END
chmod +x four.sh
cat > four.json << END
{"name": "four", "quorum": 2, "max_ledger_drift": 2, "epoch_start": 1,
 "space": {"genes": [{"name": "a", "type": "toggle", "switch": ""}, {"name": "b", "type": "toggle", "switch": ""}]},
 "policy": {"evaluations": 40, "iteration_limit": 10000},
 "nodes": [$(four_site one), $(four_site two), $(four_site three)]}
END
status=0
"$federated_sim" --scenario four.json --epochs 3 --output-dir four > table 2>&1 || status=$?
report "$status" "a space of four points" table
runs=$(sed -n 's/^program .*: \([0-9]*\) runs, .*/\1/p' table | awk '{ sum += $1 } END { print sum }')
line='^program .* of (one|two|three): ([0-9]+) runs, .*; ([0-9]+) SUCCESS(, ([0-9]+) more .*)?$'
sed -n -E "s/$line/\\1 \\2 \\3 \\5/p" table > told
awk '$2 != $3 + $4 { wrong = 1 } { sites++ } END { exit wrong || sites != 3 }' told && status=0 || status=1
report "$status" "each site has its line, and the numbers in it add up" table
# one in sixteen is done twice to see, and the first and the last genome are compared in the end
[ "$runs" -ge 36 ] && [ "$runs" -le 48 ] && status=0 || status=1
report "$status" "has 36 questions in three epochs of three sites, and $runs runs" table
[ "$(grep -c 'new genome' table)" = 1 ] && status=0 || status=1
report "$status" "names a new genome once" table
finish
