#!/bin/sh
# test_queue.sh PRISMFED FEDERATED_SIM: runs that a queue does have the results that they have here; what the queue
# loses, refuses or cannot take is handed over again, and named.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
PRISMFED=$(realpath "$1")
federated_sim=$(realpath "$2")
export PRISMFED
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
. "$root/tests/tap.sh"
cp "$root/tests/program/queued_runner.sh" "$scratch/runner.sh"
cd "$scratch"
echo a > a.txt
echo bbb > b.txt
queue=$root/share/queue/local

# scenario [KEY=JSON...] -- WORD...: the same federation each time, in another file
scenario() { python3 "$root/tests/program/queued.py" queued "$@" > queued.json; }

# rehearse NAME: what it says without times, and what each site's work came to
rehearse() {
    status=0
    timeout 120 "$federated_sim" --scenario queued.json --epochs 1 --output-dir "$1" --label run --run-log "$1.runs" \
        > "$1.out" 2> "$1.err" || status=$?
    grep -v -e 'confined:' -e 'virtual time' -e '^ *[0-9]* *yes' "$1.out" > "$1.said"
    return "$status"
}
# same NAME: as without a queue
same() {
    cmp "$1.said" plain.said && cmp "$1.runs" plain.runs &&
        diff -r -I '"scenario_sha256"' -I '"summary_signature"' "$1" plain # the scenario names the queue
}

scenario
rehearse plain && status=0 || status=1
report "$status" "it runs here" plain.out plain.err

scenario -- "$queue" 3
rehearse local && same local > differences 2>&1 && status=0 || status=1
report "$status" "a queue changes no byte of what comes of it" differences local.err
[ -z "$(ls batches)" ] && status=0 || status=1
report "$status" "and leaves nothing"
scenario tasks=2 -- "$queue"
rehearse few && same few > differences 2>&1 && status=0 || status=1
report "$status" "nor does it matter how many are handed over at once" differences few.err

# The first time a long batch loses task 0, has the result of task 0 for task 1, half a result for task 2, and the rest.
cat > loses.sh << END
#!/bin/sh
echo "\$2" >> "$scratch/numbers"
if [ -e "\$1/second" ] || [ "\$2" = 0-1 ]; then exec "$queue" "\$@"; fi
touch "\$1/second"
"$queue" "\$1" "\$2"
cd "\$1/results"
cp 0.json 1.json
echo '{"key": "12' > 2.json
rm 0.json
END
chmod +x loses.sh
scenario -- ./loses.sh
rehearse lossy && same lossy > differences 2>&1 && status=0 || status=1
report "$status" "what was lost is handed over again, and comes to the same" differences lossy.err
status=0
for name in 'no result of task 0-2' 'results/1.json.*result of another one' 'results/2.json'; do
    grep -q "$name" lossy.err || status=1
done
report "$status" "each is named" lossy.err numbers
grep -x -A 1 '0-[3-9]' numbers | grep -q -x '0-2' && ! grep -v -x -e '0-[0-9]' numbers && status=0 || status=1
report "$status" "and the others of the batch are not" numbers

# A queue that is down for a while costs time only.
cat > down.sh << END
#!/bin/sh
tries=\$(cat "$scratch/tries" 2> /dev/null || echo 0)
echo \$((tries + 1)) > "$scratch/tries"
[ "\$tries" -gt 0 ] || { echo "the controller is down"; exit 3; }
exec "$queue" "\$@"
END
chmod +x down.sh
scenario losses=0 -- ./down.sh
rehearse down && same down > differences 2>&1 && status=0 || status=1
grep -q 'down.sh: exit status 3; its last words: the controller is down' down.err || status=1
report "$status" "a command that fails is run again, and says why it failed" differences down.err

# Once too often; and the limit of time, with which all that the command has started ends.
mark=7600$$
cat > never.sh << END
#!/bin/sh
sleep $mark &
wait
END
chmod +x never.sh
scenario losses=0 timeout_s=1 tasks=100000 -- ./never.sh
"$PRISMFED" eval --node one queued.json > out 2> err && status=1 || status=0
grep -q 'never.sh has not ended within 1 s' err && grep -q 'CRASHED  the queue lost it 1 times' out || status=1
report "$status" "a command that does not end is ended, and its tasks are lost" err out
cat /proc/[0-9]*/cmdline 2> /dev/null | tr '\0' ' ' | grep -q "[s]leep $mark" && status=1 || status=0
report "$status" "with all that it has started"

# What was done before a process died is not done again.
cat > slow.sh << END
#!/bin/sh
"$queue" "\$@"
echo "\$1 \$2" >> "$scratch/done"
[ -e "$scratch/go" ] || { echo \$\$ >> "$scratch/pids"; exec sleep 60; }
END
chmod +x slow.sh
scenario -- ./slow.sh
"$federated_sim" --scenario queued.json --epochs 1 --output-dir killed --label run > out 2>&1 &
pid=$!
tries=0
until [ -s pids ] || [ "$tries" = 300 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
kill -9 "$pid"
wait "$pid" 2> /dev/null || true
touch go
for left in $(cat pids); do kill "$left" 2> /dev/null || true; done
sort done > before
rm -rf killed
rehearse killed && same killed > differences 2>&1 && status=0 || status=1
[ -s before ] && [ "$(sort done | uniq -d | wc -l)" = 0 ] && [ -z "$(ls batches)" ] || status=1
report "$status" "what was done for a process that was killed is not done again" differences killed.err before done

# One task by hand.
cat > keep.sh << END
#!/bin/sh
[ -e "$scratch/kept" ] || cp -r "\$1" "$scratch/kept"
exec "$queue" "\$@"
END
chmod +x keep.sh
scenario -- ./keep.sh
"$PRISMFED" eval --node one queued.json > out 2>&1 && status=0 || status=1
report "$status" "eval tries the queue, too" out
"$PRISMFED" eval --folder kept --task 0 > out 2>&1 && grep -q '"status":"SUCCESS","cost":"' kept/results/0.json &&
    status=0 || status=1
report "$status" "a task leaves its result" out kept/results/0.json
"$PRISMFED" eval --folder kept --task 7 > out 2>&1 && status=1 || status=$?
[ "$status" = 2 ] && grep -q 'tasks.jsonl: there is no task 7' out && status=0 || status=1
report "$status" "one that is not there has none" out
echo c >> a.txt
"$PRISMFED" eval --folder kept --task 0 > out 2>&1 && status=1 || status=$?
[ "$status" = 2 ] && grep -q '"refused":"a.txt: this machine sees another file' kept/results/0.json &&
    status=0 || status=1
report "$status" "a task whose instance has changed is refused" out kept/results/0.json
sed -i 's/"retries": 0/"retries": 1/g' queued.json
"$PRISMFED" eval --folder kept --task 0 > out 2>&1 && status=1 || status=$?
[ "$status" = 2 ] && grep -q 'its scenario has no such program' out && status=0 || status=1
report "$status" "so is one whose program has" out
scenario -- ./nothing.sh
"$PRISMFED" eval queued.json > out 2>&1 && status=1 || status=$?
[ "$status" = 2 ] && grep -q 'nothing.sh cannot be executed' out && status=0 || status=1
report "$status" "a queue that is not there is found out at once" out
finish
