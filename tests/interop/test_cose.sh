#!/bin/sh
# @auth0/cose (npm) verifies signed entries and receipts. ./dev interop fetches it.
set -eu
. "$(dirname "$0")/tap.sh"

modules=$tools/node/node_modules
command -v node > /dev/null || without "@auth0/cose verifies an entry" "the package nodejs"
[ -d "$modules/@auth0/cose" ] || without "@auth0/cose verifies an entry" "./dev interop, which fetches it"
prepare
"$prismfed" prove --label x --update "$node" --receipt --output statement record > words
export NODE_MODULES=$modules
check=$root/tests/interop/check_cose.mjs
ok "the entry, and each receipt" run 0 node "$check" policy statement
size=$(wc -c < statement)
{ head -c 400 statement; printf x; tail -c +402 statement; } > changed
ok "not a changed receipt" fails node "$check" policy changed
{ head -c $((size - 10)) statement; printf x; tail -c 9 statement; } > changed
ok "not a changed signature of the entry" fails node "$check" policy changed
finish
