#!/bin/sh
# What docs/model.md says of the code and of the model still exists: functions, defects, properties.
set -eu
cd "$(dirname "$0")/../.."
. tests/tap.sh

# names FROM TO: the words in back quotes of that part of the document.
names() {
    sed -n "/^## $1/,/^## $2/p" docs/model.md | grep -o '`[A-Za-z_0-9]*`' | tr -d '`' | sort -u
}

status=0
for name in $(names 'Message by message' 'Where the model'); do
    grep -q -w -e "$name" src/pbft/*.c src/pbft/*.h model/pbft.pml || { echo "# no $name"; status=1; }
done
report "$status" "the functions and steps that the table pairs exist"

status=0
for name in $(names 'The defects' 'end'); do
    grep -q -w -e "$name" src/pbft/*.c model/run.sh || { echo "# no $name"; status=1; }
done
report "$status" "the defects exist"

status=0
for name in $(grep -o '^[A-Z]*  *[A-Z_0-9]*  *-D' model/run.sh | awk '{ print $1; print $2 }' | sort -u); do
    grep -q "\`$name\`" docs/model.md || { echo "# docs/model.md leaves out $name"; status=1; }
done
report "$status" "the document leaves out no defect and no property"
finish
