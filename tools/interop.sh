#!/bin/sh
# interop.sh TOOLS: fetches other people's verifiers into the folder TOOLS, where the tests interop/* look for them,
# with the package managers that are here. What cannot be had is said, and its test is skipped.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1/bin" "$1/node"
tools=$(cd "$1" && pwd)

try() { # WHAT COMMAND...
    what=$1
    shift
    if "$@" > "$tools/log" 2>&1; then
        echo "interop: $what is there"
    else
        echo "interop: $what cannot be had: $(tail -n 1 "$tools/log")"
    fi
}
go_tool() {
    GOBIN=$tools/bin go install "$1"
}
formats() {
    cd "$root/tests/interop/formats" && go build -mod=readonly -o "$tools/bin/formats" .
}
python_tools() {
    python3 -m venv "$tools/venv" &&
        "$tools/venv/bin/pip" install --quiet cryptography==48.0.0 pycose==1.1.0 cbor2==5.6.5
}
node_tools() {
    npm install --silent --no-audit --no-fund --prefix "$tools/node" @auth0/cose@1.0.2 cbor-x@1.6.0
}

if command -v go > /dev/null; then
    try 'litewitness (a witness)' go_tool filippo.io/torchwood/cmd/litewitness@v0.6.1
    try 'witnessctl' go_tool filippo.io/torchwood/cmd/witnessctl@v0.6.1
    try "fsck of transparency-dev's tessera" go_tool github.com/transparency-dev/tessera/cmd/fsck@v1.0.4
    try "transparency-dev's formats" formats
else
    echo 'interop: no Go here (golang-go)'
fi
if command -v python3 > /dev/null; then
    try "Python's cryptography and pycose" python_tools
fi
if command -v npm > /dev/null; then
    try '@auth0/cose' node_tools
else
    echo 'interop: no npm here'
fi
