"""What happens to the federation, drawn from a seed before it begins: at once one fault, and every fault ends."""
import random

import clients
from dataclasses import dataclass

LONGEST_SECONDS = 5.0
UPGRADE_AT, UPGRADE_SECONDS = 0.6, 4.0  # of the whole time: when the federation goes over to the next protocol


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


def _damage(draw, names):
    return {"nodes": (draw.choice(names),),
            "settings": (("bytes", draw.choice((1, 16, 512))), ("places", draw.randint(1, 4)),
                         ("draw", draw.getrandbits(32)))}


def _clock_jump(draw, names):
    seconds = draw.choice((-86400, -60, -1, 5, 3600, 31536000))
    return {"nodes": (draw.choice(names),), "settings": (("seconds", seconds),)}


def _bad_peer(draw, _):
    return {"settings": (("draw", draw.getrandbits(32)),)}


KINDS = {"kill": _kill, "freeze": _kill, "kill_all": _kill_all, "cut_one_way": _one_way, "partition": _partition,
         "bad_links": _bad_links, "disk_full": _kill, "damage": _damage, "bad_peer": _bad_peer,
         "clock_jump": _clock_jump, "other_version": _kill, "kill_at_word": _kill}
WEIGHTS = {"kill": 4, "freeze": 3, "kill_all": 1, "cut_one_way": 2, "partition": 2, "bad_links": 3, "disk_full": 2,
           "damage": 2, "bad_peer": 3, "clock_jump": 2, "other_version": 2, "kill_at_word": 2}
DEADLY = ("kill", "kill_all", "disk_full", "damage", "other_version", "kill_at_word")  # the nodes may be down meanwhile


def plan(seed, names, seconds):
    """Damage comes to two of the nodes alone: their traces end there, and those of the others must be whole. The clocks
    of the others alone jump: of a node that has lost its disk the clock must not have gone back (decision 11)."""
    draw, at, faults = random.Random(seed), 1.0, []
    damaged = draw.sample(names, 2)
    whole = [name for name in names if name not in damaged]
    upgrade = Fault(UPGRADE_AT * seconds, UPGRADE_SECONDS, "upgrade")
    while True:
        if upgrade and at >= upgrade.at and at + upgrade.lasts <= seconds:
            faults.append(Fault(at, upgrade.lasts, "upgrade"))
            at, upgrade = at + upgrade.lasts + 1.0, None
        kind = draw.choices(list(KINDS), [WEIGHTS[k] for k in KINDS])[0]
        lasts = draw.uniform(0.2, LONGEST_SECONDS)
        if at + lasts > seconds:
            return faults
        choice = damaged if kind == "damage" else whole if kind == "clock_jump" else names
        faults.append(Fault(at, lasts, kind, **KINDS[kind](draw, choice)))
        at += lasts + draw.uniform(0.2, 2.0)


# ---- doing it


def _cut_off(federation, fault):
    for name in fault.nodes:
        for other in set(federation.everybody) - set(fault.nodes):
            federation.relay.set(name, other, cut=1)
            federation.relay.set(other, name, cut=1)


def _damage_store(federation, fault):
    """Bytes of a store change while its node is down, which is then started on it."""
    federation.kill(fault.nodes[0])
    federation.end_trace(fault.nodes[0])
    federation.damage(fault.nodes[0], **dict(fault.settings))
    federation.start(fault.nodes[0])


def _upgrade(federation):
    """Everybody has the newer program from now on."""
    federation.upgraded = True
    for name in federation.names:
        if federation.programs[name] == federation.previous:
            federation.swap_program(name)


def _wish(federation, name):
    """A change that this validator alone will be asked for; None: it is none, or no node answers."""
    epoch = max((told["epoch"] for told in federation.status().values()), default=0)
    if name not in federation.validators or epoch == 0:
        return None
    return federation.change(f"of-{name}-{epoch}", epoch + clients.CHANGES_UNTIL, "leave", "--node", federation.liar)


def _take_word(federation, name, wish, judge):
    told = clients.ask(federation, name, ask="sign-off", change=federation.base64(wish))
    if told.get("kept"):
        judge.acknowledged.keeps(name, wish)


def _kill_at_word(federation, name, judge):
    """The node is killed as soon as it has said that it keeps a change."""
    wish = _wish(federation, name)
    if wish is None:
        return False
    _take_word(federation, name, wish, judge)
    federation.kill(name)
    return True


def _fill_disk(federation, name, judge):
    """What the node says that it keeps now it cannot have written."""
    wish = _wish(federation, name)
    federation.fill_disk(name)
    if wish is not None:
        _take_word(federation, name, wish, judge)


def begin(federation, fault, judge):
    """False: this is no time for it."""
    name = fault.nodes[0] if fault.nodes else None
    if fault.kind in ("kill", "kill_all"):
        for name in fault.nodes:
            federation.kill(name)
    elif fault.kind == "freeze":
        federation.freeze(name, True)
    elif fault.kind == "disk_full":
        _fill_disk(federation, name, judge)
    elif fault.kind == "damage":
        if federation.some_recover():
            return False  # a second one that has lost its disk is more than the federation tolerates
        _damage_store(federation, fault)
    elif fault.kind == "kill_at_word":
        return _kill_at_word(federation, name, judge)
    elif fault.kind == "other_version":
        federation.swap_program(name)
    elif fault.kind == "upgrade":
        _upgrade(federation)
    elif fault.kind == "bad_peer":
        federation.let_in(**dict(fault.settings))
    elif fault.kind == "clock_jump":
        return federation.set_clock(name, **dict(fault.settings))
    elif fault.kind == "cut_one_way":
        federation.relay.set(*fault.nodes, cut=1)
    elif fault.kind == "partition":
        _cut_off(federation, fault)
    else:
        federation.relay.set("*", "*", **dict(fault.settings))
    return True


def end(federation, fault, judge):
    name = fault.nodes[0] if fault.nodes else None
    if fault.kind in ("kill", "kill_all", "kill_at_word"):
        for name in fault.nodes:
            federation.start(name)
    elif fault.kind == "freeze":
        federation.freeze(name, False)
    elif fault.kind == "disk_full":
        judge.hold_full_disk(name)
        federation.start(name)
    elif fault.kind == "damage":
        judge.hold_damaged_store(name)
        federation.start(name)
    elif fault.kind == "bad_peer":
        if not federation.throw_out():
            judge.find("the bad peer has ended by itself")
    elif fault.kind == "clock_jump":
        federation.set_clock(name, 0)
    elif fault.kind == "other_version":
        judge.hold_version(name)
    elif fault.kind == "upgrade":
        judge.hold_upgrade()
    else:
        federation.heal()
