#!/bin/sh
# fsck of github.com/transparency-dev/tessera checks the log as tiles from the leaves to the signed root. ./dev interop
# fetches it.
set -eu
. "$(dirname "$0")/tap.sh"

fsck=$tools/bin/fsck
[ -x "$fsck" ] || without "tessera's fsck checks the log" "./dev interop, which fetches it"
prepare
"$prismfed" tlog export --label x record tiles > words
# It knows one key of the log: that of the validator which signed this checkpoint.
id=$(sed -n 's/^— prismfed\/log[^ ]* //p' tiles/checkpoint | base64 -d | head -c 4 | od -A n -t x1 | tr -d ' \n')
sed -n 's/^log //p' policy | grep "+$id+" > key

checks() { # STATUS FOLDER
    run "$1" "$fsck" -ui=false -public_key key -storage_url "file://$scratch/$2/"
}
ok "the log" checks 0 tiles
ok "all of it" grep -q 'Successfully.* size '"$(sed -n 2p tiles/checkpoint) " err
size=$(sed -n 2p tiles/checkpoint)
spoil() { # FILE
    rm -rf changed
    cp -r tiles changed
    printf '\377' | dd of="changed/$1" bs=1 seek=100 conv=notrunc 2> /dev/null
}
# It says what is wrong, and ends with status 0.
not() {
    "$fsck" -ui=false -public_key key -storage_url "file://$scratch/changed/" 2>&1 | cut -c 1-200 > out
    grep -q 'fsck failed' out && ! grep -q 'Successfully' out
}
spoil "tile/0/000.p/$size"
ok "not a changed tile" not
spoil "tile/entries/000.p/$size"
ok "not a changed entry" not
cp "tiles/tile/entries/000.p/$size" "changed/tile/entries/000.p/"
cp changed.checkpoint changed/checkpoint
ok "not a changed checkpoint" not
finish
