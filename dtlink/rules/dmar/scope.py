"""Invalid device scope path.

What it finds: a scope without a path, with half a hop, or with a device above 31 or a function
above 7; of an unknown type; of a type that its structure does not take; a device of the ACPI
namespace in an RMRR, an ATSR or a SATC; and an I/O APIC or HPET whose requests would come from
0000:00:00.0.
Why it matters: Linux finds no device by such a scope. A PCI device then goes to the unit with
INCLUDE_PCI_ALL, or to none, and its DMA is refused by the unit that it is really behind; an I/O
APIC's or HPET's interrupts are refused, as they come from elsewhere than the path says. An ATSR
that names a root port as an endpoint makes Linux give up on VT-d. Devices of the namespace Linux
finds for units only: memory that an RMRR reserves for one is mapped for no device.
What to do: the start bus, and a device and a function for each bridge that is passed and for the
device itself. Bridges (root ports) for ATSR; no I/O APICs and HPETs but under a unit.
References: Intel VT-d, 8.3.1 and 8.5; Linux, drivers/iommu/intel/dmar.c, dmar_alloc_dev_scope(),
dmar_match_pci_path(), dmar_insert_dev_scope(), dmar_acpi_insert_dev_scope(), and irq_remapping.c,
set_ioapic_sid().
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.dmar import (
    SCOPES,
    AcpiScope,
    Atsr,
    Bridge,
    Dmar,
    Drhd,
    Endpoint,
    HpetScope,
    IoApicScope,
    PciScope,
    Rmrr,
    Satc,
    Scope,
)
from dtlink.records import NamedTuple
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.wording import and_more

_INTERRUPTS = (IoApicScope, HpetScope)


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        DMAR
          drhd base=0xfed90000
            device: endpoint hops="20.0"
          drhd base=0xfed91000 flags=1
        """,
        finds=("device:hops",),
    ),
    good=Tables(
        """
        DMAR
          drhd base=0xfed90000
            device: endpoint hops="1c.0-00.0"
          drhd base=0xfed91000 flags=1
        """
    ),
    needs=("DMAR",),
)
def scope(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each fault that a structure's scopes have, at the first."""
    table = board.machine.dmar
    for structure in table.remappings if table else ():
        alike: dict[str, tuple[Fault, list[Scope]]] = {}
        for each in structure.scopes:
            fault = next((fault for fault in FAULTS if fault.holds(each)), None)
            # What does not fit its frame is reported by dmar/frame.
            if fault is not None and each.length == each.end - each.start >= each.SIZE:
                alike.setdefault(fault.what, (fault, []))[1].append(each)
        yield from (_finding(fault, scopes) for fault, scopes in alike.values())


class Fault(NamedTuple):
    """One way for a scope to be wrong."""

    what: str
    field: str
    holds: Callable[[Scope], bool]
    consequence: Callable[[Scope], str]
    fix: str
    severity: Severity = Severity.ERROR
    likely: bool = False


def _not_found(each: Scope) -> str:
    if isinstance(each, _INTERRUPTS):
        return (
            "Linux takes its interrupt requests to come from elsewhere, and they are refused "
            '("DMAR: [INTR-REMAP] Request device … fault index …")'
        )
    if isinstance(each, PciScope):
        return (
            "Linux finds no device by it: the device goes to the unit with INCLUDE_PCI_ALL, or none"
        )
    return "Linux takes the DMA of the device to come from elsewhere, and it is refused"


def _is_out_of_place(each: Scope) -> bool:
    return isinstance(each, _INTERRUPTS) and not isinstance(each.owner, Drhd)


def _is_acpi_device(each: Scope) -> bool:
    return isinstance(each, AcpiScope) and isinstance(each.owner, Rmrr | Atsr | Satc)


def _not_for_it(each: Scope) -> str:
    if isinstance(each.owner, Rmrr):
        return (
            "Linux maps the region for no device: once the unit translates, the device's DMA there "
            'is refused ("DMAR: [DMA … NO_PASID] Request device …")'
        )
    return "Linux skips it: the device gets no ATS by it"


def _is_no_port(each: Scope) -> bool:
    return isinstance(each.owner, Atsr) and isinstance(each, Endpoint)


def _is_zero(each: Scope) -> bool:
    table = each.owner.owner if each.owner else None
    remaps = isinstance(table, Dmar) and table.remaps_interrupts
    return remaps and isinstance(each, _INTERRUPTS) and (each.bus, each.hops) == (0, ((0, 0),))


def _unverified(each: Scope) -> str:
    what = "IOAPIC" if isinstance(each, IoApicScope) else "HPET block"
    return (
        f'"Failed to set source-id of {what} ({each.enumeration_id})": any device may raise its '
        "interrupts"
    )


_PATH = "Write the device and function of each bridge on the path, and of the device itself."
FAULTS = (
    Fault(
        "has an unknown type",
        "type",
        lambda each: type(each) is Scope,
        lambda _each: (
            '"Unsupported device scope": Linux skips it, and the device has the '
            "IOMMU of all others, or none"
        ),
        f"Set type to one of {min(SCOPES)} to {max(SCOPES)}.",
        Severity.WARNING,
    ),
    Fault("has no path", "length", lambda each: not each.hops, _not_found, _PATH),
    Fault(
        "has a path with a device above 31, or a function above 7",
        "hops",
        lambda each: any(device > 31 or function > 7 for device, function in each.hops),
        _not_found,
        _PATH,
    ),
    Fault(
        "has half a hop at the end of its path",
        "length",
        lambda each: bool(each.length & 1),
        lambda _each: "Linux leaves out the last byte; others may find no device",
        "Set length to 6, and 2 for each hop.",
        Severity.WARNING,
    ),
    Fault(
        "has a type that only scopes of a unit can have",
        "type",
        _is_out_of_place,
        lambda _each: "Linux skips it: the structure is for no device",
        "Refer to the PCI device that is meant (type 1).",
        Severity.WARNING,
    ),
    Fault(
        "is a device of the namespace, which Linux reads in the scopes of a unit only",
        "type",
        _is_acpi_device,
        _not_for_it,
        "Refer to the PCI function that the device's requests come from (type 1), if it has one.",
        Severity.WARNING,
    ),
    Fault(
        "is an endpoint in an ATSR, which takes root ports",
        "type",
        _is_no_port,
        lambda _each: (
            'for a root port: "Device scope type does not match", and Linux gives up on '
            "VT-d; for any other device: no ATS"
        ),
        f"Set type to {Bridge.TYPE}, and write the path of the root port.",
        likely=True,
    ),
    Fault(
        "has 0000:00:00.0 as the source of its interrupt requests",
        "hops",
        _is_zero,
        _unverified,
        "Write the bus, device and function that the chipset's register gives its requests.",
        Severity.WARNING,
    ),
)


def _finding(fault: Fault, scopes: list[Scope]) -> Finding:
    first = scopes[0]
    holder = first.owner.name if first.owner else "the table"
    more = f", {and_more(len(scopes) - 1)} there" if len(scopes) > 1 else ""
    return scope.finding(
        first,
        f"{first.name} of {holder} (type {first.type}) {fault.what}{more}",
        property_name=fault.field,
        effect=fault.consequence(first),
        fix=fault.fix,
        severity=fault.severity,
        likely=fault.likely,
        related=scopes[1:4],
    )
