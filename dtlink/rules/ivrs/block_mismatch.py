"""The blocks of one IOMMU contradict each other.

What it finds: blocks of types 10h, 11h and 40h for one IOMMU that differ in its registers' address
or capability offset, in the devices it serves, or in the I/O APICs and HPETs. Devices of the
namespace do not count, since only blocks of type 40h have them.
Why it matters: each system takes the newest type that it knows: new kernels 40h, old ones and other
systems 11h or 10h. What one of them finds out about the machine is wrong on the other.
What to do: write the same base address and the same entries in all blocks of an IOMMU.
References: AMD 48882, IVHD; Linux, drivers/iommu/amd/init.c, get_highest_supported_ivhd_type().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.ivrs import AcpiHid, Ivhd, Special
from dtlink.links.acpi.ivrs import merged, spans
from dtlink.records import NamedTuple
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        IVRS
          old: ivhd-10 base=0xfeb80000
            range device=0x8
            range-end device=0xffff
            special handle=33 source=0xa0
          ivhd-11 base=0xfd500000
            range device=0x8
            range-end device=0xffff
            special handle=33 source=0xa0
        """,
        finds=("old",),
    ),
    good=Tables(
        """
        IVRS
          ivhd-10 base=0xfd500000
            range device=0x8
            range-end device=0xffff
            special handle=33 source=0xa0
          ivhd-11 base=0xfd500000
            range device=0x8
            range-end device=0xffff
            special handle=33 source=0xa0
        """
    ),
    needs=("IVRS",),
)
def block_mismatch(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each type that differs from the one that Linux takes, for each IOMMU."""
    table = board.machine.ivrs
    profiles: dict[int, _Profile] = {}
    told: set[tuple[int, int]] = set()
    for block in table.hardware if table else ():
        main = table.iommus[block.key] if table else block
        if min(each.end - each.start - each.SIZE for each in (block, main)) < 0:
            continue  # its frame is wrong, and its fields are another's
        if block.type == main.type or (block.type, main.start) in told:
            continue
        wanted = profiles.get(main.start) or profiles.setdefault(main.start, _profile(main))
        if differences := list(_differences(_profile(block), wanted)):
            told.add((block.type, main.start))
            yield block_mismatch.finding(
                block,
                f"{block.name} and {main.name} describe one IOMMU, but differ in "
                + " and in ".join(differences),
                effect=f"systems that take the block of type {block.type:x}h read other "
                f"values than Linux, which takes type {main.type:x}h; one block is wrong",
                fix="Write the same base address, capability offset and entries in both.",
                related=[main],
            )


class _Profile(NamedTuple):
    """What must be the same in all blocks of an IOMMU."""

    base: int
    capability: int
    devices: list[range] | None
    specials: set[tuple[int, int, int]] | None
    """``None`` where not all entries can be read, so that nothing can be compared."""


def _profile(block: Ivhd) -> _Profile:
    if block.walked[1]:
        return _Profile(block.base, block.capability, None, None)
    listed = (each for each in spans(block) if not isinstance(each.entry, AcpiHid | Special))
    specials = {
        (entry.variety, entry.handle, entry.source)
        for entry in block.entries
        if isinstance(entry, Special)
    }
    return _Profile(block.base, block.capability, merged(listed), specials)


def _differences(one: _Profile, other: _Profile) -> Iterator[str]:
    if one.base != other.base:
        yield f"the base address ({one.base:#x}, {other.base:#x})"
    if one.capability != other.capability:
        yield f"the capability offset ({one.capability:#x}, {other.capability:#x})"
    if one.devices is None or other.devices is None:
        return
    if one.devices != other.devices:
        yield "the devices"
    if one.specials != other.specials:
        yield "the I/O APICs and HPETs"
