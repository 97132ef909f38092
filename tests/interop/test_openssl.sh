#!/bin/sh
# openssl alone: the fingerprint in a cosigner's name is that of its key, and its cosignature verifies.
set -eu
. "$(dirname "$0")/tap.sh"

command -v openssl > /dev/null || without "openssl verifies a cosignature" "the package openssl"
prepare
name=$(sed -n 's/^witness V1 \([^+]*\)+.*/\1/p' policy)
{
    printf '\060\052\060\005\006\003\053\145\160\003\041\000' # a SubjectPublicKeyInfo of Ed25519, RFC 8410
    sed -n 's/^witness V1 [^+]*+[0-9a-f]*+//p' policy | base64 -d | tail -c 32
} > key.der
fingerprint=$(openssl pkey -pubin -inform DER -in key.der -pubout -outform DER | sha256sum | cut -d ' ' -f 1)
ok "a cosigner is named after the fingerprint of its key" test "$name" = "prismfed/validator/$fingerprint"

# cosignature CHECKPOINT: the message that is signed, and the signature
cosignature() {
    { printf 'cosignature/v1\ntime 0\n'; head -n 3 "$1"; } > message
    sed -n "s,^— $name ,,p" "$1" | head -n 1 | base64 -d | tail -c 64 > signature
}
verifies() {
    openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in message -sigfile signature > out 2> err
}
cosignature "$last"
ok "its cosignature verifies" verifies
cosignature changed.checkpoint
ok "not on a changed checkpoint" fails verifies
cosignature "$last"
printf '\377' | dd of=signature bs=1 seek=3 conv=notrunc 2> /dev/null
ok "nor a changed signature" fails verifies
finish
