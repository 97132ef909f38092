"""Ed25519 (RFC 8032) under the one rule of docs/rfc/M5-federation.md section 2: canonical S, canonical and not small-order
A and R, the equation without the cofactor. With the package `cryptography` the equation is OpenSSL's, which compares the
bytes of R; the checks before it are ours either way. Without it all is done here, slower."""

import hashlib

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    Ed25519PublicKey = None

P = 2 ** 255 - 19
L = 2 ** 252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
NEUTRAL = (0, 1, 1, 0)


# ---- points in extended coordinates (RFC 8032 section 5.1.4)

def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def double(p):
    a, b, c = p[0] * p[0] % P, p[1] * p[1] % P, 2 * p[2] * p[2] % P
    h = a + b
    e, g = h - (p[0] + p[1]) ** 2 % P, a - b
    f = c + g
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar, point):
    table = [NEUTRAL]
    for _ in range(15):
        table.append(add(table[-1], point))
    out = NEUTRAL
    for shift in range(scalar.bit_length() // 4 * 4, -4, -4):
        out = double(double(double(double(out))))
        out = add(out, table[scalar >> shift & 15])
    return out


def equal(p, q):
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


def decode(data):
    """The point, or None: no point, or not its canonical encoding."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P != u:
        x = x * ROOT_OF_MINUS_ONE % P
    if v * x * x % P != u or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def encode(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_small(point):
    return equal(double(double(double(point))), NEUTRAL)


# ---- keys and signatures

_points, _keys, _verified = {}, {}, {}


def _good_point(data):
    """Canonical and not of small order. A canonical encoding says all: there are few of small order."""
    if data not in _points:
        point = decode(data)
        _points[data] = point if point is not None and not is_small(point) else None
    return _points[data]


def key_acceptable(key):
    """May this key be enrolled? It must generate the group of prime order, so that it has no part of small order."""
    if key not in _keys:
        point = _good_point(key)
        _keys[key] = point is not None and equal(multiply(L, point), NEUTRAL)
    return _keys[key]


def _equation(key, message, signature):
    if Ed25519PublicKey is not None:
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
            return True
        except (InvalidSignature, ValueError):
            return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    point = _points[key]
    minus = (P - point[0], point[1], point[2], P - point[3])
    found = add(multiply(int.from_bytes(signature[32:], "little"), BASE), multiply(challenge, minus))
    return encode(found) == signature[:32]


def verify(key, message, signature):
    """Whole cases repeat most signatures of others, so each is verified once."""
    name = (key, hashlib.sha256(message).digest(), signature)
    if name not in _verified:
        canonical = len(signature) == 64 and int.from_bytes(signature[32:], "little") < L
        _verified[name] = (canonical and _good_point(key) is not None and _small_free(signature[:32]) and
                           _equation(key, message, signature))
    return _verified[name]


_SMALL = set()


def _small_free(data):
    """R: it is compared with the encoding of a point, so that only small order is left to refuse."""
    if not _SMALL:
        torsion = _torsion()
        _SMALL.update(encode(multiply(i, torsion)) for i in range(8))
    return data not in _SMALL


def _torsion():
    """A point of order 8: L times the first point that has such a part."""
    y = 2
    while True:
        point = decode(y.to_bytes(32, "little"))
        if point is not None:
            found = multiply(L, point)
            if not equal(double(double(found)), NEUTRAL):
                return found
        y += 1


def sign(seed, message):
    """For those who make test cases: RFC 8032 section 5.1.6."""
    if Ed25519PublicKey is not None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        return Ed25519PrivateKey.from_private_bytes(seed).sign(message)
    scalar, prefix = _expand(seed)
    public = public_key(seed)
    nonce = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % L
    r = encode(multiply(nonce, BASE))
    challenge = int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % L
    return r + ((nonce + challenge * scalar) % L).to_bytes(32, "little")


def _expand(seed):
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & ~7 & (1 << 254) - 1 | 1 << 254
    return scalar, digest[32:]


def public_key(seed):
    return encode(multiply(_expand(seed)[0], BASE))
