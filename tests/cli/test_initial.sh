#!/bin/sh
# Initial configurations: what a site's user has already, from which the search starts.
set -eu
. "$(dirname "$0")/tap.sh"

cat > cost.sh << 'END2'
#!/bin/sh
# CONFIGURATION INSTANCE-ID SEED INSTANCE --a=A --b=B: far from everything else there is one that is good.
[ "$5 $6" = "--a=123456 --b=654321" ] && echo 1 || echo 500
END2
chmod +x cost.sh
printf 'a "--a=" i (1, 1000000)\nb "--b=" i (1, 1000000)\n' > parameters.txt
# scenario EXTRA: two sites, the first with EXTRA.
site() {
    echo "{\"id\": \"$1\", \"region\": \"r\", \"role\": \"core\", \"stake\": 1, \"workload\": {\"program\": {"
    echo "\"runner\": \"irace\", \"command\": [\"./cost.sh\"], \"instances\": [\"cost.sh\"]$2}}}"
}
scenario() {
    echo '{"name": "x", "quorum": 2, "max_ledger_drift": 1, "epoch_start": 1, "space": "parameters.txt",' > x.json
    echo '"policy": {"evaluations": 4, "iteration_limit": 1000},' >> x.json
    echo "\"nodes\": [$(site one "$1"), $(site two '')]}" >> x.json
}
scenario ''
ok "without them" run 0 "$federated_sim" --scenario x.json --epochs 1 --output-dir o
ok "the good one is not found" grep -q '^  one  *500 ' out
printf 'b a\n7 7\n654321 123456\n' > mine.txt
scenario ', "initial": "mine.txt"'
ok "with a table" run 0 "$federated_sim" --scenario x.json --epochs 1 --output-dir o --clean
ok "it is" sh -c 'grep -q "^  a  *123456 " out && grep -q "^  two  *1  (the first genome 500)" out'
ok "tried as well" run 0 "$prismfed" eval --check --random 1 x.json
ok "one by one" grep -q '^  initial 2  *cost.sh  *SUCCESS  cost 1$' out
"$prismfed" genome --as irace o > mine.txt
ok "with the table that prismfed prints" run 0 "$federated_sim" --scenario x.json --epochs 2 --output-dir o --clean
ok "it is found again" grep -q "^  one  *1  (the first genome 500)" out
"$prismfed" genome --as json o > genome
scenario ", \"initial\": [$(cat genome)]"
ok "with a list" run 0 "$federated_sim" --scenario x.json --epochs 1 --output-dir o --clean
ok "too" grep -q "^  one  *1  (the first genome 500)" out
echo "[$(cat genome)]" > mine.json
scenario ', "initial": "mine.json"'
ok "with a list in a file" run 0 "$federated_sim" --scenario x.json --epochs 1 --output-dir o --clean
ok "too" grep -q "^  one  *1  (the first genome 500)" out
ok "the auditor needs none of them" run 0 "$prismfed" audit --scenario x.json o

printf 'a b\n1 1\n1 1000001\n' > mine.txt
scenario ', "initial": "mine.txt"'
ok "a row that is out of range" refused_with \
    '/initial: .*mine.txt:3:3: row 2, parameter b: "1000001" is not from 1 to 1000000' "$prismfed" eval x.json
scenario ', "initial": [{"a": 1}]'
ok "a parameter that is missing" refused_with '/initial/0: row 1, parameter b: it is active' "$prismfed" eval x.json
scenario ', "initial": "nowhere.txt"'
ok "a file that is not there" refused_with '/initial: .*nowhere.txt' "$prismfed" eval x.json
printf 'a b\n1 1\n2 2\n3 3\n4 4\n' > mine.txt
scenario ', "initial": "mine.txt"'
ok "more than the budget has room for" refused_with '4 initial configurations and the shared genome take 5 eval' \
    "$prismfed" eval x.json
finish
