"""Encodings of every signed thing, JSON in other forms, and what is meant to exhaust a reader."""

from ledger import b64, cbor, cose, ed25519, raw, sha256, sign, view
from registry import case

EPOCHS = (0, 1, 2)


# ---- one COSE_Sign1 in other encodings; whoever signs could have made it

def parts(data):
    m = cose.parse(data)
    return m.protected, m.payload, m.signature


def array_of(protected, unprotected, payload, signature, tag=b"\xd2"):
    items = [protected, cbor.Raw(unprotected), payload, signature]
    return tag + cbor.encode(items)


def signed_over(l, data, protected, payload, unprotected=b"\xa0"):
    name = next(n for n in everybody(l) if cose.fingerprint(ed25519.public_key(l.key(n))) == cose.parse(data).kid)
    return array_of(protected, unprotected, payload, ed25519.sign(l.key(name), cose.signed_bytes(protected, payload)))


def everybody(l):
    return [m["name"] for m in l.genesis["decoded"]["members"]]


def protected_map(data):
    kid = cose.parse(data).kid
    m = cose.parse(data)
    return {1: -8, 3: m.content_type, 4: kid, 15: {1: kid.hex(), 2: m.subject}}


def algorithm_19(l, data):
    return signed_over(l, data, cbor.encode({**protected_map(data), 1: -19}), parts(data)[1])


def algorithm_of_ecdsa(l, data):
    return signed_over(l, data, cbor.encode({**protected_map(data), 1: -7}), parts(data)[1])


def algorithm_unprotected(l, data):
    p = protected_map(data)
    del p[1]
    return signed_over(l, data, cbor.encode(p), parts(data)[1], b"\xa1\x01\x27")


def algorithm_said_twice(l, data):
    return array_of(parts(data)[0], b"\xa1\x01\x27", *parts(data)[1:])


def without_the_tag(l, data):
    return array_of(parts(data)[0], b"\xa0", *parts(data)[1:], tag=b"")


def tag_of_cose_sign(l, data):
    return array_of(parts(data)[0], b"\xa0", *parts(data)[1:], tag=b"\xd8\x62")


def long_head(l, data):
    assert data[:2] == b"\xd2\x84"
    return b"\xd2\x98\x04" + data[2:]


def indefinite_array(l, data):
    return b"\xd2\x9f" + data[2:] + b"\xff"


def bytes_behind_it(l, data):
    return data + b"\xf6"


def cut_short(l, data):
    return data[:-1]


def protected_unsorted(l, data):
    pairs = [cbor.encode(k) + cbor.encode(v) for k, v in protected_map(data).items()]
    return signed_over(l, data, b"\xa4" + pairs[1] + pairs[0] + pairs[2] + pairs[3], parts(data)[1])


def protected_key_twice(l, data):
    pairs = [cbor.encode(k) + cbor.encode(v) for k, v in protected_map(data).items()]
    return signed_over(l, data, b"\xa5" + pairs[0] + b"".join(pairs), parts(data)[1])


def issuer_is_another(l, data):
    p = protected_map(data)
    return signed_over(l, data, cbor.encode({**p, 15: {**p[15], 1: "00" * 32}}), parts(data)[1])


def subject_is_another(l, data):
    p = protected_map(data)
    return signed_over(l, data, cbor.encode({**p, 15: {**p[15], 2: "close"}}), parts(data)[1])


def content_type_is_another(l, data):
    return signed_over(l, data, cbor.encode({**protected_map(data), 3: "application/cbor"}), parts(data)[1])


def payload_with_bytes_behind(l, data):
    return signed_over(l, data, parts(data)[0], parts(data)[1] + b"\0")


def payload_of_another_kind(l, data):
    return signed_over(l, data, parts(data)[0], b"\x80")


def signature_flipped(l, data):
    return data[:-40] + bytes([data[-40] ^ 1]) + data[-39:]


def signature_plus_l(l, data):
    s = int.from_bytes(data[-32:], "little") + ed25519.L
    return data[:-32] + s.to_bytes(32, "little")


def signature_of_zeros(l, data):
    return data[:-64] + bytes(64)


def r_of_small_order(l, data):
    return data[:-64] + b"\1" + bytes(63)


def signature_of_another_key(l, data):
    protected, payload, _ = parts(data)
    return array_of(protected, b"\xa0", payload, ed25519.sign(bytes(32), cose.signed_bytes(protected, payload)))


WAYS = (algorithm_19, algorithm_of_ecdsa, algorithm_unprotected, algorithm_said_twice, without_the_tag, tag_of_cose_sign,
        protected_unsorted, protected_key_twice, issuer_is_another, subject_is_another, content_type_is_another,
        payload_with_bytes_behind, payload_of_another_kind, signature_flipped, signature_plus_l, signature_of_zeros,
        r_of_small_order, signature_of_another_key)
NO_ITEM = (long_head, indefinite_array, bytes_behind_it, cut_short)


