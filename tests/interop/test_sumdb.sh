#!/bin/sh
# golang.org/x/mod/sumdb (Debian: golang-golang-x-mod-dev) verifies notes, proofs and tiles of ours, and refuses changed
# ones.
set -eu
. "$(dirname "$0")/tap.sh"

gopath=/usr/share/gocode
command -v go > /dev/null || without "Go's sumdb reads the log" "the package golang-go"
[ -d $gopath/src/golang.org/x/mod/sumdb ] ||
    without "Go's sumdb reads the log" "the package golang-golang-x-mod-dev"
if ! (cd "$root/tests/interop/sumdb" &&
    HOME=$scratch GOCACHE=$tools/go-cache GO111MODULE=off GOPATH=$gopath \
        go build -o "$scratch/sumdb" .) > out 2>&1; then
    report 1 "the program on golang.org/x/mod/sumdb builds" out
    finish
fi
prepare
logs=$(sed -n 's/^log //p' policy)

ok "a checkpoint" run 0 ./sumdb note "$logs" "$last"
ok "a changed one" fails ./sumdb note "$logs" changed.checkpoint
ok "of another log" fails ./sumdb note "$logs" "$root/artifacts/mec/M5/ledger/epoch_001.checkpoint"
ok "the proof of an update" run 0 ./sumdb proof "$logs" proof entry
ok "of another entry" fails ./sumdb proof "$logs" proof changed.entry
ok "with another path" fails ./sumdb proof "$logs" changed.proof entry
ok "a tree continues the one before it" run 0 ./sumdb tree "$logs" "$before" "$last" "${last%.checkpoint}.json"
ok "not by the proof of another epoch" fails ./sumdb tree "$logs" "$before" "$last" "${before%.checkpoint}.json"
ok "nor backwards" fails ./sumdb tree "$logs" "$last" "$before" "${last%.checkpoint}.json"
"$prismfed" tlog export --label x record tiles > words
size=$(sed -n 2p tiles/checkpoint)
ok "the tiles and the entries" run 0 ./sumdb tiles "$logs" tiles
cp -r tiles changed
printf '\377' | dd of="changed/tile/0/000.p/$size" bs=1 seek=100 conv=notrunc 2> /dev/null
ok "a changed tile" fails ./sumdb tiles "$logs" changed
cp "tiles/tile/0/000.p/$size" changed/tile/0/000.p/
printf '\377' | dd of="changed/tile/entries/000.p/$size" bs=1 seek=100 conv=notrunc 2> /dev/null
ok "a changed entry" fails ./sumdb tiles "$logs" changed
cp "tiles/tile/entries/000.p/$size" changed/tile/entries/000.p/
cp changed.checkpoint changed/checkpoint
ok "tiles of another checkpoint" fails ./sumdb tiles "$logs" changed
finish
