"""The tree of RFC 9162 section 2.1 over SHA-256."""

import hashlib

from . import cbor

LOGGED_MAX = 65535


def sha256(data):
    return hashlib.sha256(data).digest()


def leaf_hash(data):
    return sha256(b"\0" + data)


def entry_leaf(entry):
    """Of an entry, or of the genesis document: a large one enters by its digest (formats.md, The log)."""
    if len(entry) > LOGGED_MAX:
        entry = cbor.encode({"size": len(entry), "digest": sha256(entry)})
    return leaf_hash(entry)


def _join(left, right):
    return sha256(b"\1" + left + right)


def _split(count):
    return 1 << (count - 1).bit_length() - 1


class Tree:
    """Append-only; the roots of whole subtrees are remembered."""

    def __init__(self):
        self.leaves, self.known = [], {}

    def append(self, leaf):
        self.leaves.append(leaf)

    def range_root(self, start, end):
        if start == end:
            return sha256(b"")
        if end - start == 1:
            return self.leaves[start]
        found = self.known.get((start, end))
        if found is None:
            middle = start + _split(end - start)
            found = _join(self.range_root(start, middle), self.range_root(middle, end))
            self.known[start, end] = found
        return found

    def root(self, size=None):
        return self.range_root(0, len(self.leaves) if size is None else size)

    def inclusion(self, index, size):
        """PATH(m, D_n) of section 2.1.3.1."""
        return self._path(index, 0, size)

    def _path(self, index, start, end):
        if end - start == 1:
            return []
        middle = start + _split(end - start)
        if index < middle:
            return self._path(index, start, middle) + [self.range_root(middle, end)]
        return self._path(index, middle, end) + [self.range_root(start, middle)]

    def consistency(self, first, second):
        """PROOF(m, D_n) of section 2.1.4.1; empty for equal sizes."""
        return [] if first == second else self._subproof(first, 0, second, True)

    def _subproof(self, size, start, end, whole):
        if size == end - start:
            return [] if whole else [self.range_root(start, end)]
        step = _split(end - start)
        middle = start + step
        if size <= step:
            return self._subproof(size, start, middle, whole) + [self.range_root(middle, end)]
        return self._subproof(size - step, middle, end, False) + [self.range_root(start, middle)]


def root_of(leaves):
    tree = Tree()
    tree.leaves = list(leaves)
    return tree.root()
