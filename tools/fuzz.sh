#!/bin/sh
# fuzz.sh [--minutes M] [TARGET...]: these fuzz targets (default: all) for M minutes each (default 1) under libFuzzer
# with ASan and UBSan. New inputs stay in build-fuzz/corpus/, crashes in build-fuzz/crashes/.
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
status=0
for target in $targets; do
    name=${target#fuzz/fuzz_}
    mkdir -p "build-fuzz/corpus/$name" "build-fuzz/crashes"
    if "$build/$target" -max_total_time=$((minutes * 60)) -max_len=65536 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="build-fuzz/crashes/$name-" "build-fuzz/corpus/$name" "fuzz/corpus/$name" \
        > "build-fuzz/$name.log" 2>&1; then
        echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "build-fuzz/$name.log") inputs, no crash"
    else
        echo "$name: crashed, see build-fuzz/$name.log and build-fuzz/crashes/"
        status=1
    fi
done
exit "$status"
