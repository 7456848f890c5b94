"""What a driver does, as its source says: what it asks for, offers, and makes.

In an index every fact of a driver's file is an item of the file's line: a letter (or a sign) with
the fact after it. So releases share what they have in common, fact by fact (``several``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dtlink.enums import Enum
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final


class Need(Enum):
    """What becomes of a driver's probe if a request fails; the weakest is last."""

    REQUIRED = "required"
    """The probe fails, or is deferred."""
    UNKNOWN = "unknown"
    OPTIONAL = "optional"
    """The property may be absent; the probe is still deferred for a declared supplier."""
    IGNORED = "ignored"
    """The probe continues, whatever the error is."""


class Ask(NamedTuple):
    """A request that a driver makes from its probe function."""

    kind: str
    """The kind of the resource (``facts.resource.Resource.kind``)."""
    name: str
    """The entry's name: of ``clock-names`` and its kind, or the ``NAME`` of ``NAME-supply`` and
    ``NAME-gpios``. Empty: without a name, the first entry. ``#N``: entry N, counted from 0, of a
    list that is asked for by number. In a name that the driver puts together (``usb2-*``), ``*``
    is any text; alone, it is everything that the node lists."""
    need: Need
    of_children: bool = False
    """The request is made for child nodes: their properties count, not the device's own."""

    def covers(self, name: str, entry: int = 0) -> bool:
        """Whether an entry of the node, by its name and its number, is one that is asked for."""
        if self.name == "*":
            return True
        if not self.name or self.name.startswith("#"):
            return entry == int(self.name[1:] or 0)
        before, star, after = self.name.partition("*")
        if not star:
            return name == self.name
        fits = name.startswith(before) and name.endswith(after)
        return fits and len(name) >= len(before) + len(after)


class DriverFacts(NamedTuple):
    """What is known of one driver's source file, together with what its probe calls elsewhere."""

    asks: tuple[Ask, ...] = ()
    offers: frozenset[str] = frozenset()
    """Kinds of resources that it registers a provider for."""
    makes: frozenset[str] = frozenset()
    """Aliases of the devices it makes: ``platform:rk808-regulator``, ``of:COMPATIBLE`` …"""
    populates: bool = False
    """It makes devices of its node's child nodes (``of_platform_populate()`` and its kind)."""
    whole: bool = False
    """All that its probe calls was found and read: what is neither in ``asks`` nor in ``unsure``
    it does not ask for, what is not in ``offers`` it does not register."""
    unsure: frozenset[str] = frozenset()
    """Kinds that it asks for under names, or registers in ways, that the text does not show."""

    def asks_for(self, kind: str, *, of_children: bool = False) -> tuple[Ask, ...]:
        """The requests for one kind of resource."""
        return tuple(
            each for each in self.asks if (each.kind, each.of_children) == (kind, of_children)
        )

    def provides(self, kind: str) -> bool | None:
        """Whether it registers a provider of a kind of resource; ``None``: not known."""
        if kind in self.offers:
            return True
        return None if self.may_ask(kind) else False

    def may_ask(self, kind: str) -> bool:
        """Whether a request for this kind, not listed in ``asks``, cannot be ruled out."""
        return not self.whole or kind in self.unsure


#: The letter of each need; the capital one if it is asked on behalf of child nodes.
_NEEDS: Final = {Need.REQUIRED: "r", Need.UNKNOWN: "u", Need.OPTIONAL: "o", Need.IGNORED: "i"}
_ASKS: Final = {
    letter: (need, of_children)
    for need, small in _NEEDS.items()
    for letter, of_children in ((small, False), (small.upper(), True))
}
_WHOLE, _PART, _POPULATES = "w", "p", "c"
_OFFERS, _MAKES, _UNSURE = "+", ">", "?"
#: Upper bounds for what is read: items of a file, and bytes of one.
_MOST, _LENGTH = 4096, 200


def encode(facts: DriverFacts) -> list[str]:
    """The items of a file's line in an index, sorted; never empty."""
    items = {_WHOLE if facts.whole else _PART, *map(_ask, facts.asks)}
    items |= {_OFFERS + kind for kind in facts.offers}
    items |= {_MAKES + alias for alias in facts.makes}
    items |= {_UNSURE + kind for kind in facts.unsure}
    return sorted(items | ({_POPULATES} if facts.populates else set()))


def decode(items: Iterable[str]) -> DriverFacts:
    """The facts in the items of a line.

    An item of another form, or more of them than any driver has, is left out, and the facts are
    then not ``whole``: a newer dtlink may have written it, or the file is damaged.
    """
    held = sorted(set(items))
    known = [item for item in held[:_MOST] if len(item) <= _LENGTH and _is_known(item)]
    return DriverFacts(
        asks=tuple(sorted(map(_asked, (i for i in known if i[0] in _ASKS)), key=_order)),
        offers=frozenset(_after(_OFFERS, known)),
        makes=frozenset(_after(_MAKES, known)),
        populates=_POPULATES in known,
        whole=_WHOLE in known and _PART not in known and len(known) == len(held),
        unsure=frozenset(_after(_UNSURE, known)),
    )


def _ask(ask: Ask) -> str:
    letter = _NEEDS[ask.need]
    return f"{letter.upper() if ask.of_children else letter}:{ask.kind}:{ask.name}"


def _asked(item: str) -> Ask:
    letter, kind, name = item.split(":", 2)
    need, of_children = _ASKS[letter]
    return Ask(kind, name, need, of_children)


def _order(ask: Ask) -> tuple[str, str, bool, str]:
    return ask.kind, ask.name, ask.of_children, ask.need.value


def _is_known(item: str) -> bool:
    if item in (_WHOLE, _PART, _POPULATES):
        return True
    if item[:1] in (_OFFERS, _MAKES, _UNSURE):
        return len(item) > 1
    return item[:1] in _ASKS and item[1:2] == ":" and item.find(":", 2) > len("r:")


def _after(sign: str, items: Iterable[str]) -> Iterator[str]:
    return (item[1:] for item in items if item[0] == sign)
