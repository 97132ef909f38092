"""Rollback, freeze, mix and match, fast forward, split views, and what is done to the log itself."""

import base64

from ledger import b64, cose, raw
from registry import case

EPOCHS = (0, 1, 2)
PAIRS = [(a, b) for a in EPOCHS for b in EPOCHS if a != b]
FAR = (2 ** 63, 2 ** 63 - 1, 2 ** 64 - 1, 2 ** 53 + 1)


def shown(number):
    return number if number <= 2 ** 53 else str(number)


# ---- rollback

@case("rollback", "PF-EPOCH-ORDER", [(2, 0), (2, 1), (1, 0)])
def older_epoch_in_place_of_a_newer(l, epoch, older):
    l.epochs[epoch] = l.epochs[older]


@case("rollback", "PF-CHECKPOINT", PAIRS)
def checkpoint_of_another_epoch(l, epoch, other):
    names = sorted(l.checkpoints)
    l.checkpoints[names[epoch]] = l.checkpoints[names[other]]


@case("rollback", "PF-ANCHOR-BINDING", PAIRS)
def anchor_of_another_epoch(l, epoch, other):
    l.set_anchor(epoch, raw(l.epochs[other]["signature"]))


@case("rollback", "PF-LOG-END", [1, 2])
def last_epochs_cut_off_and_the_summary_signed_again(l, count):
    for _ in range(count):
        name = l.names.pop()
        l.epochs.pop()
        l.summary["epochs"].pop()
        del l.checkpoints[name.replace(".json", ".checkpoint")]
    l.summary["epoch_count"] -= count
    l.sign_summary()


@case("rollback", "PF-SUMMARY-VIEW", [1, 2])
def last_epochs_cut_off_and_called_stalled(l, count):
    for i in range(1, count + 1):
        name = l.names.pop()
        l.epochs.pop()
        l.summary["epochs"][-i].update(stalled=True, anchored=False, quorum_reached=False)
        del l.checkpoints[name.replace(".json", ".checkpoint")]
    l.sign_summary()


# ---- freeze

@case("freeze", verdict="consistent", each=[0, 1, 2])
def end_with_fewer_voices_than_a_quorum(l, count):
    l.set_ends(l.ends()[:count])


@case("freeze", "PF-LOG-END", EPOCHS)
def end_of_an_earlier_epoch(l, epoch):
    at = decode(l, epoch)
    ends = sorted((l.end(n, **at) for n in l.validators()), key=lambda e: cose.parse(e).kid)
    l.set_ends(ends)


def decode(l, epoch):
    a = l.epochs[epoch]["anchor"]
    return {"epoch": a["epoch"], "height": a["height"] - 1, "log_size": a["log_size"] - 1}


@case("freeze", verdict="consistent", trust="nobody")
def nobody_said_whose_log_it_is(l):
    pass


@case("freeze")
def honest_run(l):
    pass


# ---- mix and match

@case("mix", "PF-SUMMARY-LEDGER", PAIRS)
def root_of_another_epoch_in_the_summary(l, epoch, other):
    l.summary["epochs"][epoch]["ledger_merkle"] = l.summary["epochs"][other]["ledger_merkle"]
    l.sign_summary()


@case("mix", "PF-SUMMARY-LEDGER", EPOCHS)
def anchor_of_the_summary_is_another_signature(l, epoch):
    l.summary["epochs"][epoch]["signature"] = l.summary["epochs"][epoch - 1]["signature"]
    l.sign_summary()


@case("mix", "PF-BLOCK-CHAIN", EPOCHS, base="plain+foreign")
def epoch_of_another_federation(l, foreign, epoch):
    l.epochs[epoch] = foreign.epochs[epoch]


@case("mix", "PF-BLOCK-CHAIN", base="plain+foreign")
def genesis_of_another_federation(l, foreign):
    l.genesis = foreign.genesis


@case("mix", "PF-SUMMARY-VIEW", base="plain+foreign")
def summary_of_another_federation(l, foreign):
    l.summary = foreign.summary


