"""Properties with names that no driver reads, and the names that were probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from dtlink.board.tree import TreeBoard
from dtlink.facts.binding import Origin, SupplierBinding, Walk
from dtlink.facts.bindings import BINDINGS, binding_of, bindings_for
from dtlink.facts.resource import Requested
from dtlink.facts.resources import GPIO, REGULATOR
from dtlink.facts.supply_names import (
    ONLY,
    SUFFIXES,
    is_known,
    is_near,
    near,
    slip,
    stem,
)
from dtlink.firmware.tree import Node, Tree
from dtlink.links.entry_lists import LISTS
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.facts.kernels import KernelVersion

#: Upper bound on names that are remembered.
_REMEMBERED = 8192
#: Properties with numbers that look like one of references.
_NUMBERS = frozenset(("blocks", "ngpio", "ngpios"))
#: Properties that nodes of all kinds may have, whose entries have a form that can be checked.
_COMMON: Mapping[str, SupplierBinding] = {
    row.name: row
    for row in BINDINGS
    if "*" not in row.name and row.origin in (Origin.KERNEL, Origin.DTC)
    if row.walk in (Walk.LIST, Walk.INTERRUPTS) and (row.resource.cells or "pinctrl-" in row.name)
}
_LONGEST = max(map(len, _COMMON))
#: One letter that is missing, added or another, or two that are exchanged, leave the first or the
#: last three letters of a long name as they are, and most names have neither of a common one.
_LONG, _HALF = 8, 3
_HEADS = frozenset(each[:_HALF].replace("-", end) for each in _COMMON for end in "-_")
_TAILS = frozenset(each[-_HALF:].replace("-", end) for each in _COMMON for end in "-_")
#: Names that many devices have: of a device whose driver is not known only these are proposed.
_FREQUENT = (
    *("avdd", "dvdd", "iovcc", "iovdd", "power", "vbat", "vbus", "vddio", "vmmc", "vqmmc"),
    *("backlight", "enable", "powerdown", "reset", "shutdown", "wakeup"),
)
#: The cells properties that say nothing about suppliers.
_OF_BUSES = frozenset(("#address-cells", "#size-cells"))


#: What generic regulators have, by suffix and the value of their ``compatible``.
_ONLY = {
    suffix: {f"{name}\0".encode(): only for name, only in names.items()}
    for suffix, names in ONLY.items()
}
#: Properties that name the entries of a list, with the lists.
_LIST_NAMES = {names: tuple(row.name for row in rows) for names, rows in LISTS.items()}
_LIST_NAMES["pinctrl-names"] = ("pinctrl-0",)


class Misspelt(NamedTuple):
    """A property that no driver reads."""

    node: int
    name: str
    meant: str
    why: str
    is_only: bool = True
    """Whether no other name may have been meant."""


def misspelt(board: TreeBoard) -> Iterator[Misspelt]:
    """All such properties of enabled nodes."""
    suspects, generic = _suspects(board.version), _generic(board.tree)
    for name in board.tree.columns:
        suspect = suspects[name]
        if suspect is None:
            continue
        if suspect.suffix:
            if generic[suspect.suffix]:
                yield from _of_generic(board, name, generic[suspect.suffix])
            if not suspect.is_known:
                yield from _unknown(board, name, suspect.suffix)
        else:
            yield from _of_lists(board, name, suspect.meant)


class _Suspect(NamedTuple):
    """What a property's name says before any value is looked at."""

    suffix: str = ""
    """That of a supply or a GPIO."""
    is_known: bool = False
    meant: tuple[str, ...] = ()
    """Names of other properties of which it may be a misspelling."""


class _Suspects(dict[str, _Suspect | None]):
    """The names that a kernel does not read as they are, each looked at once."""

    def __init__(self, version: KernelVersion) -> None:
        super().__init__()
        self._rows = bindings_for(version)

    def __missing__(self, name: str) -> _Suspect | None:
        suspect = self._of(name)
        if len(self) < _REMEMBERED:
            self[name] = suspect
        return suspect

    def _of(self, name: str) -> _Suspect | None:
        if "," in name:
            return None
        if name.endswith(SUFFIXES):
            suffix = next(end for end in SUFFIXES if name.endswith(end))
            return _Suspect(suffix, is_known(stem(name)))
        meant = _meant(name) if self._rows[name] is None else ()
        return _Suspect(meant=meant) if meant else None


@lru_cache(maxsize=16)
def _suspects(version: KernelVersion) -> Mapping[str, _Suspect | None]:
    return _Suspects(version)


def _meant(name: str) -> tuple[str, ...]:
    if name[0] == "#" or name in _NUMBERS:
        return ()
    names = [each for each in _LIST_NAMES if is_near(name, each)] if "-name" in name else []
    return (*_common_near(name), *_suffix_near(name), *names)


def _generic(tree: Tree) -> Mapping[str, Mapping[int, str]]:
    """The generic regulators, each with the one name that its driver reads, by its suffix."""
    return {
        suffix: {
            node: only
            for value, only in names.items()
            for node in tree.by_compatible.get(value, ())
        }
        for suffix, names in _ONLY.items()
    }


