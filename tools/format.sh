#!/bin/sh
# format.sh [--check]: lays out the C sources as .clang-format says, or only names
# the files that are not laid out so.
set -eu
cd "$(dirname "$0")/.."
folders='src include storm experiment tests fuzz bench'
sources=$(find $folders \( -name '*.c' -o -name '*.h' \) 2> /dev/null | LC_ALL=C sort)
case ${1-} in
'') clang-format -i $sources ;;
--check)
    breaches=$(clang-format --dry-run -Werror $sources 2>&1 |
        sed -n 's/^\([^: ]*\):[0-9]*:[0-9]*: error.*/\1/p' | sort -u)
    [ -n "$breaches" ] || exit 0
    printf '%s: ./dev format would change it\n' $breaches
    exit 1
    ;;
*)
    echo "usage: ./dev format [--check]" >&2
    exit 2
    ;;
esac
