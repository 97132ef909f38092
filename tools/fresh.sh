#!/bin/sh
# fresh.sh SUITE VERB...: clones the committed state into a new, minimal Debian
# (bookworm or trixie, by debootstrap, in a chroot) and runs ./dev VERB there. Needs root
# and debootstrap. The untouched base system and downloaded packages stay in FRESH
# (build-fresh/ if not set) for the next time.
set -eu
[ $# -ge 2 ] || { echo 'usage: tools/fresh.sh SUITE VERB...' >&2; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
suite=$1
shift
store=${FRESH:-$root/build-fresh}
base=$store/$suite.base
mkdir -p "$store/$suite.packages"
if [ ! -d "$base" ]; then
    debootstrap --variant=minbase --include=git,ca-certificates "$suite" "$base.new" > "$store/$suite.log"
    mv "$base.new" "$base"
fi
machine=$(mktemp -d "$store/$suite.XXXXXX")
finish() {
    umount "$machine/proc" "$machine/var/cache/apt/archives" 2> /dev/null || true
    rm -rf --one-file-system "$machine"
}
trap finish EXIT
cp -a "$base/." "$machine/"
mount -t proc proc "$machine/proc"
mount --bind "$store/$suite.packages" "$machine/var/cache/apt/archives"
git clone -q --no-hardlinks "$root" "$machine/root/prismfed"
for verb in "$@"; do
    chroot "$machine" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb \
        sh -c 'cd /root/prismfed && "$@" && git status --porcelain' sh ./dev "$verb"
done