@case("encoding", "PF-CERT-VOTE", WAYS)
def vote(l, way):
    votes = [raw(v) for v in l.epochs[1]["blocks"][0]["certificate"]]
    votes[0] = way(l, votes[0])
    l.set_certificate(1, 0, votes)


@case("encoding", "PF-EPOCH-BYTES", NO_ITEM)
def vote_that_is_no_item(l, way):
    vote(l, way)


@case("encoding", "PF-ANCHOR-SIGNATURE", WAYS + NO_ITEM)
def anchor(l, way):
    l.set_anchor(1, way(l, raw(l.epochs[1]["signature"])))


@case("encoding", "PF-LOG-END", WAYS + NO_ITEM)
def end(l, way):
    ends = l.ends()
    l.set_ends([way(l, ends[0])] + ends[1:])


@case("encoding", "PF-SUMMARY-SIGNATURE", WAYS + NO_ITEM)
def summary_signature(l, way):
    l.summary["summary_signature"] = b64(way(l, raw(l.summary["summary_signature"])))


@case("encoding", "PF-BLOCK-STATE", WAYS + NO_ITEM)
def entry_that_all_validators_vouch_for(l, way):
    count = l.epochs[0]["blocks"][0]["entry_count"]
    entries = [l.entry(0, i) for i in range(count)]
    entries[0] = way(l, entries[0])
    l.set_entries(0, 0, entries)


# ---- headers and the genesis document in other encodings

def map_unsorted(data):
    first, second = data[1:9], data[9:17]
    assert first[:7] == b"\x66height"
    return data[:1] + second + first + data[17:]


def map_key_twice(data):
    return bytes([data[0] + 1]) + data[1:9] + data[1:]


def map_key_too_many(data):
    return bytes([data[0] + 1]) + b"\x61a\x00" + data[1:]


def map_key_too_few(data):
    return bytes([data[0] - 1]) + data[9:]


def map_number_too_long(data):
    return data[:8] + b"\x18" + data[8:]


def map_indefinite(data):
    return b"\xbf" + data[1:] + b"\xff"


def map_bytes_behind(data):
    return data + b"\0"


def map_cut(data):
    return data[:-1]


def map_float(data):
    return data[:8] + b"\xf9\x3c\x00" + data[9:]


HEADERS = (map_unsorted, map_key_twice, map_key_too_many, map_key_too_few, map_number_too_long, map_indefinite,
           map_bytes_behind, map_cut, map_float)


@case("encoding", "PF-EPOCH-BYTES", HEADERS)
def header(l, way):
    encoded = way(raw(l.epochs[0]["blocks"][0]["header"]))
    l.epochs[0]["blocks"][0]["header"] = b64(encoded)
    l.certify(0, 0, l.validators()[:3], block_id=sha256(encoded))


GENESIS = (map_key_twice, map_key_too_many, map_indefinite, map_bytes_behind, map_cut)


def set_genesis(l, document):
    try:
        shown = view(document)
    except cose.Refused:
        shown = None
    l.genesis.update(genesis=b64(document), federation_id=sha256(document).hex(), decoded=shown)


@case("encoding", "PF-GENESIS-DOCUMENT", GENESIS)
def genesis(l, way):
    set_genesis(l, way(raw(l.genesis["genesis"])))


# ---- base64 and JSON

BASE64 = {"a_space": lambda t: t[:4] + " " + t[4:], "a_line_break": lambda t: t + "\n", "url_alphabet": lambda t: "-_" + t[2:],
          "no_padding": lambda t: t.rstrip("=") if t.endswith("=") else t[:-1], "empty": lambda t: "", "no_text": lambda t: 7}


@case("encoding", "PF-EPOCH-BYTES", BASE64)
def base64_of_a_header_with(l, way):
    b = l.epochs[1]["blocks"][0]
    b["header"] = BASE64[way](b["header"])


@case("encoding", "PF-EPOCH-BYTES", BASE64)
def base64_of_an_entry_with(l, way):
    e = l.epochs[1]["entries"][0]
    e["envelope"] = BASE64[way](e["envelope"])


FORMS = {
    "a_key_twice": lambda t: t.replace(b'{', b'{"format": 1,', 1),
    "an_escape_that_need_not_be": lambda t: t.replace(b'"format"', b'"\\u0066ormat"', 1),
    "a_number_with_decimals": lambda t: t.replace(b'"version": 1', b'"version": 1.00', 1),
    "a_number_with_an_exponent": lambda t: t.replace(b'"version": 1', b'"version": 1e0', 1),
    "a_nan": lambda t: t.replace(b'"version": 1', b'"version": NaN', 1),
    "a_comma_too_many": lambda t: t.replace(b"}", b",}", 1),
    "a_comment": lambda t: b"/* */" + t,
    "a_byte_order_mark": lambda t: b"\xef\xbb\xbf" + t,
    "two_bytes_a_character": lambda t: t.decode().encode("utf-16"),
    "bytes_that_are_no_characters": lambda t: t.replace(b'"format"', b'"form\xffat"', 1),
    "a_nul": lambda t: t.replace(b'"format"', b'"form\\u0000at"', 1),
    "half_a_character": lambda t: t.replace(b'"format"', b'"form\\ud800at"', 1),
    "bytes_behind_it": lambda t: t + b"x",
    "its_end_cut_off": lambda t: t[:-2],
    "nothing_at_all": lambda t: b"",
    "a_number_too_large": lambda t: t.replace(b'"version": 1', b'"version": 1e999', 1),
    "an_integer_too_large": lambda t: t.replace(b'"version": 1', b'"version": 99999999999999999999', 1),
}


