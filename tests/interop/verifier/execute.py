"""One block: its entries in order, then the phases; the header that follows is what a quorum must have voted for."""

from dataclasses import dataclass

from . import cbor, entries, governance, membership, phases
from .merkle import entry_leaf, root_of, sha256
from .state import BLOCKS_REMEMBERED


@dataclass
class Execution:
    state: object
    header: dict
    verdicts: list
    outcome: object  # None unless the epoch ended


_remembered = {}  # of blocks that many cases share


def block(before, data, log):
    """Executes the entries `data` above the state `before`; `log` has their leaves already."""
    leaves = [entry_leaf(entry) for entry in data]
    name = (before.block_id, tuple(leaves))
    if name in _remembered:
        return _remembered[name]
    s = before.copy()
    s.log_size, s.log_root = before.log_size + len(data), log.root(before.log_size + len(data))
    verdicts = [entries.execute(s, entry) for entry in data]
    outcome = phases.advance(s)
    if outcome is not None:
        governance.close_epoch(s)
        membership.close_epoch(s)
        s.draw_cohort()
    s.recent = (s.recent + [before.block_id])[-BLOCKS_REMEMBERED:]
    header = s.header(before.height + 1, before.block_id, root_of(leaves), len(data), before.epoch,
                      before.membership_epoch)
    s.height, s.block_id = header["height"], sha256(cbor.encode(header))
    _remembered[name] = Execution(s, header, verdicts, outcome)
    return _remembered[name]
