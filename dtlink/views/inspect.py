"""``dtlink inspect``: what is in a file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from dtlink import reading
from dtlink.firmware.containers.model import Problem
from dtlink.firmware.errors import InputError
from dtlink.firmware.inputs import MEMBER, Input
from dtlink.firmware.overlay.fixups import needed
from dtlink.firmware.read import STDIN, LoadedInput, decode, hold_standard_input, load_folder
from dtlink.firmware.tree import Tree
from dtlink.report.columns import columns, padded
from dtlink.report.layout import BOLD, DIM, STYLES, Line, Span, line
from dtlink.report.rows import counted
from dtlink.typed import TYPE_CHECKING
from dtlink.views.data import CommandResult, JsonRow

if TYPE_CHECKING:
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.containers.model import AboutValue, Entry


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class Devicetree(JsonRow):
    """What a member is that is a devicetree."""

    model: str
    compatible: tuple[str, ...]
    nodes: int
    overlay: bool
    needs_labels: tuple[str, ...]
    """The labels that an overlay needs of a base."""


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class InspectProblem(JsonRow):
    """What is wrong with a file or a member; ``offset`` is a byte offset in its container."""

    message: str
    offset: int | None


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class InspectEntry(JsonRow):
    """A file, or a member of a container."""

    name: str
    """As after the ``!``; empty for the file."""
    depth: int
    """In how many containers it is."""
    form: str
    """The format, or what the container says it is."""
    packing: tuple[str, ...]
    """The compressions, the outermost first."""
    size: int | None
    """Bytes in its container."""
    offset: int | None
    """Byte offset in its container, where it is stored as it is."""
    input: bool
    """Whether it is read as an input."""
    about: Mapping[str, AboutValue]
    """What the container says of it."""
    devicetree: Devicetree | None
    tables: tuple[str, ...]
    """The signatures of ACPI tables."""
    problems: tuple[InspectProblem, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False, kw_only=True, slots=True, repr=False)
class InspectView(CommandResult):
    """What is in a file: containers, their members, and the devicetrees among them.

    Made by :func:`dtlink.inspect`; ``entries`` has a row for the file and for each member.
    """

    member: ClassVar[str] = "inspect"
    entries: tuple[InspectEntry, ...]
    """The file, then its members, each before what is in it."""

    @classmethod
    def of(cls, path: str, *, search: bool = False) -> InspectView:
        """Inspect a file, or one member of it (``FILE!MEMBER``); ``search`` as for a lint.

        Raises :class:`InputError` for a file that cannot be read.
        """
        item = Input.named(path)
        found = tuple(_entries(item.path, search=search or "@0x" in item.member))
        if not item.member:
            return cls(entries=found)
        inside = tuple(each for each in found if _is_of(each.name, item.member))
        if not inside:
            raise InputError(f"no member {item.member!a}", path=item.path)
        return cls(entries=inside)

    @property
    def has_problems(self) -> bool:
        """Whether anything is wrong with the file."""
        return any(each.problems for each in self.entries)

    def text(self) -> Iterator[Line]:
        """A line for each member, indented below its container, and what is wrong with it."""
        width = max(columns(each.name) + 2 * each.depth for each in self.entries)
        for each in self.entries:
            yield from _lines(each, min(width, 48))


def _is_of(name: str, member: str) -> bool:
    return name == member or name.startswith(f"{member}{MEMBER}")


def _entries(path: str, *, search: bool) -> Iterator[InspectEntry]:
    if path != STDIN and os.path.isdir(path):  # noqa: PTH112 - paths stay as the user wrote them
        loaded, firmware = load_folder(path)
        form = "devicetree as files" if loaded.form else "ACPI tables of a machine"
        yield _of_folder(form, firmware, (*loaded.notes, *loaded.passed))
        return
    yield from _below(_opened(path, search=search), "", 0, path)


def _opened(path: str, *, search: bool) -> Entry:
    from dtlink.firmware.containers.opening import open_data, open_file

    try:
        if path == STDIN:
            return open_data(hold_standard_input(), search=search)
        with open(path, "rb", opener=reading.named) as file:
            size = os.fstat(file.fileno()).st_size
            return replace(open_file(file, search=search), size=size)
    except OSError as error:
        raise InputError(error.strerror or str(error), path=path) from error


def _of_folder(form: str, firmware: Tree | Machine, notes: tuple[str, ...]) -> InspectEntry:
    return InspectEntry(
        name="",
        depth=0,
        form=form,
        packing=(),
        size=None,
        offset=None,
        input=True,
        about={},
        devicetree=_devicetree(firmware),
        tables=_tables(firmware),
        problems=(),
        notes=notes,
    )


def _below(entry: Entry, above: str, depth: int, path: str) -> Iterator[InspectEntry]:
    name = MEMBER.join(filter(None, (above, entry.name)))
    firmware, problems = None, [*entry.problems]
    try:
        firmware = _read(entry, path, name)
    except InputError as error:
        problems.append(Problem(error.message, error.offset))
    yield InspectEntry(
        name=name,
        depth=depth,
        form=entry.form,
        packing=entry.packing,
        size=entry.size or None,
        offset=entry.offset,
        input=entry.is_input,
        about=dict(entry.about),
        devicetree=_devicetree(firmware),
        tables=_tables(firmware),
        problems=tuple(InspectProblem(message=text, offset=at) for text, at in problems),
        notes=(*entry.notes, *entry.passed),
    )
    for each in entry.entries:
        yield from _below(each, name, depth + 1, path)


def _read(entry: Entry, path: str, name: str) -> Tree | Machine | None:
    """What an input says. Raises :class:`InputError` for one that cannot be read."""
    if entry.error is not None:
        raise entry.error
    if entry.make is not None:
        return entry.make()
    if entry.data is None:
        return None
    inside = bool(name or entry.packing)
    return decode(LoadedInput(entry.data, inside=inside), str(Input(path, name)))


def _devicetree(firmware: Tree | Machine | None) -> Devicetree | None:
    if not isinstance(firmware, Tree):
        return None
    root = firmware.root
    return Devicetree(
        model=next(iter(root.strings("model")), ""),
        compatible=root.compatible,
        nodes=len(firmware),
        overlay=firmware.is_overlay,
        needs_labels=tuple(needed(firmware)),
    )


def _tables(firmware: Tree | Machine | None) -> tuple[str, ...]:
    return () if firmware is None or isinstance(firmware, Tree) else tuple(firmware.tables)


def _lines(entry: InspectEntry, width: int) -> Iterator[Line]:
    own = entry.name.rpartition(MEMBER)[2] if entry.depth else ""
    label = padded("  " * entry.depth + own, width)
    shown = Span(label, BOLD if entry.input else "")
    about = ", ".join(filter(None, (entry.form, *entry.packing, *_place(entry))))
    yield line(shown, f"  {about}" if label else about, *_identity(entry))
    indent = " " * (width + 2)
    short = {name: each for name, each in entry.about.items() if isinstance(each, str | int)}
    if short:
        text = ", ".join(f"{name}: {each}" for name, each in short.items())
        yield line(Span(f"{indent}{text}", DIM))
    for name, value in entry.about.items():
        if not isinstance(value, str | int):
            yield line(Span(f"{indent}{name}: {'; '.join(value)}", DIM))
    for problem in entry.problems:
        at = "" if problem.offset is None else f", byte {problem.offset:#x}"
        yield line(Span(f"{indent}error{at}: ", STYLES["error"]), problem.message)
    for note in entry.notes:
        yield line(Span(f"{indent}note: ", DIM), note)


def _place(entry: InspectEntry) -> Iterator[str]:
    at = "" if entry.offset is None else f" at {entry.offset:#x}"
    if entry.size is not None:
        yield counted(entry.size, "byte") + at
    elif at:
        yield at.strip()


def _identity(entry: InspectEntry) -> Iterator[str]:
    tree = entry.devicetree
    if tree is not None:
        overlay = "overlay" if tree.overlay else ""
        compatible = f"({tree.compatible[0]})" if tree.compatible else ""
        who = " ".join(filter(None, (tree.model, compatible)))
        yield " · " + ", ".join(filter(None, (who, overlay, counted(tree.nodes, "node"))))
        if tree.needs_labels:
            yield f" · needs labels: {', '.join(tree.needs_labels)}"
    if entry.tables:
        yield f" · {', '.join(entry.tables)}"
