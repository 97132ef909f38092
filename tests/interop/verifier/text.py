"""JSON as artifacts have it: docs/rfc/M5-federation.md section 7, and RFC 8785 for what is signed."""

import base64
import json
import math
import re

from . import cbor
from .refused import Refused

DEPTH_MAX = 64
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s"]+', re.S)
_SHORT = {"\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}
_NEEDS_ESCAPE = re.compile(r'[\x00-\x1f"\\\x7f-\U0010ffff]')
_NEEDS_ESCAPE_CANONICAL = re.compile(r'[\x00-\x1f"\\]')
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_SURROGATE = re.compile("[\ud800-\udfff]")


# ---- writing

def number_text(value):
    """ECMAScript's Number::toString of a finite double."""
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, part = mantissa.partition(".")
    part = "" if part == "0" else part
    digits = (whole + part).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + part) - len(digits))
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        out = digits + "0" * (point - count)
    elif 0 < point <= 21:
        out = digits[:point] + "." + digits[point:]
    elif -6 < point <= 0:
        out = "0." + "0" * -point + digits
    else:
        power = point - 1
        out = digits[0] + ("." + digits[1:] if count > 1 else "") + "e" + ("+" if power > 0 else "-") + str(abs(power))
    return ("-" if value < 0 else "") + out


def _escape(match):
    c = match.group()
    if c in _SHORT:
        return _SHORT[c]
    code = ord(c)
    if code > 0xffff:
        code -= 0x10000
        return f"\\u{0xd800 + (code >> 10):04X}\\u{0xdc00 + (code & 0x3ff):04X}"
    return f"\\u{code:04X}"


def _string(value):
    return '"' + _NEEDS_ESCAPE.sub(_escape, value) + '"'


def _string_canonical(value):
    return '"' + _NEEDS_ESCAPE_CANONICAL.sub(lambda m: _SHORT.get(m.group()) or f"\\u{ord(m.group()):04x}", value) + '"'


def _float(value):
    out = number_text(value)
    return out if "." in out or "e" in out else out + ".0"


def _write(value, out, string, real, order):
    if value is None or isinstance(value, bool):
        out.append({None: "null", True: "true", False: "false"}[value])
    elif isinstance(value, str):
        out.append(string(value))
    elif isinstance(value, int):
        out.append(str(value))
    elif isinstance(value, float):
        out.append(real(value))
    elif isinstance(value, dict):
        out.append("{")
        for i, key in enumerate(order(value)):
            out.append(("," if i else "") + string(key) + ":")
            _write(value[key], out, string, real, order)
        out.append("}")
    else:
        out.append("[")
        for i, item in enumerate(value):
            if i:
                out.append(",")
            _write(item, out, string, real, order)
        out.append("]")


def form(value):
    """An artifact's text without white space between tokens."""
    out = []
    _write(value, out, _string, _float, list)
    return "".join(out)


def canonical(value):
    """RFC 8785, except that an integer is written exactly."""
    out = []
    _write(value, out, _string_canonical, lambda v: number_text(v).replace("-0", "0") if v == 0 else number_text(v),
           lambda o: sorted(o, key=lambda k: k.encode("utf-16-be")))
    return "".join(out)


# ---- reading

def _pairs(pairs):
    out = {}
    for key, value in pairs:
        if key in out:
            raise ValueError(f"the key {key} twice")
        out[key] = value
    return out


def _integer(digits):
    value = int(digits)
    if not -2 ** 63 <= value < 2 ** 63:
        raise ValueError("too large an integer")
    return value


def _real(digits):
    value = float(digits)
    if math.isinf(value):
        raise ValueError("too large a number")
    return value


def _refuse(name):
    raise ValueError(name)


def _depth(tokens):
    depth = deepest = 0
    for token in tokens:
        if token[0] != '"':
            for c in token:
                depth += (c in "[{") - (c in "]}")
                deepest = max(deepest, depth)
    return deepest


def parse(data):
    """Returns (value, whether it has the form of artifacts); raises ValueError where it is no JSON."""
    text = data.decode("utf-8")
    if "\\u0000" in text:
        raise ValueError("a NUL")
    tokens = _TOKENS.findall(text)
    if _depth(tokens) > DEPTH_MAX:
        raise ValueError("nested too deep")
    value = json.loads(text, object_pairs_hook=_pairs, parse_int=_integer, parse_float=_real, parse_constant=_refuse)
    if not isinstance(value, (dict, list)):
        raise ValueError("neither an object nor an array")
    rendered = form(value)
    if _SURROGATE.search(json.dumps(value, ensure_ascii=False)):
        raise ValueError("half of a character")
    return value, "".join(tokens) == rendered


def from_base64(value):
    if not isinstance(value, str):
        raise Refused("missing" if value is None else "type")
    if not _BASE64.fullmatch(value):
        raise Refused("syntax")
    raw = base64.b64decode(value)
    if base64.b64encode(raw).decode() != value:
        raise Refused("canonical")
    return raw


def to_base64(data):
    return base64.b64encode(data).decode()


def same(a, b):
    """Equal, with 1 and 1.0 and true kept apart; the order of keys does not matter."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float):
        return a == b and math.copysign(1, a) == math.copysign(1, b)
    return a == b


def same_order(a, b):
    """Of two that are the same: do all keys stand in the same order?"""
    if isinstance(a, dict):
        return list(a) == list(b) and all(same_order(a[k], b[k]) for k in a)
    return not isinstance(a, list) or all(map(same_order, a, b))


def difference(found, expected, pointer=""):
    """Where two values differ first (RFC 6901), or None."""
    if isinstance(found, dict) and isinstance(expected, dict):
        for key in list(expected) + list(found):
            step = f"{pointer}/{key}"
            if key not in found or key not in expected:
                return step
            inner = difference(found[key], expected[key], step)
            if inner is not None:
                return inner
        return None
    if isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        for i, (a, b) in enumerate(zip(found, expected)):
            inner = difference(a, b, f"{pointer}/{i}")
            if inner is not None:
                return inner
        return None
    return None if same(found, expected) else pointer


# ---- decoded views of CBOR (formats.md, Files)

def number(value):
    return value if -2 ** 53 <= value <= 2 ** 53 else str(value)


def _view(r):
    kind = r.peek()
    if kind == cbor.UINT:
        return number(r.uint())
    if kind == cbor.NEGATIVE:
        return number(r.int())
    if kind == cbor.BYTES:
        return r.bytes().hex()
    if kind == cbor.TEXT:
        return _text_view(r)
    if kind == cbor.ARRAY:
        return [_view(r) for _ in range(r.array())]
    if kind == cbor.MAP:
        return _map_view(r)
    if kind == cbor.TAG:
        return {"tag": number(r.tag()), "value": _view(r)}
    if kind == cbor.FLOAT:
        value = r.double()
        if math.isfinite(value):
            return value
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if kind == cbor.SIMPLE:
        value = r._simple_of(20, 22)
        return None if value == 22 else value == 21
    raise Refused("truncated")


def _text_view(r):
    value = r.text()
    if "\0" in value:
        raise Refused("range")
    return value


def _map_view(r):
    out = {}
    for _ in range(r.map()):
        key = _view(r)
        key = key if isinstance(key, str) else canonical(key)
        if key in out:
            raise Refused("duplicate")
        out[key] = _view(r)
    return out


def view(data):
    """Raises where there is none."""
    r = cbor.Reader(data)
    value = _view(r)
    r.done()
    return value


def view_or_null(data):
    try:
        return view(data)
    except Refused:
        return None
