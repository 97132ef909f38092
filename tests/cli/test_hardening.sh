#!/bin/sh
# The program as it was built: position independent, its relocations read-only, its stack not executable and guarded.
# test_hardening.sh PRISMFED fortified|plain
set -eu
prismfed=$1
fortified=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
. "$root/tests/tap.sh"

if ! command -v readelf > /dev/null; then
    skip "the program is hardened" "no readelf (binutils)"
    finish
    exit
fi
readelf -W -h -l -d "$prismfed" > "$scratch/elf"
readelf -W -s "$prismfed" > "$scratch/symbols"

# has TEXT FILE PATTERN
has() {
    if grep -q -e "$3" "$2"; then
        report 0 "$1"
    else
        report 1 "$1"
    fi
}

has "it can lie anywhere (PIE)" "$scratch/elf" 'Type: *DYN'
has "relocations become read-only (RELRO)" "$scratch/elf" 'GNU_RELRO'
has "all of them, at the start (BIND_NOW)" "$scratch/elf" 'FLAGS.*\(BIND_NOW\|NOW\)'
has "the stack is not executable" "$scratch/elf" 'GNU_STACK.* RW '
has "the stack is guarded" "$scratch/symbols" '__stack_chk_fail'
if [ "$fortified" = fortified ]; then
    has "known buffers are guarded (FORTIFY)" "$scratch/symbols" '__[a-z]*_chk@'
else
    skip "known buffers are guarded (FORTIFY)" "a build with sanitizers, or without optimisation"
fi
finish
