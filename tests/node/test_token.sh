#!/bin/sh
# Keys in a PKCS#11 token, here of SoftHSM 2: a site's request and a node that runs, whose key never leaves the token.
set -eu
prismfed=$(realpath "$1")
. "$(dirname "$0")/../tap.sh"
module=
for path in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so; do
    [ ! -e "$path" ] || module=$path
done
for tool in softhsm2-util pkcs11-tool; do
    command -v $tool > /dev/null || module=
done
if [ -z "$module" ]; then
    echo '1..0 # SKIP no softhsm2 and opensc'
    exit 0
fi
scratch=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill -9 $pid 2> /dev/null || true; rm -rf "$scratch"' EXIT
cd "$scratch"
ok() { # TEXT CONDITION...
    text=$1
    shift
    if "$@" > out 2> err; then report 0 "$text"; else report 1 "$text" out err log; fi
}
refused_with() { # PATTERN COMMAND...
    pattern=$1
    shift
    ! "$@" > out 2> err && grep -q -e "$pattern" err
}
within() { # SECONDS COMMAND...
    left=$(($1 * 10))
    shift
    until "$@"; do
        left=$((left - 1))
        [ $left -gt 0 ] || return 1
        sleep 0.1
    done
}

# Under LeakSanitizer: what SoftHSM leaves in the library that it stands on is not ours to free.
echo 'leak:libcrypto.so' > leaks
export LSAN_OPTIONS="suppressions=$scratch/leaks:print_suppressions=0"
mkdir tokens
printf 'directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n' "$scratch" > softhsm2.conf
export SOFTHSM2_CONF="$scratch/softhsm2.conf"
softhsm2-util --init-token --free --label prismfed --so-pin 12345678 --pin 4321 > out
tool() {
    pkcs11-tool --module "$module" --login --pin 4321 --token-label prismfed "$@" > out 2>&1
}
tool --keypairgen --key-type EC:edwards25519 --label north
tool --keypairgen --key-type EC:prime256v1 --label other
(umask 077; echo 4321 > pin; echo 9999 > wrong)
: > log
uri='pkcs11:token=prismfed;object=north;type=private'
cat > plan.json << 'END'
{"name": "real", "quorum": 1, "max_ledger_drift": 1, "epoch_start": 1,
 "nodes": [{"id": "north", "region": "r", "role": "core", "stake": 3}],
 "workload": {"family": "queen", "instances": 1, "size_min": 5}, "policy": {"evaluations": 2}}
END
port=$((20000 + $$ % 40000))

ok "a key in a token has a fingerprint" "$prismfed" keys fingerprint --passphrase-file pin "$uri"
fingerprint=$(cat out)
ok "of 64 digits" test ${#fingerprint} = 64
ok "another PIN" refused_with "this is not the token's PIN" "$prismfed" keys fingerprint --passphrase-file wrong "$uri"
ok "was tried once: the token is not locked" "$prismfed" keys fingerprint --passphrase-file pin "$uri"
ok "a PIN in the URI" refused_with 'type=private: a PIN does not belong' \
    "$prismfed" keys fingerprint "$uri?pin-value=4321"
mv err said
ok "is not repeated" sh -c '! grep -q 4321 said'
ok "a key that is not there" refused_with 'no such token, or no such key' \
    "$prismfed" keys fingerprint --passphrase-file pin 'pkcs11:token=prismfed;object=south;type=private'
ok "a key of another kind" refused_with 'expected an Ed25519 key' \
    "$prismfed" keys fingerprint --passphrase-file pin 'pkcs11:token=prismfed;object=other;type=private'
ok "a site asks with it" "$prismfed" init --plan plan.json --node north --listen 127.0.0.1:$port --key "$uri" \
    --passphrase-file pin north
ok "no key file was made" test ! -e north/north.key
ok "the request is signed by it" grep -q "\"fingerprint\": \"$fingerprint\"" north/north.request.json
ok "and admitted" "$prismfed" admit --plan plan.json --out north north/north.request.json
sed -i 's/"http": ".*"/"last_epoch": 3/' north/node.json
ok "preflight opens it" "$prismfed" preflight --config north/node.json
mv out told
ok "and says so" grep -q "^key *PASSED .*$fingerprint" told
"$prismfed" node create --config north/node.json > out
"$prismfed" node run --config north/node.json 2> log &
pid=$!
ok "a node runs with it" within 60 grep -q 'event=epoch epoch=3 anchored=1' log
kill $pid
wait $pid || true
pid=
ok "a token whose PIN is wrong keeps it from starting" refused_with "not the token's PIN" \
    sh -c 'sed -i "s|/pin\"|/wrong\"|" north/node.json; exec "$0" node run --config north/node.json' "$prismfed"
finish
