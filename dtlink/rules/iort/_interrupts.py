"""The interrupt lines of an IORT that Linux uses, and what it does with each."""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.firmware.acpi.iort import Iort, IortNode, Pmcg, Smmu, SmmuV3, is_whole
from dtlink.firmware.acpi.layout import Struct
from dtlink.records import NamedTuple

#: The wired interrupts of an SMMUv3 that Linux asks for: the field, and what the line is for. The
#: sync interrupt is not among them.
V3_LINES = {"event_gsiv": "events", "gerr_gsiv": "global errors", "pri_gsiv": "page requests"}
#: Its lines are one, if all four are equal: iort.c, arm_smmu_v3_is_combined_irq().
CN99XX = 2


class Line(NamedTuple):
    """One interrupt line of a node. ``where`` and ``field`` are where its number is."""

    node: IortNode
    where: Struct
    field: str
    gsiv: int
    words: str

    @property
    def name(self) -> str:
        """The line as a message has it."""
        return f"{self.words} of {self.node.name}"


def lines(table: Iort) -> Iterator[Line]:
    """The lines that Linux registers, in the order of the table; for SMMUv3 and PMCG those that are
    there (GSIV 0 means none).
    """
    for node in filter(is_whole, table.nodes):
        if isinstance(node, Smmu):
            yield from _smmu(node)
        elif isinstance(node, SmmuV3):
            yield from v3(node)
        elif isinstance(node, Pmcg) and node.overflow_gsiv:
            yield Line(node, node, "overflow_gsiv", node.overflow_gsiv, "overflow interrupt")


def _smmu(node: Smmu) -> Iterator[Line]:
    if node.global_interrupts is not None:
        each = node.global_interrupts
        yield Line(node, each, "gsiv", each.gsiv, "global interrupt")
    for context in node.context_interrupts:
        words = f"context interrupt {context.entry}"
        yield Line(node, context, "gsiv", context.gsiv, words)


def v3(node: SmmuV3) -> Iterator[Line]:
    """The lines of an SMMUv3; one where Linux takes them as combined."""
    if node.model == CN99XX and len(set(node.gsivs)) == 1:
        if node.event_gsiv:
            yield Line(node, node, "event_gsiv", node.event_gsiv, "combined interrupt")
        return
    for field, words in V3_LINES.items():
        if gsiv := getattr(node, field):
            yield Line(node, node, field, gsiv, f"interrupt for {words}")
