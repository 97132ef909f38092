#!/bin/sh
# test_commands.sh PRISMFED FEDERATED_SIM: every block of commands in the documents that
# is marked ```sh runs, in a scratch copy of the tree that has build/, from a clean start.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
prismfed=$(realpath "$1")
federated_sim=$(realpath "$2")
. "$root/tests/tap.sh"
export PYTHONDONTWRITEBYTECODE=1

fresh_tree() {
    rm -rf "$scratch/tree"
    mkdir -p "$scratch/tree/build"
    cp -R "$root/artifacts" "$root/docs" "$root/examples" "$scratch/tree/"
    ln -s "$root/tests" "$scratch/tree/tests"
    ln -s "$prismfed" "$scratch/tree/build/prismfed"
    ln -s "$federated_sim" "$scratch/tree/build/federated_sim"
}

cd "$root"
for document in README.md ARCHITECTURE.md CONTRIBUTING.md $(find docs -name '*.md' | LC_ALL=C sort); do
    blocks=$(awk -v out="$scratch/block" '
        /^```sh$/ { n++; inside = 1; next }
        /^```/ { inside = 0 }
        inside { print > (out n) }
        END { print n + 0 }' "$document")
    n=0
    while [ "$n" -lt "$blocks" ]; do
        n=$((n + 1))
        fresh_tree
        status=0
        (cd "$scratch/tree" && sh -eu "$scratch/block$n") > "$scratch/out" 2>&1 < /dev/null || status=$?
        report "$status" "$document, block $n of commands" "$scratch/block$n" "$scratch/out"
        rm -f "$scratch/block$n"
    done
done
finish
