"""An SMMU lists its masters in mmu-masters.

What it finds: arm-smmu nodes with mmu-masters, one finding each, with the masters as related nodes.
Why it matters: the old binding requires that every SMMU probes before the first master, which only
a built-in driver can guarantee. Kernels with ARM_SMMU as a module, or without
ARM_SMMU_LEGACY_DT_BINDINGS, ignore the list, and the SMMU, which they do set up, refuses the DMA of
its masters as that of unknown streams unless arm-smmu.disable_bypass=0 is given. With that option
masters bypass the SMMU; the DMA API never uses it.
What to do: list the SMMU in its masters, as the fix shows: #iommu-cells in the SMMU,
iommus with the stream IDs in each master, or with an ID and a mask for many, iommu-map in a PCI
host. For PCI the old binding used the
requester ID as the stream ID, whatever the list said.
References: Linux drivers/iommu/arm/arm-smmu/arm-smmu.c, arm_smmu_device_dt_probe(),
arm_smmu_register_legacy_master(), arm_smmu_def_domain_type(); drivers/iommu/Kconfig,
ARM_SMMU_LEGACY_DT_BINDINGS (depends on ARM_SMMU=y); binding arm,smmu.yaml.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import or_

from dtlink.board.tree import TreeBoard
from dtlink.firmware.tree import Node
from dtlink.links.reference import Link
from dtlink.links.streams import bus_ids
from dtlink.rules.legacy._smmu import smmus
from dtlink.rules.model import Covers, Dts, Finding, Fix, Safety, Severity, rule
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import counted, listed

if TYPE_CHECKING:
    from typing import TypeAlias

    from dtlink.firmware.edits import Cells, Edit

#: How many masters a fix spells out.
_MOST = 32

#: How many masters a message names.
_NAMED = 3
#: How many stream IDs of a master are listed one by one, whatever the SMMU.
_LISTED = 8
#: The SMMUs that have stream matching (arm_smmu_device_cfg_probe()), so that a mask is allowed.
_MATCHING = frozenset(("arm,mmu-400", "arm,mmu-401", "arm,mmu-500"))
#: Stream IDs and masks of an SMMUv1 and v2 have 15 bits, if extended IDs are off.
_LAST_ID = 0x7FFF

#: The cells after the phandle.
_Specifier: TypeAlias = tuple[int, ...]


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    fix=Safety(False, "DMA of the masters is translated then, which it may never have been"),
    covers=Covers.RELATED,
    needs=("mmu-masters",),
    bad=Dts(
        """
        / {
            smmu: iommu@1000 {
                compatible = "arm,mmu-401";
                #global-interrupts = <1>;
                mmu-masters = <&sata 0x10 0x11>, <&pcie 0x100>;
            };
            sata: sata@2000 { compatible = "snps,dwc-ahci"; #stream-id-cells = <2>; };
            pcie: pcie@3000 {
                compatible = "pci-host-ecam-generic";
                device_type = "pci";
                bus-range = <0 0xf>;
                #stream-id-cells = <1>;
            };
        };
        """,
        finds=("/iommu@1000:mmu-masters",),
    ),
    good=Dts(
        """
        / {
            smmu: iommu@1000 {
                compatible = "arm,mmu-401";
                #global-interrupts = <1>;
                #iommu-cells = <1>;
            };
            sata: sata@2000 { compatible = "snps,dwc-ahci"; iommus = <&smmu 0x10>, <&smmu 0x11>; };
            pcie: pcie@3000 {
                compatible = "pci-host-ecam-generic";
                device_type = "pci";
                bus-range = <0 0xf>;
                iommu-map = <0 &smmu 0 0x1000>;
            };
        };
        """
    ),
)
def mmu_masters(board: TreeBoard) -> Iterator[Finding]:
    """Every enabled SMMU of the old kind; for a known kernel ``module/mmu-masters`` reports it."""
    if board.facts is not None and board.facts.build.knows("config"):
        return
    links: dict[int, list[Link]] = {}
    for link in board.links("mmu-masters"):
        links.setdefault(link.supplier.index, []).append(link)
    for smmu in smmus(board.tree).legacy:
        mine = links.get(smmu.index, [])
        yield mmu_masters.finding(
            smmu,
            f"{smmu.name} lists its masters ({_names(mine)}) in the deprecated mmu-masters, which "
            "requires ARM_SMMU=y and ARM_SMMU_LEGACY_DT_BINDINGS",
            property_name="mmu-masters",
            effect='"deprecated "mmu-masters" DT property in use; SMMU support unavailable" '
            "if arm-smmu is a module or lacks ARM_SMMU_LEGACY_DT_BINDINGS: the masters' DMA is "
            "refused as that of unknown streams, unless arm-smmu.disable_bypass=0. Otherwise "
            '"… DMA API support unavailable": the DMA bypasses the SMMU',
            fix=_fix(smmu, mine, links),
            related=[link.consumer for link in mine],
        )


def _names(links: Sequence[Link]) -> str:
    return listed(dict.fromkeys(each.consumer.name for each in links), _NAMED) or "none found"


def _fix(smmu: Node, links: Sequence[Link], by_smmu: Mapping[int, Sequence[Link]]) -> Fix:
    """The same masters in the generic binding, with edits where all of them are determined."""
    from dtlink.firmware.edit_text import dts
    from dtlink.firmware.edits import DeleteProperty, SetProperty, ref

    streams: dict[int, list[int]] = {}
    for link in links:
        streams.setdefault(link.consumer.index, []).extend(link.args)
    here = ref(smmu)
    masked = _masked(smmu, streams)
    edits: list[Edit] = [SetProperty(here, "#iommu-cells", ((2 if masked else 1,),))]
    edits.append(DeleteProperty(here, "mmu-masters"))
    for index, ids in streams.items():
        edits += _generic(smmu, smmu.tree[index], masked.get(index) or [(each,) for each in ids])
    shown = dts(edits).replace(f"<{here}>", f"<{here} …>").splitlines()
    rest = len(shown) - _MOST - 1
    more = [f"… and likewise in {counted(rest, 'more master')}"] if rest > 0 else []
    text = "\n".join(["List the SMMU in its masters:", *shown[: _MOST + 1], *more])
    others = [each for at, group in by_smmu.items() if at != smmu.index for each in group]
    taken = {link.consumer.index for link in others}
    sure = all(_is_determined(smmu.tree[at], ids) for at, ids in streams.items())
    return Fix(text, tuple(edits) if sure and taken.isdisjoint(streams) else ())


def _is_determined(master: Node, ids: Sequence[int]) -> bool:
    """Whether the list has all stream IDs of a master that has no other IOMMU."""
    return bool(ids or _is_pci_host(master)) and not (
        master.has("iommus") or master.has("iommu-map")
    )


def _masked(smmu: Node, streams: Mapping[int, Sequence[int]]) -> dict[int, list[_Specifier]]:
    """Specifiers of a stream ID and a mask, by master; empty where the IDs are to be listed.

    They are for long lists, which the bindings of devices seldom allow, and for SMMUs of which
    each has stream matching; ``iommu-map`` has no place for a mask.
    """
    tree = smmu.tree
    is_long = any(len(ids) > _LISTED for ids in streams.values())
    if not is_long or _MATCHING.isdisjoint(smmu.compatible):
        return {}
    found = {at: _cube(ids) for at, ids in streams.items() if not _is_pci_host(tree[at])}
    whole = {at: [each] for at, each in found.items() if each is not None}
    return whole if len(whole) == len(streams) else {}


def _cube(ids: Sequence[int]) -> _Specifier | None:
    """The ID and the mask of all IDs that differ in some bits, if these are all of them."""
    if not ids:
        return None
    first, several = min(ids), set(ids)
    mask = reduce(or_, (each ^ first for each in several))
    is_cube = not first & mask and len(several) == 1 << mask.bit_count()
    return (first, mask) if is_cube and first | mask <= _LAST_ID else None


def _generic(smmu: Node, master: Node, specifiers: Sequence[_Specifier]) -> Iterator[Edit]:
    """``iommus``, or ``iommu-map`` for a PCI host, instead of ``#stream-id-cells``."""
    from dtlink.firmware.edits import DeleteProperty, Hex, SetProperty, ref

    if master.has("#stream-id-cells"):
        yield DeleteProperty(ref(master), "#stream-id-cells")
    if _is_pci_host(master):
        buses = bus_ids(master.tree, master.index)
        row = (Hex(buses.start), ref(smmu), Hex(buses.start), Hex(len(buses)))
        yield SetProperty(ref(master), "iommu-map", (row,))
    else:
        here = ref(smmu)
        entries: list[Cells] = [(here, *(Hex(cell) for cell in each)) for each in specifiers]
        yield SetProperty(ref(master), "iommus", tuple(entries) or ((here,),))


def _is_pci_host(node: Node) -> bool:
    return "pci" in node.strings("device_type")
