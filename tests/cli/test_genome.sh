#!/bin/sh
# prismfed genome: the genome that a federation shares, in every form, from a ledger that verifies.
set -eu
. "$(dirname "$0")/tap.sh"

cat > cost.sh << 'END'
#!/bin/sh
# CONFIGURATION INSTANCE-ID SEED INSTANCE --a=A MODE [--k K]
a=${5#--a=}
cost=$(((a - 7) * (a - 7) + 10))
[ "$6" = "-q" ] || cost=$((cost + 40))
echo $((cost + ${8:-0}))
END
chmod +x cost.sh
cat > parameters.txt << 'END'
a "--a=" i (1, 9)
mode "" c (-p, -q)
k "--k " i (0, 5) | mode == "-q"
z "--z=" r (0, 1) | mode == "-p"
END
site() {
    echo "{\"id\": \"$1\", \"region\": \"r\", \"role\": \"core\", \"stake\": 1, \"workload\": {\"program\": {"
    echo '"runner": "irace", "command": ["./cost.sh"], "instances": ["cost.sh"]}}}'
}
echo '{"name": "tuned", "quorum": 1, "max_ledger_drift": 2, "epoch_start": 1, "space": "parameters.txt",' > x.json
echo "\"policy\": {\"evaluations\": 80, \"iteration_limit\": 1000}, \"nodes\": [$(site one)]}" >> x.json
ok "a rehearsal" run 0 "$federated_sim" --scenario x.json --epochs 2 --output-dir o
sed -n '/^the genome of/,/^what it costs/p' out > table
ok "says at its end which genome is shared" grep -q '^the genome of tuned after epoch 2: .*, offered by one$' table
ok "and what it costs" sh -c 'sed "1,/^what it costs/d" out | grep -q "^  one  *10  (the first genome 54)$"'
ok "which its summary has" run 0 "$prismfed" show o/simulations/epoch_summary_x.json
ok "with the values by name" sh -c 'grep -q "^offered_by  *one$" out && grep -q "^  a  *7$" out && ! grep -q "^  z" out'
ok "and the epoch's file" run 0 "$prismfed" show o/ledger/x/epoch_002.json
ok "too" sh -c 'grep -q "^  a  *7$" out && grep -q "^  mode  *-q$" out'
ok "once more" run 0 "$federated_sim" --scenario x.json --epochs 2 --output-dir o --resume
ok "it says how its genome is printed" grep -q '^the genome .* is printed by: prismfed genome --label x o$' out
ok "its genome" run 0 "$prismfed" genome o
ok "has a head" grep -q '^the genome of tuned after epoch 2: [0-9a-f]\{64\}, offered by one$' out
ok "is what the rehearsal has printed" sh -c 'sed "$ d" table | cmp -s - out'
ok "has the best value, and the default" grep -q '^  a  *7  (default 5)$' out
ok "and what depends on it" grep -q '^  k  *0  (default 2)$' out
ok "but not what does not matter" sh -c '! grep -q "^  z" out'
ok "as JSON" run 0 "$prismfed" genome --as json o
ok "is an object" [ "$(cat out)" = '{"a":7,"mode":"-q","k":0}' ]
ok "for irace" run 0 "$prismfed" genome o --as irace
ok "is a table" [ "$(cat out)" = "$(printf 'a mode k z\n7 "-q" 0 NA')" ]
ok "for SMAC" run 0 "$prismfed" genome o --as smac
ok "has names" [ "$(cat out)" = '-a 7 -mode -q -k 0' ]
ok "as words" run 0 "$prismfed" genome o --as args
ok "has names and values" [ "$(cat out)" = '--a=7 --mode=-q --k=0' ]
ok "with switches" run 0 "$prismfed" genome o --as args --space parameters.txt
ok "has those" [ "$(cat out)" = '--a=7 -q --k 0' ]
printf 'a "--a=" i (1, 8)\n' > other.txt
ok "of another space" refused_with 'other.txt is another search space' "$prismfed" genome o --as args --space other.txt
ok "of a space that is not there" refused_with 'nowhere' "$prismfed" genome o --as args --space nowhere
ok "a second label" run 0 "$federated_sim" --scenario x.json --epochs 1 --output-dir o --quiet --label y
ok "must be chosen" refused_with 'artifacts of 2 labels; name one of them with --label: x, y' "$prismfed" genome o
ok "by name" run 0 "$prismfed" genome o --label y
ok "is another run" grep -q 'after epoch 1: ' out
ok "no such label" refused_with 'label "z"; there are x, y' "$prismfed" genome o --label z
ok "no such form" refused_with 'not "yaml"' "$prismfed" genome --as yaml o
ok "no folder" refused_with 'expected one folder' "$prismfed" genome
ok "a folder without artifacts" refused_with 'nothere' "$prismfed" genome nothere
sed -i 's/"epoch": 2/"epoch": 3/' o/ledger/x/epoch_002.json
ok "a ledger that does not verify" run 1 "$prismfed" genome o --label x
ok "says so" says 'does not verify, and nothing of it is printed'
ok "prints nothing" test ! -s out
finish
