"""The PCI function of an IOMMU is not in the machine.

What it finds: with --lspci, blocks of an IVRS that Linux takes, virtio-iommus of a VIOT and PCIe
IOMMUs of a RIMT whose function the machine does not have.
Why it matters: Linux finds no IOMMU there. On AMD machines it then sets up none at all ("Failed to
initialize IOMMU Hardware"); the others' devices have no IOMMU, or wait for it forever.
What to do: write the segment, bus, device and function that lspci -D shows for the IOMMU (class
0806, or 1af4:1057 for a virtio-iommu); or switch the IOMMU on in the firmware's setup.
References: AMD 48882, IVHD; Linux, drivers/iommu/amd/init.c, iommu_init_pci(),
amd_iommu_init_pci(); drivers/acpi/viot.c, viot_get_pci_iommu_fwnode(); drivers/acpi/riscv/rimt.c,
rimt_iommu_xlate().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.facts.pci import bdf
from dtlink.records import NamedTuple
from dtlink.rules.model import Example, Finding, Severity, Tables, rule
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import listed

if TYPE_CHECKING:
    from dtlink.firmware.acpi.layout import Struct
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.links.pci.hierarchy import PciHierarchy

_LSPCI = """
00:00.0 Host bridge [0600]: A vendor Device [1022:1480]
00:00.2 IOMMU [0806]: A vendor Device [1022:1481]
"""


class _Place(NamedTuple):
    """Where a table says that an IOMMU is."""

    node: Struct
    segment: int
    function: int
    field: str
    """The field with the function."""
    effect: str


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    since="0.2",
    examples=(
        Example(
            about="IVRS",
            bad=Tables(
                """
                IVRS
                  block: ivhd-11 base=0xfeb80000 device=3
                    all
                    special handle=33 source=0xa0
                """,
                finds=("block:device",),
                lspci=_LSPCI,
            ),
            good=Tables(
                """
                IVRS
                  ivhd-11 base=0xfeb80000 device=2
                    all
                    special handle=33 source=0xa0
                """,
                lspci=_LSPCI,
            ),
        ),
        Example(
            about="VIOT",
            bad=Tables(
                """
                VIOT
                  iommu: virtio-iommu-pci segment=0 function=0x8
                  pci-range bdf_end=0xff output=iommu
                """,
                finds=("iommu:function",),
                lspci="00:02.0 IOMMU [0806]: Red Hat, Inc. Virtio 1.0 IOMMU [1af4:1057]",
            ),
            good=Tables(
                """
                VIOT
                  iommu: virtio-iommu-pci segment=0 function=0x10
                  pci-range bdf_end=0xff output=iommu
                """,
                lspci="00:02.0 IOMMU [0806]: Red Hat, Inc. Virtio 1.0 IOMMU [1af4:1057]",
            ),
        ),
        Example(
            about="RIMT",
            bad=Tables(
                """
                RIMT
                  iommu: iommu id=0 flags=1 segment=0 function=8 hardware_id="00101400"
                  root-complex id=1 segment=0
                    map source_base=0x100 count=0xff00 output_base=0x100 output=iommu
                """,
                finds=("iommu:function",),
                lspci="00:02.0 IOMMU [0806]: Red Hat, Inc. Device [1b36:0014]",
            ),
            good=Tables(
                """
                RIMT
                  iommu: iommu id=0 flags=1 segment=0 function=0x10 hardware_id="00101400"
                  root-complex id=1 segment=0
                    map source_base=0x100 count=0xff00 output_base=0x100 output=iommu
                """,
                lspci="00:02.0 IOMMU [0806]: Red Hat, Inc. Device [1b36:0014]",
            ),
        ),
    ),
)
def absent_iommu(board: TablesBoard) -> Iterator[Finding]:
    """One finding an IOMMU."""
    pci = board.seen.pci
    for place in _places(board.machine) if pci else ():
        if pci and pci.functions.find(place.segment, place.function) is None:
            yield _finding(place, pci)


def _places(machine: Machine) -> Iterator[_Place]:
    from dtlink.firmware.acpi.rimt import Iommu
    from dtlink.firmware.acpi.viot import VirtioIommuPci

    for block in machine.ivrs.taken if machine.ivrs else ():
        if block.end - block.start >= block.SIZE:
            effect = (
                '"Failed to initialize IOMMU Hardware (error=-19)!": Linux sets up no IOMMU of the '
                "machine: DMA is not translated"
            )
            yield _Place(block, block.segment, block.device, "device", effect)
    for node in machine.viot.iommus if machine.viot else ():
        if isinstance(node, VirtioIommuPci):
            effect = '"Could not find PCI IOMMU": the devices behind it have no IOMMU'
            yield _Place(node, node.segment, node.function, "function", effect)
    for each in machine.rimt.nodes if machine.rimt else ():
        if isinstance(each, Iommu) and each.is_pcie:
            effect = "the IOMMU never probes: the devices that are mapped to it wait for it"
            yield _Place(each, each.segment, each.function, "function", effect)


def _finding(place: _Place, pci: PciHierarchy) -> Finding:
    there = [each.name for each in pci.functions if each.class_code == _IOMMU_CLASS]
    has = f"; IOMMU functions of the machine: {listed(there)}" if there else ""
    return absent_iommu.finding(
        place.node,
        f"{place.node.name} is at {bdf(place.function, place.segment)}, where the machine has no "
        f"function{has}",
        property_name=place.field,
        effect=place.effect,
        fix=f"Set {place.field} to that of the IOMMU (lspci -D), or switch the IOMMU on.",
    )


#: Base class and subclass of an IOMMU.
_IOMMU_CLASS = 0x0806
