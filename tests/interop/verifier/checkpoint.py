"""Checkpoints of the log (formats.md, Checkpoints): C2SP signed notes, compared with what execution gives."""

import base64

from . import ed25519
from .merkle import sha256
from .refused import Refused
from .text import from_base64

SIZE_MAX, LINES_MAX, LOG, COSIGNER = 1 << 20, 1024, 1, 4


def parse_note(data):
    """(text, lines of name, key id and signature)"""
    if len(data) > SIZE_MAX:
        raise Refused("limit")
    try:
        whole = data.decode()
    except UnicodeDecodeError:
        raise Refused("syntax") from None
    text, blank, rest = whole.rpartition("\n\n")
    if not blank or not rest.endswith("\n") or any(c < " " and c != "\n" for c in whole):
        raise Refused("syntax")
    lines = []
    for line in rest[:-1].split("\n"):
        dash, name, signature = (line.split(" ", 2) + ["", ""])[:3]
        raw = from_base64(signature)
        if dash != "\u2014" or not name or len(raw) <= 4:
            raise Refused("syntax")
        lines.append((name, raw[:4], raw[4:]))
    if len(lines) > LINES_MAX:
        raise Refused("limit")
    return text + "\n", lines


def _key_id(name, kind, key):
    return sha256(name.encode() + b"\n" + bytes([kind]) + key)[:4]


def _signed(text, lines, name, kind, key):
    """None: this key has not signed. Raises where its signature does not verify."""
    mine = [s for n, i, s in lines if n == name and i == _key_id(name, kind, key)]
    if not mine:
        return False
    message, signature = text.encode(), mine[0]
    if kind == COSIGNER:
        time = int.from_bytes(signature[:8], "big")
        message, signature = f"cosignature/v1\ntime {time}\n".encode() + message, signature[8:]
    if len(signature) != 64 or not ed25519.verify(key, message, signature):
        raise Refused("signature")
    return True


def check(data, state, path, report):
    try:
        text, lines = parse_note(data)
        origin = "prismfed/log/" + state.federation_id.hex()
        wanted = f"{origin}\n{state.log_size}\n{base64.b64encode(state.log_root).decode()}\n"
        if text != wanted:
            raise Refused("mismatch", "not the log of this federation as it is when the epoch ends")
        members = [state.members[i] for i in state.validators]
        logs = [_signed(text, lines, origin, LOG, m.card["key"]) for m in members]
        cosigners = [_signed(text, lines, "prismfed/validator/" + m.fingerprint.hex(), COSIGNER, m.card["key"])
                     for m in members]
        if not any(logs):
            raise Refused("missing", "no validator signed it as the log")
    except Refused as refused:
        report.fail("PF-CHECKPOINT", path, str(refused))
        return
    if sum(cosigners) >= state.quorum:
        report.ok("PF-CHECKPOINT")
    else:
        report.skip("PF-CHECKPOINT", f"{path}: {sum(cosigners)} of the validators cosigned it")
