# Completion of prismfed and federated_sim for bash. The words come from the programs' own --help, so that there is no
# second list of them.

# _prismfed_words COMMAND...: the options that its --help lists, or the verbs
_prismfed_words() {
    "$@" 2> /dev/null | sed -n 's/^  \(--[a-z-]*\).*/\1/p; s/^  \([a-z][a-z]*\)  .*/\1/p'
}

# _prismfed_value COMMAND... OPTION: what --help calls the option's value; empty: it takes none
_prismfed_value() {
    local option=${!#}
    "${@:1:$#-1}" 2> /dev/null | sed -n "s/^  $option \([A-Z][A-Z]*\)  .*/\1/p"
}

_prismfed() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} program=${COMP_WORDS[0]} help value
    COMPREPLY=()
    if [[ ${program##*/} == federated_sim ]]; then
        help=("$program" --help)
    elif [[ $COMP_CWORD -eq 1 || ( $COMP_CWORD -eq 2 && $before == help ) ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_prismfed_words "$program" help)" -- "$word")
        return
    else
        help=("$program" "${COMP_WORDS[1]}" --help)
    fi
    [[ $before == --* ]] && value=$(_prismfed_value "${help[@]}" "$before")
    if [[ $value == DIR ]]; then
        mapfile -t COMPREPLY < <(compgen -d -- "$word")
    elif [[ $value == FILE || ( -z $value && $word != -* ) ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    elif [[ -z $value ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_prismfed_words "${help[@]}")" -- "$word")
    fi
}

complete -o filenames -F _prismfed prismfed federated_sim
