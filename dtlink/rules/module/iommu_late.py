"""An IOMMU's driver is not loaded when its masters probe.

What it finds: IOMMUs whose driver is a module that is loaded after the kernel has stopped waiting,
or that is not built, with masters whose own drivers are loaded earlier; one finding for each such
driver.
Why it matters: the kernel gives up waiting at the deferred-probe timeout, and the masters run
without translation; they are not attached to an IOMMU that appears later. With ACPI tables (IORT,
VIOT) kernels before 6.15 have no limit (for a RIMT, before 7.2): the masters wait forever for the
module, and the log does not say for what; if the disk is among them, the root filesystem with the
module on it is never mounted. For a driver that is not built the kernel does not wait on ACPI (but
for a RIMT): the masters run untranslated. A module on the root filesystem can come in time: when
that is mounted is not known, so the finding says "may", unless its controller waits for the timeout
itself; --root-after gives the time.
What to do: put the module into the initramfs, or build the driver in.
References: Linux, drivers/iommu/of_iommu.c, of_iommu_xlate(); drivers/iommu/iommu.c,
iommu_fwspec_init(); drivers/base/dd.c, driver_deferred_probe_check_state();
drivers/acpi/arm64/iort.c, iort_iommu_xlate(); drivers/acpi/viot.c, viot_dev_iommu_init();
drivers/acpi/riscv/rimt.c, rimt_iommu_xlate().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.driver_words import to_set
from dtlink.board.tree import TreeBoard
from dtlink.boot.roles import Role
from dtlink.facts.outcomes import Driver, Outcome, State, When
from dtlink.rules.model import Dts, Example, Finding, Severity, Tables, rule
from dtlink.rules.module._iommu import (
    Master,
    depends_on_root,
    effect,
    given_up,
    listed,
    masters_hurt,
)
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.board.boards import AnyBoard
    from dtlink.board.tables import TablesBoard
    from dtlink.kernel.facts import Facts

_TREE = """
/ {
    iommu@1000 { compatible = "vendor,iommu"; reg = <0x1000>; phandle = <1>; #iommu-cells = <0>; };
    mmc@2000 { compatible = "vendor,mmc"; reg = <0x2000>; iommus = <1>; };
};
"""
_VIOT = """
VIOT
  viommu: virtio-iommu-pci function=0x8
  range: pci-range bdf_end=0xff output=viommu
"""
_VIRTIO = """
built-in VIRTIO_PCI drivers/virtio/virtio_pci.c
module VIRTIO_IOMMU drivers/iommu/virtio-iommu.c
initramfs ext4 %s
"""
#: IOMMUs that refuse the DMA of devices that are not attached, once they are set up: SMMUv3
#: (arm_smmu_init_initial_stes()), and arm-smmu with this option (arm_smmu_device_reset()).
_REFUSING = {"arm_smmu": "ARM_SMMU_DISABLE_BYPASS_BY_DEFAULT", "arm_smmu_v3": ""}

#: The pair of examples for ACPI tables.
TABLES = Example(
    bad=Tables(_VIOT, finds=("viommu",), kernel=_VIRTIO % ""),
    good=Tables(_VIOT, kernel=_VIRTIO % "virtio_iommu"),
)


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    needs=("iommus", "iommu-map", "IORT", "VIOT", "RIMT"),
    bad=Dts(
        _TREE,
        finds=("/iommu@1000",),
        kernel="""
        module IOMMU_VENDOR drivers/iommu/vendor-iommu.c vendor,iommu
        module MMC_VENDOR drivers/mmc/host/vendor.c vendor,mmc initramfs
        config OF_IOMMU=y
        """,
    ),
    good=Dts(
        _TREE,
        kernel="""
        module IOMMU_VENDOR drivers/iommu/vendor-iommu.c vendor,iommu initramfs
        module MMC_VENDOR drivers/mmc/host/vendor.c vendor,mmc initramfs
        config OF_IOMMU=y
        """,
    ),
    tables=TABLES,
)
def iommu_late(board: AnyBoard) -> Iterator[Finding]:
    """One finding for each driver, at the first of its IOMMUs."""
    facts = board.facts
    if facts is None:
        return
    if isinstance(board, TreeBoard):
        yield from _of_tree(board, facts)
    else:
        yield from _of_tables(board, facts)


def _of_tree(board: TreeBoard, facts: Facts) -> Iterator[Finding]:
    groups: dict[Driver, dict[int, Sequence[Master]]] = {}
    for iommu, masters in masters_hurt(board).items():
        driver = board.drivers.of(iommu)._replace(by="")
        late = board.timeline.comes(iommu) is board.timeline.when(iommu)
        if late and driver.state in (State.MODULE, State.NOT_BUILT):
            groups.setdefault(driver, {})[iommu] = masters
    for driver, found in groups.items():
        yield _tree_finding(board, facts, driver, found)


def _tree_finding(
    board: TreeBoard, facts: Facts, driver: Driver, found: dict[int, Sequence[Master]]
) -> Finding:
    iommus = [board.tree[index] for index in found]
    masters = list({each.node.index: each for some in found.values() for each in some}.values())
    comes = board.timeline.comes(iommus[0].index)
    races = all(each.is_race for each in masters)
    is_open = depends_on_root(masters)
    return iommu_late.finding(
        iommus[0],
        f"{_lacks(facts, driver, comes)}: {listed(each.name for each in masters)}, behind "
        f"{listed(each.name for each in iommus)}, {effect(masters)}",
        severity=_severity(board, masters),
        # There may be an initramfs that was not named.
        likely=races or is_open or (driver.state is State.MODULE and facts.initramfs is None),
        effect=_effect(board, facts, driver, comes, if_late=is_open),
        fix=_fix(facts, driver),
        related=[*iommus[1:], *(each.node for each in masters)],
    )


def _severity(board: TreeBoard, masters: Sequence[Master]) -> Severity:
    """An error where a device never probes, or only after the filesystem that is on it."""
    waiting = [each for each in masters if each.outcome is Outcome.RECOVERS]
    stuck = any(board.roles.of(each.node.index) is Role.ROOT for each in waiting)
    never = any(each.outcome is Outcome.NEVER for each in masters)
    return Severity.ERROR if never or (stuck and board.roles.is_told) else Severity.WARNING


def _lacks(facts: Facts, driver: Driver, comes: When) -> str:
    if driver.state is State.NOT_BUILT:
        option = f" (CONFIG_{driver.config} is off)" if driver.config else ""
        return f"this kernel has no driver for the IOMMU{option}"
    name = " or ".join(driver.modules)
    missing = [each for each in driver.modules if facts.holds(each) is False]
    if comes is When.NEVER:
        return f"module {name} of the IOMMU is in neither the kernel package nor the initramfs"
    if comes is When.INITRAMFS:
        return f"module {name} of the IOMMU is loaded late, and nothing waits for it"
    if missing or facts.initramfs is None:
        where = "not in the initramfs" if missing else "on the root filesystem"
        return f"module {name} of the IOMMU is {where}"
    return f"module {name} of the IOMMU needs modules that the initramfs lacks"


def _effect(board: TreeBoard, facts: Facts, driver: Driver, comes: When, *, if_late: bool) -> str:
    config = facts.build.config
    if facts.build.knows("config") and "OF_IOMMU" not in config:
        return "without CONFIG_OF_IOMMU the kernel does not use it: masters run without translation"
    if comes is When.NEVER:
        return given_up(board, "only then do the masters probe, without translation")
    early = "devices that probe before the IOMMU run without translation"
    refusing = [_REFUSING[each] for each in driver.modules if each in _REFUSING]
    if refusing and all(not each or config.get(each) == "y" for each in refusing):
        then = "and their DMA is refused as that of an unknown stream once the SMMU probes"
    elif "virtio_iommu" in driver.modules:
        then = "also after it has probed; where boot-bypass is off that DMA fails: the disk hangs"
    else:
        then = "also after it has probed"
    return given_up(board, f"{early}, {then}", if_late=if_late)


def _fix(facts: Facts, driver: Driver) -> str:
    option = to_set(facts, driver.config, "=y") if driver.config else "its option"
    if driver.state is State.NOT_BUILT:
        return f"Set {option} in the kernel configuration."
    needed = facts.build.closure(driver.modules) or driver.modules
    missing = [each for each in needed if facts.holds(each) is not True]
    if not missing:
        return f"Set {option}, or deferred_probe_timeout= on the kernel command line."
    return f"Put {', '.join(missing)} into the initramfs, or set {option}."


def _of_tables(board: TablesBoard, facts: Facts) -> Iterator[Finding]:
    from dtlink.rules.module import _tables

    for each in _tables.kept(board, facts):
        yield iommu_late.finding(
            each.suppliers[0],
            _tables.message(facts, each),
            severity=Severity.ERROR if each.is_stuck else Severity.WARNING,
            # There may be an initramfs that was not named.
            likely=(bool(each.missing) and facts.initramfs is None) or each.is_open,
            effect=_tables.effect(board, each),
            fix=_tables.fix(each),
            related=[*each.suppliers[1:], *each.consumers],
        )
