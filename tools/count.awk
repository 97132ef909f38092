# Counts the TAP lines in Meson's testlog.json (one JSON object a line) and ends
# with "N passed, N failed". A test program that died without a "not ok" counts as one
# failure. Before the count, of every program that failed: what it said besides "ok", and how to
# run it alone; of every one that passed, what it measured: "# NAME: VALUE (at most BOUND)". Exit status 1 when
# something failed or nothing ran.

BEGIN { TAIL = 60 }

# The lines of a text in the object go to out[1..result]; of other escapes than these, only ESC is known.
function lines_of(object, key, out,    at, count, i) {
    at = index(object, "\"" key "\": \"")
    if (at == 0)
        return 0
    object = substr(object, at + length(key) + 5)
    gsub(/\\\\/, "\001", object)
    gsub(/\\"/, "\002", object)
    object = substr(object, 1, index(object, "\"") - 1)
    count = split(object, out, /\\n/)
    for (i = 1; i <= count; i++) {
        gsub(/\\t/, "\t", out[i])
        gsub(/\\u001b/, "\033", out[i])
        gsub(/\002/, "\"", out[i])
        gsub(/\001/, "\\", out[i])
    }
    if (count > 0 && out[count] == "")
        count--
    return count
}

function field(object, key,    out) {
    return lines_of(object, key, out) > 0 ? out[1] : ""
}

# Adds a line to what is shown in the end.
function show(line) {
    shown[++shown_count] = line
}

# The last ones of those lines that say more than that a check has passed; and the very last: how far it got.
function show_tail(what, lines, count,    kept, keep, i) {
    for (i = 1; i <= count; i++)
        if (lines[i] !~ /^ok / || i == count)
            keep[++kept] = lines[i]
    if (kept > TAIL)
        show("    (" kept - TAIL " lines of its " what " before)")
    for (i = kept > TAIL ? kept - TAIL + 1 : 1; i <= kept; i++)
        show("    " keep[i])
}

function show_failure(object, name, result, lines, count,    seed, status, i, errors, error_count) {
    for (i = 1; i <= count; i++)
        if (lines[i] ~ /^# SEED=[0-9]+$/)
            seed = substr(lines[i], 3) " "
    sub(/^.* \/ /, "", name)
    status = match(object, /"returncode": -?[0-9]+/) ? substr(object, RSTART + 14, RLENGTH - 14) : "unknown"
    show("failed: " name " (" result ", exit status " status ")")
    show_tail("output", lines, count)
    error_count = lines_of(object, "stderr", errors)
    show_tail("standard error", errors, error_count)
    show("  again: " seed "./dev check " name)
}

{
    bad = 0
    result = field($0, "result")
    count = lines_of($0, "stdout", lines)
    for (i = 1; i <= count; i++) {
        if (lines[i] ~ /^not ok/) {
            bad++
        } else if (lines[i] ~ /^ok.*# SKIP/) {
            skipped++
        } else if (lines[i] ~ /^ok/) {
            passed++
        }
    }
    if (bad == 0 && result != "OK" && result != "SKIP")
        bad = 1
    for (i = 1; bad == 0 && i <= count; i++)
        if (lines[i] ~ /^# [^:]+: [0-9]+ \(at most [0-9]+\)$/)
            show(substr(lines[i], 3))
    if (bad > 0)
        show_failure($0, field($0, "name"), result, lines, count)
    failed += bad
}

END {
    for (i = 1; i <= shown_count; i++)
        print shown[i]
    if (passed + failed + skipped == 0)
        failed = 1
    printf "%d passed, %d failed", passed, failed
    if (skipped > 0)
        printf ", %d skipped", skipped
    printf "\n"
    exit failed > 0
}
