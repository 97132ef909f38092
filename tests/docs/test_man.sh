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

# in_help VERB, in_page FILE: the options, each with the name of its value, by the alphabet. Both come from the
# tables of src/cli; a page says more about each.
in_help() {
    "$prismfed" "$1" --help |
        sed -n 's/^  \(--[a-z-]*\( [A-Z]*\)\{0,1\}\)  .*/\1/p' | sed 's/ *$//' | LC_ALL=C sort -u
}
in_page() {
    sed -n '/^\.SH OPTIONS/,/^\.SH EXIT/p' "$man/$1" | sed 's/\\-/-/g' |
        awk 'after { print } { after = $0 == ".TP" }' |
        sed -n 's/^\.BI* \(--[a-z-]*\)\( "\( [A-Z]*\)"\)\{0,1\}$/\1\3/p' | LC_ALL=C sort -u
}

equal "federated_sim(1) has the options of prismfed sim" "$(in_help sim)" "$(in_page federated_sim.1)"
equal "federated_sim has the help of prismfed sim" "$("$prismfed" sim --help)" "$("$federated_sim" --help)"
equal "prismfed-sim(1) is the page of federated_sim(1)" '.so man1/federated_sim.1' "$(cat "$man/prismfed-sim.1")"
verbs='init admit bundle preflight net node replay change site eval
    pick audit keys show space aggregate store sink snapshot prune
    prove verify tlog'
for verb in $verbs; do
    equal "prismfed-$verb(1) has the options of prismfed $verb" "$(in_help $verb)" "$(in_page "prismfed-$verb.1")"
done
equal "prismfed(1) names the verbs of prismfed" \
    "$("$prismfed" --help | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p' | LC_ALL=C sort -u)" \
    "$(sed -n '/^.SH DESCRIPTION/,/^.SH EXIT/s/^\.BI* \([a-z]*\).*/\1/p' "$man/prismfed.1" | LC_ALL=C sort -u)"
for verb in sim $verbs; do
    equal "prismfed $verb --help succeeds" "$("$prismfed" "$verb" --help > /dev/null && echo yes)" yes
done
finish
