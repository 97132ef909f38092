"""As much of CDDL (RFC 8610) as docs/rfc/formats.cddl uses, and a strict reader of deterministic CBOR (RFC 8949).

Rules are parsed into tuples; matches(rule, value) says whether a decoded value is one that the rule describes. A word
of CDDL that is not known here is an error, so that the document cannot say more than is checked.
"""

import re
import struct

TOKEN = re.compile(r'''\s*(?:;[^\n]*\n\s*)*(?:
    (?P<float>-?\d+\.\d+) | (?P<range>-?\d+\.\.-?\d+) | (?P<tag>\#6\.\d+) | (?P<occur>\d*\*\d*) | (?P<int>-?\d+) |
    (?P<text>"[^"]*") | (?P<control>\.[a-z]+) | (?P<word>[A-Za-z][A-Za-z0-9_-]*) | (?P<mark>=>|[][(){},=/:?])
    )''', re.X)


class Tagged:
    def __init__(self, tag, value):
        self.tag, self.value = tag, value


class Bytes(bytes):
    """A byte string: no list of numbers, and no text."""


# ---- CBOR

def decode(data):
    value, at = _item(data, 0, 0)
    if at != len(data):
        raise ValueError('bytes after the item')
    return value


def prefix_length(data):
    """Of the item that the data begins with."""
    return _item(data, 0, 0)[1]


def _head(data, at):
    first = data[at]
    kind, extra = first >> 5, first & 31
    if extra < 24:
        return kind, extra, extra, at + 1
    if extra > 27:
        raise ValueError('an indefinite length or a reserved head')
    size = 1 << (extra - 24)
    raw = data[at + 1:at + 1 + size]
    if len(raw) != size:
        raise ValueError('truncated')
    argument = int.from_bytes(raw, 'big')
    if kind != 7 and argument < (24 if size == 1 else 1 << (4 * size)):
        raise ValueError('a head that is longer than needed')
    return kind, extra, argument, at + 1 + size


def _float(extra, argument):
    form = {25: '>e', 26: '>f', 27: '>d'}[extra]
    value = struct.unpack(form, argument.to_bytes(struct.calcsize(form), 'big'))[0]
    for shorter in ['>e', '>f'][:extra - 25]:
        try:
            if struct.unpack(shorter, struct.pack(shorter, value))[0] == value:
                raise ValueError('a float that is longer than needed')
        except OverflowError:
            pass
    return value


def _item(data, at, depth):
    if depth > 16:
        raise ValueError('too deep')
    kind, extra, argument, at = _head(data, at)
    if kind == 0:
        return argument, at
    if kind == 1:
        return -1 - argument, at
    if kind in (2, 3):
        raw = data[at:at + argument]
        if len(raw) != argument:
            raise ValueError('truncated')
        return (Bytes(raw) if kind == 2 else raw.decode('utf-8')), at + argument
    if kind == 4:
        items = []
        for _ in range(argument):
            value, at = _item(data, at, depth + 1)
            items.append(value)
        return items, at
    if kind == 5:
        pairs, last = {}, None
        for _ in range(argument):
            begin = at
            key, at = _item(data, at, depth + 1)
            encoded = data[begin:at]
            if last is not None and encoded <= last:
                raise ValueError('a key that is not in its place')
            last = encoded
            pairs[key], at = _item(data, at, depth + 1)
        return pairs, at
    if kind == 6:
        value, at = _item(data, at, depth)
        return Tagged(argument, value), at
    if extra in (20, 21, 22):
        return {20: False, 21: True, 22: None}[extra], at
    return _float(extra, argument), at


# ---- CDDL

