#!/bin/sh
# prismfed aggregate: files in, one vector out, and clear words for what is not right.
set -eu
. "$(dirname "$0")/tap.sh"

aggregate() {
    run 0 "$prismfed" aggregate "$@"
}

printf '1,2,3\n4,5,6\n7,8,9\n' > nine.csv
ok "the median" aggregate --rule median --f 1 nine.csv
ok "is printed" grep -q -x 4,5,6 out
ok "into a file" aggregate --rule mean --output mean.csv nine.csv
ok "prints rule, size and hash" grep -q -x 'mean of 3 updates, 3 columns: sha256 [0-9a-f]\{64\}' out
ok "holds the result" grep -q -x 4,5,6 mean.csv
cp out first
ok "into a .npy" aggregate --rule mean --output mean.npy nine.csv
ok "has the same hash" cmp out first
tail -c 24 mean.npy | sha256sum | cut -d ' ' -f 1 > hash
ok "which is that of its numbers" grep -q -f hash out
ok "a .npy is read" aggregate --rule mean mean.npy
ok "with the same numbers" grep -q -x 4,5,6 out
ok "several files" aggregate --rule median nine.csv mean.npy mean.csv
ok "are one set" grep -q -x 4,5,6 out
printf '7,8,9\n\n# a remark\r\n 1 , 2 , 3\r\n4,5,6' > other.csv
ok "another order" aggregate --rule mean --threads 3 --output other.npy other.csv
ok "the same bytes" cmp mean.npy other.npy

printf 'a,1\nb,1\nc,4\na,1\n' > named.csv
ok "senders" aggregate --rule mean --names named.csv
ok "what came twice counts once" grep -q -x 2 out
printf '1\n1\n4\n' > plain.csv
ok "without senders" aggregate --rule mean plain.csv
ok "equal updates all count" grep -q -x 2 out
printf 'a,1\na,2\n' > twoface.csv
ok "two updates of one sender" refused_with 'a has sent two different updates (rows 0 and 1)' \
    "$prismfed" aggregate --rule mean --names twoface.csv
printf '1\n0\n3\n' > weights.csv
ok "weights" aggregate --rule weighted_mean --weights weights.csv nine.csv
ok "are applied" grep -q -x 5.5,6.5,7.5 out
printf '0,0,0\n' > start.csv
ok "clipping from a start" aggregate --rule centred_clipping --radius 1e-3 --steps 1 --start start.csv nine.csv
ok "stays near it" grep -q '^0.000' out
for rule in krum multi_krum geometric_median bulyan mda; do
    ok "$rule" aggregate --rule "$rule" --nnm --bucket 1 --seed 3 --smoothing 1e-9 --m 0 nine.csv
done

bad() { # TEXT PATTERN ARGUMENT...
    text=$1
    pattern=$2
    shift 2
    ok "$text" refused_with "$pattern" "$prismfed" aggregate "$@"
}
printf '1,2\n3,x\n' > letter.csv
printf '1,2\n3\n' > short.csv
printf '1,2\n3,nan\n' > nan.csv
printf '0x10,2\n' > hex.csv
printf '1,1e400\n' > large.csv
: > empty.csv
head -c 100 mean.npy > cut.npy
bad "no rule" 'which --rule' nine.csv
bad "no such rule" '--rule: average' --rule average nine.csv
bad "no file" 'expected a FILE' --rule mean
bad "not a number of liars" '\-\-f must be a number from 0' --rule median --f -1 nine.csv
bad "too many liars" 'krum withstands f = 1 among 2 \* f + 3 rows or more, here are 3' --rule krum --f 1 nine.csv
bad "a letter" 'letter.csv:2, field 2: not a number' --rule mean letter.csv
bad "a short line" 'short.csv:2: a row of 1 numbers after rows of 2' --rule mean short.csv
bad "a NaN in a mean" 'row 1, column 1: -*nan is not a number from' --rule mean --f 1 nan.csv
bad "a NaN without liars" 'row 1, column 1: -*nan is not a number from' --rule median nan.csv
printf 'a,1,2\nb,3,nan\nc,1,2\nd,5,6\n' > named_nan.csv
ok "a NaN among liars that a rule withstands" aggregate --rule trimmed_mean --f 1 --names named_nan.csv
ok "is dropped" [ "$(cat out)" = "2.3333333333333335,3.3333333333333335" ]
ok "and named" grep -q 'row 1 (b) is dropped, as one of the f = 1 liars: -*nan in column 1 is not' err
printf 'a,1,2\nb,3,nan\nc,-Inf,2\nd,5,6\ne,1,1\n' > two_nan.csv
bad "more of them than liars" \
    'row [12], column [01]: -*\(nan\|inf\) is not a number' --rule median --f 1 --names two_nan.csv
