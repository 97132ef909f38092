"""What happens to the federation, drawn from a seed before it begins: at once one fault, and every fault ends."""
import random
from dataclasses import dataclass

LONGEST_SECONDS = 5.0


@dataclass
class Fault:
    at: float  # seconds from the beginning
    lasts: float
    kind: str
    nodes: tuple = ()
    settings: tuple = ()  # of links: (key, value)

    def __str__(self):
        words = [self.kind, *self.nodes, *(f"{key}={value}" for key, value in self.settings)]
        return f"{self.at:7.2f} s, for {self.lasts:.2f} s: {' '.join(words)}"


def _kill(draw, names):
    return {"nodes": (draw.choice(names),)}


def _kill_all(_, names):
    return {"nodes": tuple(names)}


def _one_way(draw, names):
    return {"nodes": tuple(draw.sample(names, 2))}


def _partition(draw, names):
    return {"nodes": tuple(draw.sample(names, draw.randint(1, len(names) // 2)))}


def _bad_links(draw, _):
    return {"settings": (("delay_ms", draw.choice((0, 5, 50, 200))), ("jitter_ms", draw.choice((0, 5, 50, 200))),
                         ("loss", draw.choice((0, 0.01, 0.1, 0.3))), ("duplicate", draw.choice((0, 0.01, 0.2))))}


KINDS = {"kill": _kill, "freeze": _kill, "kill_all": _kill_all, "cut_one_way": _one_way, "partition": _partition,
         "bad_links": _bad_links}
WEIGHTS = {"kill": 4, "freeze": 3, "kill_all": 1, "cut_one_way": 2, "partition": 2, "bad_links": 3}


def plan(seed, names, seconds):
    draw, at, faults = random.Random(seed), 1.0, []
    while True:
        kind = draw.choices(list(KINDS), [WEIGHTS[k] for k in KINDS])[0]
        lasts = draw.uniform(0.2, LONGEST_SECONDS)
        if at + lasts > seconds:
            return faults
        faults.append(Fault(at, lasts, kind, **KINDS[kind](draw, names)))
        at += lasts + draw.uniform(0.2, 2.0)


def begin(federation, fault):
    if fault.kind in ("kill", "kill_all"):
        for name in fault.nodes:
            federation.kill(name)
    elif fault.kind == "freeze":
        federation.freeze(fault.nodes[0], True)
    elif fault.kind == "cut_one_way":
        federation.relay.set(*fault.nodes, cut=1)
    elif fault.kind == "partition":
        for name in fault.nodes:
            for other in set(federation.names) - set(fault.nodes):
                federation.relay.set(name, other, cut=1)
                federation.relay.set(other, name, cut=1)
    else:
        federation.relay.set("*", "*", **dict(fault.settings))


def end(federation, fault):
    if fault.kind in ("kill", "kill_all"):
        for name in fault.nodes:
            federation.start(name)
    elif fault.kind == "freeze":
        federation.freeze(fault.nodes[0], False)
    else:
        federation.heal()
