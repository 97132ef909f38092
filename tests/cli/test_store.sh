#!/bin/sh
# prismfed store, snapshot and prune, on the store of a node that has decided forty blocks (checkpoints at 16 and 32):
# test_store.sh PRISMFED FEDERATED_SIM STORE_MAKER
set -eu
maker=$(realpath "$3")
. "$(dirname "$0")/tap.sh"
"$maker" . 40

# harm FILE OFFSET-FROM-ITS-END: one byte of the file is another
harm() {
    size=$(wc -c < "$1")
    byte=$(tail -c "$2" "$1" | head -c 1 | od -An -tu1 | tr -d ' ')
    printf "\\$(printf %o $((byte ^ 1)))" | dd of="$1" bs=1 seek=$((size - $2)) conv=notrunc 2> /dev/null
}
fresh() {
    rm -f store.sqlite-*
    cp whole.sqlite store.sqlite
}
cp store.sqlite whole.sqlite

ok "a sound store" run 0 "$prismfed" store check store.sqlite
ok "says what is in it" grep -q '^store.sqlite: sound: height 40, 40 blocks from 1 on, latest snapshot at 32, ' out
ok "it follows from its genesis" run 0 "$prismfed" store check --genesis genesis.cbor store.sqlite
ok "from the first block on" grep -q '^executed from block 1 to 40: ledger_block_id [0-9a-f]*, state' out
ok "for a program" run 0 "$prismfed" store check --genesis genesis.cbor --format json store.sqlite
ok "says it in one line" test "$(wc -l < out)" = 1
ok "of JSON" grep -q '"verdict":"sound".*"executed":{"from":1,"height":40' out
ok "nothing to check" refused_with 'expected what to do' "$prismfed" store check
ok "nothing to do" refused_with '"heal" is not check' "$prismfed" store heal store.sqlite
ok "no such store" refused_with 'No such file' "$prismfed" store check nowhere.sqlite
ok "nothing is made there" test ! -e nowhere.sqlite -a ! -e nowhere.sqlite-mark
ok "no store" refused_with 'not a database' "$prismfed" store check genesis.cbor
ok "no genesis" refused_with 'genesis: another type'  "$prismfed" store check --genesis store.sqlite store.sqlite

# ---- damage: somewhere in each tenth of the file
wrong=
for tenth in 1 2 3 4 5 6 7 8 9; do
    fresh
    harm store.sqlite $(($(wc -c < store.sqlite) * tenth / 10))
    run 1 "$prismfed" store check store.sqlite && grep -q '^store.sqlite: FAIL [a-z]*: ' out || wrong="$wrong $tenth"
done
ok "a flipped bit is found wherever it is (not in tenths:$wrong)" test -z "$wrong"
fresh
head -c 40000 whole.sqlite > store.sqlite
ok "so is a file that was cut" run 1 "$prismfed" store check store.sqlite

# ---- snapshots
fresh
ok "save" run 0 "$prismfed" snapshot save store.sqlite all.snapshot
ok "says what it has" grep -q '^all.snapshot: saved: height 40, 40 blocks, latest state at 32, federation ' out
ok "never over another one" refused_with 'it exists' "$prismfed" snapshot save store.sqlite all.snapshot
ok "save the state alone" run 0 "$prismfed" snapshot save --state store.sqlite state.snapshot
ok "and the blocks above it" grep -q '^state.snapshot: saved: height 40, 8 blocks, ' out
ok "no record of the node's own is in it" run 0 "$prismfed" store check all.snapshot
ok "says what it is to who starts from it" grep -q 'a node that starts from it has lost its disk' out
ok "nor a trace of one" grep -q ', 0 records of its node' out
for snapshot in all state; do
    ok "verify $snapshot" run 0 "$prismfed" snapshot verify --genesis genesis.cbor $snapshot.snapshot
