#!/bin/sh
# Every relative link of the documents leads to a file, every document is reachable
# from README.md, and every folder that ARCHITECTURE.md draws exists.
set -eu
cd "$(dirname "$0")/../.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
. tests/tap.sh

documents="README.md ARCHITECTURE.md CONTRIBUTING.md $(find docs -name '*.md' | LC_ALL=C sort)"
status=0
: > "$scratch/linked"
for document in $documents; do
    for link in $(grep -o '](\([^)]*\))' "$document" | sed 's/^](//; s/)$//; s/#.*//'); do
        case $link in
        http:* | https:*) continue ;;
        esac
        target=$(dirname "$document")/$link
        if [ -e "$target" ]; then
            realpath --relative-to=. "$target" >> "$scratch/linked"
        else
            echo "# $document: no such file: $link"
            status=1
        fi
    done
done
report "$status" "every relative link leads to a file"

status=0
for document in $documents; do
    folder=$(dirname "$document")
    if [ "$document" != README.md ] && ! grep -q -x -e "$document" -e "$folder" "$scratch/linked"; then
        echo "# nothing links to $document or its folder"
        status=1
    fi
done
report "$status" "every document is linked to"

status=0
for path in $(sed -n 's/^ *\(src\/[a-z]*\) .*/\1/p' ARCHITECTURE.md); do
    [ -d "$path" ] || { echo "# ARCHITECTURE.md: no folder $path"; status=1; }
done
for path in src/*/; do
    grep -q "^ *${path%/} " ARCHITECTURE.md || { echo "# ARCHITECTURE.md leaves out $path"; status=1; }
done
report "$status" "the folders of ARCHITECTURE.md are those of src/"
finish
