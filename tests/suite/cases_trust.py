"""Thresholds, bindings, stolen keys, what a genesis may say, and what a recorder alone can claim."""

from ledger import b64, cbor, cose, decode_map, ed25519, public, raw, seed_of, sha256, sign, view
from registry import case

EPOCHS = (0, 1, 2)
BLOCKS = [(e, b) for e in EPOCHS for b in (0, 1)]


# ---- thresholds

@case("threshold", "PF-CERT-QUORUM", [(e, b, n) for e, b in BLOCKS for n in (0, 1, 2)])
def certificate_of_so_many_votes(l, epoch, block, count):
    b = l.epochs[epoch]["blocks"][block]
    b["certificate"] = b["certificate"][:count]
    b["signers"] = b["signers"][:count]


@case("threshold", None, BLOCKS)
def certificate_of_everybody(l, epoch, block):
    names = {cose.fingerprint(public(l.key(n))): n for n in l.validators()}
    l.certify(epoch, block, l.validators())
    l.epochs[epoch]["blocks"][block]["signers"] = [names[k] for k in sorted(names)]


@case("threshold", "PF-CERT-VOTE", BLOCKS)
def one_signer_twice(l, epoch, block):
    c = l.epochs[epoch]["blocks"][block]["certificate"]
    c[1] = c[0]


@case("threshold", "PF-CERT-VOTE")
def one_signer_twice_with_another_view(l):
    votes = [raw(v) for v in l.epochs[1]["blocks"][0]["certificate"]]
    l.set_certificate(1, 0, [votes[0], l.vote(1, 0, l.epochs[1]["blocks"][0]["signers"][0], view=9), votes[2]])


@case("threshold", "PF-CERT-VOTE", BLOCKS)
def votes_in_another_order(l, epoch, block):
    l.epochs[epoch]["blocks"][block]["certificate"].reverse()


def by_kid(votes):
    return sorted(votes, key=lambda v: cose.parse(v).kid)


@case("threshold", "PF-CERT-VOTE", [(n, b) for n in ("edge-0", "nobody", "core-9") for b in (0, 1)])
def vote_of_who_has_none(l, name, block):
    votes = [raw(v) for v in l.epochs[1]["blocks"][block]["certificate"]][:2]
    l.set_certificate(1, block, by_kid(votes + [l.vote(1, block, name)]))


@case("threshold", "PF-CERT-VOTE", [(k, b) for k in ("block_id", "sequence", "federation_id", "membership_epoch", "view")
                                    for b in (0, 1)])
def one_vote_for_something_else(l, key, block):
    names = l.epochs[1]["blocks"][block]["signers"]
    was = l.votes(1, block)[0][1][key]
    votes = [l.vote(1, block, n) for n in names]
    votes[1] = l.vote(1, block, names[1], **{key: was + 1 if isinstance(was, int) else b"\7" * 32})
    l.set_certificate(1, block, by_kid(votes))


@case("threshold", "PF-CERT-VOTE", ["block_id", "sequence", "federation_id", "membership_epoch"])
def all_votes_for_something_else(l, key):
    was = l.votes(1, 0)[0][1][key]
    l.certify(1, 0, l.validators()[:3], **{key: was + 1 if isinstance(was, int) else b"\7" * 32})


@case("threshold", "PF-CERT-VOTE", ["prepare", "pre-prepare", "checkpoint", "entry"])
def statements_that_are_no_votes(l, subject):
    kind = cose.ENTRY if subject == "entry" else cose.STATEMENT
    payload = l.votes(1, 0)[0][0].payload
    l.set_certificate(1, 0, by_kid(sign(l.key(n), kind, subject, payload) for n in l.validators()[:3]))


@case("threshold", "PF-CERT-VOTE")
def one_key_under_two_kids(l):
    votes = [raw(v) for v in l.epochs[1]["blocks"][0]["certificate"]]
    m = cose.parse(votes[0])
    stranger = bytes(31) + b"\1"
    protected = cose.protected_header(stranger, m.content_type, m.subject)
    seed = l.key(l.epochs[1]["blocks"][0]["signers"][0])
    forged = cose.encode(protected, m.payload, ed25519.sign(seed, cose.signed_bytes(protected, m.payload)))
    l.set_certificate(1, 0, [forged] + votes[:2])


@case("threshold", "PF-LOG-END", ["edge-0", "nobody"])
def end_of_who_has_no_vote(l, name):
    l.set_ends(by_kid(l.ends()[:2] + [l.end(name)]))


@case("threshold", "PF-LOG-END")
def end_said_twice(l):
    l.set_ends(l.ends()[:1] * 3)


