"""Deterministic CBOR (RFC 8949 section 4.2.1): a writer, and a reader that refuses every other encoding.

The reader goes from front to back and raises at the first thing that is wrong, in the order of "Reading, step by step" in
docs/rfc/verifier.md, so that the verdict on bad bytes is the one that everybody comes to.
"""

import math
import struct

from .refused import Refused

UINT, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE, FLOAT = range(9)
DEPTH_MAX = 16


class Raw(bytes):
    """An item that is encoded already."""


class Tag:
    def __init__(self, number, value):
        self.number, self.value = number, value


# ---- writing

def _head(major, argument):
    if argument < 24:
        return bytes([major << 5 | argument])
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if argument < 1 << 8 * size:
            return bytes([major << 5 | info]) + argument.to_bytes(size, "big")
    raise ValueError("an integer of more than 64 bits")


def encode_float(value):
    if math.isnan(value):
        return b"\xf9\x7e\x00"
    for head, form in ((b"\xf9", ">e"), (b"\xfa", ">f")):
        try:
            short = struct.pack(form, value)
        except OverflowError:
            continue
        back = struct.unpack(form, short)[0]
        if back == value and math.copysign(1, back) == math.copysign(1, value):
            return head + short
    return b"\xfb" + struct.pack(">d", value)


def encode(value):
    if isinstance(value, Raw):
        return bytes(value)
    if value is None or isinstance(value, bool):
        return {False: b"\xf4", True: b"\xf5", None: b"\xf6"}[value]
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, float):
        return encode_float(value)
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        text = value.encode()
        return _head(3, len(text)) + text
    if isinstance(value, (list, tuple)):
        return _head(4, len(value)) + b"".join(map(encode, value))
    if isinstance(value, dict):
        pairs = sorted((encode(k), encode(v)) for k, v in value.items())
        return _head(5, len(pairs)) + b"".join(k + v for k, v in pairs)
    if isinstance(value, Tag):
        return _head(6, value.number) + encode(value.value)
    raise TypeError(type(value))


# ---- reading

class _Level:
    __slots__ = ("left", "is_map", "at_key", "last_key")

    def __init__(self, left, is_map=False):
        self.left, self.is_map, self.at_key, self.last_key = left, is_map, is_map, None


