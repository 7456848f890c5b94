"""The fragments of an overlay, and the faults that need no base to be seen."""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.facts import overlays as facts
from dtlink.firmware.fdt_write import SourceNode
from dtlink.firmware.overlay import fixups
from dtlink.firmware.overlay.fault import Fixup, OverlayFault
from dtlink.firmware.overlay.nodes import Children, at_path, below, subnode, text_of
from dtlink.firmware.tree import EXTERNAL_PHANDLE
from dtlink.records import NamedTuple

OVERLAY = "__overlay__"
#: What a fragment of Raspberry Pi has in place of ``__overlay__`` while a parameter has it off.
DORMANT = "__dormant__"
OVERRIDES = "__overrides__"
#: The labels that a Raspberry Pi adds to those of the base.
EXPORTS = "__exports__"
SYMBOLS = "__symbols__"
#: Nodes beside the fragments that have a meaning of their own.
_KNOWN = frozenset((SYMBOLS, "__fixups__", "__local_fixups__", OVERRIDES, EXPORTS))


class Fragment(NamedTuple):
    """A node with an ``__overlay__``: what is merged, and into which node."""

    node: SourceNode
    path: str
    content: SourceNode

    @property
    def target(self) -> int:
        """The phandle of the target; 0: it is named by its path (overlay_get_target_phandle())."""
        value = self.node.properties.get("target")
        if value is None:
            return 0
        return int.from_bytes(value, "big") if len(value) == 4 else EXTERNAL_PHANDLE

    @property
    def target_path(self) -> str | None:
        """The path of the target; ``None`` if there is none."""
        value = self.node.properties.get("target-path")
        return None if value is None else text_of(value)

    @property
    def content_path(self) -> str:
        """The path of what is merged, in the overlay."""
        return below(self.path, self.content.name)


def fragments(overlay: SourceNode) -> Iterator[Fragment]:
    """The fragments, in order."""
    for child in overlay.children:
        content = subnode(child, OVERLAY)
        if content is not None:
            yield Fragment(child, below("/", child.name), content)


def lone_faults(overlay: SourceNode) -> list[OverlayFault]:
    """What is wrong with an overlay whichever base it is for."""
    found = list(fragments(overlay))
    needed = fixups.labels(overlay)
    resolved = {
        place.path
        for places in needed.values()
        for place in places
        if isinstance(place, Fixup) and place.name == "target"
    }
    targets = [fault for each in found for fault in _target(each, resolved)]
    return [
        *_beside(overlay),
        *targets,
        *_empty(overlay, found),
        *(
            place
            for places in needed.values()
            for place in places
            if isinstance(place, OverlayFault)
        ),
        *fixups.local_faults(overlay),
        *_symbols(overlay),
    ]


def _target(fragment: Fragment, resolved: set[str]) -> Iterator[OverlayFault]:
    value = fragment.node.properties.get("target")
    if value is not None and len(value) != 4:
        detail = f"{len(value)} bytes"
        yield OverlayFault(facts.BAD_TARGET, fragment.path, "target", detail=detail)
    elif fragment.target == EXTERNAL_PHANDLE and fragment.path not in resolved:
        yield OverlayFault(facts.BAD_TARGET, fragment.path, "target", detail="0xffffffff")
    elif not fragment.target and fragment.target_path is None:
        yield OverlayFault(facts.NO_TARGET, fragment.path)


def _beside(overlay: SourceNode) -> Iterator[OverlayFault]:
    """The nodes beside the fragments, which are dropped."""
    for child in overlay.children:
        if child.name in _KNOWN or subnode(child, OVERLAY) or subnode(child, DORMANT):
            continue
        path = below("/", child.name)
        if child.properties.keys() & {"target", "target-path"} or "fragment" in child.name:
            names = [each.name for each in child.children]
            yield OverlayFault(facts.NO_OVERLAY_NODE, path, what=names[0] if names else "")
        elif child.properties or child.children:
            yield OverlayFault(facts.LOST_NODE, path)


def _empty(overlay: SourceNode, found: list[Fragment]) -> Iterator[OverlayFault]:
    """Nothing is merged. What parameters turn on is not known to be nothing."""
    if any(each.content.properties or each.content.children for each in found):
        return
    if subnode(overlay, OVERRIDES) is None:
        yield OverlayFault(facts.EMPTY, "/", what="fragments" if found else "")


def _symbols(overlay: SourceNode) -> Iterator[OverlayFault]:
    table, find = subnode(overlay, SYMBOLS), Children()
    for name, value in table.properties.items() if table else ():
        if value[-1:] != b"\0" or value.count(b"\0") > 1 or value[:1] != b"/":
            detail = "it is not one string"
            yield OverlayFault(facts.BAD_SYMBOL, f"/{SYMBOLS}", name, detail=detail)
        elif detail := _symbol(overlay, text_of(value), find):
            yield OverlayFault(facts.SYMBOL_FRAGMENT, f"/{SYMBOLS}", name, text_of(value), detail)


def _symbol(overlay: SourceNode, path: str, find: Children) -> str:
    """What is wrong with the path of a label that is in a fragment (overlay_symbol_update())."""
    if symbol_place(path) is None:
        return ""
    fragment = path[1:].partition("/")[0]
    found = at_path(overlay, f"/{fragment}/{OVERLAY}", find) if fragment else None
    return "" if found else f"the overlay has no /{fragment}/{OVERLAY}"


def symbol_place(path: str) -> tuple[str, str] | None:
    """The fragment of a label, and its path below ``__overlay__``; ``None``: it is in none."""
    name, slash, rest = path[1:].partition("/")
    if not slash or (rest != OVERLAY and not rest.startswith(f"{OVERLAY}/")):
        return None
    return name, rest[len(OVERLAY) + 1 :]
