# For tests of the command line: . tap.sh PRISMFED FEDERATED_SIM. They work in an empty folder of their own.
prismfed=$(realpath "$1")
federated_sim=$(realpath "$2")
root=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
trap 'chmod -R u+rwx "$scratch"; rm -rf "$scratch"' EXIT
cd "$scratch"
. "$root/tests/tap.sh"
export ASAN_OPTIONS=detect_leaks=1

ok() { # TEXT CONDITION...
    text=$1
    shift
    if "$@"; then
        report 0 "$text"
    else
        report 1 "$text" out err
    fi
}

# run STATUS COMMAND...: true when the command ends with this status. Its words are in out and err.
run() {
    want=$1
    shift
    status=0
    "$@" > out 2> err < /dev/null || status=$?
    [ "$status" = "$want" ]
}

# refused COMMAND...: exit status 2 and one line, on standard error.
refused() {
    run 2 "$@" && [ ! -s out ] && [ "$(wc -l < err)" = 1 ]
}

# says PATTERN: the last command's error line has it.
says() {
    grep -q -e "$1" err
}

# refused_with PATTERN COMMAND...
refused_with() {
    pattern=$1
    shift
    refused "$@" && says "$pattern"
}