ok "as many of them as liars" aggregate --rule median --f 2 --names two_nan.csv
ok "the rest is reduced" [ "$(cat out)" = "1,2" ]
if python3 -c 'import zipfile, zlib' 2> /dev/null; then
    python3 "$root/tests/aggregate/npz.py"
    ok "an .npz of one array" aggregate --rule median stored.npz
    ok "is that array" [ "$(cat out)" = "4,5,6" ]
    ok "a deflated one" aggregate --rule median deflated.npz
    ok "is the same" [ "$(cat out)" = "4,5,6" ]
    ok "with ZIP64's sizes" aggregate --rule median wide.npz
    ok "too" [ "$(cat out)" = "4,5,6" ]
    ok "several arrays" aggregate --rule mean layers.npz layers.npz
    ok "are the layers of one update" [ "$(cat out)" = "0,1,2,3,4,5,7,1,2" ]
    bad "other layers" 'other.npz: its arrays have other names or shapes' --rule mean layers.npz other.npz
    bad "a CRC that does not fit" 'crc.npz: a.npy: its CRC does not fit' --rule mean crc.npz
    bad "a lie about the size" 'size.npz: a.npy: its .* bytes cannot be the' --rule mean size.npz
    bad "deflated bytes that are damaged" 'damaged.npz: a.npy: \(its deflated bytes\|its CRC\)' --rule mean damaged.npz
    bad "an archive without arrays" 'none.npz: an archive without arrays' --rule mean none.npz
    bad "a member that is no array" 'text.npz: a.txt: not a .npy file' --rule mean text.npz
    bad "a packing that nobody knows here" 'bzip2.npz: a.npy is packed by method 12' --rule mean bzip2.npz
    bad "an archive that is cut" 'cut.npz: the archive has no directory' --rule mean cut.npz
else
    skip "an .npz is read" "needs python3"
fi
bad "a number that is hexadecimal" 'hex.csv:1, field 1: not a number' --rule mean hex.csv
bad "a number past the largest one" 'large.csv:1, field 2: not a number' --rule mean large.csv
bad "an option that is hexadecimal" '\-\-radius: 0x1p3 is not a decimal' --rule centred_clipping --radius 0x1p3 nine.csv
bad "an option that is endless" '\-\-smoothing: inf is not a decimal' --rule geometric_median --smoothing inf nine.csv
bad "an empty file" 'empty.csv: no numbers' --rule mean empty.csv
bad "a file that is cut" 'cut.npy: it ends within its header' --rule mean cut.npy
bad "no such file" 'nowhere' --rule mean nowhere
bad "weights for another rule" '--weights goes with' --rule mean --weights weights.csv nine.csv
bad "too few weights" 'a weight for each' --rule weighted_mean --weights mean.csv nine.csv
bad "no weights" 'needs weights' --rule weighted_mean nine.csv
bad "no radius" 'radius' --rule centred_clipping nine.csv
bad "a start of another length" 'one vector of 3' --rule centred_clipping --radius 1 --start weights.csv nine.csv
finish
