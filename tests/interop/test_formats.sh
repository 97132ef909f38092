#!/bin/sh
# github.com/transparency-dev/formats and merkle verify checkpoints with every cosignature, and tlog-proofs. ./dev
# interop fetches them.
set -eu
. "$(dirname "$0")/tap.sh"

formats=$tools/bin/formats
[ -x "$formats" ] || without "transparency-dev's formats read the log" "./dev interop, which fetches that library"
prepare
for checkpoint in "$ledger"/epoch_*.checkpoint; do
    ok "the checkpoint $(basename "$checkpoint")" run 0 "$formats" checkpoint policy "$checkpoint"
done
ok "a changed one" fails "$formats" checkpoint policy changed.checkpoint
grep -v "$(grep '/validator/' "$last" | head -n 1 | cut -d ' ' -f 2)" "$last" > less
ok "one cosignature less" fails "$formats" checkpoint policy less
awk '/\/validator\// && !n++ { sub(/....==$/, "AAAA==") } { print }' "$last" > spoilt
ok "a changed cosignature" fails "$formats" checkpoint policy spoilt
ok "the proof of an update" run 0 "$formats" proof policy proof entry
ok "of another entry" fails "$formats" proof policy proof changed.entry
ok "with another path" fails "$formats" proof policy changed.proof entry
finish
