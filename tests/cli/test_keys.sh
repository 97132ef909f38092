#!/bin/sh
# prismfed keys, and whether openssl means the same.
set -eu
. "$(dirname "$0")/tap.sh"

ok "generate" run 0 "$prismfed" keys generate key.pem
fingerprint=$(cat out)
ok "prints a fingerprint" sh -c 'grep -q -x "[0-9a-f]\{64\}" out'
ok "nobody else can read the file" test "$(stat -c %a key.pem)" = 600
cp -p key.pem copy
for mode in 640 604 660 644; do
    chmod $mode copy
    ok "a private key of mode $mode is refused" refused_with 'chmod 600' "$prismfed" keys fingerprint copy
done
chmod 400 copy
ok "one that only its owner reads is not" run 0 "$prismfed" keys fingerprint copy
ok "never overwrites" refused_with 'File exists' "$prismfed" keys generate key.pem
ok "not even in part" cmp -s key.pem copy
ok "fingerprint of the private key" run 0 "$prismfed" keys fingerprint key.pem
ok "is the one that was printed" test "$(cat out)" = "$fingerprint"
ok "public key" run 0 "$prismfed" keys public key.pem
cp out public.pem
chmod 644 public.pem
ok "fingerprint of the public key" run 0 "$prismfed" keys fingerprint public.pem
ok "is the same" test "$(cat out)" = "$fingerprint"
ok "DER" run 0 "$prismfed" keys public --der public.pem
cp out public.der
ok "fingerprint is SHA-256 of the DER" test "$(sha256sum < public.der)" = "$fingerprint  -"
if command -v openssl > /dev/null; then
    ok "openssl derives the same public key" sh -c 'openssl pkey -in key.pem -pubout | cmp -s - public.pem'
    openssl genpkey -algorithm ed25519 -out other.pem 2> /dev/null
    ok "a key that openssl made" run 0 "$prismfed" keys public other.pem
    ok "has the public key that openssl says" sh -c 'openssl pkey -in other.pem -pubout | cmp -s - out'
else
    skip "openssl derives the same public key" "openssl is not installed"
fi
(umask 077; echo 'correct horse battery' > words; echo 'another one entirely' > wrong; echo short > short)
ok "a key under a passphrase" run 0 "$prismfed" keys generate --passphrase-file words sealed.pem
fingerprint=$(cat out)
ok "is no plain one" grep -q 'BEGIN ENCRYPTED PRIVATE KEY' sealed.pem
ok "opens with it" run 0 "$prismfed" keys fingerprint --passphrase-file words sealed.pem
ok "as the same" test "$(cat out)" = "$fingerprint"
ok "not without" refused_with 'under a passphrase' "$prismfed" keys fingerprint sealed.pem
ok "not with another" refused_with 'does not open it' "$prismfed" keys fingerprint --passphrase-file wrong sealed.pem
ok "a short passphrase" refused_with '8 bytes at least' "$prismfed" keys generate --passphrase-file short short.pem
ok "makes no key" test ! -e short.pem
chmod 644 words
ok "a passphrase that others may read" refused_with 'chmod 600' \
    "$prismfed" keys fingerprint --passphrase-file words sealed.pem
chmod 600 words
if command -v openssl > /dev/null; then
    "$prismfed" keys public --passphrase-file words sealed.pem > sealed.public
    ok "openssl opens it" sh -c 'openssl pkey -in sealed.pem -passin file:words -pubout | cmp -s - sealed.public'
    openssl pkcs8 -topk8 -in key.pem -passout file:words -out theirs.pem
    chmod 600 theirs.pem
    ok "what openssl has put under a passphrase" run 0 "$prismfed" keys public --passphrase-file words theirs.pem
    ok "opens here" cmp -s out public.pem
else
    skip "openssl opens it" "openssl is not installed"
fi
ok "another key is another key" run 0 "$prismfed" keys generate key2.pem
ok "with another fingerprint" test "$(cat out)" != "$fingerprint"
ok "no such file" refused_with 'nothere' "$prismfed" keys fingerprint nothere
echo hello > hello
ok "not a key" refused_with 'not the PEM of an Ed25519 key' "$prismfed" keys fingerprint hello
sed 's/A/B/' public.pem > damaged
ok "a damaged key" refused "$prismfed" keys fingerprint damaged
cat > weak << 'END'
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
-----END PUBLIC KEY-----
END
ok "a key of small order" refused "$prismfed" keys fingerprint weak
ok "nothing to do" refused_with 'expected what to do' "$prismfed" keys
ok "unknown thing to do" refused_with '"sign" is not one of' "$prismfed" keys sign key.pem
ok "--der where it has no meaning" refused_with '\-\-der goes with' "$prismfed" keys fingerprint --der key.pem
finish
