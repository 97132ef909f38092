# text.awk FILE...: white space, line length, include guards and words that have no
# place in finished text.

function complain(text) {
    printf "%s:%d: %s\n", FILENAME, FNR, text
    bad = 1
}

# src/base/err.h -> PRISMFED_BASE_ERR_H
function guard_of(path) {
    sub(/^.*(src|include\/prismfed)\//, "", path)
    sub(/^\.\//, "", path)
    gsub(/[^A-Za-z0-9]/, "_", path)
    return "PRISMFED_" toupper(path)
}

FNR == 1 {
    header = FILENAME ~ /\.h$/
    code = FILENAME ~ /\.(c|h|sh|awk|build)$/
}

header && FNR == 1 && $0 != "#ifndef " guard_of(FILENAME) { complain("should begin with #ifndef " guard_of(FILENAME)) }
header && FNR == 2 && $0 != "#define " guard_of(FILENAME) { complain("should be #define " guard_of(FILENAME)) }

/\t/ { complain("a tab") }
/\r/ { complain("a carriage return") }
/[ \t]$/ { complain("white space at the end of the line") }
code && length($0) > 120 { complain("a line of " length($0) " characters (at most 120)") }
# The words are taken apart so that this file passes its own rule.
/(^|[^A-Za-z0-9_])(TO[D]O|FIX[M]E|X[X]X|HA[C]K)([^A-Za-z0-9_]|$)/ { complain("unfinished: " $0) }

END { exit bad }