class Reader:
    def __init__(self, data):
        self.data, self.pos = bytes(data), 0
        self.levels, self.base = [_Level(1)], 0
        self.start, self.starts, self.tagged = 0, [0], False

    # -- heads

    def peek(self):
        if self.levels[-1].left == 0 or self.pos == len(self.data):
            return None
        initial = self.data[self.pos]
        return FLOAT if initial >> 5 == SIMPLE and 25 <= initial & 31 <= 27 else initial >> 5

    def _parse_head(self, pos):
        major, info = self.data[pos] >> 5, self.data[pos] & 31
        pos += 1
        if info < 24:
            return major, info, info, pos
        if info == 31:
            raise Refused("canonical" if BYTES <= major <= MAP else "syntax")
        if info > 27:
            raise Refused("syntax")
        width = 1 << (info & 3)
        if len(self.data) - pos < width:
            raise Refused("truncated")
        argument = int.from_bytes(self.data[pos:pos + width], "big")
        if major != SIMPLE and argument < (24, 1 << 8, 1 << 16, 1 << 32)[info & 3]:
            raise Refused("canonical")
        return major, info, argument, pos + width

    def _begin(self):
        if self.levels[-1].left == 0 or self.pos == len(self.data):
            raise Refused("truncated")
        if not self.tagged:
            self.starts[-1] = self.pos
        self.tagged = False
        major, info, argument, self.pos = self._parse_head(self.pos)
        left = len(self.data) - self.pos
        if (major in (BYTES, TEXT, ARRAY) and argument > left) or (major == MAP and argument > left // 2):
            raise Refused("truncated")
        if major == SIMPLE:
            major, argument = self._simple(info, argument)
        return major, argument

    @staticmethod
    def _simple(info, argument):
        if info >= 25:
            size = 1 << (info & 3)
            raw = argument.to_bytes(size, "big")
            value = struct.unpack({2: ">e", 4: ">f", 8: ">d"}[size], raw)[0]
            if encode_float(value) != bytes([SIMPLE << 5 | info]) + raw:
                raise Refused("canonical")
            return FLOAT, value
        if info == 24 and argument < 32:
            raise Refused("syntax")
        if not 20 <= argument <= 22:
            raise Refused("unknown")
        return SIMPLE, argument

    def _expect(self, kind):
        found = self.peek()
        if found is not None and found != kind:
            raise Refused("type")
        return self._begin()[1]

    def _end(self):
        while True:
            level = self.levels[-1]
            if level.is_map:
                if level.at_key:
                    key = self.data[self.starts[-1]:self.pos]
                    if level.last_key == key:
                        raise Refused("duplicate")
                    if level.last_key is not None and level.last_key > key:
                        raise Refused("canonical")
                    level.last_key = key
                level.at_key = not level.at_key
            level.left -= 1
            if level.left > 0 or len(self.levels) - 1 == self.base:
                return
            self.levels.pop()
            self.starts.pop()

    def _open(self, count, is_map):
        if len(self.levels) - 1 == DEPTH_MAX:
            raise Refused("limit")
        if count == 0:
            self._end()
            return
        self.levels.append(_Level(2 * count if is_map else count, is_map))
        self.starts.append(0)

    def _take(self, length, is_text):
        raw = self.data[self.pos:self.pos + length]
        if is_text:
            try:
                raw = raw.decode("utf-8")
            except UnicodeDecodeError:
                raise Refused("syntax") from None
        self.pos += length
        self._end()
        return raw

    # -- items

    def uint(self):
        value = self._expect(UINT)
        self._end()
        return value

    def int(self):
        negative = self.peek() == NEGATIVE
        value = self._expect(NEGATIVE if negative else UINT)
        if value > 2 ** 63 - 1:
            raise Refused("range")
        self._end()
        return -1 - value if negative else value

    def bytes(self, size=None):
        value = self._take(self._expect(BYTES), False)
        if size is not None and len(value) != size:
            raise Refused("range")
        return value

    def text(self):
        return self._take(self._expect(TEXT), True)

    def array(self, count=None):
        return self._container(ARRAY, count)

    def map(self, count=None):
        return self._container(MAP, count)

    def _container(self, kind, wanted):
        count = self._expect(kind)
        self._open(count, kind == MAP)
        if wanted is not None and count != wanted:
            raise Refused("range")
        return count

    def tag(self):
        number = self._expect(TAG)
        self.tagged = True
        return number

    def _simple_of(self, low, high):
        value = self._expect(SIMPLE)
        if not low <= value <= high:
            raise Refused("type")
        self._end()
        return value

    def bool(self):
        return self._simple_of(20, 21) == 21

    def null(self):
        self._simple_of(22, 22)

    def double(self):
        value = self._expect(FLOAT)
        self._end()
        return value

    def raw(self):
        """The bytes of the next item, whatever it is."""
        if self.levels[-1].left == 0:
            raise Refused("truncated")
        start = self.pos
        if not self.tagged:
            self.starts[-1] = start
        outer, base = self.levels[-1], self.base
        self.levels[-1], self.base = _Level(1), len(self.levels) - 1
        item_start = self.starts[-1]
        while self.levels[self.base].left > 0:
            self._skip_one()
        self.levels[-1], self.base = outer, base
        self.starts[-1] = item_start
        self._end()
        return self.data[start:self.pos]

    def _skip_one(self):
        major, argument = self._begin()
        if major in (BYTES, TEXT):
            self._take(argument, major == TEXT)
        elif major in (ARRAY, MAP):
            self._open(argument, major == MAP)
        elif major == TAG:
            self.tagged = True
        else:
            self._end()

    # -- keys

    def _at_key(self):
        level = self.levels[-1]
        return level.is_map and level.at_key and not self.tagged

    def accept(self, key):
        """Reads the key if it is this text."""
        wanted = encode(key)
        if not self._at_key() or not self.data.startswith(wanted, self.pos):
            return False
        self.starts[-1] = self.pos
        self.pos += len(wanted)
        self._end()
        return True

    def key(self, key):
        if not self._at_key():
            raise Refused("missing")
        if self.accept(key):
            return
        found = self.text()
        order = (len(found.encode()), found.encode()) < (len(key.encode()), key.encode())
        raise Refused("unknown" if order else "missing")

    def fields(self, **readers):
        """A map of exactly these keys, in their order; each value is what its reader gives."""
        self.map(len(readers))
        out = {}
        for name, read in readers.items():
            self.key(name)
            out[name] = read()
        return out

    def done(self):
        if self.levels[0].left > 0:
            raise Refused("truncated" if not self.data else "limit")
        if self.pos != len(self.data):
            raise Refused("syntax")


def check(data):
    """Raises unless data is one item of deterministic CBOR."""
    reader = Reader(data)
    reader.raw()
    reader.done()
