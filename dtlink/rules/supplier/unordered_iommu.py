"""Only the bus defers DMA masters until their IOMMU has probed, and it gives up.

What it finds: a board with IOMMUs, on a kernel whose fw_devlink does not follow iommus and
iommu-map: the default from 5.15 on, and any kernel before 5.13, which orders no probe. One finding
for each board.
Why it matters: only the bus defers a master until its IOMMU has probed, and it gives up: from the
deferred-probe timeout on, a master whose IOMMU has not probed (its driver is a module that is
loaded late, or it waits for its own suppliers) runs without translation. With
deferred_probe_timeout=0 on the command line it gives up as soon as the built-in drivers are done.
What to do: boot with fw_devlink.strict=1 (not where iommu/map-strict has a finding), or build the
IOMMU's driver and its suppliers' into the kernel (or have them in the initramfs).
References: Linux, drivers/of/property.c, of_supplier_bindings[] (optional, since 5.15);
drivers/iommu/of_iommu.c, of_iommu_xlate(); drivers/base/dd.c,
driver_deferred_probe_check_state().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tree import TreeBoard
from dtlink.facts.bindings import bindings_for
from dtlink.firmware.tree import Node
from dtlink.links.maps import misread_links
from dtlink.links.reference import Flaw, Link, Reference
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import counted, listed, noun

if TYPE_CHECKING:
    from dtlink.facts.profile import KernelProfile

_NAMES = ("iommus", "iommu-map")

_GIVES_UP = "deferred probe timeout, ignoring dependency"


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    needs=_NAMES,
    asks="unordered_masters",
    bad=Dts(
        """
        / {
            chosen { bootargs = "root=/dev/mmcblk0p1 deferred_probe_timeout=0"; };
            smmu: iommu@1000 { compatible = "vendor,smmu"; reg = <0x1000>; #iommu-cells = <1>; };
            mmc@2000 { compatible = "vendor,mmc"; reg = <0x2000>; iommus = <&smmu 0x20>; };
        };
        """,
        finds=("/mmc@2000:iommus",),
    ),
    good=Dts(
        """
        / {
            chosen { bootargs = "root=/dev/mmcblk0p1 fw_devlink.strict=1"; };
            smmu: iommu@1000 { compatible = "vendor,smmu"; reg = <0x1000>; #iommu-cells = <1>; };
            mmc@2000 { compatible = "vendor,mmc"; reg = <0x2000>; iommus = <&smmu 0x20>; };
        };
        """
    ),
)
def unordered_iommu(board: TreeBoard) -> Iterator[Finding]:
    """One finding for each board."""
    if unordered_iommu.id in board.without_notes and not _may_give_up(board):
        return
    off = board.tree.disabled
    references = [
        ref
        for refs in board.masters.values()
        for ref in refs
        if ref.supplier not in off and ref.flaw is Flaw.NONE and ref.consumer != ref.supplier
        if not _maps_nothing(board, ref.consumer)
    ]
    if references and not _orders(board.profile, references[0]):
        yield _finding(board, references)


def _maps_nothing(board: TreeBoard, node: int) -> bool:
    """Whether a node has an iommu-map whose entries all have length 0."""
    table = board.iommu_maps.get(node)
    return table is not None and not any(row.length for row in table.entries)


def _orders(profile: KernelProfile, ref: Reference) -> bool:
    """Whether a kernel makes the master's probe wait."""
    optional = ref.binding.optional
    is_optional = optional is not None and profile.version in optional
    return profile.orders_probing and (profile.strict or not is_optional)


def _finding(board: TreeBoard, references: Sequence[Reference]) -> Finding:
    profile = board.profile
    first = Link(board.tree, references[0])
    iommus = [board.tree[node] for node in sorted({ref.supplier for ref in references})]
    masters = {ref.consumer for ref in references}
    given_up = _is_told_to_give_up(profile)
    gives_up = ", and it gives up" if profile.deferred_probe_timeout >= 0 else ""
    return unordered_iommu.finding(
        first,
        f"{_without(profile)} only the bus defers {counted(len(masters), 'master')} until "
        f"{noun(len(masters), 'its', 'their')} {noun(len(iommus), 'IOMMU')} ({_named(iommus)}) "
        f"{noun(len(iommus), 'has', 'have')} probed{gives_up}",
        effect=_effect(profile),
        fix=_fix(board),
        supplier=first.supplier,
        related=iommus,
        severity=Severity.WARNING if given_up else Severity.INFO,
        likely=given_up,
    )


def _may_give_up(board: TreeBoard) -> bool:
    """Whether the kernel is told to; most boards have neither kernel nor such a parameter."""
    return bool(board.unordered_masters) and _is_told_to_give_up(board.profile)


def _is_told_to_give_up(profile: KernelProfile) -> bool:
    """Whether the command line, not the kernel's default, ends the wait for modules."""
    usual = type(profile).of(profile.release).deferred_probe_timeout
    return not profile.deferred_probe_timeout and bool(usual)


def _without(profile: KernelProfile) -> str:
    if profile.orders_probing:
        return "without fw_devlink.strict=1"
    return f"with fw_devlink={profile.fw_devlink.value}"


def _effect(profile: KernelProfile) -> str:
    """When the kernel gives up waiting for an IOMMU."""
    timeout = profile.deferred_probe_timeout
    if timeout < 0:
        return "a master whose IOMMU never probes waits for it forever"
    late = (
        f"has not probed when deferred_probe_timeout ({timeout} s) expires"
        if timeout
        else "probes later than the built-in drivers (a module, for example)"
    )
    return f'a master whose IOMMU {late} runs with untranslated DMA: "{_GIVES_UP}"'


def _fix(board: TreeBoard) -> str:
    """What to add to the command line; it would do harm where the kernel misreads a map."""
    misread = _misread(board)
    if misread is not None:
        return (
            "Build the drivers of the IOMMUs and of their suppliers into the kernel, or add them "
            f"to the initramfs. (fw_devlink.strict=1 misreads iommu-map of {misread.name}.)"
        )
    if board.profile.orders_probing:
        return "Add fw_devlink.strict=1 to the kernel command line."
    return "Add fw_devlink=on fw_devlink.strict=1 to the kernel command line."


def _misread(board: TreeBoard) -> Node | None:
    """A node whose iommu-map fw_devlink takes for links to other nodes."""
    row = bindings_for(board.version)["iommu-map"]
    found = (node for node in board.iommu_maps if misread_links(board.tree, row, node))
    return next((board.tree[node] for node in found), None)


def _named(iommus: Sequence[Node]) -> str:
    return iommus[0].path if len(iommus) == 1 else listed((node.name for node in iommus), 3)
