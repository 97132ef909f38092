# size.awk FILE...: no function over 70 lines, no C file over 800. A function begins where
# a line outside of any other ends with ") {" or is "{", and ends at a "}" in the first column.

function complain(line, text) {
    printf "%s:%d: %s\n", name, line, text
    bad = 1
}

function end_of_file() {
    if (name != "" && lines > 800)
        complain(lines, "a file of " lines " lines (at most 800)")
}

FNR == 1 {
    end_of_file()
    name = FILENAME
    start = 0
}

{ lines = FNR }

start == 0 && (/^\{$/ || /\)[ \t]*\{$/) && !/^#/ { start = /^\{$/ ? FNR - 1 : FNR }

start > 0 && /^\}/ {
    if (FNR - start + 1 > 70)
        complain(start, "a function of " FNR - start + 1 " lines (at most 70)")
    start = 0
}

END {
    end_of_file()
    exit bad
}
