#!/bin/sh
# From nothing to a real federation: keys made at the sites, requests, genesis, nodes that run; and what these tell.
set -eu
prismfed=$(realpath "$1")
. "$(dirname "$0")/../tap.sh"
if ! command -v python3 > /dev/null; then
    echo '1..0 # SKIP no python3'
    exit 0
fi
scratch=$(mktemp -d)
pids=
trap 'kill -9 $pids 2> /dev/null || true; rm -rf "$scratch"' EXIT
cd "$scratch"

ok() { # TEXT CONDITION...
    text=$1
    shift
    if "$@"; then report 0 "$text"; else report 1 "$text" out; fi
}
get() { # NODE PATH: the body in out, the status before it
    python3 - "$2" "$(sed -n 's/.*"http": "\(.*\)".*/\1/p' "$1/node.json")" > out 2>&1 << 'END' || true
import sys, urllib.error, urllib.request
try:
    answer = urllib.request.urlopen('http://' + sys.argv[2] + sys.argv[1], timeout=5)
except urllib.error.HTTPError as error:
    answer = error
print(answer.status)
print(answer.read().decode())
END
}
status() { # NODE KEY
    "$prismfed" node status --config "$1/node.json" 2> err | sed -n "s/^$2  *//p"
}
# within SECONDS COMMAND...: does it come true?
within() {
    left=$(($1 * 10))
    shift
    until "$@"; do
        left=$((left - 1))
        [ $left -gt 0 ] || return 1
        sleep 0.1
    done
}
has() { # NODE PATH PATTERN
    get "$1" "$2" && grep -q -e "$3" out
}
epoch_is() { # NODE LEAST
    e=$(status "$1" epoch)
    [ "${e:-0}" -ge "$2" ]
}

cat > plan.json << 'END'
{"name": "real", "quorum": 3, "max_ledger_drift": 2, "epoch_start": 1,
 "nodes": [{"id": "north", "region": "eu", "role": "core", "stake": 3},
           {"id": "south", "region": "eu", "role": "core", "stake": 3},
           {"id": "east", "region": "asia", "role": "core", "stake": 3},
           {"id": "west", "region": "asia", "role": "core", "stake": 3},
           {"id": "clinic", "region": "eu", "role": "edge", "stake": 1}],
 "workload": {"family": "queen", "instances": 1, "size_min": 5}, "policy": {"evaluations": 2}}
END
port=$((20000 + $$ % 4000 * 10))
at=$port
for node in north south east west; do
    "$prismfed" init --plan plan.json --node $node --listen 127.0.0.1:$at --http 127.0.0.1:$((at + 5)) $node > out
    at=$((at + 1))
done
"$prismfed" init --plan plan.json --node clinic --http 127.0.0.1:$((port + 9)) clinic > out
"$prismfed" admit --plan plan.json --out fed */*.request.json > out
id=$(sha256sum < fed/genesis.cbor | cut -c 1-64)
start() { # NODE
    node=$1
    "$prismfed" node run --config "$node/node.json" 2> "log.$node" &
    pids="$pids $!"
    eval "pid_$node=$!"
}
for node in north south east west clinic; do
    cp fed/* $node
    "$prismfed" node create --config $node/node.json
    start $node
done

ok "epochs end" within 60 epoch_is north 3
ok "at the site that only dials, too" within 60 epoch_is clinic 3
ok "in the federation that was founded" test "$(status clinic federation_id)" = "$id"
ok "which is none of a rehearsal" test "$(status clinic simulated)" = false
ok "a node lives" has north /livez '^200'
ok "is ready" within 20 has south /readyz '^200'
ok "tells its status" has east /status "\"federation_id\": \"$id\""
ok "and its numbers" has north /metrics "^prismfed_info{version=.*,node=\"north\",.*,federation_id=\"$id\"} 1\$"
ok "of the consensus" grep -q '^prismfed_quorum 3$' out
ok "of its peers" grep -q '^prismfed_peer_connected{peer="south"} 1$' out
ok "of its disk" grep -q '^prismfed_persist_seconds_count [1-9]' out
ok "of the sites" grep -q '^prismfed_site_staleness_epochs{member="clinic"} [0-9]' out
ok "a site without a vote has none of the consensus" sh -c '! grep -q "^prismfed_view" out' "$(get clinic /metrics)"
"$prismfed" preflight --config west/node.json > out || true
ok "preflight hears the others" grep -q '^peers *PASSED  3 of 3 other validators answer' out
ok "and finds the port taken by the node itself" grep -q '^port *MEND .*does the node run already' out
"$prismfed" bundle --config north/node.json --log log.north bundle.json > out
ok "a bundle has the end of the log" grep -q 'event=epoch epoch=1 ' bundle.json
ok "what the node says" grep -q '"is_primary": ' bundle.json
ok "and not its key" sh -c '! grep -q "$(sed -n 2p north/north.key)" bundle.json'
kill -9 "$pid_west"
ok "without one the others go on" within 60 epoch_is north $(($(status north epoch) + 2))
kill -9 "$pid_east"
ok "without two a node is not ready" within 60 \
    has north /readyz '1 other validators are connected; a quorum of 3 needs 2'
ok "says so by its status" grep -q '^503' out
ok "and lives" has north /livez '^200'
start east
ok "with three they go on" within 60 epoch_is north $(($(status north epoch) + 2))
ok "and are ready" within 60 has north /readyz '^200'
finish
