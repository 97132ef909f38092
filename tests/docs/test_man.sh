#!/bin/sh
# test_man.sh PRISMFED FEDERATED_SIM: the man pages and --help name the same options and verbs.
set -eu
man=$(cd "$(dirname "$0")/../../man" && pwd)
prismfed=$(realpath "$1")
federated_sim=$(realpath "$2")
. "$man/../tests/tap.sh"

# equal TEXT HELP PAGE
equal() {
    if [ -n "$2" ] && [ "$2" = "$3" ]; then
        report 0 "$1"
    else
        echo "# --help: $(echo $2)"
        echo "# page:   $(echo $3)"
        report 1 "$1"
    fi
}

options() {
    grep -o -e '--[a-z][a-z-]*' | LC_ALL=C sort -u
}

equal "federated_sim(1) names the options of federated_sim" \
    "$("$federated_sim" --help | options)" "$(sed 's/\\-/-/g' "$man/federated_sim.1" | options)"
equal "prismfed sim has the options of federated_sim" \
    "$("$prismfed" sim --help | options)" "$("$federated_sim" --help | options)"
equal "prismfed(1) names the verbs of prismfed" \
    "$("$prismfed" --help | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p' | LC_ALL=C sort -u)" \
    "$(sed -n '/^.SH DESCRIPTION/,/^.SH EXIT/s/^\.BI* \([a-z]*\).*/\1/p' "$man/prismfed.1" | LC_ALL=C sort -u)"
equal "prismfed-space(1) names the options of prismfed space" \
    "$("$prismfed" space --help | options)" \
    "$(sed 's/\\-/-/g' "$man/prismfed-space.1" | options | grep -v -x -e --help)"
equal "prismfed-aggregate(1) names the options of prismfed aggregate" \
    "$("$prismfed" aggregate --help | options)" \
    "$(sed 's/\\-/-/g' "$man/prismfed-aggregate.1" | options | grep -v -x -e --help)"
equal "prismfed-eval(1) names the options of prismfed eval" \
    "$("$prismfed" eval --help | options)" "$(sed 's/\\-/-/g' "$man/prismfed-eval.1" | options)"
equal "prismfed-pick(1) names the options of prismfed pick" \
    "$("$prismfed" pick --help | options)" "$(sed 's/\\-/-/g' "$man/prismfed-pick.1" | options)"
for verb in sim eval pick audit keys show space aggregate; do
    equal "prismfed $verb --help succeeds" "$("$prismfed" "$verb" --help > /dev/null && echo yes)" yes
done
finish
