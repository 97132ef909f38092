# For tests with other people's tools: . tap.sh PRISMFED FEDERATED_SIM TOOLS. They work in an empty folder of their
# own, where record holds one, policy its trust policy, proof the proof of one update, and entry that entry. TOOLS is
# the folder in which `./dev interop` keeps what it fetches; a test whose tool is not there, nor on the machine, is
# skipped.
tools=$3
. "$(dirname "$0")/../cli/tap.sh"
PATH=$PATH:$tools/bin

prepare() {
    cat > x.json << 'END'
{"name": "x", "quorum": 3, "max_ledger_drift": 2, "epoch_start": 1,
 "nodes": [{"id": "v0", "region": "r", "role": "core", "stake": 1},
           {"id": "v1", "region": "r", "role": "core", "stake": 1},
           {"id": "v2", "region": "r", "role": "core", "stake": 1},
           {"id": "v3", "region": "r", "role": "core", "stake": 1}],
 "workload": {"family": "planted", "instances": 1, "size_min": 20},
 "policy": {"evaluations": 6, "iteration_limit": 200}}
END
    "$federated_sim" --scenario x.json --epochs 3 --output-dir record --quiet
    ledger=$PWD/record/ledger/x
    last=$(find "$ledger" -name 'epoch_*.checkpoint' | LC_ALL=C sort | tail -n 1)
    before=$(find "$ledger" -name 'epoch_*.checkpoint' | LC_ALL=C sort | tail -n 2 | head -n 1)
    "$prismfed" tlog policy --label x --output policy record
    node=v1
    "$prismfed" prove --label x --update "$node" --output proof record > /dev/null
    "$prismfed" verify --policy policy --entry entry proof > /dev/null
    # One bit of each is another: of the root that is signed, of the entry, of the way to the root.
    awk 'NR == 3 { $0 = (substr($0, 1, 1) == "A" ? "B" : "A") substr($0, 2) } { print }' "$last" > changed.checkpoint
    { cat entry; printf x; } > changed.entry
    awk '/^index / { print; getline; $0 = (substr($0, 1, 1) == "A" ? "B" : "A") substr($0, 2) } { print }' proof \
        > changed.proof
}

# no TOOL WHY: nothing of the test can be done
without() {
    skip "$1" "needs $2"
    finish
}

# fails COMMAND...: exit status 1, which is what a tool says of what does not verify
fails() {
    run 1 "$@"
}
