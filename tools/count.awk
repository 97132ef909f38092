# Counts the TAP lines in Meson's testlog.json (one JSON object a line) and ends
# with "N passed, N failed". A test program that died without a "not ok" counts as one
# failure. Exit status 1 when something failed or nothing ran.

function field(line, key,    at, rest) {
    at = index(line, "\"" key "\": \"")
    if (at == 0)
        return ""
    rest = substr(line, at + length(key) + 5)
    return substr(rest, 1, index(rest, "\"") - 1)
}

{
    name = field($0, "name")
    result = field($0, "result")
    at = index($0, "\"stdout\": \"")
    bad = 0
    if (at > 0) {
        count = split(substr($0, at + 11), lines, /\\n/)
        for (i = 1; i <= count; i++) {
            if (lines[i] ~ /^not ok/) {
                bad++
            } else if (lines[i] ~ /^ok.*# SKIP/) {
                skipped++
            } else if (lines[i] ~ /^ok/) {
                passed++
            }
        }
    }
    if (bad == 0 && result != "OK" && result != "SKIP") {
        bad = 1
    }
    if (bad > 0) {
        printf "failed: %s (%s)\n", name, result
    }
    failed += bad
}

END {
    if (passed + failed + skipped == 0)
        failed = 1
    printf "%d passed, %d failed", passed, failed
    if (skipped > 0)
        printf ", %d skipped", skipped
    printf "\n"
    exit failed > 0
}
