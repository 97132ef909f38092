"""COSE_Sign1 (RFC 9052 section 4.2) as docs/rfc/M5-federation.md section 2 and formats.md have it."""

from dataclasses import dataclass, field

from . import cbor, ed25519
from .merkle import sha256
from .refused import Refused

ENTRY = "application/prismfed.entry+cbor"
VOTE = "application/prismfed.vote+cbor"
STATEMENT = "application/prismfed.pbft+cbor"
ANCHOR = "application/prismfed.anchor+cbor"
END = "application/prismfed.end+cbor"
POSSESSION = "application/prismfed.possession+cbor"
SUMMARY = "application/prismfed.summary"


def fingerprint(key):
    """SHA-256 of the DER SubjectPublicKeyInfo (RFC 8410 section 4)."""
    return sha256(bytes.fromhex("302a300506032b6570032100") + key)


@dataclass
class Message:
    protected: bytes
    payload: bytes
    signature: bytes
    attached: list = field(default_factory=list)
    content_type: str = ""
    subject: str = ""
    kid: bytes = b""

    def verify(self, key):
        if fingerprint(key) != self.kid:
            raise Refused("mismatch")
        if not ed25519.verify(key, signed_bytes(self.protected, self.payload), self.signature):
            raise Refused("signature")


def signed_bytes(protected, payload):
    return cbor.encode(["Signature1", protected, b"", payload])


def protected_header(kid, content_type, subject):
    return cbor.encode({1: -8, 3: content_type, 4: kid, 15: {1: kid.hex(), 2: subject}})


def _unprotected(r):
    pairs = r.map()
    if pairs == 0:
        return []
    if pairs > 1 or r.peek() != cbor.TEXT or not r.accept("attached"):
        raise Refused("range")
    count = r.array()
    if not 1 <= count <= 2:
        raise Refused("range")
    return [r.bytes() for _ in range(count)]


def _label(r, wanted):
    found = r.uint()
    if found != wanted:
        raise Refused("missing" if found > wanted else "unknown")


def _read_protected(m):
    r = cbor.Reader(m.protected)
    r.map(4)
    _label(r, 1)
    if r.int() != -8:
        raise Refused("unknown")
    _label(r, 3)
    m.content_type = r.text()
    _label(r, 4)
    m.kid = r.bytes(32)
    _label(r, 15)
    r.map(2)
    _label(r, 1)
    issuer = r.text()
    _label(r, 2)
    m.subject = r.text()
    if issuer != m.kid.hex():
        raise Refused("mismatch")
    r.done()


def parse_attached(data):
    r = cbor.Reader(data)
    if r.tag() != 18:
        raise Refused("type")
    r.array(4)
    protected = r.bytes()
    attached = _unprotected(r)
    m = Message(protected, r.bytes(), r.bytes(64), attached)
    r.done()
    _read_protected(m)
    return m


def parse(data, content_type=None, subject=None):
    m = parse_attached(data)
    if m.attached:
        raise Refused("range")
    if content_type is not None and (m.content_type, m.subject) != (content_type, subject):
        raise Refused("type")
    return m


def encode(protected, payload, signature, attached=()):
    unprotected = {"attached": list(attached)} if attached else {}
    return cbor.encode(cbor.Tag(18, [protected, unprotected, payload, signature]))
