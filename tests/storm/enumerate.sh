#!/bin/sh
# enumerate.sh STORM: of each enumeration one place in so many finds nothing.
set -eu
storm=$1
out=$(mktemp)
trap 'rm -f "$out"' EXIT
count=0
failed=0

slice() { # WHAT OPTION...
    what=$1
    shift
    count=$((count + 1))
    if "$storm" --enumerate "$what" "$@" > "$out" 2>&1; then
        sed 's/^/# /' "$out"
        echo "ok $count - $what: nothing found"
    else
        sed 's/^/# /' "$out"
        echo "not ok $count - $what: nothing found"
        failed=1
    fi
}

slice kills --every 50
slice crashes --every 8
slice orders --depth 2

echo "1..$count"
exit "$failed"
