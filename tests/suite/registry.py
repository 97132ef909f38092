"""The list of cases. Each is a function that changes a copy of an honest run; the decorator says what must be found."""

from dataclasses import dataclass


@dataclass
class Case:
    family: str
    name: str
    verdict: str
    code: object      # of a finding that must be there; None: there is none
    make: object      # called with the ledger and the arguments
    arguments: tuple
    base: str         # which honest run
    trust: str        # "its own" federation, "another" one, or "nobody"


CASES = []


def case(family, code=None, each=((),), verdict=None, base="plain", trust="its own"):
    """One case for each tuple of arguments. With a code the verdict is not_compliant, without one compliant."""
    def register(make):
        for arguments in each:
            arguments = arguments if isinstance(arguments, tuple) else (arguments,)
            name = "-".join([make.__name__, *(_word(a) for a in arguments)])
            CASES.append(Case(family, name, verdict or ("not_compliant" if code else "compliant"), code, make, arguments,
                              base, trust))
        return make
    return register


def _word(argument):
    text = argument.__name__ if callable(argument) else str(argument)
    return "".join(c if c.isalnum() or c in "._" else "_" for c in text)[:60]
