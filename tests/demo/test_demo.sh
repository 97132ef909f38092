#!/bin/sh
# test_demo.sh PRISMFED_AUDIT FEDERATED_SIM: ./dev builds what a verb needs and shows how far it is, and ./dev demo
# looks at the shipped artifacts alone. The tools that ./dev calls are stand-ins here.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
prismfed_audit=$(realpath "$1")
federated_sim=$(realpath "$2")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
. "$root/tests/tap.sh"

# The objects that a build compiles for these targets.
objects() {
    ninja -C "$BUILD" -t commands "$@" 2> /dev/null | sed -n -E 's/.* -o ([^ ]+\.o) -c .*/\1/p'
}
objects federated_sim prismfed_audit > "$scratch/out"
echo "# objects: $(wc -l < "$scratch/out") for the demo, $(objects all | wc -l) for everything"
[ -s "$scratch/out" ] && ! grep -v -E '^(src|federated_sim\.p|prismfed_audit\.p)/' "$scratch/out" && status=0 ||
    status=1
report $status "the demo needs nothing of tests, storms, experiments and benches"
! grep -E '^src/node/' "$scratch/out" && status=0 || status=1
report $status "and nothing of real nodes"

mkdir -p "$scratch/tree/build" "$scratch/bin"
cp -R "$root/dev" "$root/tools" "$scratch/tree/"
cd "$scratch/tree"
touch build/build.ninja
printf %s '-Doptimization=3 -Ddebug=false -Dwerror=false' > build/dev-options
cat > "$scratch/bin/ninja" << 'END'
#!/bin/sh
echo "$@" > "$SAW"
cat "$SAYS"
exit "$WITH"
END
chmod +x "$scratch/bin/ninja"
export NO_INSTALL=1 PATH="$scratch/bin:$PATH" SAW="$scratch/saw" SAYS="$scratch/says" WITH=0

# dev STATUS VERB...: its words are in out and err
dev() {
    want=$1
    shift
    status=0
    ./dev "$@" > "$scratch/out" 2> "$scratch/err" || status=$?
    [ "$status" = "$want" ]
}
check() { # TEXT CONDITION...
    text=$1
    shift
    "$@" && status=0 || status=1
    report $status "$text" "$scratch/out" "$scratch/err"
}

{
    echo "ninja: Entering directory \`build'"
    echo '[0/1] Regenerating build files.'
    echo 'The Meson build system'
    awk 'BEGIN { for (i = 1; i <= 150; i++) print "[" i "/150] Compiling C object a" i ".o" }'
} > "$SAYS"
check "a build" dev 0 build
check "of two programs" grep -q -x -e '-C build prismfed federated_sim' "$SAW"
check "shows how far it is" grep -q -x 'dev: building build/: 75 of 150' "$scratch/out"
check "in few lines" test "$(wc -l < "$scratch/out")" -le 13
check "and says nothing else" test ! -s "$scratch/err"
printf "ninja: Entering directory \`build'\nninja: no work to do.\n" > "$SAYS"
check "nothing to build" dev 0 build
check "is nothing to be told" test "$(cat "$scratch/out")" = 'dev: build/prismfed and build/federated_sim are ready'
printf '[1/2] Compiling\nFAILED: a.o\na.c:1: error: what\nninja: build stopped: subcommand failed.\n' > "$SAYS"
export WITH=1
check "a build that fails" dev 1 build
check "fails" grep -q '^dev: the build failed' "$scratch/err"
check "and says why" grep -q '^a.c:1: error: what' "$scratch/err"
printf '[0/1] Regenerating build files.\nmeson.build:1:0: ERROR: what\n' > "$SAYS"
check "a configuration that fails" dev 1 build
check "says why, too" grep -q 'meson.build:1:0: ERROR: what' "$scratch/err"
export WITH=0

# Somebody has rehearsed in the default folder.
: > "$SAYS"
mkdir -p artifacts/mec
cp -R "$root/artifacts/mec/M5" artifacts/mec/
ln -s "$prismfed_audit" build/prismfed_audit
ln -s "$federated_sim" build/federated_sim
git init -q . && git add artifacts && git -c user.name=x -c user.email=x@x commit -q -m x
cat > artifacts/mec/M5/scenarios/mine.json << 'END'
{"name": "mine", "quorum": 1, "max_ledger_drift": 1, "epoch_start": 1,
 "nodes": [{"id": "a", "region": "r", "role": "core", "stake": 1}],
 "workload": {"family": "queen", "instances": 1, "size_min": 4}, "policy": {"evaluations": 1, "iteration_limit": 10}}
END
check "a rehearsal in the default folder" \
    sh -c './build/federated_sim --quiet --epochs 2 --scenario artifacts/mec/M5/scenarios/mine.json'
check "and one of a shipped scenario" \
    sh -c './build/federated_sim --quiet --epochs 2 --clean --scenario artifacts/mec/M5/scenarios/baseline.json'
check "do not disturb the demo" dev 0 demo
check "which finds its artifacts identical" \
    grep -q -x 'dev: artifacts: identical to the committed ones' "$scratch/out"
check "and touches none of theirs" test -f artifacts/mec/M5/ledger/mine/epoch_002.json
sed -i 's/"seed": 5001/"seed": 5002/' artifacts/mec/M5/scenarios/baseline.json
check "a change of a shipped scenario" dev 1 demo
check "is noticed" grep -q 'artifacts/mec/M5/ledger/epoch_001.json' "$scratch/out"
finish