done
ok "verify, for a program" run 0 "$prismfed" snapshot verify --genesis genesis.cbor --format json state.snapshot
ok "says so in JSON" grep -q '"result":"follows from the genesis","federation_id":"[0-9a-f]*","height":40,' out
ok "verify needs the genesis" refused_with 'needs the --genesis' "$prismfed" snapshot verify all.snapshot
other=$root/artifacts/mec/M5/ledger/genesis.json
ok "and its own" run 1 "$prismfed" snapshot verify --genesis "$other" all.snapshot
ok "not another federation's" says "another federation's"
ok "nor is a store another one's" run 1 "$prismfed" store check --genesis "$other" store.sqlite
cp all.snapshot harmed.snapshot
harm harmed.snapshot 30000
ok "a harmed one" run 1 "$prismfed" snapshot verify --genesis genesis.cbor harmed.snapshot
ok "is named" grep -q 'harmed.snapshot: FAIL' err
ok "and not restored" run 1 "$prismfed" snapshot restore harmed.snapshot back.sqlite
ok "so nothing is there" test ! -e back.sqlite
echo stale > back.sqlite-mark
echo stale > back.sqlite-wal
ok "restore" run 0 "$prismfed" snapshot restore all.snapshot back.sqlite
ok "says so" grep -q '^back.sqlite: restored: height 40, 40 blocks' out
ok "a store is never overwritten" refused_with 'never overwritten' "$prismfed" snapshot restore all.snapshot back.sqlite
mkdir back
mv back.sqlite back/store.sqlite
ok "a node goes on from it" "$maker" back 45
ok "up to where it wanted" run 0 "$prismfed" store check --genesis genesis.cbor back/store.sqlite
ok "soundly" grep -q '^executed from block 1 to 45' out
ok "--state is for save" refused_with 'goes with save' "$prismfed" snapshot restore --state all.snapshot x.sqlite
ok "other words" refused_with 'not one of save, verify, restore' "$prismfed" snapshot take store.sqlite

# ---- pruning
fresh
ok "how many?" refused_with '\-\-keep' "$prismfed" prune --archive old.archive store.sqlite
ok "where to?" refused_with '\-\-archive FILE, or --no-archive' "$prismfed" prune --keep 5 store.sqlite
ok "prune" run 0 "$prismfed" prune --keep 30 --archive old.archive store.sqlite
ok "says what went" grep -q '^store.sqlite: the blocks from 1 to 10 are dropped; they are in old.archive$' out
ok "what a start may need stays" run 0 "$prismfed" prune --keep 1 --archive older.archive store.sqlite
ok "whatever was asked for" grep -q 'the blocks from 11 to 15 are dropped' out
ok "there is no more" run 0 "$prismfed" prune --keep 1 --archive more.archive --format json store.sqlite
ok "it says so" grep -q '"dropped":0,"first_block":16,"archive":null' out
ok "and there is no empty archive" test ! -e more.archive
ok "the store is sound" run 0 "$prismfed" store check --genesis genesis.cbor store.sqlite
ok "from the state on" grep -q '^executed from block 33 to 40' out
ok "it is smaller" test "$(wc -c < store.sqlite)" -lt "$(wc -c < whole.sqlite)"
set -- --genesis genesis.cbor old.archive older.archive store.sqlite
ok "archives and store are one ledger" run 0 "$prismfed" store check "$@"
ok "from the first block on" grep -q '^executed from block 1 to 40' out
ok "one of them is missing" run 0 "$prismfed" store check --genesis genesis.cbor old.archive store.sqlite
ok "then it begins with the state" grep -q '^executed from block 33 to 40' out
ok "a pruned store can be saved" run 0 "$prismfed" snapshot save store.sqlite pruned.snapshot
ok "and verified" run 0 "$prismfed" snapshot verify --genesis genesis.cbor pruned.snapshot
ok "a node goes on from a pruned store" "$maker" . 50
ok "without an archive" run 0 "$prismfed" prune --keep 1 --no-archive store.sqlite
ok "they are gone" grep -q '^store.sqlite: the blocks from 16 to 31 are dropped$' out
finish
