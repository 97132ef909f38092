# road.awk DOCUMENT: the road in a document's block marked "road" against the code. A line is a number, spaces (one more
# for each call), a function, its file, and what is to be said; "callback" says that the function is called through a
# pointer of its name. Prints what is wrong, a line each, then "road STEPS FUNCTIONS FILES".

function complain(text) {
    print "step " $1 ": " text
}

# The definition in a file, from the line with the name to the closing brace; first: that line.
function body(file, name,    i, text) {
    if (!(file in lines)) {
        lines[file] = 0
        while ((getline text < file) > 0)
            line[file, ++lines[file]] = text
        close(file)
    }
    for (i = 1; i <= lines[file]; i++)
        if (line[file, i] ~ "^[a-z].*[ *]" name "\\(" && line[file, i] !~ /;$/)
            break
    first = line[file, i]
    text = ""
    for (i++; i <= lines[file] && line[file, i] !~ /^}/; i++)
        text = text "\n" line[file, i]
    return text
}

function registered(file, name,    i) {
    for (i = 1; i <= lines[file]; i++)
        if (line[file, i] ~ "(^|[ {])\\." name " = " name "[,}]|[{,] *" name "[,}]")
            return 1
    return 0
}

# Is the function an item of a table in this file?
function in_table(file, name,    i) {
    for (i = 1; i <= lines[file]; i++)
        if (line[file, i] ~ "^ *\\[[A-Z_]+\\] = " name ",$")
            return 1
    return 0
}

function check(depth, name, file, callback,    text) {
    text = body(file, name)
    if (text == "")
        complain(file " does not define " name)
    if (depth > before + 1)
        complain(name " hangs below nothing")
    else if (depth > 0 && callback && in_table(place[depth - 1], name) && code[depth - 1] ~ /\]\(/)
        ;
    else if (depth > 0 && callback && !registered(file, name))
        complain(file " makes no callback of " name)
    else if (depth > 0 && callback && code[depth - 1] !~ "[.>]" name "\\(")
        complain(called[depth - 1] " has no callback " name)
    else if (depth > 0 && !callback && first ~ /^static/ && place[depth - 1] != file)
        complain(name " is static in " file)
    else if (depth > 0 && !callback && code[depth - 1] !~ "(^|[^A-Za-z0-9_.>])" name "\\(")
        complain(called[depth - 1] " does not call " name)
    code[depth] = text
    called[depth] = name
    place[depth] = file
    before = depth
}

BEGIN { before = -1 }
/^```road$/ { inside = 1; next }
/^```/ { inside = 0 }
inside {
    if ($1 != ++steps)
        complain("comes as number " steps)
    match(substr($0, 5), /^ */)
    check(RLENGTH, $2, $3, $4 == "callback")
    if (!(($2, $3) in function_seen))
        functions++
    function_seen[$2, $3] = 1
    if (!($3 in file_seen))
        files++
    file_seen[$3] = 1
}
END { print "road", steps + 0, functions + 0, files + 0 }
