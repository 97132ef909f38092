"""Who is a member, and who votes (docs/rfc/M5-federation.md section 6)."""

from . import genesis
from .cose import fingerprint
from .refused import Refused
from .state import Member

CHANGES_MAX, RETIRED_MAX, VALIDATORS_MAX = 16, 4096, 100


def has_key(change):
    return change[0] in ("join", "rotate")


def _key(change):
    kind, what = change
    return what["card"]["key"] if kind == "join" else what["key"]


def _key_in_use(s, key):
    kid = fingerprint(key)
    agreed = [_key(c) for c in (next(iter(c.items())) for c in s.changes) if has_key(c)]
    revoked = s.governance is not None and s.governance.revoked_from(kid) > 0
    return s.find(kid) >= 0 or kid in s.retired or key in agreed or revoked


def _join_fits(s, what):
    card, sponsor = what["card"], s.find_name(what["sponsor"])
    if s.find_name(card["name"]) >= 0 or _key_in_use(s, card["key"]):
        raise Refused("duplicate")
    if sponsor < 0 or not s.members[sponsor].votes or not s.weighs(sponsor) or not s.members[sponsor].in_standing:
        raise Refused("state")
    if card["role"] == "core" and len(s.validators) == VALIDATORS_MAX:
        raise Refused("limit")
    if len(s.members) >= (genesis.MEMBERS_MAX if "cohort" in s.policy else 256):
        raise Refused("limit")


def fits(s, change):
    """Raises where the change may not be made in this state."""
    kind, what = change
    stake = what["card"]["stake"] if kind == "join" else what["stake"] if kind == "stake" else 0
    if stake > s.founders_stake:
        raise Refused("range")
    if kind == "join":
        return _join_fits(s, what)
    if kind == "protocol":
        if what != s.protocol + 1:
            raise Refused("state")
        return None
    at = s.find_name(what if kind == "leave" else what["name"])
    if at < 0:
        raise Refused("unknown")
    if not s.members[at].stays:
        raise Refused("state")
    if kind == "rotate":
        if _key_in_use(s, what["key"]):
            raise Refused("duplicate")
        if len(s.retired) >= RETIRED_MAX:
            raise Refused("limit")
    if kind == "leave":
        staying = [m for m in s.members if m.stays]
        if s.members[at].votes and sum(m.votes for m in staying) == 1:
            raise Refused("limit")
        if len(staying) <= s.policy["min_participants"]:
            raise Refused("limit")
    return None


def _lose_vote(s, at):
    s.change(at, votes=False)
    s.validators.remove(at)
    del s.ballots[at]


def _make(s, change):
    """Does it change who votes?"""
    kind, what = change
    try:
        fits(s, change)
    except Refused:
        return False  # one before it took its room, or its sponsor is in no good standing any more
    if kind == "join":
        card = what["card"]
        s.add_member(Member(card, card["role"] == "core", "absent", sponsor=s.party(s.find_name(what["sponsor"])) + 1,
                            first_epoch=s.epoch, last_epoch=s.epoch, counted_epoch=s.epoch - 1))
        return card["role"] == "core"
    if kind == "protocol":
        s.protocol = what
        return False
    at = s.find_name(what if kind == "leave" else what["name"])
    votes = s.members[at].votes
    if kind == "stake":
        s.change(at, card={**s.members[at].card, "stake": what["stake"]})
        return False
    if kind == "rotate":
        s.retired.append(s.members[at].fingerprint)
        s.change(at, card={**s.members[at].card, "key": what["key"]}, fingerprint=fingerprint(what["key"]), sequence=0)
        return votes
    s.change(at, status="left")
    if votes:
        _lose_vote(s, at)
    return votes


def _drop_convicted(s):
    any_dropped = False
    for at in list(s.validators):
        if len(s.validators) > 1 and s.members[at].status == "convicted":
            _lose_vote(s, at)
            any_dropped = True
    return any_dropped


def _drop_revoked(s):
    any_dropped = False
    for at in list(s.validators):
        since = s.governance.revoked_from(s.members[at].fingerprint) if s.governance else 0
        if len(s.validators) > 1 and 0 < since <= s.epoch:
            s.change(at, status="left")
            _lose_vote(s, at)
            any_dropped = True
    return any_dropped


def close_epoch(s):
    """What was agreed takes effect; s.epoch is the next one already."""
    changes, s.changes = s.changes, []
    others_vote = False
    for change in changes:
        others_vote |= _make(s, next(iter(change.items())))
    others_vote |= _drop_convicted(s)
    others_vote |= _drop_revoked(s)
    if not others_vote:
        return
    s.ballots = {i: [] for i in s.validators}
    for check in s.checks:
        check.recounts = []
    n = len(s.validators)
    s.max_byzantine = min(s.faults_wanted, genesis.quorum_faults(n))
    s.quorum = min(n, genesis.quorum_size(n, s.max_byzantine) + s.quorum_surplus)
    s.membership_epoch += 1
