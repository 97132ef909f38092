#!/bin/sh
# format.sh [--check]: lays out the C sources as .clang-format says, or only names
# the files that are not laid out so.
set -eu
cd "$(dirname "$0")/.."
sources=$(find src include tests fuzz bench \( -name '*.c' -o -name '*.h' \) 2> /dev/null | LC_ALL=C sort)
case ${1-} in
'') clang-format -i $sources ;;
--check)
    status=0
    for file in $sources; do
        clang-format "$file" | cmp -s - "$file" || { echo "$file: ./dev format would change it"; status=1; }
    done
    exit "$status"
    ;;
*)
    echo "usage: ./dev format [--check]" >&2
    exit 2
    ;;
esac
