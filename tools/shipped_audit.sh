#!/bin/sh
# shipped_audit.sh PRISMFED DIR: audits the artifacts of the shipped scenarios in DIR. Each of DIR/scenarios
# vouches for its own rehearsal.
set -eu
program=$1
folder=$2
set --
for scenario in "$folder"/scenarios/*.json; do
    set -- "$@" --scenario "$scenario"
done
exec "$program" audit "$@" "$folder"
