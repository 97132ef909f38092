#!/bin/sh
# prismfed space: what it says, and that files pass through every format that can hold them.
set -eu
. "$(dirname "$0")/tap.sh"
spaces=$root/tests/genome/spaces

ok "irace's parameters.txt" run 0 "$prismfed" space "$spaces/acotsp.txt"
ok "says what is in it" grep -q '11 genes (4 continuous, 4 discrete, 3 categorical), 5 of them with a condition; 3' out
hash=$(sed -n 's/^schema //p' out)
ok "names the schema" sh -c "echo $hash | grep -q -x -E '[0-9a-f]{64}'"
for format in json irace pcs-new; do
    ok "to $format" run 0 "$prismfed" space --to "$format" "$spaces/acotsp.txt"
    cp out again
    ok "from $format" run 0 "$prismfed" space --from "$format" again
    ok "is the same schema" grep -q "^schema $hash\$" out
done
ok "to what has no words for it" refused_with 'acotsp.txt as pcs: .*only pcs-new has' \
    "$prismfed" space --to pcs "$spaces/acotsp.txt"
printf 'n "--n=" i (1, 7)\nm "--m=" c (a, b) | n >= 2\n' > ge.txt
ok "pcs-new has no >=" refused_with 'condition of m is more than pcs-new has: .* by ==, !=, <, > and in' \
    "$prismfed" space --to pcs-new ge.txt
printf '\357\273\277a {x, y} [x]\n' > bom.pcs
ok "a byte order mark says nothing" run 0 "$prismfed" space bom.pcs
printf '\357\273\277{"genes": [{"name": "a", "type": "toggle"}]}\n' > bom.json
ok "nor in JSON" run 0 "$prismfed" space bom.json
printf 'x [0, 1] [0.25]\ny [0, 8] [4]\nz {a, b} [b]\n' > defaults.pcs
ok "to irace, without its defaults" run 0 "$prismfed" space --to irace defaults.pcs
ok "which are named" grep -q 'irace has no defaults: what is left out are those of x (0.25), z (b)$' err
ok "the switches are what a program gets without any" grep -q '^x "--x=" r (0, 1)$' out
printf 'x "" r (0, 1)\nm "" c (-p, -q)\n' > alone.txt
ok "switches that are all empty" run 0 "$prismfed" space --to json alone.txt
ok "nothing is lost" [ ! -s err ]
cp out alone.json
ok "stay empty" run 0 "$prismfed" space --to irace alone.json
ok "in irace's form, too" grep -q '^x "" r (0, 1)$' out
ok "in PCS they are lost" run 0 "$prismfed" space --to pcs-new alone.txt
ok "and that is said" grep -q 'pcs-new has no switches: they are left out' err
ok "a PCS file by its name" run 0 "$prismfed" space "$spaces/smac.pcs"
ok "JSON by its name" run 0 "$prismfed" space "$spaces/every_construct.json"
ok "another reader for the same file" refused_with 'smac.pcs:2:' "$prismfed" space --from irace "$spaces/smac.pcs"

printf 'a "" r (0, 1)\nb "" r (1, 0)\n' > bad.txt
ok "a malformed file" refused_with 'bad.txt:2:8: b: the lower bound lies above the upper one' "$prismfed" space bad.txt
: > empty.pcs
ok "an empty file" refused_with 'empty.pcs:1:1: there is no parameter' "$prismfed" space empty.pcs
ok "no such file" refused_with 'nowhere' "$prismfed" space nowhere
ok "no file" refused_with 'expected one FILE' "$prismfed" space
ok "no such format" refused_with 'not "yaml"' "$prismfed" space --to yaml bad.txt
ok "an option without its value" refused_with 'needs a value' "$prismfed" space bad.txt --to
ok "no such option" refused_with 'is not an option' "$prismfed" space --draw bad.txt
finish
