#!/bin/sh
# test_agrees.sh PRISMFED FEDERATED_SIM DRAWS: what a parameter file means to irace (in R) and to ConfigSpace 1.2, it
# means here: which parameters are active, which combinations are forbidden, for the file and for what it becomes.
set -eu
draws=$(realpath "$3")
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../cli/tap.sh"

irace_agrees() { # FILE
    "$draws" irace "$1" > draws.R 2> err && Rscript "$here/agrees.R" "$1" draws.R > out 2>> err
}

configspace_agrees() { # FILE
    "$draws" pcs-new "$1" > draws.py 2> err && python3 "$here/agrees.py" "$1" draws.py > out 2>> err
}

if Rscript -e 'quit(status = !requireNamespace("irace", quietly = TRUE))' > /dev/null 2>&1; then
    for file in "$here"/spaces/irace_*.txt; do
        name=${file##*/}
        ok "irace means the same by $name" irace_agrees "$file"
        ok "$name is written" run 0 "$prismfed" space --to irace "$file"
        cp out again.txt
        ok "irace means the same by $name, written anew" irace_agrees again.txt
        ok "$name becomes JSON" run 0 "$prismfed" space --to json "$file"
        cp out again.json
        ok "$name comes back from JSON" run 0 "$prismfed" space --from json --to irace again.json
        cp out again.txt
        ok "irace means the same by $name, through JSON" irace_agrees again.txt
    done
else
    skip "irace agrees" "needs R and its package irace"
fi
if python3 -c 'import ConfigSpace; assert ConfigSpace.__version__.startswith("1.2")' > /dev/null 2>&1; then
    for file in "$here"/spaces/configspace_*.pcs; do
        name=${file##*/}
        ok "ConfigSpace means the same by $name" configspace_agrees "$file"
        ok "$name is written" run 0 "$prismfed" space --to pcs-new "$file"
        cp out again.pcs
        ok "ConfigSpace means the same by $name, written anew" configspace_agrees again.pcs
    done
else
    skip "ConfigSpace agrees" "needs ConfigSpace 1.2"
fi
finish