@case("mix", "PF-CHECKPOINT", EPOCHS, base="plain+foreign")
def checkpoint_of_another_federation(l, foreign, epoch):
    name = sorted(l.checkpoints)[epoch]
    l.checkpoints[name] = foreign.checkpoints[name]


@case("mix", "PF-ANCHOR-SIGNATURE", EPOCHS, base="plain+foreign")
def anchor_of_another_federation(l, foreign, epoch):
    l.set_anchor(epoch, raw(foreign.epochs[epoch]["signature"]))


@case("mix", "PF-LOG-END", base="plain+foreign")
def ends_of_another_federation(l, foreign):
    l.set_ends(foreign.ends())


@case("mix", "PF-GENESIS-TRUST", trust="another")
def whole_and_consistent_but_not_the_trusted_one(l):
    pass


@case("mix", "PF-CERT-VOTE", [(0, 1), (1, 0), (2, 1)])
def certificate_of_another_block(l, epoch, block):
    other = l.epochs[epoch]["blocks"][1 - block]["certificate"]
    l.epochs[epoch]["blocks"][block]["certificate"] = other


# ---- fast forward

@case("fast-forward", "PF-EPOCH-ORDER", FAR)
def epoch_of_a_file_far_ahead(l, number):
    l.epochs[1]["epoch"] = shown(number)


@case("fast-forward", "PF-BLOCK-CHAIN", FAR)
def height_far_ahead(l, number):
    l.seal(1, 0, height=number)


@case("fast-forward", "PF-BLOCK-CHAIN", FAR)
def membership_epoch_far_ahead(l, number):
    l.seal(1, 0, membership_epoch=number)


@case("fast-forward", "PF-BLOCK-STATE", FAR)
def epoch_of_a_block_far_ahead(l, number):
    l.seal(1, 0, federated_epoch=number)


@case("fast-forward", "PF-BLOCK-STATE", FAR)
def log_size_far_ahead(l, number):
    l.seal(1, 1, log_size=number)


@case("fast-forward", "PF-EPOCH-BYTES", FAR)
def entry_count_far_ahead(l, number):
    l.seal(1, 1, entry_count=number)


@case("fast-forward", "PF-CERT-VOTE", FAR)
def one_vote_of_a_view_far_ahead(l, number):
    names = l.epochs[1]["blocks"][0]["signers"]
    votes = [raw(v) for v in l.epochs[1]["blocks"][0]["certificate"]]
    votes[1] = l.vote(1, 0, names[1], view=number)
    l.set_certificate(1, 0, votes)


@case("fast-forward", None, FAR)
def all_votes_of_one_view_far_ahead(l, number):
    l.certify(1, 0, l.epochs[1]["blocks"][0]["signers"], view=number)
    l.epochs[1]["blocks"][0]["view"] = shown(number)


@case("fast-forward", "PF-EPOCH-VIEW", FAR)
def view_that_is_shown_far_ahead(l, number):
    l.epochs[1]["blocks"][0]["view"] = shown(number)


@case("fast-forward", "PF-ANCHOR-BINDING", [(k, n) for k in ("epoch", "height", "log_size") for n in FAR[:2]])
def anchor_far_ahead(l, key, number):
    l.anchor(1, **{key: number})


@case("fast-forward", "PF-LOG-END", [(k, n) for k in ("epoch", "height", "membership_epoch") for n in FAR[:2]])
def end_far_ahead(l, key, number):
    ends = sorted((l.end(n, **{key: number}) for n in l.validators()), key=lambda e: cose.parse(e).kid)
    l.set_ends(ends)


# ---- the log

@case("log", "PF-EPOCH-BYTES", [(e, n) for e in EPOCHS for n in (0, 4, 9)])
def entry_taken_out_of_a_file(l, epoch, number):
    l.epochs[epoch]["entries"].pop(number)


@case("log", "PF-EPOCH-BYTES", EPOCHS)
def two_entries_change_places(l, epoch):
    e = l.epochs[epoch]["entries"]
    e[0]["envelope"], e[1]["envelope"] = e[1]["envelope"], e[0]["envelope"]