def _of_generic(board: TreeBoard, name: str, generic: Mapping[int, str]) -> Iterator[Misspelt]:
    """Another supply or GPIO of a generic regulator than the one that its driver reads."""
    tree = board.tree
    others = [node for node in tree.holders(name) if generic.get(node, name) != name]
    for node in others:
        only = generic[node]
        if node in tree.disabled:
            continue
        own = tree[node]
        if not (own.has(only) or own.has(f"{only}s") or own.has(only.removesuffix("s"))):
            yield Misspelt(node, name, only, f"the driver reads {only} only")


def _unknown(board: TreeBoard, name: str, suffix: str) -> Iterator[Misspelt]:
    for node in sorted(board.tree.holders(name).keys() - board.tree.disabled):
        meant = _asked_near(board, node, stem(name), suffix)
        if meant:
            why = "no driver and no binding has that name"
            yield Misspelt(node, name, meant[0] + suffix, why, is_only=len(meant) == 1)


def _asked_near(board: TreeBoard, node: int, what: str, suffix: str) -> Sequence[str]:
    """The names that the driver asks for and the node lacks, for an unknown one; nearest first.

    Of a device whose driver is not known: one that many devices have.
    """
    if not board.tree[node].has("compatible"):
        return ()
    kind = REGULATOR.kind if suffix == "-supply" else GPIO.kind
    reader, own = board.requests, board.tree[node]
    if reader.is_known(node):
        is_odd = reader.of_name(node, kind, what) is Requested.NO
        names: Iterable[str] = reader.names_of(node, kind)
    else:
        is_odd, names = not reader.has_drivers(node), _FREQUENT
    meant = near(what, names) if is_odd else ()
    # An n before the name of a signal is usual for one that is active low.
    free = [
        each
        for each in meant
        if what != f"n{each}" and not any(own.has(each + end) for end in SUFFIXES)
    ]
    return sorted(free, key=lambda each: slip(what, each))


def _of_lists(board: TreeBoard, name: str, meant: Sequence[str]) -> Iterator[Misspelt]:
    """A property like ``clock`` or ``vdd-suply``, whose value has the form of the one meant."""
    for node, at in board.tree.holders(name).items():
        if node in board.tree.disabled:
            continue
        own = board.tree[node]
        fitting = [
            each
            for each in meant
            if not (own.has(each) or own.has(f"{each}s"))
            and (_names_entries(own, each, at) or _fits(board, name, each, at))
        ]
        if fitting:
            why = "no driver and no binding has that name"
            name_known = not fitting[0].endswith(SUFFIXES) or is_known(stem(fitting[0]))
            is_only = len(set(fitting)) == 1 and name_known
            yield Misspelt(node, name, fitting[0], why, is_only=is_only)


def _common_near(name: str) -> list[str]:
    if len(name) > _LONGEST + 1:
        return []  # none is near, and each letter would cost a copy of the others
    if len(name) >= _LONG and name[:_HALF] not in _HEADS and name[-_HALF:] not in _TAILS:
        return []
    plain = name.replace("_", "-")
    shorter = {each for part in _without_one(name) for each in _shortened().get(part, ())}
    found = sorted(each for each in shorter if is_near(name, each))
    found += [plain] if plain in _COMMON and plain != name else []
    # pinctrl-0 for pinctl-0, but nothing for pwm0
    return [each for each in found if not name[-1].isdigit() or each[-1] == name[-1]]


def _without_one(name: str) -> set[str]:
    """A name, and the same without each of its letters: near names have one of them in common."""
    return {name, *(name[:at] + name[at + 1 :] for at in range(len(name)))}


@lru_cache(maxsize=1)
def _shortened() -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for each in _COMMON:
        for part in _without_one(each):
            found.setdefault(part, []).append(each)
    return found


def _suffix_near(name: str) -> tuple[str, ...]:
    before, _, end = name.replace("_", "-").rpartition("-")
    return tuple(before + each for each in _suffixes_near(end)) if before else ()


@lru_cache(maxsize=1024)
def _suffixes_near(end: str) -> Sequence[str]:
    """The suffixes that the last word of a name may be a misspelling of."""
    # What has a number there is another name: drivers read i2s1-in-sel-gpio1 (gpiolib-of.c).
    meant = () if end[-1:].isdigit() else SUFFIXES
    return [each for each in meant if end == each[1:] or is_near(end, each[1:])]


def _names_entries(own: Node, meant: str, at: int) -> bool:
    """Whether a value is text that can name the entries of a list which the node has."""
    lists = _LIST_NAMES.get(meant, ())
    return any(map(own.has, lists)) and own.tree.value(at).endswith(b"\0")


def _fits(board: TreeBoard, name: str, meant: str, at: int) -> bool:
    """Whether a value has the form that a property of the other name has."""
    tree = board.tree
    row = _COMMON.get(meant) or binding_of(meant)
    if row is None or tree.bytes_left(at):
        return False
    if row.walk is Walk.INTERRUPTS and row.name == "interrupts":
        return tree.size(at) > 0
    target = tree.phandles.get(tree.first_cell(at) or 0)
    if target is None:
        return False
    if row.resource is REGULATOR:
        is_one = tree.size(at) == len(b"cell")
        return is_one and any(each.startswith("regulator-") for each in tree[target].properties)
    width = tree.cell(row.cells, target) if row.cells else 0
    if width is not None:
        return tree.size(at) >> 2 > width
    # The singular of a list: whatever the provider is.
    cells = {each for each in tree[target].properties if each[0] == "#"} - _OF_BUSES
    return meant == f"{name}s" and any(each.endswith("-cells") for each in cells)
