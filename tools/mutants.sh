#!/bin/sh
# mutants.sh [--slice | NAME...]: every defect that the sources name in a MUTATE(NAME, wrong, right) is planted alone,
# and must be noticed. Prints TAP, one line a defect. One build has them all; a process takes the one that PLANTED
# names, so that nothing is compiled between two defects, and as many are judged at once as there are processors.
#
# A defect of the consensus (PBFT_*) is put into storms, REPETITIONS times from other seeds: how many seeds
# until a checker finds something, and which. Some that storms hardly find are asked of the unit tests. Of every other
# defect a test program of its layer, or of a layer above, must fail that passes without it; some are asked of storms
# over whole nodes as well.
#
# The slice takes a few defects of the consensus that die quickly, and the first one of some other layers, of which
# it asks that layer's tests only.
set -eu
cd "$(dirname "$0")/.."
unset PLANTED
export PRISMFED_SHARED="${PRISMFED_SHARED:-$PWD/../shared}"
build=$PWD/build-mutants
work=$build/judged
layers="$(tr '\n' ' ' < src/layers)api trace storm"
repetitions=7
seeds_max=2000
# No storm can find the first of these, and some thousand seeds are too few for the others (docs/storm.md says why).
beyond='PBFT_NO_NULL_FILL PBFT_LATE_COMMITS_BELIEVED PBFT_ACCEPT_ANY_NEW_VIEW'
# These cost time and bytes; the unit tests count both.
beyond="$beyond PBFT_RESEND_STEADY PBFT_RESEND_BY_FIRST_TIMEOUT PBFT_ANSWERS_OF_ANY_SIZE PBFT_EVERYBODY_ANSWERS"
beyond="$beyond PBFT_VIEW_SAID_AT_ONCE PBFT_QUESTIONS_STAY_LATE PBFT_STALE_STATUS PBFT_OUTRUNS_ITS_DISK"
beyond="$beyond PBFT_SENT_AT_ONCE_AGAIN PBFT_STARTS_UNTOLD"
beyond="$beyond PBFT_ANSWERS_UNLIMITED PBFT_CHANGES_OF_ONE PBFT_CHANGES_UNVERIFIED"
# Storms over whole nodes must find these within so many seeds, too.
nodes_seeds=400
by_nodes='FED_DEADLINE_AT_ONCE FED_ENTRY_NOT_RECORDED FED_NO_EVIDENCE LEDGER_HEADER_NO_STATE_ROOT STATE_CONVICTED_STAYS'
by_nodes="$by_nodes STATE_FALSE_CLAIM_COUNTS STATE_FALSE_CLAIM_FORGIVEN STATE_NO_GUARD STATE_NO_QUARANTINE"
by_nodes="$by_nodes STATE_NO_SEQUENCE_CHECK STATE_ONE_RECOUNT STATE_ONE_SIGN_OFF STATE_SPONSOR_UNASKED"
few_layers='codec crypto merkle aggregate state'
quick='PBFT_NO_P_SET PBFT_VOTE_BEFORE_DURABLE PBFT_DOUBLE_EXECUTE PBFT_CERT_NO_MEMBERSHIP'


# contains WORD LIST...
contains() {
    word=$1
    shift
    case " $* " in
    *" $word "*) return 0 ;;
    esac
    return 1
}

# ---- one defect, judged by a process of its own: mutants.sh --judge SLICE OF LAYER NAME FILE...

# notices MILLISECONDS COMMAND: the test fails with the defect, or takes far longer than without.
notices() {
    ! (cd "$build" && PLANTED=$defect timeout $((20 + $1 / 50)) sh -c "$2" > /dev/null 2>&1 < /dev/null)
}

# The first test that notices the defect: of its layer and, but for the slice, of those above.
notice() {
    for asked in $layers; do
        [ "$asked" != "$layer" ] || reached=yes
        [ -n "${reached-}" ] || continue
        [ -z "$slice" ] || [ "$asked" = "$layer" ] || return 0
        [ -f "$work/sound/$asked" ] || continue
        while read -r milliseconds test command; do
            ! notices "$milliseconds" "$command" || { echo "$test"; return 0; }
        done < "$work/sound/$asked"
    done
}

