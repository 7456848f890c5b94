"""``dtlink iort``: how tables translate the ID of one requester, entry by entry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from dtlink.facts.pci import bdf
from dtlink.firmware.acpi.iort import IortNode, ItsGroup, NamedComponent, RootComplex
from dtlink.firmware.acpi.viot import VirtioIommuPci
from dtlink.firmware.errors import InputError
from dtlink.links.acpi.components import Component, component_name, components
from dtlink.links.acpi.iort_walk import SMMUS, End, Walked, component_ids, map_id, supplier
from dtlink.links.acpi.units import riscv_root
from dtlink.report.layout import BOLD, DIM, Line, Span, line
from dtlink.typed import TYPE_CHECKING
from dtlink.views.data import CommandResult, JsonRow
from dtlink.views.iort_units import unit_component, unit_walks
from dtlink.views.iort_walks import Reading, TranslationStep, TranslationWalk

if TYPE_CHECKING:
    from dtlink.board.tables import TablesBoard
    from dtlink.facts.kernels import KernelVersion
    from dtlink.firmware.acpi.iort import Iort
    from dtlink.firmware.acpi.machine import Machine

#: The tables that describe IOMMUs.
_TABLES = ("IORT", "VIOT", "DMAR", "IVRS", "RIMT")
_IOMMU, _MSI = "IOMMU", "MSI controller"


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class ViotTranslation(JsonRow):
    """The virtio-iommu of a PCI function by the VIOT."""

    node: str
    found: str | None
    id: int | None
    """The endpoint ID."""
    end: str | None
    """Why there is none."""

    def text(self) -> Iterator[Line]:
        """The endpoint ID, and at which virtio-iommu."""
        yield line(f"  {_IOMMU}", Span("  (VIOT)", DIM))
        if self.found is None:
            yield line(Span(f"    none: {self.end}", DIM))
        else:
            yield line(f"    endpoint {self.id:#x} at {self.found}  ", Span(self.node, DIM))


@dataclass(frozen=True, eq=False, kw_only=True, slots=True, repr=False)
class IortView(CommandResult):
    """The translation of one requester.

    Made by :meth:`dtlink.Board.iort`; ``walks`` has a row for each table that says something.
    """

    member: ClassVar[str] = "iort"
    requester: str
    """A PCI function as ``lspci -D`` prints it, or the path of a named component."""
    id: int | None
    """The requester ID; ``None``: a named component has none of its own."""
    node: str | None
    walks: tuple[TranslationWalk, ...]
    viot: ViotTranslation | None

    @classmethod
    def of_function(cls, board: TablesBoard, segment: int, requester: int) -> IortView:
        """The view of a PCI function: ``requester`` is bus << 8 | device << 3 | function.

        Raises :class:`InputError` for a machine without a table that describes IOMMUs.
        """
        machine = _translating(board)
        table = machine.iort
        hosts = [node for node in (table.nodes if table else ()) if isinstance(node, RootComplex)]
        host = next((node for node in hosts if node.segment == segment), None)
        root = host or riscv_root(machine, segment)
        walks = _both(table, host, requester, board.version) if table and host else ()
        return cls(
            requester=function_name(segment, requester),
            id=requester,
            node=root.path if root else None,
            walks=(*walks, *unit_walks(board, segment, requester)),
            viot=_viot(machine, segment, requester),
        )

    @classmethod
    def of_component(cls, board: TablesBoard, name: str) -> IortView:
        """The view of a named component, by its path or a part of it that no other has.

        Raises :class:`InputError` if there is no such component, or several.
        """
        return cls.of_node(board, component_named(_translating(board), name))

    @classmethod
    def of_node(cls, board: TablesBoard, node: Component) -> IortView:
        """The view of a device that the tables name, by what names it."""
        table, version = board.machine.iort, board.version
        if not isinstance(node, NamedComponent):
            return cls(
                requester=component_name(node),
                id=None,
                node=node.path,
                walks=tuple(unit_component(board, node)),
                viot=None,
            )
        walks: list[TranslationWalk] = []
        if table:
            walks += [_walk(_IOMMU, "linux", each) for each in component_ids(table, node, version)]
            walks += _entries(table, node, version, used=len(walks))
        return cls(
            requester=node.object_name, id=None, node=node.path, walks=tuple(walks), viot=None
        )

    def text(self) -> Iterator[Line]:
        """The walks, step by step."""
        ident = "" if self.id is None else f" · requester ID {self.id:#x}"
        at = f" · {self.node}" if self.node else "" if self.walks else " · no root complex"
        yield line(Span(self.requester, BOLD), ident, at)
        for walk in self.walks:
            yield from walk.text()
        if not self.walks and self.node:
            yield line(Span("  no entry leads to an IOMMU or an MSI controller", DIM))
        if self.viot:
            yield from self.viot.text()


def _translating(board: TablesBoard) -> Machine:
    machine = board.machine
    if not machine.tables.keys() & set(_TABLES):
        raise InputError(f"there is no {', no '.join(_TABLES[:-1])} and no {_TABLES[-1]} here")
    return machine


def component_named(machine: Machine, name: str) -> Component:
    """The device of a path, or of a part of one that no other device has.

    Raises :class:`InputError` if there is no such device, or several.
    """
    names = {component_name(node): node for node in reversed(components(machine))}
    found = [word for word in names if name.casefold() == word.casefold()]
    found = found or [word for word in reversed(names) if name.casefold() in word.casefold()]
    if len(found) == 1:
        return names[found[0]]
    if found:
        raise InputError(f"{name!r} is ambiguous: did you mean {' or '.join(found)}?")
    there = f"; there are: {', '.join(reversed(names))}" if names else " and no other"
    raise InputError(f"no named component {name!r}{there}")


def _both(
    table: Iort, host: RootComplex, ident: int, version: KernelVersion
) -> Iterator[TranslationWalk]:
    """The walks to the SMMU and to the ITS: as Linux does them and, if that differs, as written."""
    for sought, kinds in ((_IOMMU, SMMUS), (_MSI, (ItsGroup,))):
        linux = map_id(table, host, ident, kinds, version)
        yield _walk(sought, "linux", linux)
        specified = map_id(table, host, ident, kinds, linux=False)
        if specified != linux:
            yield _walk(sought, "specification", specified)


def _entries(
    table: Iort, node: NamedComponent, version: KernelVersion, used: int
) -> Iterator[TranslationWalk]:
    """The way of each entry's first ID, for the MSIs, and for what Linux does not use."""
    for mapping in node.mappings:
        target = supplier(table, mapping)
        if target is None:
            continue
        reading: Reading = "linux" if mapping.single else "specification"
        if not isinstance(target, ItsGroup) and mapping.entry >= used:
            yield _first(table, node, mapping.entry, _IOMMU, SMMUS, reading, version)
        walk = _first(table, node, mapping.entry, _MSI, (ItsGroup,), reading, version)
        if walk.end is None:
            yield walk