@case("encoding", "PF-FILE-FORM", [(w, f) for w in ("genesis", "epoch1", "summary") for f in FORMS])
def json_with(l, which, form):
    l.set_text(which, FORMS[form](l.text(which)))


def swapped(value):
    keys = list(value)
    first = value.pop(keys[0])
    value[keys[0]] = first


@case("encoding", "PF-FILE-FORM", ["genesis", "epoch", "entry", "decoded", "summary", "node"])
def keys_in_another_order(l, which):
    swapped({"genesis": l.genesis, "epoch": l.epochs[1], "entry": l.epochs[1]["entries"][0],
             "decoded": l.epochs[1]["blocks"][0]["decoded"], "summary": l.summary,
             "node": l.summary["nodes"][1]}[which])
    l.sign_summary()


@case("encoding", None, ["genesis", "epoch0", "epoch2", "summary"])
def other_white_space_is_fine(l, which):
    l.set_text(which, l.text(which).replace(b"\n", b" \t\r\n"))


# ---- resources

@case("resource", "PF-FILE-FORM", [(w, d) for w in ("genesis", "epoch1", "summary") for d in (65, 3000, 1000000)])
def json_nested_deep(l, which, depth):
    l.set_text(which, b'{"a": ' + b"[" * depth + b"]" * depth + b"}")


@case("resource", "PF-EPOCH-BYTES", [17, 1000, 100000])
def header_nested_deep(l, depth):
    l.epochs[1]["blocks"][0]["header"] = b64(b"\x81" * depth + b"\x80")


@case("resource", "PF-GENESIS-DOCUMENT", [17, 1000, 100000])
def genesis_nested_deep(l, depth):
    l.genesis["genesis"] = b64(b"\x81" * depth + b"\x80")


@case("resource", "PF-BLOCK-STATE", [17, 1000, 60000])
def body_of_an_entry_nested_deep(l, depth):
    data = l.entry(0, 0)
    m = cose.parse(data)
    name = next(n for n in everybody(l) if cose.fingerprint(ed25519.public_key(l.key(n))) == m.kid)
    body = cbor.Raw(b"\x81" * depth + b"\x80")
    from ledger import decode_map
    entry = sign(l.key(name), cose.ENTRY, m.subject, cbor.encode({**decode_map(m.payload), "body": body}))
    count = l.epochs[0]["blocks"][0]["entry_count"]
    l.set_entries(0, 0, [entry] + [l.entry(0, i) for i in range(1, count)])


HUGE = {"array": b"\x9b" + b"\xff" * 8, "map": b"\xbb" + b"\x7f" * 8, "bytes": b"\x5b" + b"\xff" * 8,
        "text": b"\x7a" + b"\xff" * 4, "array_of_a_million": b"\x9a\x00\x0f\x42\x40"}


@case("resource", "PF-EPOCH-BYTES", HUGE)
def header_that_promises_a_huge(l, what):
    l.epochs[1]["blocks"][0]["header"] = b64(HUGE[what])


@case("resource", "PF-GENESIS-DOCUMENT", HUGE)
def genesis_that_promises_a_huge(l, what):
    l.genesis["genesis"] = b64(HUGE[what])


@case("resource", "PF-EPOCH-BYTES", HUGE)
def vote_that_promises_a_huge(l, what):
    l.epochs[1]["blocks"][0]["certificate"][0] = b64(HUGE[what])


@case("resource", "PF-ANCHOR-SIGNATURE", HUGE)
def anchor_that_promises_a_huge(l, what):
    l.set_anchor(1, HUGE[what])


@case("resource", "PF-EPOCH-BYTES", [129, 5000])
def certificate_of_too_many_votes(l, count):
    b = l.epochs[1]["blocks"][0]
    b["certificate"] = b["certificate"][:1] * count


@case("resource", "PF-EPOCH-BYTES", [1025, 20000])
def block_of_too_many_entries(l, count):
    l.set_entries(1, 0, [b"\0"] * count)


@case("resource", "PF-EPOCH-BYTES")
def block_of_too_many_bytes(l):
    l.set_entries(1, 0, [bytes(900000)] * 10)


@case("resource", "PF-BLOCK-STATE", [65535, 65536, 1048577])
def entry_of_so_many_zeros(l, size):
    count = l.epochs[0]["blocks"][0]["entry_count"]
    l.set_entries(0, 0, [l.entry(0, i) for i in range(count)] + [bytes(size)])
