"""Why bytes are refused: the verdicts of docs/rfc/formats.md, each under a short name."""

TEXTS = {
    "accepted": "accepted",
    "syntax": "the bytes do not follow their format",
    "canonical": "well-formed, but not the deterministic encoding",
    "truncated": "the input ended early",
    "range": "a number is outside of what is allowed",
    "type": "another type was expected",
    "unknown": "a key, name or kind is not known",
    "duplicate": "the same thing was said twice",
    "missing": "something required is absent",
    "limit": "larger than the limit",
    "key": "the public key is not acceptable",
    "signature": "the signature does not verify",
    "mismatch": "a digest, root or binding differs",
    "state": "not admissible in the present state",
    "stale": "about something that is over",
    "revoked": "by a key that is revoked",
}


class Refused(Exception):
    """`why` is a key of TEXTS, or "again": it cannot be judged yet, which a block makes "state"."""

    def __init__(self, why, text=""):
        super().__init__(text or TEXTS.get(why, why))
        self.why = why