@case("log", "PF-EPOCH-BYTES", EPOCHS)
def entry_said_twice(l, epoch):
    e = l.epochs[epoch]["entries"]
    e.insert(1, e[0])


@case("log", "PF-EPOCH-BYTES", EPOCHS)
def entry_cut_short(l, epoch):
    l.epochs[epoch]["entries"][0]["envelope"] = b64(l.entry(epoch, 0)[:-3])


@case("log", "PF-EPOCH-BYTES", EPOCHS)
def entry_that_belongs_to_no_block(l, epoch):
    l.epochs[epoch]["entries"].append(l.epochs[epoch]["entries"][0])


@case("log", "PF-EPOCH-ORDER", EPOCHS)
def last_block_cut_off(l, epoch):
    count = l.epochs[epoch]["blocks"].pop()["entry_count"]
    del l.epochs[epoch]["entries"][-count:]


@case("log", "PF-BLOCK-CHAIN", EPOCHS)
def first_block_cut_off(l, epoch):
    count = l.epochs[epoch]["blocks"].pop(0)["entry_count"]
    del l.epochs[epoch]["entries"][:count]


@case("log", "PF-BLOCK-CHAIN", EPOCHS)
def block_said_twice(l, epoch):
    e = l.epochs[epoch]
    e["blocks"].insert(0, e["blocks"][0])
    e["entries"][:0] = e["entries"][:e["blocks"][0]["entry_count"]]


def cut(proof):
    del proof[-1:]


def lengthened(proof):
    proof.append(proof[0])


def emptied(proof):
    proof.clear()


def flipped(proof):
    proof[0] = f"{int(proof[0], 16) ^ 1:064x}"


def of_zeros(proof):
    proof[0] = "00" * 32


@case("log", "PF-EPOCH-VIEW", [(d, n) for d in (cut, lengthened, emptied, flipped, of_zeros) for n in (0, 7)])
def inclusion_proof(l, do, number):
    do(l.epochs[1]["entries"][number]["inclusion_proof"])


@case("log", "PF-EPOCH-VIEW", [(d, e) for d in (cut, lengthened, emptied, flipped, of_zeros) for e in (1, 2)])
def consistency_proof(l, do, epoch):
    do(l.epochs[epoch]["log"]["consistency_proof"])


@case("log", "PF-EPOCH-VIEW", [(k, e) for k in ("root_before", "root_after") for e in EPOCHS])
def root_of_the_log(l, key, epoch):
    l.epochs[epoch]["log"][key] = "ab" * 32


@case("log", "PF-EPOCH-VIEW", ["size_before", "size_after"])
def size_of_the_log(l, key):
    l.epochs[1]["log"][key] += 1


@case("log", "PF-EPOCH-VIEW", ["leaf_index", "anchor_hash", "verdict", "kind", "node_id", "decoded"])
def what_is_shown_of_an_entry(l, key):
    e = l.epochs[1]["entries"]
    e[2][key] = "score" if key == "kind" and e[2][key] != "score" else "update" if key == "kind" else \
        e[3][key] if key != "verdict" else "the signature does not verify"


@case("log", "PF-BLOCK-STATE", [(e, b) for e in EPOCHS for b in (0, 1)])
def entry_taken_out_and_all_validators_vouch(l, epoch, block):
    at = l.first_entry(epoch, block)
    count = l.epochs[epoch]["blocks"][block]["entry_count"]
    l.set_entries(epoch, block, [l.entry(epoch, at + i) for i in range(1, count)])


@case("log", "PF-BLOCK-STATE", EPOCHS)
def entries_reversed_and_all_validators_vouch(l, epoch):
    count = l.epochs[epoch]["blocks"][0]["entry_count"]
    l.set_entries(epoch, 0, [l.entry(epoch, i) for i in reversed(range(count))])


