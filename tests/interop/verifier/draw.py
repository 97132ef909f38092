"""Random draws of the log: xoshiro256** seeded by splitmix64, and selection sampling (docs/rfc/verifier.md, Draws)."""

MASK = (1 << 64) - 1


def _mix(v):
    v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9 & MASK
    v = (v ^ v >> 27) * 0x94d049bb133111eb & MASK
    return v ^ v >> 31


def _rotate(v, by):
    return (v << by | v >> 64 - by) & MASK


class Stream:
    def __init__(self, seed):
        self.s = [_mix(seed + i * 0x9e3779b97f4a7c15 & MASK) for i in range(1, 5)]

    def next(self):
        s = self.s
        result = _rotate(s[1] * 5 & MASK, 7) * 9 & MASK
        t = s[1] << 17 & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = _rotate(s[3], 45)
        return result

    def below(self, bound):
        """Lemire's method: without bias."""
        product = self.next() * bound
        while product & MASK < (1 << 64) % bound:
            product = self.next() * bound
        return product >> 64


class Sample:
    """Of things that pass by one after the other `wanted` are taken (Knuth, volume 2, 3.4.2, algorithm S)."""

    def __init__(self, seed, wanted, count):
        self.stream, self.wanted, self.left = Stream(seed), min(wanted, count), count

    def takes(self):
        taken = self.stream.below(self.left) < self.wanted
        self.left -= 1
        self.wanted -= taken
        return taken


def seed_of(root, first):
    """Eight bytes of the root of the log, in network order."""
    return int.from_bytes(root[first:first + 8], "big")
