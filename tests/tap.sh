# For shell tests that print TAP: . tap.sh, then report each check and finish.
count=0
failed=0

# report STATUS TEXT [FILE...]: a check that passed when STATUS is 0; the files show why it did not.
report() {
    count=$((count + 1))
    tap_status=$1
    tap_text=$2
    shift 2
    if [ "$tap_status" = 0 ]; then
        echo "ok $count - $tap_text"
        return 0
    fi
    for tap_file in "$@"; do
        [ ! -f "$tap_file" ] || sed "s/^/# ${tap_file##*/}: /" "$tap_file" | head -n 40
    done
    echo "not ok $count - $tap_text"
    failed=1
}

skip() { # TEXT WHY
    count=$((count + 1))
    echo "ok $count - $1 # SKIP $2"
}

# The plan; ends the test.
finish() {
    echo "1..$count"
    exit "$failed"
}
