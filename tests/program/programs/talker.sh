#!/bin/sh
# talker.sh HOW: a program that stays alive and talks JSON Lines. The cost is 100 times x; HOW says what goes wrong.
how=$1
asked=0
hello='{"type": "hello", "version": 1, "deterministic": true}'
member() { printf '%s' "$line" | sed "s/.*\"$1\":\([0-9]*\).*/\1/"; }
while read -r line; do
    case $line in
    '{"type":"hello"'*)
        case $how in
        mute) sleep "$TEST_MARK" ;;
        early) exit 4 ;;
        version) echo '{"type": "hello", "version": 2}' ;;
        space) echo '{"type": "hello", "version": 1, "schema_hash": "00"}' ;;
        no_hello) echo '{"type": "result", "id": 0}' ;;
        text) echo 'Hello, I am ready.' ;;
        beats*) echo '{"type": "hello", "version": 1, "heartbeat_ms": 100}' ;;
        random) echo '{"type": "hello", "version": 1, "deterministic": false}' ;;
        *) echo "$hello" ;;
        esac
        ;;
    *)
        asked=$((asked + 1))
        id=$(member id)
        cost=$(($(member x) * 100))
        case $how in
        hang) sleep "$TEST_MARK" ;;
        dies) exit 5 ;;
        dies_second) [ $asked = 1 ] || kill -SEGV $$ ;;
        wrong_id) id=$((id + 1)) ;;
        other_type) echo '{"type": "progress"}' ;;
        nan) cost=NaN ;;
        no_cost) echo "{\"type\": \"result\", \"id\": $id, \"status\": \"SUCCESS\"}" && continue ;;
        broken) echo '{"type": "result", "id":' && continue ;;
        twice) echo "{\"type\": \"result\", \"id\": $id, \"status\": \"SUCCESS\", \"cost\": $cost}" ;;
        flood) yes '{"type": "heartbeat", "number": '$TEST_MARK'}' ;;
        beats) for i in 1 2 3 4 5 6; do sleep 0.1; echo '{"type": "heartbeat"}'; done ;;
        beats_then_hangs) echo '{"type": "heartbeat"}'; sleep "$TEST_MARK" ;;
        half) cost=$cost.25 ;;
        drifts) cost=$asked ;;
        crashed) echo "{\"type\": \"result\", \"id\": $id, \"status\": \"CRASHED\"}" && continue ;;
        esac
        echo "{\"type\": \"result\", \"id\": $id, \"status\": \"SUCCESS\", \"cost\": $cost, \"unit\": \"steps\"}"
        ;;
    esac
done
