#!/bin/sh
# prismfed pick: a site takes for itself what is best on its own work, from a ledger that verifies.
set -eu
. "$(dirname "$0")/tap.sh"

printed() { grep -q -e "$1" out; }
# The costs in the table.
costs() { sed '1,/^  genome/d;/^picked/,$d' out | awk '{ print $(NF - 2) }'; }
all_files() { find out.d -type f -exec cksum {} + | LC_ALL=C sort; }

# ---- built-in work

# built_in FAMILY EVENTS
built_in() {
    echo '{"name": "x", "quorum": 2, "max_ledger_drift": 2, "epoch_start": 4, "seed": 5,'
    echo '"policy": {"evaluations": 6, "iteration_limit": 2000}, "rebalance": {"shards": 2}, "nodes": ['
    echo '{"id": "a", "region": "r", "role": "core", "stake": 10},'
    echo '{"id": "b", "region": "r", "role": "core", "stake": 10},'
    echo "{\"id\": \"c\", \"region\": \"r\", \"role\": \"edge\", \"stake\": 10,"
    echo "\"workload\": {\"family\": \"$1\", \"instances\": 2}}], \"events\": [$2]}"
}
built_in planted '' > x.json
own_most=6 # three epochs of two migrants
"$federated_sim" --scenario x.json --epochs 3 --output-dir out.d --quiet
all_files > before
ok "a site picks" run 0 "$prismfed" pick --scenario x.json --node c out.d
ok "on its own work" printed '^c: 3 runs of each genome on its own work, 2 instances (planted), costs in iterations$'
ok "from the log's last epoch" printed '^the ledger of x (label x) verifies; its last epoch is 6$'
cp out table
ok "one of several" [ "$(costs | wc -l)" -gt 2 ]
ok "its own offers are among them" printed ' own offer  *c  '
ok "and nobody else's" [ "$(grep -c ' own offer' out)" -le "$own_most" ]
ok "the best one" [ "$(awk '$1 == "*" { print $(NF - 2) }' out)" = "$(costs | sort -n | head -n 1)" ]
ok "which it names in full" printed "^picked: $(awk '$1 == "*" { print $2 }' out)[0-9a-f]\{52\}, "
ok "as a JSON object" sh -c 'tail -n 1 out | grep -q "^{\"tenure_base\":[0-9]*,.*}$"'
ok "every number of threads" run 0 "$prismfed" pick --scenario x.json --node c --threads 5 out.d
ok "gives the same" cmp -s table out
ok "--runs" run 0 "$prismfed" pick --scenario x.json --node c --runs 1 out.d
ok "runs less often" printed '^c: 1 run of each'
ok "and comes to other costs" sh -c '! cmp -s table out'
ok "--json" run 0 "$prismfed" pick --json --scenario x.json --node c out.d
hash=$(sed -n 's/^picked: \([0-9a-f]*\),.*/\1/p' table)
ok "says the same" [ "$(sed -n '/"picked"/,$s/.*"hash": "\(.*\)",/\1/p' out)" = "$hash" ]
ok "for a site with other work" run 0 "$prismfed" pick --scenario x.json --node a out.d
all_files > after
ok "nothing is written" cmp -s before after

# ---- what cannot be picked from

ok "no such site" refused_with 'x.json: no node has the id "d"; there are a, b, c$' \
    "$prismfed" pick --scenario x.json --node d out.d
ok "another seed's work" refused_with 'another federation than x.json makes with seed 6' \
    "$prismfed" pick --scenario x.json --node c --seed 6 out.d
ok "another label" refused_with 'out.d: nothing here has the label "y"; there are x$' \
    "$prismfed" pick --scenario x.json --node c --label y out.d
sed 's/"stake": 10/"stake": 11/' x.json > other.json
ok "another scenario" refused_with 'another federation than other.json makes' \
    "$prismfed" pick --scenario other.json --label x --node c out.d
ok "no folder" refused_with 'nothere' "$prismfed" pick --scenario x.json --node c nothere
ok "no artifacts" refused_with 'no artifacts here' "$prismfed" pick --scenario x.json --node c "$root/man"
ok "no scenario" refused_with 'nothere.json' "$prismfed" pick --scenario nothere.json --node c out.d
ok "which scenario?" refused_with 'which scenario' "$prismfed" pick --node c out.d
ok "which site?" refused_with 'which site' "$prismfed" pick --scenario x.json out.d
ok "which folder?" refused_with 'one folder' "$prismfed" pick --scenario x.json --node c
ok "--runs wants a number" refused_with '\-\-runs must be a number from 1 to 1000' \
    "$prismfed" pick --scenario x.json --node c --runs 0 out.d

