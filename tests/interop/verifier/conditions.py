"""Conditions of genes and forbidden combinations: expressions in prefix order (docs/search-spaces.md, formats.cddl), with
Kleene's third truth, None, for what touches an inactive gene or a number that is none (docs/rfc/verifier.md)."""

import math

from . import cbor, doubles
from .refused import Refused

ARITY = {"!": 1, "&": 2, "|": 2, "xor": 2, "true": 0, "false": 0, "is.na": 1, "==": 2, "!=": 2, "<": 2, "<=": 2, ">": 2,
         ">=": 2, "in": 1, "+": 2, "-": 2, "*": 2, "/": 2, "%%": 2, "negate": 1, "min": 2, "max": 2, "abs": 1,
         "floor": 1, "ceiling": 1, "round": 1, "trunc": 1, "^": 2, "sqrt": 1, "exp": 1, "log": 1, "ifelse": 3}
COMPARE = {"==": lambda a, b: a == b, "in": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b,
           "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}
ITEMS_MAX = 8192


def read(r):
    """A list of ("gene", index), ("choice", index), ("number", value) and (operator, count of values)."""
    items, left = [], r.array()
    while left > 0:
        left -= 1
        kind = r.peek()
        if kind == cbor.UINT:
            items.append(("gene", r.uint()))
        elif kind == cbor.ARRAY:
            r.array(1)
            items.append(("choice", r.uint()))
        elif kind == cbor.TEXT:
            name, count = r.text(), 0
            if name not in ARITY:
                raise Refused("unknown")
            if name == "in":
                left -= 1
                count = r.uint()
            items.append((name, count))
        else:
            items.append(("number", r.double()))
        if len(items) > ITEMS_MAX:
            raise Refused("limit")
    return items


def genes_of(items):
    return {value for kind, value in items if kind == "gene"}


# ---- numbers

def _whole(x):
    return float(math.trunc(x)) if math.isfinite(x) else x


def _floor(x):
    return float(math.floor(x)) if math.isfinite(x) else x


def _round(x):
    f = _floor(x)
    rest = x - f
    odd = f - 2 * _floor(f / 2) != 0
    return f + 1 if rest > 0.5 or (rest == 0.5 and odd) else f


def _divide(a, b):
    if b != 0:
        return a / b
    return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a) * math.copysign(1, b)


def _times(a, b):
    return a * b


def _exp(x):
    if -700 <= x <= 700:
        return doubles.exp(x)
    return math.inf if x > 700 else 0.0 if x < -700 else x


def _log(x):
    if x > 0:
        return x if math.isinf(x) else doubles.log(x)
    return -math.inf if x == 0 else math.nan


def _power(base, exponent):
    if -2.0 ** 53 < exponent < 2.0 ** 53 and _whole(exponent) == exponent:
        left, out = int(abs(exponent)), 1.0
        while left > 0:
            out = out * base if left % 2 else out
            base *= base
            left //= 2
        return _divide(1.0, out) if exponent < 0 else out
    if exponent == 0.5 and base >= 0:
        return math.sqrt(base)
    return 1.0 if base == 1 else 0.0 if base == 0 and exponent > 0 else _exp(exponent * _log(base))


CALCULATE = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": _times, "/": _divide,
    "%%": lambda a, b: a - _floor(_divide(a, b)) * b, "negate": lambda a: -a, "min": lambda a, b: a if a < b else b,
    "max": lambda a, b: a if a > b else b, "abs": lambda a: -a if a < 0 else a, "floor": _floor,
    "ceiling": lambda a: -_floor(-a), "round": _round, "trunc": _whole, "^": _power,
    "sqrt": lambda a: math.sqrt(a) if a >= 0 else math.nan, "exp": _exp, "log": _log}


# ---- evaluation

class _Evaluation:
    def __init__(self, schema, genome, active, items):
        self.schema, self.genome, self.active = schema, genome, active
        self.items, self.at = items, 0

    def _next(self):
        self.at += 1
        return self.items[self.at - 1]

    def number(self):
        """None: it is unknown."""
        kind, value = self._next()
        if kind == "gene":
            return float(self.genome[value]) if value in self.active else None
        if kind in ("number", "choice"):
            return float(value)
        if kind == "ifelse":
            truth, yes, no = self.truth(), self.number(), self.number()
            return None if truth is None else yes if truth else no
        arguments = [self.number() for _ in range(ARITY[kind])]
        if None in arguments:
            return None
        out = CALCULATE[kind](*arguments)
        return None if math.isnan(out) else out

    def _chooser(self, at):
        """The gene with choices at this place."""
        kind, value = self.items[at] if at < len(self.items) else (None, 0)
        gene = self.schema.genes[value] if kind == "gene" else None
        return gene if gene is not None and gene.kind not in ("continuous", "discrete") else None

    def _compare(self, kind, count):
        left, right = self._chooser(self.at), self._chooser(self.at + 1)
        if left is not None and right is not None:
            a, b = self.number(), self.number()
            if a is None or b is None:
                return None
            same = left.choices[int(a)] == right.choices[int(b)] if left.choices else a == b
            return same == (kind == "==")
        a = self.number()
        values = [self.number() for _ in range(count if kind == "in" else 1)]
        if a is None or None in values:
            return None
        return any(COMPARE[kind](a, b) for b in values)

    def truth(self):
        kind, count = self._next()
        if kind == "ifelse":
            which, yes, no = self.truth(), self.truth(), self.truth()
            return None if which is None else yes if which else no
        if kind in COMPARE:
            return self._compare(kind, count)
        if kind in ("true", "false"):
            return kind == "true"
        if kind == "is.na":
            return self.number() is None
        a = self.truth()
        if kind == "!":
            return None if a is None else not a
        b = self.truth()
        if kind == "xor":
            return None if a is None or b is None else a != b
        if kind == "|":
            return True if a is True or b is True else None if a is None or b is None else False
        return False if a is False or b is False else None if a is None or b is None else True


def holds(schema, items, genome, active):
    return _Evaluation(schema, genome, active, items).truth() is True


def active_of(schema, genome):
    """Indexes of the genes that matter: a gene is settled when all that its condition names are."""
    if not schema.conditions:
        return range(len(genome))
    settled, active = set(), set()
    while len(settled) < len(genome):
        before = len(settled)
        for i in range(len(genome)):
            items = schema.conditions.get(i)
            if i in settled or not genes_of(items or ()) <= settled:
                continue
            settled.add(i)
            if items is None or holds(schema, items, genome, active):
                active.add(i)
        if len(settled) == before:
            raise Refused("state")
    return active


def check(schema):
    """Of a schema that was read: its indexes are there, no condition leads back to its own gene, and the defaults are allowed."""
    for items in [*schema.conditions.values(), *schema.forbidden]:
        if any(g >= len(schema.genes) for g in genes_of(items)):
            raise Refused("range")
    genome = schema.default()
    active = active_of(schema, genome)
    if any(holds(schema, items, genome, active) for items in schema.forbidden):
        raise Refused("range")
