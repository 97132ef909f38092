#!/bin/sh
# test_ci.sh PRISMFED: the jobs under examples/ci do what they say: what they run is taken out of them and run, the
# artifacts are kept, and a scenario whose record was tampered with fails.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
PRISMFED=$(realpath "$1")
export PRISMFED
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
. "$root/tests/tap.sh"
mkdir -p "$scratch/artifacts/mec/M5"
cp -R "$root/examples" "$scratch/"
cp -R "$root/artifacts/mec/M5/scenarios" "$scratch/artifacts/mec/M5/"
cd "$scratch"

# The commands of a job: what is indented deeper than the line that begins it.
awk '/^        run: \|$/ { inside = 1; next }
    inside && !/^          / { exit }
    inside { sub(/^          /, ""); print }' examples/ci/github.yml > github.sh
awk '/^    - >$/ { inside = 1; next } inside && !/^      / { exit } inside { sub(/^      /, ""); printf "%s ", $0 }' \
    examples/ci/gitlab.yml > gitlab.sh
status=0
sh -eu github.sh > said 2>&1 || status=$?
report $status 'the job for GitHub is green' github.sh said
status=0
grep -q '^verdict: compliant' rehearsals/audit.txt && grep -q '"verdict": *"compliant"' rehearsals/audit.json &&
    [ -f rehearsals/simulations/epoch_summary.json ] && [ -d rehearsals/ledger/lying_site ] || status=$?
report $status 'and leaves artifacts and the report' said
status=0
[ "$(tr -s '\\\n ' '   ' < github.sh)" = "$(tr -s ' ' < gitlab.sh)" ] || status=$?
report $status 'the job for GitLab runs the same' github.sh gitlab.sh

# The same again, but a recorder changes a number on the way.
cat > prismfed << END
#!/bin/sh
[ "\$1" != audit ] || sed -i 's/"gain": [0-9]*/"gain": 1/' rehearsals/simulations/epoch_summary.json
exec "$PRISMFED" "\$@"
END
chmod +x prismfed
status=0
PRISMFED=./prismfed sh -eu github.sh > said 2>&1 && status=1
grep -q PF-SUMMARY-SIGNATURE rehearsals/audit.txt || status=1
report $status 'it is red when a record does not hold, and says why' said
finish
