"""What governors sign off, with less than it takes; and what a genesis may say of governors."""

import json

from cases_trust import decode_any
from ledger import b64, cbor, cose, decode_map, ed25519, raw, sha256, sign, view
from registry import case
from verifier.text import canonical

SIGN_OFFS = range(12)  # as many as the scenario has


def sign_offs(l):
    """Epoch and number of each."""
    return [(i, n) for i, e in enumerate(l.epochs) for n, entry in enumerate(e["entries"]) if entry["kind"] == "sign_off"]


def replace(l, which, entry):
    """Another entry in place of a sign-off (None: none), for which the validators vouch."""
    epoch, number = sign_offs(l)[which]
    block = next(b for b in range(len(l.epochs[epoch]["blocks"]))
                 if number < l.first_entry(epoch, b) + l.epochs[epoch]["blocks"][b]["entry_count"])
    first, b = l.first_entry(epoch, block), l.epochs[epoch]["blocks"][block]
    entries = [l.entry(epoch, first + i) for i in range(b["entry_count"])]
    entries[number - first:number - first + 1] = [entry] if entry else []
    l.set_entries(epoch, block, entries, b["signers"])


def with_envelope(l, which, change):
    epoch, number = sign_offs(l)[which]
    m = cose.parse(l.entry(epoch, number))
    payload = decode_map(m.payload)
    envelope = json.loads(decode_bytes(payload["body"]))
    change(envelope)
    payload["body"] = cbor.Raw(cbor.encode({"envelope": canonical(envelope).encode()}))
    sender = l.epochs[epoch]["entries"][number]["node_id"]
    replace(l, which, sign(l.key(sender), cose.ENTRY, m.subject, payload))


def decode_bytes(body):
    r = cbor.Reader(body)
    r.map(1)
    r.key("envelope")
    return r.bytes()


@case("governance", base="governed")
def governed_honestly(l):
    pass


@case("governance", "PF-BLOCK-STATE", SIGN_OFFS, base="governed")
def sign_off_with_one_signature_less(l, which):
    with_envelope(l, which, lambda e: e["signatures"].pop())


@case("governance", "PF-BLOCK-STATE", SIGN_OFFS, base="governed")
def sign_off_with_a_broken_signature(l, which):
    def change(envelope):
        data = bytearray(raw(envelope["signatures"][0]["sig"]))
        data[40] ^= 1
        envelope["signatures"][0]["sig"] = b64(bytes(data))
    with_envelope(l, which, change)


@case("governance", "PF-BLOCK-STATE", SIGN_OFFS, base="governed")
def sign_off_of_strangers(l, which):
    def change(envelope):
        signed = f"DSSEv1 28 application/vnd.in-toto+json {len(raw(envelope['payload']))} ".encode()
        signatures = [(ed25519.public_key(bytes(31) + bytes([i])), bytes(31) + bytes([i])) for i in (1, 2, 3)]
        envelope["signatures"] = sorted(
            ({"keyid": cose.fingerprint(key).hex(), "sig": b64(ed25519.sign(seed, signed + raw(envelope["payload"])))}
             for key, seed in signatures), key=lambda s: s["keyid"])
    with_envelope(l, which, change)


@case("governance", "PF-BLOCK-STATE", SIGN_OFFS, base="governed")
def sign_off_left_out(l, which):
    replace(l, which, None)


RULES = [("threshold", 0), ("threshold", 4), ("threshold", -1), ("threshold", 2 ** 63), ("keys", []), ("keys", [bytes(32)] * 3),
         ("keys", [b"\1" + bytes(31)]), ("keys", "the first one twice"), ("approval", 1), ("responses", {}),
         ("responses", {"drift": "forget"}), ("more", 1)]


@case("governance", "PF-GENESIS-DOCUMENT", RULES, base="governed")
def governance_that_says(l, key, value):
    top = decode_map(raw(l.genesis["genesis"]))
    rules = decode_any(top["governance"])
    if value == "the first one twice":
        value = [bytes.fromhex(k) for k in l.genesis["decoded"]["governance"]["keys"][:1]] * 2
    if isinstance(value, dict) and value:
        value = {**l.genesis["decoded"]["governance"]["responses"], **value}
    rules[key] = value
    top["governance"] = cbor.Raw(cbor.encode(rules))
    document = cbor.encode(top)
    l.genesis.update(genesis=b64(document), federation_id=sha256(document).hex(), decoded=view(document))
