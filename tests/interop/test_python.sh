#!/bin/sh
# Python's cryptography and pycose verify signed entries, cosignatures and receipts, each with nothing of ours.
set -eu
. "$(dirname "$0")/tap.sh"

python=python3
[ ! -x "$tools/venv/bin/python" ] || python=$tools/venv/bin/python
command -v "$python" > /dev/null || without "Python verifies an entry" "the package python3"
prepare
"$prismfed" prove --label x --update "$node" --receipt --output statement record > words

has() {
    "$python" -c "import $1" 2> /dev/null
}
if has cryptography; then
    check=$root/tests/interop/check_cryptography.py
    ok "cryptography: a proof, with every cosignature and the entry's own" run 0 "$python" "$check" proof policy proof
    ok "not with another path" fails "$python" "$check" proof policy changed.proof
    ok "a statement with receipts" run 0 "$python" "$check" statement policy statement
    { head -c 200 statement; printf x; tail -c +202 statement; } > changed.statement
    ok "not a changed one" fails "$python" "$check" statement policy changed.statement
else
    skip "cryptography verifies a proof" "needs the package python3-cryptography"
fi
if has pycose; then
    check=$root/tests/interop/check_pycose.py
    ok "pycose: the entry, and each receipt" run 0 "$python" "$check" policy statement
    ok "not a changed entry" fails "$python" "$check" policy changed.statement
else
    skip "pycose verifies an entry" "needs ./dev interop, which fetches it"
fi
finish
