#!/bin/sh
# Every C source is laid out as clang-format 14 does it (docs/decisions/0006-layout-by-clang-format.md).
here=$(cd "$(dirname "$0")" && pwd)
if ! clang-format --version 2> /dev/null | grep -q 'version 14\.'; then
    echo 'ok 1 - ./dev format would change nothing # SKIP no clang-format 14'
    echo 1..1
    exit 0
fi
if out=$("$here/../../tools/format.sh" --check); then
    echo 'ok 1 - ./dev format would change nothing'
    status=0
else
    printf '%s\n' "$out" | sed 's/^/# /'
    echo 'not ok 1 - ./dev format would change nothing'
    status=1
fi
echo 1..1
exit "$status"