@case("threshold", "PF-LOG-END")
def ends_in_another_order(l):
    l.set_ends(l.ends()[::-1])


# ---- what a genesis may say

def edited(l, **changes):
    """The document with other values for these keys; a key of the policy is policy_KEY, of the first member member_KEY."""
    top = decode_map(raw(l.genesis["genesis"]))
    for name, value in changes.items():
        part, _, key = name.partition("_")
        if part == "policy":
            policy = decode_any(top["policy"])
            policy[key] = value
            top["policy"] = cbor.Raw(cbor.encode(policy))
        elif part == "member":
            members = [decode_any(m) for m in items(top["members"])]
            members[0][key] = members[1][key] if value == "that of the second" else value
            top["members"] = cbor.Raw(cbor.encode(members))
        else:
            top[name] = value
    document = cbor.encode(top)
    l.genesis.update(genesis=b64(document), federation_id=sha256(document).hex(), decoded=view(document))


def items(data):
    r = cbor.Reader(data)
    return [r.raw() for _ in range(r.array())]


def decode_any(data):
    r, out = cbor.Reader(data), {}
    for _ in range(r.map()):
        key = r.text()
        out[key] = cbor.Raw(r.raw())
    return out


NOTHING_GOOD = [
    ("quorum", 0), ("quorum", 2), ("quorum", 5), ("quorum", -3), ("quorum", 2 ** 63), ("quorum", 101),
    ("max_byzantine", 2), ("max_byzantine", 101), ("max_byzantine", -1), ("version", 1), ("version", 3),
    ("epoch_start", 0), ("epoch_start", 2 ** 63), ("name", ""), ("name", "a b"), ("name", "../up"), ("name", "x" * 128),
    ("shards", b"\0"), ("simulated", 1), ("members", []), ("incumbent", {}), ("genome_schema", {}),
    ("policy_quorum", 1), ("policy_window", 1), ("policy_migrants", 0), ("policy_migrants", 9), ("policy_rule", "none"),
    ("policy_trim_ppm", 500000), ("policy_stake_cap_ppm", 0), ("policy_batch_max", 1025), ("policy_cohort", 1),
    ("policy_cohort_weights", "stake"), ("policy_topology", "star"), ("policy_min_participants", 0),
    ("policy_min_participants", 6), ("policy_checkpoint_interval", 64), ("policy_collect_deadline_ns", 0),
    ("member_key", bytes(32)), ("member_key", b"\1" + bytes(31)), ("member_key", b"\xff" * 32),
    ("member_key", (ed25519.P + 1).to_bytes(32, "little")), ("member_key", "that of the second"),
    ("member_name", "that of the second"), ("member_name", ""), ("member_role", "root"), ("member_site", "moon"),
    ("member_stake", 0), ("member_stake", -1), ("member_stake", 10 ** 9 + 1), ("member_work", bytes(32)),
    ("member_region", "a/b"),
]


@case("threshold", "PF-GENESIS-DOCUMENT", NOTHING_GOOD)
def genesis_that_says(l, key, value):
    edited(l, **{key: value})


@case("binding", "PF-BLOCK-CHAIN", [("quorum", 4), ("max_byzantine", 0), ("simulated", False), ("member_stake", 2),
                                    ("member_name", "core-7"), ("policy_margin_ppm", 1)])
def log_under_another_genesis(l, key, value):
    edited(l, **{key: value})


@case("binding", "PF-EPOCH-ORDER")
def log_under_a_genesis_that_begins_later(l):
    edited(l, epoch_start=2)


@case("binding", "PF-GENESIS-VIEW", ["quorum", "name", "members", "policy", "simulated"])
def genesis_view_that_lies(l, key):
    l.genesis["decoded"][key] = 7


@case("binding", "PF-GENESIS-VIEW", ["format", "version", "federation_id"])
def genesis_file_that_lies(l, key):
    l.genesis[key] = "ab" * 32


# ---- bindings

@case("binding", "PF-ANCHOR-BINDING", [(k, e) for k in ("block_id", "log_root", "state_root", "merkle_root",
                                                        "federation_id") for e in EPOCHS])
def anchor_over_another(l, key, epoch):
    l.anchor(epoch, **{key: b"\7" * 32})


@case("binding", "PF-ANCHOR-BINDING", EPOCHS)
def anchor_that_says_abandoned(l, epoch):
    l.anchor(epoch, anchored=False, merkle_root=None)


@case("binding", "PF-ANCHOR-SIGNATURE", ["end", "vote", "summary", "entry"])
def anchor_that_is_something_else(l, what):
    l.set_anchor(1, {"end": l.ends()[0], "vote": raw(l.epochs[1]["blocks"][0]["certificate"][0]),
                     "summary": raw(l.summary["summary_signature"]), "entry": l.entry(1, 0)}[what])