# Leaves a line "seeds checker" in $own.found for every repetition; more seeds than seeds_max: not found.
storms() {
    : > "$own.deaths"
    repetition=1
    while [ "$repetition" -le "$repetitions" ]; do
        PLANTED=$defect timeout 900 "$build/storm/storm" --until-found --seeds "$seeds_max" \
            --seed $((repetition * 1000000 + 1)) > "$own.storm" 2>&1 < /dev/null || true
        # An invariant that is broken before the first event ends the program.
        ! grep -q 'invariant broken' "$own.storm" || grep -q '^found after' "$own.storm" ||
            echo 'found after 1 seeds by 0 own invariant' >> "$own.storm"
        sed -n 's/^found after \([0-9]*\) seeds by /\1 /p' "$own.storm" > "$own.found"
        [ -s "$own.found" ] || echo "$((seeds_max + 1)) nothing" > "$own.found"
        cat "$own.found" >> "$own.deaths"
        repetition=$((repetition + 1))
    done
    sort -n "$own.deaths" > "$own.found"
    median=$(awk '{ seeds[NR] = $1 } END { print seeds[int((NR + 1) / 2)] }' "$own.found")
    range=$(awk '{ if (NR == 1) first = $1; last = $1 } END { print first ".." last }' "$own.found")
    checker=$(cut -d ' ' -f 2- "$own.found" | sort | uniq -c | sort -rn | sed -n '1s/^ *[0-9]* //p')
}

# A line "STATUS TEXT".
storm_of_nodes() {
    PLANTED=$defect timeout 900 "$build/storm/storm_nodes" --until-found --seeds "$nodes_seeds" \
        > "$own.nodes" 2>&1 < /dev/null || true
    after=$(sed -n 's/^found after \([0-9]*\) seeds by /\1 seeds of whole nodes, by /p' "$own.nodes")
    [ -n "$after" ] && status=0 || status=1
    echo "$status $defect: ${after:-not found by $nodes_seeds seeds of whole nodes}"
}

# Leaves lines "STATUS TEXT" in $own.verdict.
judge() {
    slice=${1#-}
    of=$2
    layer=$3
    defect=$4
    shift 4
    own=$work/verdicts/$defect
    [ -z "$slice" ] || repetitions=1
    if [ "$of" = unit ]; then
        found=$(notice)
        [ -n "$found" ] && status=0 || status=1
        echo "$status $defect in $* is noticed by ${found:-nothing}" > "$own.verdict"
        [ -n "$slice" ] || ! contains "$defect" "$by_nodes" || storm_of_nodes >> "$own.verdict"
        return 0
    fi
    storms
    [ "$median" -le "$seeds_max" ] && status=0 || status=1
    printf '%d %-38s median %4d seeds (%s), by %s\n' "$status" "$defect" "$median" "$range" "$checker" > "$own.verdict"
    asked=tests/storm/cases/$(echo "${defect#PBFT_}" | tr A-Z a-z).txt
    if [ -f "$asked" ]; then
        status=0
        PLANTED=$defect "$build/storm/storm" --replay "$asked" > /dev/null 2>&1 || status=$?
        [ "$status" = 1 ] && status=0 || status=1
        echo "$status $defect fails in $asked" >> "$own.verdict"
    fi
}

# mutants.sh --sound LAYER: leaves the tests of a layer that pass without any defect, the quickest first, as lines
# "milliseconds name command".
sound() {
    while read -r test command; do
        [ "${test%%/*}" = "$1" ] || continue
        began=$(date +%s%N)
        ! (cd "$build" && timeout 300 sh -c "$command" > /dev/null 2>&1 < /dev/null) ||
            echo "$((($(date +%s%N) - began) / 1000000)) $test $command"
    done < "$work/tests" | sort -n > "$work/sound/$1"
}

slice=
names=
case ${1-} in
--judge)
    shift
    judge "$@"
    [ ! -t 2 ] || printf '\r%d of %d defects judged' "$(find "$work/verdicts" -name '*.verdict' | wc -l)" \
        "$(wc -l < "$work/list")" >&2
    exit
    ;;
