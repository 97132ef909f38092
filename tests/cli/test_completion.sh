#!/bin/sh
# completion/prismfed.bash offers the verbs, options, files and folders that fit.
set -eu
. "$(dirname "$0")/tap.sh"
if ! command -v bash > /dev/null; then
    echo '1..0 # SKIP no bash'
    exit 0
fi
ln -s "$prismfed" prismfed
ln -s "$federated_sim" federated_sim
mkdir -p folder scenarios
: > scenario.json

# offers WANTED WORD...: the sorted answers for a line of these words, the last of which is being typed
offers() {
    wanted=$1
    shift
    bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _prismfed; printf "%s\n" "${COMPREPLY[@]}"' \
        "$root/completion/prismfed.bash" "$@" > out 2> err
    [ "$(echo $(LC_ALL=C sort out))" = "$wanted" ] && [ ! -s err ]
}
ok "verbs" offers 'show signer sim sink site snapshot space store' ./prismfed s
ok "a verb that is begun" offers 'audit' ./prismfed au
ok "what help explains" offers 'keys' ./prismfed help k
ok "options of a verb" offers '--epochs' ./prismfed sim --ep
ok "of the other name" offers '--epochs' ./federated_sim --ep
ok "of several words" offers '--limit-ms' ./federated_sim --lim
ok "files" offers 'scenario.json scenarios' ./federated_sim --scenario sc
ok "folders" offers 'scenarios' ./federated_sim --output-dir sc
ok "a number is nobody's to guess" offers '' ./federated_sim --epochs ''
ok "what a verb works on" offers 'scenario.json scenarios' ./prismfed show sc
ok "no verb, no options" offers '' ./prismfed nothing --x
words=". $root/completion/prismfed.bash; _prismfed_words ./federated_sim --help"
ok "every option of sim" test "$(bash -c "$words" | wc -l)" \
    = "$(./federated_sim --help | grep -c '^  --')"
finish
