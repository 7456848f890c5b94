"""A device scope has the type of a bridge for a device, or the reverse.

What it finds: with --lspci, scopes of type 1 (endpoint) at whose path there is a bridge, and scopes
of type 2 (bridge) at whose path there is a device that is not of a bridge's class.
Why it matters: Linux takes such a scope for a sign that it reads the table wrongly: "Device scope
type does not match", and gives up on DMA remapping: no device can be given to a guest. (Interrupts
are remapped all the same.)
What to do: type 2 for root ports and bridges, type 1 for all else.
References: Intel VT-d, 8.3.1; Linux, drivers/iommu/intel/dmar.c, dmar_insert_dev_scope(),
dmar_pci_bus_add_dev(); iommu.c, intel_iommu_init().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.dmar import Atsr, Bridge, Drhd, Endpoint, PciScope, Remapping, Rmrr, Satc
from dtlink.firmware.pci.functions import Function
from dtlink.links.acpi.dmar_functions import function_of
from dtlink.rules.model import Finding, Fix, Safety, Severity, Tables, rule
from dtlink.wording import and_more

#: The base class of bridges; NTBs have it, and the header of a device.
_BRIDGES = 6


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    since="0.2",
    fix=Safety(True, "lspci says which of the two the function is"),
    bad=Tables(
        """
        DMAR
          drhd base=0xfed90000
            port: endpoint hops="1c.0"
          drhd base=0xfed91000 flags=1
        """,
        finds=("port:type",),
        lspci="""
        00:1c.0 PCI bridge [0604]: Intel Corporation Device [8086:1e10]
                Bus: primary=00, secondary=01, subordinate=01, sec-latency=0
        """,
    ),
    good=Tables(
        """
        DMAR
          drhd base=0xfed90000
            bridge hops="1c.0"
          drhd base=0xfed91000 flags=1
        """,
        lspci="""
        00:1c.0 PCI bridge [0604]: Intel Corporation Device [8086:1e10]
                Bus: primary=00, secondary=01, subordinate=01, sec-latency=0
        """,
    ),
    needs=("DMAR",),
)
def scope_type(board: TablesBoard) -> Iterator[Finding]:
    """One finding a structure, at its first such scope."""
    table, pci = board.machine.dmar, board.seen.pci
    if table is None or pci is None:
        return
    for structure in table.remappings:
        if not _is_read(structure):
            continue
        wrong = [
            (scope, function)
            for scope in structure.scopes
            if isinstance(scope, PciScope)
            and (function := function_of(pci, scope)) is not None
            and _differs(scope, function)
        ]
        if wrong:
            yield _finding(wrong)


def _is_read(structure: Remapping) -> bool:
    """Whether Linux looks for devices by the scopes of a structure."""
    if isinstance(structure, Atsr):
        return not structure.flags & Atsr.ALL_PORTS
    if isinstance(structure, Drhd):
        return not structure.include_all
    return isinstance(structure, Rmrr | Satc)


def _differs(scope: PciScope, function: Function) -> bool:
    if isinstance(scope, Endpoint):
        return function.header_type not in (None, 0)
    known = function.class_code is not None and function.header_type == 0
    return isinstance(scope, Bridge) and known and (function.class_code or 0) >> 8 != _BRIDGES


def _finding(wrong: list[tuple[PciScope, Function]]) -> Finding:
    scope, function = wrong[0]
    is_endpoint = isinstance(scope, Endpoint)
    kind, other = ("an endpoint", "a bridge") if is_endpoint else ("a bridge", "a device")
    more = f", {and_more(len(wrong) - 1)} there" if wrong[1:] else ""
    return scope_type.finding(
        scope,
        f"{scope.name} is of type {scope.type}, {kind}, and {function.name} is {other}{more}",
        property_name="type",
        effect=f'"Device scope type does not match for {function.name}": no DMA is translated, '
        "no device can be given to a guest",
        fix=Fix.setting(
            f"Set type to {2 if is_endpoint else 1}.",
            *((each, "type", 2 if isinstance(each, Endpoint) else 1) for each, _ in wrong),
        ),
        related=[each for each, _ in wrong[1:4]],
    )