--sound)
    sound "$2"
    exit
    ;;
--slice) slice=yes ;;
-*)
    echo 'usage: ./dev mutants [--slice | NAME...]' >&2
    exit 2
    ;;
*) names=$* ;;
esac

# ---- all of them

rm -rf "$work"
mkdir -p "$work/sound" "$work/verdicts"
[ -f "$build/build.ninja" ] ||
    meson setup "$build" . -Dmutants=true -Doptimization=1 -Dwerror=false > "$work/log" 2>&1 ||
    { cat "$work/log" >&2; exit 1; }
ninja -C "$build" build.ninja > /dev/null

# One line a defect: whether storms or unit tests judge it, its layer, its name, and every file that knows it.
grep -r -o -E 'MUTATE\([A-Z0-9_]+,' src --include='*.[ch]' | grep -v '^src/base/mutate.h:' |
    sed -E 's/^([^:]+):MUTATE\(([A-Z0-9_]+),$/\2 \1/' |
    LC_ALL=C sort -u | awk '
        $1 != last { if (line) print line; split($2, part, "/"); line = part[2] " " $1; last = $1 }
        { line = line " " $2 }
        END { if (line) print line }' > "$work/all"
for name in $names; do
    grep -q "^[a-z]* $name " "$work/all" ||
        { echo "mutants: no MUTATE($name, ...) in src; the names: git grep -ho 'MUTATE([A-Z0-9_]*' src" >&2; exit 2; }
done
while read -r layer mutant files; do
    case $mutant in
    PBFT_*) of=storm ;;
    *) of=unit ;;
    esac
    if [ -n "$names" ]; then
        contains "$mutant" "$names" || continue
    elif [ -n "$slice" ] && [ "$of" = storm ]; then
        contains "$mutant" "$quick" || continue
    elif [ -n "$slice" ]; then
        contains "$layer" "$few_layers" && ! contains "$layer" "${seen-}" || continue
        seen="${seen-} $layer"
    fi
    ! contains "$mutant" "$beyond" || of=unit
    echo "-$slice $of $layer $mutant $files"
done < "$work/all" > "$work/list"

# The tests of the layers, one a line: its name and the command, which is for the folder of the build.
meson introspect "$build" --tests | python3 -c '
import json, shlex, sys
for test in json.load(sys.stdin):
    if "slow" not in " ".join(test["suite"]):
        print(test["name"], shlex.join(test["cmd"]))' > "$work/tests"
asked_layers=$layers
targets='all meson-test-prereq storm/storm storm/storm_nodes'
if [ -n "$slice" ]; then
    asked_layers=$few_layers
    targets="storm/storm $(awk -v layers=" $few_layers " -v build="$build/" '
        { layer = $1; sub("/.*", "", layer) }
        index(layers, " " layer " ") { print substr($2, length(build) + 1) }' "$work/tests")"
fi
ninja -C "$build" $targets > "$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
threads=$(nproc)
! grep -q '^-[a-z]* unit' "$work/list" ||
    printf '%s\n' $asked_layers | xargs -P "$threads" -n 1 "$0" --sound
# Those of the storm first: they take longest.
sort -k 2,2 "$work/list" | xargs -P "$threads" -L 1 "$0" --judge
[ ! -t 2 ] || printf '\r\033[K' >&2

. tests/tap.sh
while read -r how of layer mutant files; do
    [ -f "$work/verdicts/$mutant.verdict" ] || echo "1 $mutant was not judged" > "$work/verdicts/$mutant.verdict"
    while read -r status text; do
        report "$status" "$text"
    done < "$work/verdicts/$mutant.verdict"
done < "$work/list"
cat "$work"/verdicts/*.verdict | sed -n 's/^[01] \(PBFT_[A-Z0-9_]*\) *median *\([0-9]*\) .*/\2 \1/p' | sort -rn |
    awk 'NR <= 2 { print "# longest lived: " $2 ", median " $1 " seeds" }'
finish
