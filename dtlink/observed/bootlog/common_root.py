"""Devices whose causes are unclear, and what they have in common.

The log does not say what a device waits for, and the tree names several suppliers. Of these, one
that is known to be down explains the device; so does one that needs a supplier that is down, since
it cannot have probed either. Else the supplier that most of the unclear devices share is the likely
cause, unless others are shared by as many. A supplier of a device that runs is not down; where only
one other is left, it is the cause.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dtlink.observed.bootlog.model import CauseKind, CauseOrigin, RootCause
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.observed.bootlog.causes import CauseChain
    from dtlink.observed.bootlog.model import Victim
    from dtlink.observed.bootlog.reach import Reach

Key = tuple[CauseKind, str]

#: The causes that say that a supplier is down.
_DOWN = frozenset(
    (
        CauseKind.NO_DRIVER,
        CauseKind.FAILED,
        CauseKind.DECLINED,
        CauseKind.NO_DEVICE,
        CauseKind.LOOP,
    )
)
#: A supplier that fewer devices share is not a better guess than the others.
_SHARED = 2


class _Unclear(NamedTuple):
    """A victim of an unclear cause, and the chains of which one is true."""

    key: Key
    victim: Victim
    chains: Sequence[CauseChain]


class CommonRoots:
    """Moves the victims of unclear causes to the causes that explain them.

    ``chains``: what each device may wait for, by its name, where the log leaves several.
    """

    def __init__(
        self,
        causes: dict[Key, RootCause],
        chains: Mapping[str, Sequence[CauseChain]],
        reach: Reach,
    ) -> None:
        self._causes = causes
        self._reach = reach
        self._open = [
            _Unclear(key, victim, self._possible(chains[victim.device]))
            for key, cause in causes.items()
            for victim in cause.victims
            if cause.origin.root is CauseKind.UNCLEAR and victim.device in chains
        ]

    def _possible(self, chains: Sequence[CauseChain]) -> Sequence[CauseChain]:
        """The chains to what no running device shows to be there, if there are any."""
        return [x for x in chains if x.origin.subject not in self._reach.serving] or chains

    def explain(self) -> None:
        """Do it until nothing more is explained."""
        while self._by_known() or self._by_votes():
            pass
        for cause in self._causes.values():
            cause.victims.sort(key=lambda victim: victim.line)

    def _by_known(self) -> bool:
        """Explain by causes that are known; whether that explained any."""
        found = [(each, chain) for each in self._open if (chain := self._known(each))]
        for each, chain in found:
            self._move(each, chain)
        return bool(found)

    def _known(self, unclear: _Unclear) -> CauseChain | None:
        """The chain to a cause that is known, or through what needs one that is."""
        down = {key: cause for key, cause in self._causes.items() if key[0] in _DOWN}
        if len(unclear.chains) == 1 and unclear.chains[0].origin.root in _DOWN:
            return unclear.chains[0]
        for chain in unclear.chains:
            if chain.origin.key in down:
                return chain
        for chain in unclear.chains:
            needed = self._reach.needed(chain.origin.subject)
            for cause in down.values():
                if needed.intersection((cause.origin.subject, *cause.also)):
                    via = (*chain.via, chain.origin.subject)
                    return chain._replace(origin=cause.origin, via=via)
        return None

    def _by_votes(self) -> bool:
        """Explain by what most of the devices share; whether there is such a supplier."""
        votes: dict[Key, dict[str, CauseOrigin]] = {}
        for each in self._open:
            for chain in each.chains:
                votes.setdefault(chain.origin.key, {})[each.victim.device] = chain.origin
        most = max(map(len, votes.values()), default=0)
        shared = [next(iter(found.values())) for found in votes.values() if len(found) == most]
        best = shared if len(shared) == 1 else self._reached(shared)
        if most < _SHARED or len(best) != 1 or best[0].root not in _DOWN:
            return False
        self._causes[best[0].key] = RootCause(best[0]._replace(sure=False))
        return True

    def _reached(self, origins: Sequence[CauseOrigin]) -> Sequence[CauseOrigin]:
        """Of suppliers that are shared by as many, those that most need through others as well."""
        counts = [
            sum(self._is_reached(each, origin.subject) for each in self._open) for origin in origins
        ]
        pairs = zip(origins, counts, strict=True)
        return [origin for origin, count in pairs if count == max(counts)]

    def _is_reached(self, unclear: _Unclear, subject: str) -> bool:
        subjects = [chain.origin.subject for chain in unclear.chains]
        return subject in subjects or any(subject in self._reach.needed(s) for s in subjects)

    def _move(self, unclear: _Unclear, chain: CauseChain) -> None:
        self._open.remove(unclear)
        before = self._causes[unclear.key]
        before.victims.remove(unclear.victim)
        if not before.victims:
            del self._causes[unclear.key]
        origin = chain.origin
        cause = self._causes.setdefault(origin.key, RootCause(origin._replace(sure=False)))
        if origin.subject not in (cause.origin.subject, *cause.also):
            cause.also.append(origin.subject)
        cause.victims.append(unclear.victim._replace(via=chain.via, sure=False))
