#!/bin/sh
# shipped_audit.sh PRISMFED_AUDIT DIR: audits the artifacts of the shipped scenarios in DIR, and nothing that anybody
# else has left there. Each of DIR/scenarios vouches for its own rehearsal.
set -eu
tools=$(cd "$(dirname "$0")" && pwd)
program=$(realpath "$1")
cd "$2"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/shipped"
# names as git has them: of the glob there is what the shell finds
for path in $("$tools/shipped.sh" paths . | sed 's/^:(glob)//'); do
    for file in $path; do
        mkdir -p "$scratch/shipped/$(dirname "$file")"
        cp -R "$file" "$scratch/shipped/$file"
    done
done
cd "$scratch"
set --
for scenario in shipped/scenarios/*.json; do
    set -- "$@" --scenario "$scenario"
done
"$program" "$@" shipped
