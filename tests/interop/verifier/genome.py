"""Genomes and their schemas (formats.cddl, genomes), and the distance between two (docs/rfc/verifier.md)."""

import math
from dataclasses import dataclass, field

from . import cbor, conditions, doubles
from .merkle import sha256
from .refused import Refused

GENES_MAX = 512
SIZE_MAX = 9 * GENES_MAX + 64
DISTANCE_MAX = 1000000
REAL_MAX = 1e300
_NAME = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:@-")


@dataclass
class Gene:
    name: str
    kind: str
    log: bool = False
    low: object = None
    high: object = None
    default: object = None
    choices: list = field(default_factory=list)


@dataclass
class Schema:
    genes: list
    encoded: bytes
    hash: bytes = b""
    conditions: dict = field(default_factory=dict)  # by the gene's index
    forbidden: list = field(default_factory=list)

    def default(self):
        return tuple(g.default for g in self.genes)


# ---- schema

def _number_fits(x):
    return -REAL_MAX <= x <= REAL_MAX and not (x == 0 and math.copysign(1, x) < 0)


def _read_gene(r):
    items = r.array()
    gene = Gene(r.text(), r.text())
    counts = {"continuous": 6, "discrete": 6, "ordinal": 4, "categorical": 4, "toggle": 3}
    if gene.kind not in counts:
        raise Refused("unknown")
    if items != counts[gene.kind]:
        raise Refused("syntax")
    if gene.kind == "toggle":
        gene.low, gene.high, gene.default = False, True, r.bool()
    elif gene.kind in ("ordinal", "categorical"):
        count = r.array()
        if count > 256:
            raise Refused("limit")
        gene.choices = [r.text() for _ in range(count)]
        gene.low, gene.high, gene.default = 0, count - 1, r.int()
    else:
        read = r.double if gene.kind == "continuous" else r.int
        gene.log, gene.low, gene.high, gene.default = r.bool(), read(), read(), read()
    return gene


def _check_gene(gene):
    if not 1 <= len(gene.name) <= 255 or not set(gene.name) <= _NAME:
        raise Refused("syntax")
    if gene.kind == "continuous" and not (_number_fits(gene.low) and _number_fits(gene.high)):
        raise Refused("range")
    if gene.kind in ("ordinal", "categorical") and (not gene.choices or len(set(gene.choices)) < len(gene.choices)):
        raise Refused("range")
    if not gene.low <= gene.default <= gene.high or (gene.log and gene.low <= 0):
        raise Refused("range")


def _read_conditions(r, schema):
    r.key("forbidden")
    count = r.array()
    if count > 1024:
        raise Refused("limit")
    schema.forbidden = [conditions.read(r) for _ in range(count)]
    r.key("conditions")
    count, last = r.array(), -1
    if count == 0 and not schema.forbidden:
        raise Refused("canonical")
    for _ in range(count):
        r.array(2)
        index = r.uint()
        items = conditions.read(r)
        if not last < index < len(schema.genes) or not items:
            raise Refused("range")
        schema.conditions[index] = items
        last = index


def decode_schema(data):
    r = cbor.Reader(data)
    pairs = r.map()
    if pairs not in (2, 4):
        raise Refused("syntax")
    r.key("genes")
    count = r.array()
    if not 1 <= count <= GENES_MAX:
        raise Refused("limit")
    genes = [_read_gene(r) for _ in range(count)]
    r.key("version")
    if r.uint() != pairs // 2:
        raise Refused("unknown")
    schema = Schema(genes, data, sha256(data))
    if pairs == 4:
        _read_conditions(r, schema)
    r.done()
    for gene in genes:
        _check_gene(gene)
    if len({g.name for g in genes}) < count:
        raise Refused("duplicate")
    conditions.check(schema)
    return schema


# ---- genomes: tuples of float, int and bool

def encode(schema, genome):
    return cbor.encode({"genes": list(genome), "schema_hash": schema.hash})


def hash_of(schema, genome):
    return sha256(encode(schema, genome))


def _read_value(r, gene):
    if gene.kind == "toggle":
        return r.bool()
    if gene.kind == "continuous":
        value = r.double()
        fits = gene.low <= value <= gene.high and not (value == 0 and math.copysign(1, value) < 0)
    else:
        value = r.int()
        fits = gene.low <= value <= gene.high
    if not fits:
        raise Refused("range")
    return value


def _open(data):
    r = cbor.Reader(data)
    if len(data) > SIZE_MAX:
        raise Refused("limit")
    if r.map() != 2:
        raise Refused("syntax")
    r.key("genes")
    count = r.array()
    if count > GENES_MAX:
        raise Refused("limit")
    return r, count


def decode(schema, data):
    r, count = _open(data)
    for _ in range(count):
        r.raw()
    r.key("schema_hash")
    named = r.bytes(32)
    r.done()
    if named != schema.hash or count != len(schema.genes):
        raise Refused("mismatch")
    r, _ = _open(data)
    genome = tuple(_read_value(r, gene) for gene in schema.genes)
    active = conditions.active_of(schema, genome)
    if any(genome[i] != g.default for i, g in enumerate(schema.genes) if i not in active):
        raise Refused("canonical")
    if any(conditions.holds(schema, items, genome, active) for items in schema.forbidden):
        raise Refused("range")
    return genome


def named_values(schema, genome):
    """As files show it: a choice by its text, an integer above 2^53 as a string."""
    out, active = {}, conditions.active_of(schema, genome)
    for i, (gene, value) in enumerate(zip(schema.genes, genome)):
        if i not in active:
            continue
        if gene.choices:
            value = gene.choices[value]
        elif gene.kind == "discrete" and abs(value) > 2 ** 53:
            value = str(value)
        out[gene.name] = value
    return out


# ---- distance (Gower's), in millionths

def _gene_distance(gene, x, y):
    if x == y:
        return 0.0
    if gene.kind in ("categorical", "toggle"):
        return 1.0
    scale = doubles.log if gene.log else float
    x, y, low, high = (scale(float(v)) for v in (x, y, gene.low, gene.high))
    return min(1.0, (y - x if x < y else x - y) / (high - low))


def distance(schema, a, b):
    in_a, in_b = conditions.active_of(schema, a), conditions.active_of(schema, b)
    total, count = 0.0, 0
    for i, gene in enumerate(schema.genes):
        if i in in_a and i in in_b:
            total += _gene_distance(gene, a[i], b[i])
        elif i in in_a or i in in_b:
            total += 1
        count += i in in_a or i in in_b
    return int(total / count * DISTANCE_MAX + 0.5) if count else 0
