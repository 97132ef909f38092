#!/bin/sh
# house.sh: the measures of the house are within their bounds, and measure.sh sees what goes beyond each of them.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
. "$root/tests/tap.sh"

status=0
"$here/measure.sh" "$root" > "$scratch/out" || status=$?
cat "$scratch/out"
report "$status" "the house is within its bounds"

# A tree for one breach; put FILE adds a file to it, with the text that comes in.
fresh() {
    rm -rf "$scratch/tree"
    mkdir -p "$scratch/tree/src"
    cp "$root/src/layers" "$scratch/tree/src/"
    : > "$scratch/tree/meson.build"
    : > "$scratch/tree/dev"
}
put() {
    mkdir -p "$scratch/tree/$(dirname "$1")"
    cat > "$scratch/tree/$1"
}
# finds NAME: this measure is beyond its bound in the tree, and no other is.
finds() {
    status=0
    "$here/measure.sh" "$scratch/tree" > "$scratch/out" || status=$?
    beyond=$(sed -n 's/^# \(.*\): \([0-9]*\) (at most \([0-9]*\))$/\2 \3 \1/p' "$scratch/out" |
        awk '$1 > $2' | sed 's/^[0-9]* [0-9]* //')
    [ "$status" = 1 ] && [ "$beyond" = "$1" ] && status=0 || status=1
    report "$status" "sees a breach: $1" "$scratch/out"
}
repeat() { # N TEXT
    awk -v n="$1" -v text="$2" 'BEGIN { for (i = 0; i < n; i++) print text }'
}

fresh
echo '#include "codec/cbor.h"' | put src/base/a.h
echo '#include "base/a.h"' | put src/codec/a.h
finds "circles of includes between folders of src"

fresh
echo "$(sed "s/.*/'&',/" "$root/src/layers" | tr '\n' ' ')" | put tests/meson.build
finds "lists of the layers beside src/layers"
fresh
sed "s/.*/    '&',/" "$root/src/layers" | put tools/a.sh
finds "lists of the layers beside src/layers"

fresh
echo '    case EFFECT_SEND:' | put storm/a.c
finds "interpreters of effects beside src/driver/outbox.c"
fresh
for kind in SEND NOTE TIMER_SET; do
    echo "if (e->kind == EFFECT_$kind)"
done | put tests/a.c
finds "interpreters of effects beside src/driver/outbox.c"

fresh
{ echo 'int f(int i)'; echo '{'; repeat 69 '    i++;'; echo '}'; } | put src/base/a.c
finds "lines of the longest function of src"
fresh
repeat 9 'int f(int i) {
'"$(repeat 39 '    i++;')"'
}' | put src/base/a.c
finds "functions of src over 40 lines"
fresh
repeat 801 'int i;' | put src/base/a.c
finds "lines of the longest file of src"

fresh
printf '#ifdef MUTANT_%s\n#endif\n' A | put src/base/a.c
finds "planted defects behind #if"

fresh
echo 'enum { PPM = 1000000 };' | put src/base/a.h
echo '#define PPM 1000000' | put storm/a.c
finds "definitions of PPM"

fresh
echo '    ask(world, peer, replica_message_fetch(height + 1));' | put storm/a.c
finds "steps of catch-up outside of the replica"
fresh
printf 'static void catch_up_receive(struct world *w)\n{\n}\n' | put storm/a.c
finds "steps of catch-up outside of the replica"

fresh
{ echo '/* ERR_IO. */'; echo 'enum err g(int i);'; echo 'enum err h(int i);'; echo; echo 'enum err bad(int i);'; } |
    put src/sim/a.h
finds "prototypes that do not say their errors"

# Each way to assign a field, in another file than its owner's.
room() {
    fresh
    { echo "/* The fields are the door's own. */"
        printf 'struct door {\n    int width, seen[4];\n    struct hinge hinge;\n};\n'; } | put src/base/door.h
    printf 'struct room {\n    struct door door, doors[3];\n};\n' | put src/base/room.h
    printf 'void door_open(struct door *d)\n{\n    d->width = 1;\n}\n' | put src/base/door.c
}
while IFS= read -r assignment; do
    room
    printf '%s\n' 'static void f(int n,' '              struct room *r)' '{' '    struct door *d = &r->door;' \
        "    $assignment" '}' | put src/base/room.c
    finds "fields written outside of their owner"
done << 'END'
d->width = 1;
d->width |= 1;
d->seen[n]++;
--d->width;
r->door.width = n;
r->doors[n + r->k[0]].seen[1] += n;
r->door.hinge.oil = n;
(void)n, r->x = d->width = n;
END
# None of these is an assignment to a field of the door's.
room
cat << 'END' | put src/base/room.c
static bool f(const struct room *r, struct other *o)
{
    const struct door *d = &r->door;

    o->width = d->width;
    /* d->width = 1; */
    return d->width == 1 && d->seen[0] <= 1 && r->door.hinge.oil >= 2 && d->width != 3;
}
END
status=0
"$here/measure.sh" "$scratch/tree" > "$scratch/out" || status=$?
report "$status" "reading a field is no breach" "$scratch/out"

# The fields of an internal header have no owner by name: one file writes them, whichever it is.
fresh
printf 'struct hall {\n    int width;\n};\n' | put src/pbft/internal.h
for file in a b; do
    printf 'void set_%s(struct hall *h)\n{\n    h->width = 1;\n}\n' "$file" | put "src/pbft/$file.c"
done
finds "fields of internal headers that several files write"
finish
