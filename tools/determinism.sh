#!/bin/sh
# determinism.sh [--slice]: the shipped scenarios give the same bytes whatever
# compiles, runs and surrounds the program. Prints TAP. The committed artifacts are
# what every run is compared with. The slice changes several things at once, in four runs.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
slice=${1-}
[ -z "$slice" ] || [ "$slice" = --slice ] || { echo 'usage: ./dev determinism [--slice]' >&2; exit 2; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"
. tests/tap.sh

# same NAME FOLDER: these artifacts are the committed ones.
same() {
    status=0
    : > "$scratch/diff"
    for part in simulations ledger; do
        diff -rq "$root/artifacts/mec/M5/$part" "$2/$part" >> "$scratch/diff" 2>&1 || status=1
    done
    report "$status" "$1" "$scratch/diff"
    rm -rf "$2"
}

# simulate FOLDER OPTION...: all shipped scenarios with $program.
simulate() {
    tools/shipped.sh "$program" "$@" --quiet > "$scratch/log" 2>&1 || sed 's/^/# /' "$scratch/log"
}

# built COMPILER LEVEL: sets program to federated_sim built so.
built() {
    folder=build-determinism/$1-O$2
    if [ ! -f "$folder/build.ninja" ]; then
        mkdir -p build-determinism
        rm -rf "$folder"
        CC=$1 meson setup "$folder" . -Doptimization="$2" -Dwerror=false > "$scratch/log" 2>&1 ||
            { cat "$scratch/log" >&2; exit 1; }
    fi
    ninja -C "$folder" --quiet federated_sim > "$scratch/log" 2>&1 || { cat "$scratch/log" >&2; exit 1; }
    program=$root/$folder/federated_sim
}

# All that surrounds the program at once: folder, locale, time zone, umask.
elsewhere() {
    mkdir -p "$scratch/other folder/locales"
    cp "$program" "$scratch/other folder/federated_sim"
    cp -R tools artifacts "$scratch/other folder/"
    localedef -i tr_TR -f UTF-8 "$scratch/other folder/locales/tr_TR.UTF-8" > /dev/null 2>&1 || true
    (
        program="$scratch/other folder/federated_sim"
        export LOCPATH="$scratch/other folder/locales" LC_ALL=tr_TR.UTF-8 TZ=Pacific/Chatham
        umask 077
        cd "$scratch/other folder" && simulate here
    )
    same "from another folder, locale tr_TR.UTF-8, time zone Pacific/Chatham, umask 077" "$scratch/other folder/here"
}

surroundings() {
    simulate "$scratch/a" --threads 1
    same "one thread" "$scratch/a"
    simulate "$scratch/a" --threads 2
    same "two threads" "$scratch/a"
    simulate "$scratch/a"
    simulate "$scratch/a"
    same "a second run over the first" "$scratch/a"
    localedef -i de_DE -f UTF-8 "$scratch/de_DE.UTF-8" > /dev/null 2>&1 || true
    (export LOCPATH="$scratch" LC_ALL=de_DE.UTF-8 && simulate "$scratch/a")
    same "locale de_DE.UTF-8" "$scratch/a"
    (export TZ=Pacific/Chatham && simulate "$scratch/a")
    same "time zone Pacific/Chatham" "$scratch/a"
    elsewhere
    other_user
}

other_user() {
    if [ "$(id -u)" != 0 ]; then
        skip "another user" "only root can become another user"
        return
    fi
    cp -R tools artifacts "$program" "$scratch/"
    mkdir "$scratch/b"
    chown -R nobody "$scratch"
    (cd "$scratch" && setpriv --reuid=nobody --regid=nogroup --clear-groups env -i PATH="$PATH" HOME=/ \
        tools/shipped.sh ./federated_sim b --quiet > "$scratch/log" 2>&1) || sed 's/^/# /' "$scratch/log"
    same "another user, empty environment" "$scratch/b"
}

if [ -n "$slice" ]; then
    built clang 3
    simulate "$scratch/a" --threads 1
    same "clang -O3, one thread" "$scratch/a"
    built gcc 2
    simulate "$scratch/a" --threads 2
    same "gcc -O2, two threads" "$scratch/a"
    elsewhere
    other_user
else
    for variant in gcc-0 gcc-2 gcc-3 clang-0 clang-2 clang-3; do
        built "${variant%-*}" "${variant#*-}"
        simulate "$scratch/a"
        same "${variant%-*} -O${variant#*-}" "$scratch/a"
    done
    built gcc 2
    surroundings
fi
finish
