#!/bin/sh
# test_store_net.sh PRISMFED: four validators as real processes, while the disk of one after the other is damaged, lost
# or restored; what can be had from the others comes from them, and nobody goes on as if nothing had been.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
prismfed=$(realpath "$1")
. "$root/tests/node/processes.sh"

cat > four.json << 'END_OF_SCENARIO'
{"name": "four", "quorum": 3, "max_ledger_drift": 2, "epoch_start": 1,
 "nodes": [{"id": "n1", "region": "r", "role": "core", "stake": 1},
           {"id": "n2", "region": "r", "role": "core", "stake": 1},
           {"id": "n3", "region": "r", "role": "core", "stake": 1},
           {"id": "n4", "region": "r", "role": "core", "stake": 1}],
 "workload": {"family": "queen", "instances": 1, "size_min": 5}, "policy": {"evaluations": 2, "iteration_limit": 50}}
END_OF_SCENARIO

said() { # TEXT PATTERN: the last command has said this
    status=0
    grep -q -e "$2" out || status=1
    report "$status" "$1" out
}
value() { # NODE KEY: of its store, from JSON
    "$prismfed" store check --format json "net/$1/store.sqlite" | sed -n "s/.*\"$2\":\([a-z0-9]*\).*/\1/p"
}
high() { # NODE HEIGHT
    [ "$(value "$1" height)" -ge "$2" ]
}
whole() { # NODE: no block is missing
    [ "$(value "$1" whole_to)" -ge 60 ] && "$prismfed" store check --genesis net/genesis.cbor "net/$1/store.sqlite" &&
        grep -q '^executed from block 1 to' out
}
recovered() { # NODE
    [ "$(value "$1" recovering)" = false ]
}
end() { # NODE: killed
    kill -9 "$(field "$1" pid)"
    sleep 0.2
}
change() { # NODE STATEMENT
    python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute(sys.argv[2])
db.commit()' "net/$1/store.sqlite" "$2"
}
lose() { # NODE: its disk
    rm "net/$1/store.sqlite"*
}

ok "four validators are up" 0 "$prismfed" net up --scenario four.json --dir net
soon "they decide" high n2 60

# ---- old blocks are damaged
end n2
change n2 'UPDATE block SET bytes = zeroblob(9) WHERE height IN (5, 7)'
ok "damaged blocks are found" 1 "$prismfed" store check net/n2/store.sqlite
said "and can be mended" 'net/n2/store.sqlite: mendable'
ok "they are dropped" 0 "$prismfed" store check --mend net/n2/store.sqlite
said "up to the latest state" 'mended: the blocks from 5 to [0-9]* are dropped; peers have them'
start n2
soon "the node fetches them from the others" whole n2
said "and its ledger follows from the genesis" '^executed from block 1 to'

# ---- the block at the latest state is damaged: a start reads it
end n2
change n2 'UPDATE block SET bytes = zeroblob(9) WHERE height = (SELECT max(height) FROM snapshot)'
ok "a node does not start from what is damaged" 2 "$prismfed" node run --config net/n2/node.json
said "and says what to do" 'prismfed store check'
ok "that is mended, too" 0 "$prismfed" store check --mend net/n2/store.sqlite
start n2
soon "and fetched" whole n2

# ---- what it has signed is damaged
end n3
change n3 'UPDATE record SET bytes = zeroblob(9) WHERE sequence = (SELECT max(sequence) FROM record)'
ok "a damaged record of its own" 1 "$prismfed" store check --mend net/n3/store.sqlite
said "cannot be mended" 'net/n3/store.sqlite: lost'
ok "the node does not start" 2 "$prismfed" node run --config net/n3/node.json
said "and says why" 'of the node.s own: its digest is not that of its bytes'
lose n3
start n3
soon "with its disk wiped it starts" high n3 1
soon "asks the others, and recovers" recovered n3
soon "with the whole ledger" whole n3

# ---- the disk of a node is full; what its operator is told it keeps, it keeps
"$prismfed" change stake --genesis net/genesis.cbor --node n1 --stake 2 --until 60 --out stake
pid=$(field n4 pid)
prlimit --pid "$pid" --fsize=4096
ok "a node promises nothing that it cannot write" 2 "$prismfed" node sign-off --change stake --config net/n4/node.json
gone() { # NODE
    ! "$prismfed" node status --config "net/$1/node.json"
}
soon "and stops" gone n4
start n4
soon "with room it goes on" "$prismfed" node sign-off --change stake --config net/n4/node.json
said "and keeps what it is told" kept

# ---- a snapshot
ok "a snapshot of a running node" 0 "$prismfed" snapshot save net/n1/store.sqlite one.snapshot
ok "follows from the genesis" 0 "$prismfed" snapshot verify --genesis net/genesis.cbor one.snapshot
before=$(value n1 height)
end n4
lose n4
ok "is restored to another node" 0 "$prismfed" snapshot restore one.snapshot net/n4/store.sqlite
[ "$(value n4 recovering)" = true ] && status=0 || status=1
report "$status" "which knows that it has lost its own records"
start n4
soon "it goes on" high n4 $((before + 10))
soon "and recovers" recovered n4

# ---- a disk that takes no more
end n3
size=$(wc -c < net/n3/store.sqlite)
status=0
sh -c "trap '' XFSZ; ulimit -f $((size / 512 + 100)); exec \"\$0\" node run --config net/n3/node.json" "$prismfed" \
    > out 2>&1 < /dev/null || status=$?
[ "$status" = 1 ] && status=0 || status=1
report "$status" "a node whose disk takes no more stops" out
said "and says why" 'event=stopped .*store.sqlite: disk I/O error'
ok "what it has is sound" 0 "$prismfed" store check --genesis net/genesis.cbor net/n3/store.sqlite
before=$(value n1 height)
start n3
soon "with room again it goes on" high n3 $((before + 10))

# ---- old blocks are dropped
end n2
ok "a node that is down is pruned" 0 "$prismfed" prune --keep 20 --archive old.archive net/n2/store.sqlite
start n2
before=$(value n1 height)
soon "and goes on" high n2 $((before + 10))
ok "its archive and its store" 0 "$prismfed" store check --genesis net/genesis.cbor old.archive net/n2/store.sqlite
said "are one ledger" '^executed from block 1 to'

# ---- a node that keeps few blocks
end n2
sed -i 's/^{/{"keep_blocks": 40,/' net/n2/node.json
start n2
before=$(value n1 height)
soon "a node that keeps forty blocks" high n2 $((before + 60))
few() { # NODE
    [ "$(value "$1" blocks)" -lt 90 ]
}
soon "has few more" few n2
end n2
lose n2
start n2
before=$(value n1 height)
soon "when its disk was lost" high n2 $((before + 60))
soon "it recovers" recovered n2
soon "without the old blocks" few n2
ok "what it has is sound" 0 "$prismfed" store check --genesis net/genesis.cbor net/n2/store.sqlite
said "is executed from a state on" '^executed from block [0-9]*[0-9][0-9] to'

# ---- a node that runs is told to keep few
ok "a running node is told to keep forty blocks" 0 "$prismfed" prune --keep 40 --no-archive --config net/n1/node.json
said "and says from when on" 'from the next checkpoint on the last 40 blocks are kept'
before=$(value n1 height)
soon "it goes on" high n1 $((before + 40))
soon "has few more" few n1
ok "a running node's store cannot be pruned" 2 "$prismfed" prune --keep 20 --no-archive net/n1/store.sqlite
said "it is in use" 'another process has this store open'
finish