@case("log", "PF-BLOCK-STATE", ["state_root", "log_root", "next_voters", "recent_blocks"])
def digest_that_all_validators_vouch_for(l, key):
    l.seal(2, 0, **{key: b"\7" * 32})


@case("log", "PF-BLOCK-CHAIN", ["parent_id", "federation_id"])
def binding_that_all_validators_vouch_for(l, key):
    l.seal(2, 0, **{key: b"\7" * 32})


@case("log", "PF-EPOCH-BYTES")
def root_over_other_entries(l):
    l.seal(2, 0, entries_root=b"\7" * 32)


@case("log", "PF-BLOCK-FORK", base="plain+fork")
def two_histories_of_one_federation(l, fork):
    for path, which in fork.paths().items():
        l.texts[which] = fork.text(path)


@case("log", "PF-CHECKPOINT", [b"\n0\n", b"\n1\n"])
def checkpoint_of_another_size(l, line):
    name = sorted(l.checkpoints)[1]
    head, _, rest = l.checkpoints[name].partition(b"\n")
    l.checkpoints[name] = head + line + rest.partition(b"\n")[2]


@case("log", "PF-CHECKPOINT")
def checkpoint_of_another_root(l):
    name = sorted(l.checkpoints)[1]
    lines = l.checkpoints[name].split(b"\n")
    lines[2] = base64.b64encode(b"\7" * 32)
    l.checkpoints[name] = b"\n".join(lines)


@case("log", "PF-CHECKPOINT")
def checkpoint_with_an_extension_line(l):
    name = sorted(l.checkpoints)[1]
    l.checkpoints[name] = l.checkpoints[name].replace(b"\n\n", b"\nmore\n\n", 1)


@case("log", "PF-CHECKPOINT", [4, 5, 6])
def checkpoint_with_a_broken_signature(l, line):
    # behind the text and the blank line: the log's, and the first cosigners'
    name = sorted(l.checkpoints)[1]
    lines = l.checkpoints[name].split(b"\n")
    head, _, signature = lines[line].rpartition(b" ")
    data = bytearray(base64.b64decode(signature))
    data[-1] ^= 1
    lines[line] = head + b" " + base64.b64encode(bytes(data))
    l.checkpoints[name] = b"\n".join(lines)


@case("log", None, [1, 2, 5, 6])
def checkpoint_that_fewer_cosigned(l, count):
    name = sorted(l.checkpoints)[1]
    l.checkpoints[name] = b"\n".join(l.checkpoints[name].split(b"\n")[:-1 - count]) + b"\n"


@case("log", "PF-CHECKPOINT")
def checkpoint_without_a_signature(l):
    name = sorted(l.checkpoints)[1]
    l.checkpoints[name] = l.checkpoints[name].partition(b"\n\n")[0] + b"\n\n"


# ---- files

@case("files", "PF-FILE-MISSING", [0, 1])
def epoch_file_is_gone(l, epoch):
    l.texts[l.paths()[f"epoch{epoch}"]] = None


@case("files", "PF-FILE-MISSING", ["genesis", "summary"])
def file_is_gone(l, which):
    l.texts[l.paths()[which]] = None


@case("files", "PF-FILE-MISSING", ["epoch_000.checkpoint", "epoch_009.checkpoint"])
def checkpoint_of_no_file(l, name):
    l.checkpoints[name] = l.checkpoints["epoch_001.checkpoint"]


@case("files", "PF-FILE-EXTRA", ["ledger/plain/epoch_1.json", "ledger/plain/epoch_0002.json", "ledger/plain/notes.txt",
                                 "ledger/plain/more/epoch_001.json", "ledger/default/epoch_001.json",
                                 "ledger/.hidden/genesis.json", "simulations/summary.json",
                                 "simulations/epoch_summary_default.json", "simulations/epoch_summary_.x.json",
                                 "ledger/plain/epoch_18446744073709551616.json"])
def file_that_nothing_speaks_of(l, path):
    l.texts[path] = b"{}"


@case("files")
def what_lies_beside_is_nobodys_business(l):
    l.texts["README"] = b"hello"


