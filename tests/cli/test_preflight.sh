#!/bin/sh
# prismfed preflight: what keeps a node from running is found before it is started, and said with what to do.
set -eu
. "$(dirname "$0")/tap.sh"

cat > plan.json << 'END'
{"name": "real", "quorum": 2, "max_ledger_drift": 1, "epoch_start": 1,
 "nodes": [{"id": "north", "region": "r", "role": "core", "stake": 3},
           {"id": "south", "region": "r", "role": "core", "stake": 3},
           {"id": "clinic", "region": "r", "role": "edge", "stake": 1}],
 "workload": {"family": "queen", "instances": 1, "size_min": 5}, "policy": {"evaluations": 2}}
END
port=$((20000 + $$ % 10000 * 4))
init() { # NODE [OPTION...]
    node=$1
    shift
    "$prismfed" init --plan plan.json --node "$node" --http 127.0.0.1:$((port + 2)) "$@" "$node" > out
}
init north --listen 127.0.0.1:$port
init south --listen 127.0.0.1:$((port + 1))
init clinic

# flight STATUS CHECK VERDICT TEXT NODE [OPTION...]
flight() {
    status=$1 pattern="^$2  *$3  .*$4" node=$5
    shift 5
    run "$status" "$prismfed" preflight --config "$node/node.json" "$@" && grep -q -e "$pattern" out
}
ok "nobody is admitted yet" flight 1 genesis MEND 'prismfed admit makes it' north
"$prismfed" admit --plan plan.json --out fed */*.request.json > out
for node in north south clinic; do
    cp fed/* $node
done
ok "a founder is ready" run 0 "$prismfed" preflight --config north/node.json
for check in plan name key genesis members port http disk program; do
    ok "$check is well" grep -q "^$check  *PASSED" out
done
ok "nothing was left behind" test "$(ls north | wc -l)" = 6
ok "the others do not run yet" grep -q "^peers *NOTE *south .* 127.0.0.1:$((port + 1)): nobody listens" out
ok "so it is its first start" grep -q '^store *NOTE .*node create' out
ok "an edge node that only dials" flight 0 port NOTE 'only dials' clinic
ok "for a program" run 0 "$prismfed" preflight --config north/node.json --format json
ok "one line" test "$(wc -l < out)" = 1
ok "of JSON" grep -q '^{"node":"north","ready":true,"checks":\[{"check":"plan","verdict":"PASSED",' out

chmod 644 south/south.key
ok "a key that others can read" flight 1 key MEND 'chmod 600' south
chmod 600 south/south.key
mv south/south.key kept
ok "no key" flight 1 key MEND 'south.key' south
cp -p north/north.key south/south.key
ok "the key of another node" flight 1 genesis MEND 'another key of "south"' south
mv kept south/south.key
"$prismfed" keys public clinic/clinic.key > public
cp -p clinic/clinic.key kept && cp public clinic/clinic.key
ok "a public key" flight 1 key MEND 'this is a public key' clinic
mv kept clinic/clinic.key

cp plan.json kept
sed 's/"evaluations": 2/"evaluations": 3/' kept > plan.json
ok "another plan" flight 1 plan MEND 'not the plan that genesis was made from' north
sed 's/"id": "south"/"workload": {"family": "queen", "instances": 2, "size_min": 4}, &/' kept > plan.json
ok "other private work is nobody else's business" run 0 "$prismfed" preflight --config north/node.json
sed 's/"id": "north"/"id": "nord"/' kept > plan.json
ok "a plan without this node" flight 1 name MEND 'no node "north"' north
rm plan.json
ok "no plan" flight 1 plan MEND 'plan.json' north
mv kept plan.json

echo nonsense > north/genesis.cbor
ok "a damaged genesis" flight 1 genesis MEND 'genesis.cbor: ' north
"$prismfed" init --plan plan.json --node clinic other > out
"$prismfed" admit --plan plan.json --out fed2 *th/*.request.json other/*.request.json > out
cp fed2/members.json fed/genesis.cbor north
ok "addresses of another federation" flight 1 members MEND 'another federation' north
sed "s/127.0.0.1:$((port + 1))/no-such-host.invalid:1/" fed/members.json > north/members.json
ok "an address that does not resolve" flight 1 peers MEND 'south: .*no-such-host.invalid:1 does not resolve' north
cp fed/members.json north

if command -v python3 > /dev/null; then
    python3 - $port $((port + 1)) << 'END' &
import socket, sys
held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
held.bind(('127.0.0.1', int(sys.argv[1])))
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(('127.0.0.1', int(sys.argv[2])))
server.settimeout(20)
open('ready', 'w').close()
while True:  # RFC 9000 section 17.2.1: the connection ids the other way round, and a version
    packet, peer = server.recvfrom(2000)
    if len(packet) >= 1200 and packet[0] & 0x80 and packet[1:5] != b'\0\0\0\1':
        n = packet[5]
        m = packet[6 + n]
        server.sendto(b'\x80\0\0\0\0' + packet[6 + n:7 + n + m] + packet[5:6 + n] + b'\0\0\0\1', peer)
END
    server=$!
    until [ -e ready ]; do sleep 0.05; done
    ok "a port that is taken" flight 1 port MEND 'somebody listens there' north
    ok "a validator that answers" grep -q '^peers *PASSED  1 of 1 other validators answer' out
    kill $server
else
    skip "a port that is taken" "python3 is not installed"
    skip "a validator that answers" "python3 is not installed"
fi
sed -i 's/"listen": ".*"/"listen": "192.0.2.1:7100"/' north/node.json
ok "an address of another machine" flight 1 port MEND 'no address of this machine' north
sed -i '/"listen"/d' north/node.json
ok "a validator that listens nowhere" flight 1 port MEND 'a validator must listen' north
sed -i 's|"store": "store.sqlite"|"store": "nowhere/store.sqlite"|' north/node.json
ok "no folder for the store" flight 1 disk MEND 'nowhere' north
mkdir programs && cd programs
cat > plan.json << 'END'
{"name": "x", "quorum": 1, "max_ledger_drift": 1, "epoch_start": 1,
 "space": {"genes": [{"name": "x", "type": "discrete", "low": 1, "high": 9}]},
 "nodes": [{"id": "north", "region": "r", "role": "core", "stake": 1, "workload": {"program": {
   "runner": "irace", "command": ["./runner.sh"], "instances": ["plan.json"]}}}]}
END
printf '#!/bin/sh\necho 7\n' > runner.sh && chmod +x runner.sh
"$prismfed" init --plan plan.json --node north --listen 127.0.0.1:$port broken > out
"$prismfed" admit --plan plan.json --out broken broken/north.request.json > out
ok "a program that runs" flight 0 program PASSED 'runner.sh: cost 7' broken
printf '#!/bin/sh\nexit 3\n' > runner.sh
ok "a program that does not" flight 1 program MEND 'CRASHED' broken
rm runner.sh
ok "a program that is not there" flight 1 program MEND 'runner.sh' broken
ok "no configuration" refused_with 'which node' "$prismfed" preflight
ok "one that is not there" refused_with 'nothere.json' "$prismfed" preflight --config nothere.json
finish
