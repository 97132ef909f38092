"""Seeded families of CNF formulas: the same name gives the same bytes, with any version of Python."""
import hashlib


class Draws:
    """Numbers that depend on a text alone: SHA-256 in counter mode."""

    def __init__(self, text):
        self.text, self.count, self.left = text, 0, []

    def below(self, limit):
        if not self.left:
            block = hashlib.sha256(f"{self.text}/{self.count}".encode()).digest()
            self.left = [int.from_bytes(block[i : i + 8], "big") for i in range(0, 32, 8)]
            self.count += 1
        return self.left.pop() % limit

    def some(self, count, limit):
        """So many different numbers below the limit, in the order in which they are drawn."""
        out = []
        while len(out) < count:
            number = self.below(limit)
            if number not in out:
                out.append(number)
        return out


def random_3sat(draws, variables=150):
    """Uniform random 3-SAT at the threshold of 4.26 clauses a variable."""
    clauses = []
    for _ in range(round(4.26 * variables)):
        clauses.append([(v + 1) * (1 - 2 * draws.below(2)) for v in draws.some(3, variables)])
    return variables, clauses


def colouring(draws, vertices=75, colours=4, edges=312):
    """Proper colourings of a uniform random graph near the threshold, a variable for each vertex and colour."""
    at = lambda vertex, colour: vertex * colours + colour + 1
    clauses = [[at(v, c) for c in range(colours)] for v in range(vertices)]
    seen = set()
    while len(seen) < edges:
        a, b = draws.some(2, vertices)
        if (min(a, b), max(a, b)) not in seen:
            seen.add((min(a, b), max(a, b)))
            clauses += [[-at(a, c), -at(b, c)] for c in range(colours)]
    return vertices * colours, clauses


class Circuit:
    """A circuit in Tseitin's encoding."""

    def __init__(self):
        self.variables, self.clauses = 0, []

    def new(self):
        self.variables += 1
        return self.variables

    def both(self, a, b):
        out = self.new()
        self.clauses += [[-out, a], [-out, b], [out, -a, -b]]
        return out

    def either(self, a, b):
        return -self.both(-a, -b)

    def differ(self, a, b):
        out = self.new()
        self.clauses += [[-out, a, b], [-out, -a, -b], [out, -a, b], [out, a, -b]]
        return out

    def add(self, a, b, c):
        """A full adder: sum and carry."""
        half = self.differ(a, b)
        return self.differ(half, c), self.either(self.both(a, b), self.both(half, c))


def is_prime(number):
    return number > 1 and all(number % d for d in range(2, int(number**0.5) + 1))


def prime(draws, bits):
    while True:
        number = (1 << (bits - 1)) + draws.below(1 << (bits - 1))
        if is_prime(number):
            return number


def factoring(draws, bits=13):
    """The factors of a product of two primes: an array multiplier whose output is given."""
    product = prime(draws, bits) * prime(draws, bits)
    circuit = Circuit()
    a, b = ([circuit.new() for _ in range(bits)] for _ in range(2))
    no = circuit.new()
    circuit.clauses.append([-no])
    total = [no] * (2 * bits)
    for i, x in enumerate(a):
        carry = no
        for j, y in enumerate(b):
            total[i + j], carry = circuit.add(total[i + j], circuit.both(x, y), carry)
        total[i + bits] = carry
    for k, out in enumerate(total):
        circuit.clauses.append([out if product >> k & 1 else -out])
    return circuit.variables, circuit.clauses


FAMILIES = {"3-SAT": random_3sat, "colouring": colouring, "factoring": factoring}


def write(family, name, path, **sizes):
    """One formula in DIMACS form; the name tells it from others of its family."""
    variables, clauses = FAMILIES[family](Draws(f"{family}/{name}"), **sizes)
    with open(path, "w") as out:
        out.write(f"p cnf {variables} {len(clauses)}\n")
        out.writelines(" ".join(map(str, clause)) + " 0\n" for clause in clauses)