def _first(
    table: Iort,
    node: NamedComponent,
    entry: int,
    sought: str,
    kinds: tuple[type[IortNode], ...],
    reading: Reading,
    version: KernelVersion,
) -> TranslationWalk:
    """The walk that begins with an entry of a component, at the first ID of the entry."""
    mapping = node.mappings[entry]
    target = table.by_offset[mapping.output]
    rest = map_id(table, target, mapping.output_base, kinds, version, linux=reading == "linux")
    first = TranslationStep(
        node=node.path,
        index=entry,
        id_in=None if mapping.single else mapping.input_base,
        id_out=mapping.output_base,
        target=target.path,
    )
    walk = _walk(sought, reading, rest)
    return replace(walk, steps=(first, *walk.steps))


def _walk(sought: str, reading: Reading, walked: Walked) -> TranslationWalk:
    steps = walked.steps
    targets = [*(step.node.path for step in steps[1:]), walked.node.path][: len(steps)]
    return TranslationWalk(
        sought=sought,
        reading=reading,
        steps=tuple(
            TranslationStep(
                node=step.node.path,
                index=step.mapping.entry,
                id_in=None if step.mapping.single else step.id_in,
                id_out=step.id_out,
                target=target,
            )
            for step, target in zip(steps, targets, strict=True)
        ),
        found=walked.found.path if walked.found else None,
        id=walked.id if walked.found else None,
        end=None if walked.end is End.FOUND else walked.end.value,
    )


def _viot(machine: Machine, segment: int, requester: int) -> ViotTranslation | None:
    """The virtio-iommu that serves a function by the VIOT (viot_pci_dev_iommu_init())."""
    table = machine.viot
    nodes = table.ranges if table else ()
    # Linux puts each range in front of those before it.
    covering = [node for node in nodes if node.covers(segment, requester)]
    if table is None or not covering:
        return None
    node = covering[-1]
    iommu = table.iommu_of(node)
    itself = isinstance(iommu, VirtioIommuPci) and (iommu.segment, iommu.function) == (
        segment,
        requester,
    )
    end = "it is the IOMMU itself" if itself else None if iommu else "it names no IOMMU"
    return ViotTranslation(
        node=node.path,
        found=None if end or iommu is None else iommu.path,
        id=None if end else node.endpoint_id(segment, requester),
        end=end,
    )


def function_name(segment: int, requester: int) -> str:
    """A PCI function as ``lspci -D`` names it."""
    return bdf(requester, segment)
