#!/bin/sh
# test_suite.sh PRISMFED FORGER...: the suite of docs/suite.md is made anew; prismfed audit and the verifier of
# tests/interop give every case its expected verdict and code.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
prismfed=$(realpath "$1")
shift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
. "$root/tests/tap.sh"
export PYTHONDONTWRITEBYTECODE=1
suite=$root/tests/suite

status=0
python3 "$suite/make.py" "$prismfed" "$scratch" "$@" > "$scratch/made" 2>&1 || status=$?
report $status 'the suite is made' "$scratch/made"

# agrees TEXT COMMAND...
agrees() {
    text=$1
    folder=$2
    shift 2
    status=0
    python3 "$suite/run.py" "$folder" "$@" > "$scratch/said" 2>&1 || status=$?
    report $status "$text" "$scratch/said"
    [ "$status" != 0 ] || cat "$scratch/said"
}
agrees 'prismfed audit gives every case its expected verdict and code' "$scratch/cases" \
    each:python3 "$suite/prismfed.py" "$prismfed"
agrees 'so does a verifier that shares nothing with it' "$scratch/cases" each:python3 "$root/tests/interop/verify.py"

# One at a time, as any validator may be asked.
mkdir "$scratch/few"
for case in "$scratch"/cases/*-honest_* "$scratch"/cases/*-nobody_said_* "$scratch"/cases/*-vote-*; do
    mv "$case" "$scratch/few/"
done
agrees 'asked one by one prismfed keeps the protocol' "$scratch/few" python3 "$suite/prismfed.py" "$prismfed"
agrees 'and so does the verifier' "$scratch/few" python3 "$root/tests/interop/verify.py"
finish
