#!/bin/sh
# solvers.sh PRISMFED FEDERATED_SIM: a slice of ./dev experiment solvers, without peers: prismfed tunes MiniSat on small
# formulas, the same twice; what is known is not computed again; formulas are the same everywhere.
set -eu
build=$(dirname "$1")
folder=$(dirname "$0")/../../experiment/solvers
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
. "$(dirname "$0")/../tap.sh"

command -v minisat > /dev/null && command -v python3 > /dev/null || {
    echo '1..0 # SKIP needs minisat and python3'
    exit 0
}

mkdir "$scratch/bin"
cat > "$scratch/bin/minisat" << END
#!/bin/sh
[ ! -e "$scratch/gone" ] || exit 1
exec $(command -v minisat) "\$@"
END
chmod +x "$scratch/bin/minisat"

slice() {
    PATH=$scratch/bin:$PATH python3 "$folder/solvers.py" --slice --build "$build" "$@"
}

slice --known "$scratch/known" > "$scratch/one" 2> "$scratch/said" && status=0 || status=1
[ ! -s "$scratch/said" ] || status=1
report "$status" "a slice runs, and says nothing beside its tables" "$scratch/said"
lines=$(grep -c '^| minisat, [a-zA-Z0-9-]* | [0-9.]* | [0-9.]* to [0-9.]* |$' "$scratch/one")
[ "$lines" = 3 ] && status=0 || status=1
report "$status" "it has a line for each family" "$scratch/one"
slice --threads 2 > "$scratch/two"
diff "$scratch/one" "$scratch/two" > "$scratch/diff" && status=0 || status=1
report "$status" "it prints the same again, with two searches beside each other" "$scratch/diff"
: > "$scratch/gone"
slice --known "$scratch/known" > "$scratch/three" 2>&1 || true
diff "$scratch/one" "$scratch/three" > "$scratch/diff" && status=0 || status=1
report "$status" "what is known needs no solver" "$scratch/diff"
slice > "$scratch/out" 2>&1 && status=1 || status=0
report "$status" "what is not known does" "$scratch/out"
rm "$scratch/gone"

for family in 3-SAT colouring factoring; do
    printf '%s ' "$family"
    python3 -B -c "import sys; sys.path.insert(0, '$folder'); import instances
instances.write('$family', 'test', '$scratch/formula.cnf')"
    sha256sum < "$scratch/formula.cnf" | cut -c1-16
done > "$scratch/sums"
diff - "$scratch/sums" > "$scratch/diff" << 'END' && status=0 || status=1
3-SAT 05b3e33e7869b833
colouring b57c814349f3449c
factoring a7017855e9638957
END
report "$status" "the formulas are those that they always were" "$scratch/diff"

for arguments in '--seeds 0' '--seeds x' '--budget 2' '--other'; do
    status=0
    slice $arguments > "$scratch/out" 2>&1 || status=$?
    [ "$status" = 2 ] && grep -q usage "$scratch/out" && status=0 || status=1
    report "$status" "refused: $arguments" "$scratch/out"
done
finish
