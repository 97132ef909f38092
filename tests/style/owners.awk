# owners.awk FILE...: who writes which fields. A struct whose comment says "The fields are the ...'s own." is a room
# with a door: only the .c file of the header's name assigns them. Prints, one a line,
#   door STRUCT HEADER                 a struct that is marked so
#   breach FILE:LINE STRUCT FIELD      an assignment to a field of one elsewhere
#   shared STRUCT HEADER FIELD COUNT   a field of an unmarked struct of an internal.h that COUNT > 1 files assign
# An assignment is seen by the type that the variable on its left is declared with in that file, and from there by
# the types of the fields on the way (r->chain.height is chain's). Headers come first, so that these are known. A folder
# or a .c file may have another struct of the same name: there it is that one.

BEGIN {
    variable = "[A-Za-z_][A-Za-z0-9_]*"
    index_of_one = "(\\[[^][]*(\\[[^][]*\\])?[^][]*\\])?"
    field_of_one = "(->|\\.)" variable
    path_of_one = variable "(" index_of_one field_of_one ")+" index_of_one
    assignment = path_of_one "( *(=[^=]|[-+*/|&^]=|<<=|>>=)|\\+\\+|--|( =)$)"
    increment = "(\\+\\+|--)" path_of_one
}

function stem(path) {
    sub(/\.[ch]$/, "", path)
    return path
}

# "const struct chain *a, b[3];" declares a and b, for `scope` a struct's name or "" for the file's variables.
function declare(text, scope,    type, names, n, i, name) {
    sub(/^[ \t]*(static |const |extern )*struct /, "", text)
    type = text
    sub(/[^A-Za-z0-9_].*/, "", type)
    sub(/^[A-Za-z0-9_]+[ \t]*(const )?/, "", text)
    n = split(text, names, ",")
    for (i = 1; i <= n; i++) {
        name = names[i]
        sub(/[=;).].*/, "", name)
        gsub(/\[[^]]*\]/, "", name)
        pointer = name ~ /\*/
        gsub(/[^A-Za-z0-9_]/, "", name)
        if (name != "")
            kind[scope, name] = type
    }
}

# Assigned: the path from a variable on, "r->chain.recent[2]".
function assigned(path,    rest, name, at, hop, hops, field, i, k) {
    while (gsub(/\[[^][]*\]/, "", path))
        ;
    hops = 0
    rest = path
    name = rest
    sub(/[^A-Za-z0-9_].*/, "", name)
    rest = substr(rest, length(name) + 1)
    at = kind["", name]
    while (rest != "" && at != "") {
        hop = substr(rest, 1, 1) == "." ? 1 : 2
        rest = substr(rest, hop + 1)
        field = rest
        sub(/[^A-Za-z0-9_].*/, "", field)
        rest = substr(rest, length(field) + 1)
        # What an arrow leads to belongs to another.
        if (hop == 2)
            hops = 0
        hops++
        owner[hops] = at
        fields[hops] = field
        at = kind[at, field]
    }
    if (rest != "")
        return
    for (i = 1; i <= hops; i++)
        written(owner[i], fields[i])
}

function folder(path) {
    sub(/\/[^\/]*$/, "", path)
    return path
}

function written(name, field) {
    if (((name, folder(FILENAME)) in namesake) || ((name, FILENAME) in namesake))
        return
    if (name in door) {
        if (stem(FILENAME) != stem(door[name]))
            print "breach", FILENAME ":" FNR, name, field
    } else if ((name in shared_header) && !((name, field, FILENAME) in seen)) {
        seen[name, field, FILENAME] = 1
        count[name " " shared_header[name] " " field]++
    }
}

FNR == 1 {
    inside = comment = ""
    split("", fresh)
    for (k in kind)
        if (substr(k, 1, 1) == SUBSEP)
            delete kind[k]
}

# Comments go, but are remembered for the struct that they stand before.
{
    line = $0
    if (!open && line ~ /^\/\*/)
        comment = ""
    if (open || line ~ /^\/\*/)
        comment = comment " " line
    while (match(line, /\/\*([^*]|\*[^\/])*\*\//))
        line = substr(line, 1, RSTART - 1) substr(line, RSTART + RLENGTH)
    if (open) {
        if (!match(line, /\*\//))
            next
        line = substr(line, RSTART + 2)
        open = 0
    }
    if (match(line, /\/\*/)) {
        line = substr(line, 1, RSTART - 1)
        open = 1
    }
    sub(/\/\/.*/, "", line)
    gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
}

line ~ /^struct [A-Za-z0-9_]+ \{$/ {
    inside = line
    gsub(/^struct | \{$/, "", inside)
    if (comment ~ /fields[ *]* are[ *]* [a-z *]*('s|s')[ *]* own/) {
        door[inside] = FILENAME
        print "door", inside, FILENAME
    } else if (FILENAME ~ /\.c$/) {
        namesake[inside, FILENAME] = 1
    } else if (FILENAME ~ /\/internal\.h$/) {
        shared_header[inside] = FILENAME
    } else {
        namesake[inside, folder(FILENAME)] = 1
    }
    comment = ""
    next
}
line ~ /^}/ { inside = "" }
inside != "" {
    if (line ~ /^ *(const )?struct [A-Za-z0-9_]+ [ *A-Za-z]/)
        declare(line, inside)
    next
}
line ~ /^[^ \t#}]/ { comment = "" }
FILENAME ~ /\.h$/ { next }

# A function begins: its parameters; a line that goes on with parameters counts as well.
line ~ /^(static |const |enum |struct |void |bool |int |u?int|uns|size_t|double |[A-Za-z_]).*\(/ && line !~ /;$/ {
    for (k in kind)
        if (substr(k, 1, 1) == SUBSEP)
            delete kind[k]
    sub(/^[^(]*\(/, "", line)
    parameters = 1
}
parameters {
    n = split(line, parts, ",")
    for (p = 1; p <= n; p++)
        if (parts[p] ~ /^ *(const )?struct [A-Za-z0-9_]+ /)
            declare(parts[p], "")
    if (line ~ /^\{/)
        parameters = 0
    if (line !~ /^[ \t]/ || line ~ /\)$/)
        parameters = line !~ /\)$/ && line !~ /^\{/
    next
}
line ~ /^ +(static |const )*struct [A-Za-z0-9_]+ [ *]*[A-Za-z_]/ { declare(line, "") }
line ~ /^ +for \((const )?struct / {
    declared = line
    sub(/^ +for \(/, "", declared)
    declare(declared, "")
}
{
    rest = line
    while (match(rest, assignment)) {
        path = substr(rest, RSTART, RLENGTH)
        rest = substr(rest, RSTART + RLENGTH)
        sub(/ *([-+*\/|&^<>]*=.?|\+\+|--)$/, "", path)
        assigned(path)
    }
    rest = line
    while (match(rest, increment)) {
        path = substr(rest, RSTART + 2, RLENGTH - 2)
        rest = substr(rest, RSTART + RLENGTH)
        assigned(path)
    }
}
END {
    for (c in count)
        if (count[c] > 1)
            print "shared", c, count[c]
}
