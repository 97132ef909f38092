# includes.awk LAYERS FILE...: an #include in src/<layer>/ points to the same layer or to an earlier one in the list
# LAYERS (src/layers), with the exceptions below.

BEGIN {
    while ((getline layer < ARGV[1]) > 0)
        rank[layer] = ++n
    ARGV[1] = ""
    # What one layer may use at most, where that is less than everything before it.
    only["pbft"] = " base codec crypto merkle ledger pbft "
    only["transfer"] = " base codec crypto merkle ledger pbft transfer "
    only["replica"] = " base codec crypto merkle ledger pbft transfer replica "
    only["program"] = " base codec crypto genome evolve program "
    # Programs of the user's are for the drivers: what decides knows no process.
    split("aggregate pbft transfer replica state fed", pure)
    for (i in pure)
        never[pure[i]] = " program "
    # The auditor re-derives: it shares no code that decides with the runtime.
    never["audit"] = " program replica fed driver world sim node "
    # Two drivers of one core, strangers to each other.
    never["node"] = " sim "
}

function complain(text) {
    printf "%s:%d: %s\n", FILENAME, FNR, text
    bad = 1
}

/^[ \t]*#[ \t]*include[ \t]*"/ {
    split(FILENAME, part, "/")
    for (i = 1; part[i] != "src" && i < 20; i++)
        ;
    from = part[i + 1]
    split($0, quoted, "\"")
    split(quoted[2], target, "/")
    to = target[1]
    if (to == "prismfed") {
        if (rank[from] < rank["sim"])
            complain("only sim, node and cli know the public headers: " quoted[2])
    } else if (!(to in rank) || target[2] == "" || target[3] != "") {
        complain("an include names layer/file.h: " quoted[2])
    } else if (!(from in rank)) {
        complain("no such layer: " from)
    } else if (rank[to] > rank[from]) {
        complain("includes point up the list of layers only: " from " includes " to)
    } else if ((from in only) && index(only[from], " " to " ") == 0) {
        complain(from " includes none of " to)
    } else if ((from in never) && index(never[from], " " to " ") > 0) {
        complain(from " never includes " to)
    }
}

# Clocks belong to the mains and to the real node; libm is not the same everywhere.
/^[ \t]*#[ \t]*include[ \t]*<(math|fenv|complex|tgmath)\.h>/ {
    if (FILENAME !~ /src\/base\/dmath\.c$/)
        complain("no libm here: use base/dmath.h")
}
/^[ \t]*#[ \t]*include[ \t]*<(sys\/)?time\.h>/ {
    # simulation.c tells its caller how long a rehearsal really took, and nobody else; a child has a deadline.
    if (FILENAME !~ /src\/((node|cli)\/|(sim\/simulation|program\/processes)\.c$)/)
        complain("no clock outside node and cli")
}
/(^|[^a-z_])(rand|srand|random|srandom|drand48|getrandom|arc4random|randombytes_buf)\(/ {
    if (FILENAME !~ /src\/(node|cli)\//)
        complain("no random device outside node and cli: use base/prng.h")
}

END { exit bad }
