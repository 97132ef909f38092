#!/bin/sh
# fuzz.sh [--minutes M] [TARGET...]: these fuzz targets (default: all) for M minutes of processor time each (default 1)
# under libFuzzer with ASan and UBSan. New inputs stay in build-fuzz/corpus/, crashes in build-fuzz/crashes/.
set -eu
cd "$(dirname "$0")/.."
usage() {
    echo 'usage: ./dev fuzz [--minutes M] [TARGET...]' >&2
    exit 2
}
minutes=1
if [ "${1-}" = --minutes ]; then
    minutes=${2-}
    case $minutes in '' | 0* | *[!0-9]*) usage ;; esac
    shift 2
fi
build=build-fuzz/build
if [ ! -f "$build/build.ninja" ]; then
    rm -rf "$build"
    mkdir -p build-fuzz
    CC=clang meson setup "$build" . -Dfuzzer=true -Db_sanitize=address,undefined -Db_lundef=false \
        -Dc_args=-fsanitize=fuzzer-no-link > build-fuzz/log 2>&1 || { cat build-fuzz/log >&2; exit 1; }
fi
ninja -C "$build" --quiet build.ninja > build-fuzz/log
targets=$(ninja -C "$build" -t targets all | sed -n 's,^\(fuzz/fuzz_[a-z_]*\): .*,\1,p')
if [ $# -gt 0 ]; then
    chosen=
    for name in "$@"; do
        echo "$targets" | grep -q -x "fuzz/fuzz_$name" || usage
        chosen="$chosen fuzz/fuzz_$name"
    done
    targets=$chosen
fi
ninja -C "$build" --quiet $targets
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1

# Sets used: the seconds of processor time of all that this shell (not one of $(...)) has run.
count_used() {
    times > build-fuzz/times
    used=$(awk 'NR == 2 {
        for (i = 1; i <= 2; i++) { split($i, part, /[ms]/); sum += 60 * part[1] + part[2] }
        print int(sum)
    }' build-fuzz/times)
}

# fuzz TARGET NAME: until its time is used up; on a busy machine that takes longer than by the clock.
fuzz() {
    count_used
    begin=$used
    inputs=0
    while [ $((used - begin)) -lt $((minutes * 60)) ]; do
        "$build/$1" -max_total_time=$((minutes * 60 - used + begin)) -max_len=65536 -rss_limit_mb=2048 \
            -print_final_stats=1 -artifact_prefix="build-fuzz/crashes/$2-" "build-fuzz/corpus/$2" "fuzz/corpus/$2" \
            > "build-fuzz/$2.log" 2>&1 || return 1
        inputs=$((inputs + $(sed -n 's/^stat::number_of_executed_units: *//p' "build-fuzz/$2.log")))
        count_used
    done
}

status=0
for target in $targets; do
    name=${target#fuzz/fuzz_}
    mkdir -p "build-fuzz/corpus/$name" "build-fuzz/crashes"
    if fuzz "$target" "$name"; then
        echo "$name: $inputs inputs in $((used - begin)) s of processor time, no crash"
    else
        echo "$name: crashed, see build-fuzz/$name.log and build-fuzz/crashes/"
        status=1
    fi
done
exit "$status"
