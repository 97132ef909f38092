# processes.sh: what tests of federations of real processes have in common. It is sourced where $root and $prismfed are
# set, makes an empty folder and goes there. What runs in net/ and what $started names ends with the test, and so does
# what the function at_end ends, where the test has one.
scratch=$(mktemp -d)
started=
end_all() {
    [ -z "$started" ] || kill $started 2> /dev/null || true
    "$prismfed" net down --dir "$scratch/net" > /dev/null 2>&1 || true
    ! command -v at_end > /dev/null || at_end || true
    rm -rf "$scratch"
}
trap end_all EXIT
. "$root/tests/tap.sh"
cd "$scratch"

# ask NODE VERB OPTION...
ask() {
    node=$1
    shift
    "$prismfed" node "$@" --config "net/$node/node.json"
}
# field NODE NAME: of its status
field() {
    ask "$1" status --format json 2> /dev/null | sed -n "s/.*\"$2\":\"\{0,1\}\([^,\"]*\).*/\1/p"
}
# start NODE
start() {
    "$prismfed" node run --config "net/$1/node.json" >> "net/$1/log" 2>&1 &
    started="$started $!"
}
# until_true COMMAND...: for at most a minute; what it says last is in out
until_true() {
    tries=0
    until "$@" > out 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 300 ] || return 1
        sleep 0.2
    done
}
# soon TEXT COMMAND...: the command comes true
soon() {
    text=$1
    shift
    until_true "$@" && status=0 || status=1
    report "$status" "$text" out
}
# ok TEXT STATUS COMMAND...: the command ends with this status
ok() {
    text=$1 want=$2 status=0
    shift 2
    "$@" > out 2>&1 || status=$?
    [ "$status" = "$want" ] && status=0 || status=1
    report "$status" "$text" out
}
