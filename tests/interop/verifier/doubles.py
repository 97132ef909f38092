"""The natural logarithm as docs/rfc/verifier.md defines it: every operation rounded to an IEEE 754 double."""

import struct

LN2_HIGH = float.fromhex("0x1.62e42fee00000p-1")
LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
ROOT_OF_TWO = float.fromhex("0x1.6a09e667f3bcdp+0")
LEAST_NORMAL = float.fromhex("0x1p-1022")


def log(x):
    exponent = 0
    if x < LEAST_NORMAL:
        x *= float.fromhex("0x1p54")
        exponent = -54
    bits = struct.unpack(">Q", struct.pack(">d", x))[0]
    exponent += (bits >> 52) - 1023
    x = struct.unpack(">d", struct.pack(">Q", bits & (1 << 52) - 1 | 1023 << 52))[0]
    if x > ROOT_OF_TWO:
        x *= 0.5
        exponent += 1
    s = (x - 1) / (x + 1)
    square, total = s * s, 0.0
    for k in range(23, 0, -2):
        total = total * square + 1.0 / k
    return exponent * LN2_HIGH + (2 * s * total + exponent * LN2_LOW)


def exp(x):
    """For |x| up to 700."""
    k = int(x * float.fromhex("0x1.71547652b82fep+0") + (-0.5 if x < 0 else 0.5))
    r, total = (x - k * LN2_HIGH) - k * LN2_LOW, 1.0
    for i in range(14, 0, -1):
        total = 1 + r / i * total
    return total * struct.unpack(">d", struct.pack(">Q", 1023 + k << 52))[0]