@case("binding", "PF-LOG-END", ["anchor", "vote"])
def end_that_is_something_else(l, what):
    other = raw(l.epochs[2]["signature"]) if what == "anchor" else raw(l.epochs[2]["blocks"][1]["certificate"][0])
    l.set_ends(l.ends()[:2] + [other])


@case("binding", "PF-LOG-END", ["block_id", "log_root", "state_root", "federation_id"])
def end_over_another(l, key):
    l.set_ends(by_kid(l.end(n, **{key: b"\7" * 32}) for n in l.validators()))


@case("binding", "PF-BLOCK-STATE", ["federation_id", "node_fingerprint", "ledger_block_id"])
def entry_that_is_bound_to_another(l, key):
    m = cose.parse(l.entry(0, 0))
    name = l.epochs[0]["entries"][0]["node_id"]
    entry = sign(l.key(name), cose.ENTRY, m.subject, {**decode_map(m.payload), key: b"\7" * 32})
    count = l.epochs[0]["blocks"][0]["entry_count"]
    l.set_entries(0, 0, [entry] + [l.entry(0, i) for i in range(1, count)])


@case("binding", "PF-BLOCK-STATE", [("sequence", 0), ("federated_epoch", 0), ("federated_epoch", 2), ("schema", 2),
                                    ("kind", "leave")])
def entry_that_says_another(l, key, value):
    m = cose.parse(l.entry(0, 0))
    name = l.epochs[0]["entries"][0]["node_id"]
    subject = value if key == "kind" else m.subject
    entry = sign(l.key(name), cose.ENTRY, subject, {**decode_map(m.payload), key: value})
    count = l.epochs[0]["blocks"][0]["entry_count"]
    l.set_entries(0, 0, [entry] + [l.entry(0, i) for i in range(1, count)])


# ---- stolen keys

@case("key-compromise", "PF-CERT-QUORUM", [1, 2])
def too_few_keys_for_another_state(l, count):
    l.seal(1, 0, l.validators()[:count], state_root=b"\7" * 32)


@case("key-compromise", "PF-BLOCK-STATE", [3, 4])
def keys_of_a_quorum_for_another_state(l, count):
    l.seal(1, 0, l.validators()[:count], state_root=b"\7" * 32)


@case("key-compromise", "PF-BLOCK-STATE")
def keys_of_a_quorum_put_a_stranger_in(l):
    voters = {**decode_voters(l), "membership_epoch": 2}
    voters["keys"][0] = public(seed_of(1, "thief"))
    l.seal(2, 1, next_voters=sha256(cbor.encode(voters)))
    l.epochs[2]["next_voters"] = {"set": b64(cbor.encode(voters)), "decoded": view(cbor.encode(voters))}


def decode_voters(l):
    members = l.genesis["decoded"]["members"]
    return {"keys": [bytes.fromhex(m["key"]) for m in members if m["role"] == "core"], "quorum": 3, "max_byzantine": 1}


@case("key-compromise", None, ["core-1", "core-2", "core-3", "edge-0"])
def anchor_of_another_member_in_standing(l, name):
    l.anchor(0, name)


@case("key-compromise", "PF-ANCHOR-SIGNATURE", ["nobody", "core-9"])
def anchor_of_a_stranger(l, name):
    l.anchor(0, name)


@case("key-compromise", "PF-SUMMARY-SIGNATURE", ["core-1", "edge-0", "nobody"])
def summary_signed_by_another(l, name):
    l.sign_summary(name)


@case("key-compromise", "PF-SUMMARY-SIGNATURE")
def recorder_who_is_no_member(l):
    l.summary["recorder"]["node_id"] = "nobody"
    l.sign_summary("nobody")


# ---- what a recorder alone can claim

def put(value, path, what):
    *way, last = path.split("/")
    for step in way:
        value = value[int(step) if step.isdigit() else step]
    value[last] = what