class Parser:
    def __init__(self, text):
        self.tokens, at, text = [], 0, re.sub(r';[^\n]*', '', text)
        text = text.rstrip()
        while at < len(text):
            found = TOKEN.match(text, at)
            if found is None:
                raise ValueError('not CDDL: ' + text[at:at + 30])
            self.tokens.append((found.lastgroup, found.group(found.lastgroup)))
            at = found.end()
        self.at = 0

    def peek(self, ahead=0):
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else (None, None)

    def take(self, value=None):
        token = self.peek()
        if value is not None and token[1] != value:
            raise ValueError('%r where %r was expected' % (token[1], value))
        self.at += 1
        return token

    def rules(self):
        rules = {}
        while self.at < len(self.tokens):
            kind, word = self.take()
            if kind != 'word' or word in rules:
                raise ValueError('no name of a new rule: %r' % word)
            self.take('=')
            rules[word] = self.choice()
        return rules

    def choice(self):
        types = [self.type()]
        while self.peek()[1] == '/':
            self.take()
            types.append(self.type())
        return types[0] if len(types) == 1 else ('choice', types)

    def type(self):
        kind, word = self.take()
        if kind == 'text':
            made = ('is', word[1:-1])
        elif kind == 'int':
            made = ('is', int(word))
        elif kind == 'range':
            low, high = word.split('..')
            made = ('range', int(low), int(high))
        elif kind == 'tag':
            self.take('(')
            made = ('tag', int(word[3:]), self.choice())
            self.take(')')
        elif word == '(':
            made = self.choice()
            self.take(')')
        elif word == '[':
            made = ('array', self.members(']'))
        elif word == '{':
            made = ('map', self.members('}'))
        elif kind == 'word':
            made = ('name', word)
        else:
            raise ValueError('no type: %r' % word)
        while self.peek()[0] == 'control':
            made = ('control', self.take()[1], made, self.type())
        return made

    def members(self, end):
        members = []
        while self.peek()[1] != end:
            low, high = 1, 1
            if self.peek()[0] == 'occur':
                first, second = self.take()[1].split('*')
                low, high = int(first or 0), int(second) if second else None
            elif self.peek()[1] == '?':
                self.take()
                low = 0
            if self.peek()[0] == 'word' and self.peek(1)[1] == ':':  # a name for people
                self.take()
                self.take()
            value = self.choice()
            key = None
            if self.peek()[1] == '=>':
                self.take()
                key, value = value, self.choice()
            members.append((low, high, key, value))
            if self.peek()[1] == ',':
                self.take()
        self.take(end)
        return members


PRELUDE = {
    'any': lambda v: True,
    'uint': lambda v: type(v) is int and 0 <= v < 1 << 64,
    'int': lambda v: type(v) is int and -(1 << 63) <= v < 1 << 64,
    'float': lambda v: type(v) is float,
    'bool': lambda v: type(v) is bool,
    'null': lambda v: v is None,
    'tstr': lambda v: type(v) is str,
    'bstr': lambda v: type(v) is Bytes,
}


class Cddl:
    def __init__(self, text):
        self.rules = Parser(text).rules()
        self.used = set()

    def matches(self, name, value):
        self.used.add(name)
        return self._match(self.rules[name], value)

    def _match(self, t, v):
        return getattr(self, '_' + t[0])(v, *t[1:])

    def _name(self, v, name):
        return PRELUDE[name](v) if name in PRELUDE else self.matches(name, v)

    def _is(self, v, wanted):
        return type(v) is type(wanted) and v == wanted

    def _range(self, v, low, high):
        return type(v) is int and low <= v <= high

    def _choice(self, v, types):
        return any(self._match(t, v) for t in types)

    def _tag(self, v, tag, t):
        return isinstance(v, Tagged) and v.tag == tag and self._match(t, v.value)

    def _control(self, v, control, t, argument):
        if not self._match(t, v):
            return False
        if control == '.size':
            size = len(v.encode()) if type(v) is str else len(v)
            return self._match(argument, size)
        if control == '.cbor':
            try:
                return self._match(argument, decode(v))
            except ValueError:
                return False
        raise ValueError('an operator that is not known here: ' + control)

    def _array(self, v, members):
        if type(v) is not list:
            return False
        at = 0
        for low, high, _, t in members:
            count = 0
            while at < len(v) and (high is None or count < high) and self._match(t, v[at]):
                at, count = at + 1, count + 1
            if count < low:
                return False
        return at == len(v)

    def _map(self, v, members):
        if type(v) is not dict:
            return False
        left = dict(v)
        for low, _, key, t in members:
            found = [k for k in left if self._match(key, k)]
            if len(found) < low or any(not self._match(t, left.pop(k)) for k in found):
                return False
        return not left
