#!/bin/sh
# run.sh [--views V] [--replicas N]: searches every state of pbft.pml with SPIN, first without a defect (no property may
# fail, and the search must be complete), then for situations that must be reachable, then with each defect (its
# property must fail). Without options: 4 and 5 replicas, two views. Prints TAP.
# run.sh --show DEFECT: the shortest run in which the defect does harm, a line a step.
set -eu
model=$(cd "$(dirname "$0")" && pwd)/pbft.pml
views=2
replicas='4 5'
show=
usage() {
    echo 'usage: ./dev model [--views 2|3] [--replicas 4|5|6] | --show DEFECT' >&2
    exit 2
}
while [ $# -gt 0 ]; do
    case "$1 ${2-}" in
    '--views 2' | '--views 3') views=$2; [ "$replicas" != '4 5' ] || replicas=4 ;;
    '--replicas 4' | '--replicas 5' | '--replicas 6') replicas=$2 ;;
    '--show '?*) show=$2 ;;
    *) usage ;;
    esac
    shift 2
done
if ! command -v spin > /dev/null; then
    echo '1..0 # SKIP spin is not installed'
    exit 0
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
. "$(dirname "$model")/../tests/tap.sh"
cd "$scratch"

# The property that each defect must break, and how it is planted: without a liar where that is enough.
defects='
AGREEMENT NO_P_SET                -DDEFECT=NO_P_SET -DLIARS=0
AGREEMENT ACCEPT_ANY_NEW_VIEW     -DDEFECT=ACCEPT_ANY_NEW_VIEW
AGREEMENT COMMIT_WITHOUT_PREPARED -DDEFECT=COMMIT_WITHOUT_PREPARED -DLIARS=0
AGREEMENT AMNESIA                 -DDEFECT=AMNESIA -DLIARS=0
AGREEMENT FORGET_VIEW             -DDEFECT=FORGET_VIEW -DLIARS=0
AGREEMENT COMMIT_IN_VIEW_CHANGE   -DDEFECT=COMMIT_IN_VIEW_CHANGE -DLIARS=0
AGREEMENT FORGED_PROOF            -DDEFECT=FORGED_PROOF
VALIDITY  UNCHECKED_BATCH         -DDEFECT=UNCHECKED_BATCH
AGREEMENT QUORUM_OF_2             -DQ=2
AGREEMENT QUORUM_2F1_OF_5         -DN=5 -DQ=3
AGREEMENT QUORUM_2F1_OF_6         -DN=6 -DQ=3
AGREEMENT TWO_LIARS               -DLIARS=2
AGREEMENT PROOF_OF_LAST_VIEW      -DDEFECT=PROOF_OF_LAST_VIEW -DVIEWS=3 -DLIARS=0
AGREEMENT ANY_PROOF               -DDEFECT=ANY_PROOF -DVIEWS=3 -DLIARS=0
SURVIVAL  NO_P_SET                -DDEFECT=NO_P_SET -DLIARS=0
PREPARED  QUORUM_OF_2             -DQ=2
SIGNING   AMNESIA                 -DDEFECT=AMNESIA -DLIARS=0
'
goals='DECIDED DECIDED_AGAIN DECIDED_LATE CARRIED FRESH NULL_DECIDED OVERRULED'

# build "COMPILER OPTIONS" OPTION...: the search program of the model with these options.
build() {
    cc_options=$1
    shift
    rm -f pan pan.* pbft.pml.trail
    cp "$model" .
    spin -a "$@" pbft.pml > log 2>&1 && gcc -w -DSAFETY -DNOREDUCE -DMEMLIM=8000 $cc_options -o pan pan.c > log 2>&1 ||
        { cat log >&2; exit 1; }
}

search() {
    ./pan -m10000 > result 2>&1 || true
}

complete() {
    grep -q '^Full statespace search' result && grep -q 'errors: 0$' result &&
        ! grep -q -i -e 'max search depth' -e 'not completed' -e 'out of memory' -e 'exceeded' result
}

found() {
    grep -q 'assertion violated' result && grep -q 'errors: 1$' result
}

# "N states, depth D, T s, M MB" of the last search.
effort() {
    awk '/states, stored/ { states = $1 } /depth reached/ { depth = $6 + 0 }
        /total actual memory/ { memory = $1 } /elapsed time/ { time = $4 }
        END { printf "%s states, depth %s, %s s, %s MB", states, depth, time, memory }' result
}

if [ -n "$show" ]; then
    line=$(printf '%s' "$defects" | grep -m 1 " $show ") || usage
    set -- $line
    property=$1
    shift 2
    build '-O1 -DBFS' -DCHECK="$property" "$@"
    search
    found || { cat result >&2; exit 1; }
    spin -t -T "$@" -DCHECK="$property" pbft.pml | sed -n 's/batch 0$/batch A/; s/batch 1$/batch B/; s/batch 2$/null/
        s/batch 3$/the refused batch/; s/batch 4$/free for a proposal/; /^replica/p'
    echo "$property is broken"
    exit 0
fi

optimise=-O0
[ "$views$replicas" = '24 5' ] || optimise='-O1 -DCOLLAPSE'
for n in $replicas; do
    build "$optimise" -DN="$n" -DVIEWS="$views"
    search
    complete && status=0 || status=1
    report "$status" "$n replicas, $views views: every property holds in every state ($(effort))" result
done
for goal in $goals; do
    build -O0 -DCHECK=0 -DGOAL="$goal"
    search
    found && status=0 || status=1
    report "$status" "reachable: $goal" result
done
printf '%s' "$defects" > list
while read -r property defect options; do
    [ -n "$defect" ] || continue
    build -O0 -DCHECK="$property" $options
    search
    found && status=0 || status=1
    case $options in
    *LIARS=0*) lies=', though nobody lies' ;;
    *) lies= ;;
    esac
    report "$status" "$defect breaks $property$lies ($(effort))" result
done < list
finish