# unverified NAME PATTERN: refused with the code and the place, and nothing picked
unverified() {
    ok "$1" run 1 "$prismfed" pick --scenario x.json --node c bad.d
    ok "$1: where" says "$2"
    ok "$1: nothing is picked" [ ! -s out ]
    rm -rf bad.d
}
cp -R out.d bad.d
rm bad.d/ledger/x/epoch_005.json
unverified "a ledger with a gap" 'nothing is picked from it: PF-FILE-MISSING: bad.d/ledger/x/epoch_006.json: .*epoch 5'
cp -R out.d bad.d
rm bad.d/ledger/x/epoch_006.json bad.d/ledger/x/epoch_006.checkpoint
unverified "a ledger without its last epoch" 'PF-SUMMARY-VIEW: bad.d/simulations/epoch_summary_x.json /epochs/2'
cp -R out.d bad.d
line=$(grep -n '"bytes": "' bad.d/ledger/x/epoch_006.json | tail -n 1 | cut -d : -f 1)
sed -i "${line}s/\(.\{60\}\)./\1-/" bad.d/ledger/x/epoch_006.json
unverified "a ledger with a changed entry" 'PF-EPOCH-BYTES: bad.d/ledger/x/epoch_006.json /'

sed 's/"seed": /"seed":  /' x.json > other.json
ok "another scenario file" run 2 "$prismfed" pick --scenario other.json --label x --node c out.d
ok "is refused with both digests" says "$(sha256sum x.json | cut -c 1-64).*$(sha256sum other.json | cut -c 1-64)"

# ---- work that drifts

built_in planted '{"kind": "drift", "node": "c", "epoch": 5, "workload": {"family": "queen", "instances": 3}},
    {"kind": "drift", "node": "c", "epoch": 99, "workload": {"family": "rook", "instances": 3}}' > x.json
ok "a run that comes to no 99th epoch" run 4 \
    "$federated_sim" --scenario x.json --epochs 96 --limit-ms 1000 --output-dir out.d --quiet --clean
ok "a site whose work has changed" run 0 "$prismfed" pick --scenario x.json --node c out.d
ok "picks by what it has now" printed '3 instances (queen), costs in iterations$'

# ---- a program of the user's

# What costs least: x of 17 for a and b, of 60 for c.
cat > program.sh << 'END'
#!/bin/sh
read -r best < "$4"
x=${5#--x=}
echo $(((x - best) * (x - best)))
END
chmod +x program.sh
echo 17 > low
echo 60 > high
node() {
    echo "{\"id\": \"$1\", \"region\": \"r\", \"role\": \"core\", \"stake\": 10, \"workload\": {\"program\":"
    echo "{\"runner\": \"irace\", \"command\": [\"./program.sh\"], \"instances\": [\"$2\"], \"retries\": 0}}}"
}
{
    echo '{"name": "own", "quorum": 3, "max_ledger_drift": 2, "epoch_start": 1, "seed": 3,'
    echo '"space": {"genes": [{"name": "x", "type": "discrete", "low": 1, "high": 60, "default": 40}]},'
    echo '"policy": {"evaluations": 8, "iteration_limit": 3000}, "nodes": ['
    node a low
    echo ,
    node b low
    echo ,
    node c high
    echo ']}'
} > own.json
"$federated_sim" --scenario own.json --epochs 2 --output-dir own.d --quiet
for site in a c; do
    ok "the program of $site" run 0 "$prismfed" pick --scenario own.json --node "$site" own.d
    ok "is run for each genome" printed '^program ./program.sh: [0-9]* runs, .* SUCCESS'
    ok "and the genome is in its words" sh -c 'tail -n 1 out | grep -q "^--x=[0-9]*$"'
    tail -n 1 out > words.$site
done
# Two of three sites want 17: what the third one finds is for nobody else, and in no archive.
ok "what no other site wants" run 0 "$prismfed" pick --scenario own.json --node c own.d
ok "a site takes from its own offers" sh -c 'awk "\$1 == \"*\"" out | grep -q " own offer"'
ok "each site picks by its own" [ "$(sed 's/--x=//' words.a)" -lt "$(sed 's/--x=//' words.c)" ]
ok "--json has the words" run 0 "$prismfed" pick --json --scenario own.json --node c own.d
ok "too" printed "\"words\": \"$(cat words.c)\""
mv low gone
ok "an instance that is not there" refused_with 'own.json: the work of "a": ./low: .*No such file' \
    "$prismfed" pick --scenario own.json --node a own.d
printf '#!/bin/sh\nexit 3\n' > program.sh
ok "a program that only crashes" run 1 "$prismfed" pick --scenario own.json --node c own.d
ok "is nothing to pick by" says 'no run of the program of "c" came to an end'
rm program.sh
ok "a program that is not there" refused_with 'the work of "c": .*program.sh cannot be executed' \
    "$prismfed" pick --scenario own.json --node c own.d
finish