CLAIMS = [("scenario", "better"), ("label", "other"), ("simulated", False), ("epoch_count", 4), ("approved_by", "me"),
          ("format", "x"), ("version", 2), ("federation_id", "ab" * 32), ("quorum/quorum", 2), ("quorum/validators", 9),
          ("quorum/max_byzantine", 0), ("recorder/public_key", "ab" * 32), ("epochs/0/aggregated_delta", 999999),
          ("epochs/1/participants", 7), ("epochs/1/stale", 1), ("epochs/1/absent", 1), ("epochs/1/quarantined", 1),
          ("epochs/1/convicted", 1), ("epochs/1/false_claims", 1), ("epochs/1/incumbent", "ab" * 32),
          ("epochs/1/anchored", False), ("epochs/1/quorum_reached", False), ("epochs/1/epoch", 9),
          ("epochs/1/shards_moved", 3), ("epochs/1/shards", {"core-0": 1}), ("epochs/1/left_out", 1),
          ("epochs/1/aligned_updates", []), ("nodes/1/status", "absent"), ("nodes/1/stake", 2), ("nodes/1/role", "edge"),
          ("nodes/1/false_claims", 1), ("roots/log_size", 3), ("roots/log_root", "ab" * 32),
          ("roots/state_root", "ab" * 32), ("genome/hash", "ab" * 32), ("genome/offered_by", "mine"),
          ("genome/genes", {}), ("end/decoded", {}), ("end/signers", [])]


@case("claims", "PF-SUMMARY-VIEW", CLAIMS)
def recorder_says(l, path, what):
    put(l.summary, path, what)
    l.sign_summary()


@case("claims", "PF-SUMMARY-SIGNATURE", [("gain", 1), ("costs", []), ("events", []), ("seed", "7"),
                                         ("network/dropped", 99)])
def changed_after_signing(l, path, what):
    was = str(l.summary.get(path))
    put(l.summary, path, what if was != str(what) else [1])


OBSERVED = [("seed", 7), ("seed", "07"), ("seed", str(2 ** 64)), ("scenario_sha256", "none"), ("gain", -1), ("gain", 0.5),
            ("gain", "12"), ("events", {}), ("events", [{"kind": "crash"}]), ("events", [7]), ("network/messages", "many"),
            ("network/also", 1), ("work/iterations", None), ("roots/agree", 1), ("epochs/1/stalled", 0),
            ("epochs/1/virtual_ms", {"a": 1}), ("epochs/1/view_changes", []), ("costs", {}),
            ("costs", [{"node_id": "a", "unit": 7, "first": 1.0, "last": 2.0}]),
            ("costs", [{"node_id": "a", "unit": None, "first": "1", "last": 2.0}]),
            ("costs", [{"node_id": "a", "unit": None, "first": 1.0}]), ("nodes/1/up", "yes"), ("nodes/1/height", -7),
            ("nodes/1/restarts", True)]


@case("claims", "PF-SUMMARY-FORM", OBSERVED)
def observation_of_another_type(l, path, what):
    put(l.summary, path, what)
    l.sign_summary()


@case("claims", None, [("gain", 0), ("gain", 2 ** 53), ("events", []), ("epochs/1/stalled", True), ("network/bytes", 0)])
def observation_that_nobody_can_check(l, path, what):
    put(l.summary, path, what)
    l.sign_summary()


@case("claims", "PF-EPOCH-VIEW", ["federation", "simulated", "anchored", "merkle_root", "anchor", "outcome/incumbent",
                                  "outcome/candidates", "outcome/participants", "outcome/genes", "outcome/scored",
                                  "outcome/aggregated_delta", "outcome/rolled_back_to", "more", "next_voters"])
def epoch_file_says(l, path):
    put(l.epochs[2], path, {"set": "", "decoded": None} if path == "next_voters" else "mine")
    if path == "merkle_root":
        l.summary["epochs"][2]["ledger_merkle"] = "mine"
        l.sign_summary()


# ---- members that change

@case("key-compromise", "PF-ANCHOR-SIGNATURE", base="rotated")
def anchor_by_a_key_that_was_rotated_away(l):
    for epoch in l.epochs[2:]:
        kid = cose.parse(raw(epoch["signature"])).kid
        if kid != cose.fingerprint(public(l.key("core-1"))):
            payload = cose.parse(raw(epoch["signature"])).payload
            l.set_anchor(l.epochs.index(epoch), sign(l.key("core-1"), cose.ANCHOR, "anchor", payload))
            return


@case("key-compromise", base="rotated")
def honest_rotation(l):
    pass


@case("key-compromise", None, base="rotated")
def anchor_by_the_key_of_then(l):
    payload = cose.parse(raw(l.epochs[0]["signature"])).payload
    l.set_anchor(0, sign(l.key("core-1"), cose.ANCHOR, "anchor", payload))


@case("key-compromise", "PF-BLOCK-LINK", ["keys", "quorum", "membership_epoch"], base="rotated")
def voters_of_the_next_membership_epoch(l, key):
    at = next(e for e in l.epochs if e["next_voters"])
    voters = decode_map(raw(at["next_voters"]["set"]))
    voters[key] = [public(seed_of(1, "thief"))] * 4 if key == "keys" else voters[key] + 1
    at["next_voters"] = {"set": b64(cbor.encode(voters)), "decoded": view(cbor.encode(voters))}
