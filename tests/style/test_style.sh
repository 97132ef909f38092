#!/bin/sh
# The sources obey the style rules, and the checker sees a breach of each rule.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
given=$scratch/given
. "$root/tests/tap.sh"

# breach NAME FILE PATTERN: a tree with just this file (its text is $given) must be complained about.
breach() {
    rm -rf "$scratch/tree"
    mkdir -p "$scratch/tree/src" "$(dirname "$scratch/tree/$2")"
    cp "$root/src/layers" "$scratch/tree/src/"
    cp "$given" "$scratch/tree/$2"
    status=0
    "$here/check.sh" "$scratch/tree" > "$scratch/out" || status=$?
    if [ "$status" = 1 ] && grep -q -e "$3" "$scratch/out" && grep -q -F "$2" "$scratch/out"; then
        report 0 "finds $1"
    else
        report 1 "finds $1" "$scratch/out"
    fi
}

status=0
"$here/check.sh" "$root" > "$scratch/out" || status=$?
report "$status" "the sources obey the rules" "$scratch/out"

for layer in "$root"/src/*/; do
    layer=$(basename "$layer")
    grep -q -x "$layer" "$root/src/layers" || echo "$layer"
done > "$scratch/out"
[ ! -s "$scratch/out" ] && status=0 || status=1
report "$status" "src/layers names every folder of src" "$scratch/out"

body() { # N lines
    i=0
    while [ "$i" -lt "$1" ]; do
        echo '    i++;'
        i=$((i + 1))
    done
}

echo '#include "ledger/entry.h"' > "$given"
breach "an include down the list" src/base/a.c 'base includes ledger'
echo 'char *text = json_dumps(value, 0);' > "$given"
breach "JSON that jansson writes" src/base/a.c 'json_render'
echo '#include "genome/genome.h"' > "$given"
breach "pbft including genome" src/pbft/a.c 'pbft includes none of genome'
echo '#include "fed/fed.h"' > "$given"
breach "audit including fed" src/audit/a.c 'audit never includes fed'
echo '#include "sim/net.h"' > "$given"
breach "node including sim" src/node/a.c 'node never includes sim'
echo '#include "err.h"' > "$given"
breach "an include without its layer" src/base/a.c 'names layer/file.h'
echo '    case EFFECT_SEND:' > "$given"
breach "another interpreter of effects" tests/pbft/a.c 'does what effects ask for'
echo '#include <math.h>' > "$given"
breach "libm" src/evolve/a.c 'no libm'
echo '#include <time.h>' > "$given"
breach "a clock" src/fed/a.c 'no clock'
echo '    x = random();' > "$given"
breach "a random number" src/sim/a.c 'no random'
{ echo 'int f(int i)'; echo '{'; body 69; echo '}'; } > "$given"
breach "a function of 72 lines" src/base/a.c 'a function of 72'
{ echo 'int f(int i) {'; body 69; echo '}'; } > "$given"
breach "a function of 71 lines" src/base/a.c 'a function of 71'
body 801 > "$given"
breach "a file of 801 lines" tests/base/a.c 'a file of 801'
printf '\tint i;\n' > "$given"
breach "a tab" src/base/a.c 'a tab'
printf 'int i; \n' > "$given"
breach "white space at the end of a line" src/base/a.c 'at the end of the line'
printf 'int i;\r\n' > "$given"
breach "a carriage return" src/base/a.c 'carriage'
printf '// %0118d\n' 0 > "$given"
breach "a line of 121 characters" src/base/a.c 'a line of 121'
printf 'int i;' > "$given"
breach "a missing last newline" src/base/a.c 'no newline'
printf 'int i;\n' > "$given"
breach "a missing guard" src/base/a.h 'PRISMFED_BASE_A_H'
printf '/* TO%s: x */\n' DO > "$given"
breach "an unfinished spot" src/base/a.c 'unfinished'
printf 'seed=${SEED:-$(date +%%s)}\n' > "$given"
breach "a seed that is not told" tests/sim/a.sh 'does not print it'
printf 'x\n' > "$given"
breach "a strange file name" 'src/base/a b.c' 'a file name'
printf '#ifdef MUTANT_%s\n#endif\n' A > "$given"
breach "a defect behind #ifdef" src/base/a.c 'MUTATE(NAME, wrong, right)'

rm -rf "$scratch/tree"
mkdir -p "$scratch/tree/src/fed"
cp "$root/src/layers" "$scratch/tree/src/"
{ echo '#include "fed/fed.h"'; echo '#include "pbft/pbft.h"'; echo 'int f(int i)'; echo '{'; body 67; echo '}'; } \
    > "$scratch/tree/src/fed/a.c"
"$here/check.sh" "$scratch/tree" > "$scratch/out" && status=0 || status=1
report "$status" "complains about nothing else"

finish
