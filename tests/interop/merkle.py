"""The root that a leaf and its inclusion proof lead to."""

import hashlib


class Wrong(Exception):
    pass


def require(condition, why):
    if not condition:
        raise Wrong(why)


def sha256(data):
    return hashlib.sha256(data).digest()


def root_of(leaf, index, size, path):
    """RFC 9162 section 2.1.3.2."""
    require(index < size, 'index')
    fn, sn, r = index, size - 1, leaf
    for node in path:
        require(sn > 0, 'path')
        if fn & 1 or fn == sn:
            r = sha256(b'\1' + node + r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = sha256(b'\1' + r + node)
        fn, sn = fn >> 1, sn >> 1
    require(sn == 0, 'path')
    return r
