#!/bin/sh
# fuzz.sh [--minutes M]: every fuzz target for M minutes (default 1) under libFuzzer with
# ASan and UBSan. New inputs stay in build-fuzz/corpus/, crashes in build-fuzz/crashes/.
set -eu
cd "$(dirname "$0")/.."
minutes=1
if [ "${1-}" = --minutes ] && [ $# = 2 ]; then
    minutes=$2
elif [ $# != 0 ]; then
    echo 'usage: ./dev fuzz [--minutes M]' >&2
    exit 2
fi
build=build-fuzz/build
if [ ! -f "$build/build.ninja" ]; then
    rm -rf "$build"
    mkdir -p build-fuzz
    CC=clang meson setup "$build" . -Dfuzzer=true -Db_sanitize=address,undefined -Db_lundef=false \
        -Dc_args=-fsanitize=fuzzer-no-link > build-fuzz/log 2>&1 || { cat build-fuzz/log >&2; exit 1; }
fi
targets=$(ninja -C "$build" -t targets all | sed -n 's,^\(fuzz/fuzz_[a-z_]*\): .*,\1,p')
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
