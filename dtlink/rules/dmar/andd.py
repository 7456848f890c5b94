"""A device of the namespace has a name without a scope, or a scope without a name.

What it finds: an ANDD structure whose name has no end, whose number another has too, that no
unit's scope gives, or that names a device which is not there; and scopes of type 5 whose number no
ANDD has.
Why it matters: a name without an end makes Linux give up on VT-d. Two structures with one number
take two places of a unit's devices, and Linux stops with a BUG where there is no second. Otherwise
the device has no IOMMU: behind a unit that is on, its DMA is refused.
What to do: one ANDD for each device, with its full path and a NUL; its number in one scope of type
5 of the unit that the device is behind.
References: Intel VT-d, 8.3.1 and 8.7; Linux, drivers/iommu/intel/dmar.c, dmar_parse_one_andd(),
dmar_acpi_dev_scope_init(), dmar_acpi_insert_dev_scope().
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.dmar import AcpiScope, Andd, Dmar
from dtlink.rules.dmar._words import BUG, OFF, is_whole, listed
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        r"""
        DMAR
          drhd base=0xfed91000 flags=1
            acpi-device enumeration_id=1 hops="15.0"
          andd device_number=1 object_name="\_SB.PCI0.I2C0"
          again: andd device_number=1 object_name="\_SB.PCI0.I2C1"
        """,
        finds=("again:device_number",),
    ),
    good=Tables(
        r"""
        DMAR
          drhd base=0xfed91000 flags=1
            acpi-device enumeration_id=1 hops="15.0"
            acpi-device enumeration_id=2 hops="15.1"
          andd device_number=1 object_name="\_SB.PCI0.I2C0"
          andd device_number=2 object_name="\_SB.PCI0.I2C1"
        """
    ),
    needs=("DMAR",),
)
def andd(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each kind of fault, at the first place that has it."""
    table = board.machine.dmar
    if table is None:
        return
    scopes = [each for unit in table.units for each in unit.scopes if isinstance(each, AcpiScope)]
    numbers = {each.enumeration_id for each in scopes}
    first: dict[int, Andd] = {}
    alike: dict[Callable[[list[Andd]], Finding], list[Andd]] = {}
    whole = is_whole(table)
    missing = _missing(board.machine.device_paths)
    for named in _named(table):
        if not named.is_terminated:
            alike.setdefault(_endless, []).append(named)
        elif named.device_number in first:
            alike.setdefault(_second, []).append(named)
        elif named.device_number not in numbers and whole:
            alike.setdefault(_without_scope, []).append(named)
        elif missing(named.object_name):
            alike.setdefault(_not_there, []).append(named)
        first.setdefault(named.device_number, named)
    yield from (tell(those) for tell, those in alike.items())
    nameless = [each for each in scopes if each.enumeration_id not in first]
    if nameless and whole:
        yield _without_name(nameless)


def _named(table: Dmar) -> Iterator[Andd]:
    for each in table.remappings:
        if isinstance(each, Andd) and each.has("device_number"):
            yield each


def _missing(paths: frozenset[str] | None) -> Callable[[str], bool]:
    """Whether the namespace lacks a device; it lacks none if its devices are not known."""
    known = {_padded(path) for path in paths or ()}
    return lambda name: paths is not None and _padded(name) not in known


def _padded(path: str) -> str:
    return "\\" + ".".join(segment.ljust(4, "_") for segment in path.lstrip("\\").split("."))


def _endless(those: list[Andd]) -> Finding:
    return andd.finding(
        those[0],
        f"the name in {listed(each.name for each in those)} has no NUL",
        property_name="object_name",
        effect=f'"{BUG}Your BIOS is broken; ANDD object name is not NUL-terminated": {OFF}',
        fix="End the name with a NUL, inside the length of the structure.",
        related=those[1:4],
    )


def _second(those: list[Andd]) -> Finding:
    return andd.finding(
        those[0],
        f"{listed(f'{each.name} has the number {each.device_number}' for each in those)}, which "
        "an ANDD structure before it has already",
        property_name="device_number",
        effect="both are entered for the same scope, and the second takes the slot of another "
        "device of the unit; if no slot is left, Linux stops with a BUG at boot",
        fix="Give it its own number, and a scope with that number.",
        related=those[1:4],
    )


def _without_scope(those: list[Andd]) -> Finding:
    number = those[0].device_number
    return andd.finding(
        those[0],
        "no unit has a scope for ACPI device "
        + listed(f"{each.device_number} ({each.object_name})" for each in those),
        property_name="device_number",
        effect=f'"No IOMMU scope found for ANDD enumeration ID {number}": the device has no '
        "IOMMU, and behind a unit that is on, its DMA is refused",
        fix=f"Add a scope of type 5 with enumeration_id {number} to its unit.",
        severity=Severity.WARNING,
        related=those[1:4],
    )


def _not_there(those: list[Andd]) -> Finding:
    return andd.finding(
        those[0],
        f"the namespace has no device {listed(each.object_name for each in those)}",
        property_name="object_name",
        effect=f'"Failed to find handle for ACPI object {those[0].object_name}": the device '
        "has no IOMMU, and behind a unit that is on, its DMA is refused",
        fix="Set object_name to the full path of the device in the namespace.",
        severity=Severity.WARNING,
        related=those[1:4],
    )


def _without_name(nameless: list[AcpiScope]) -> Finding:
    numbers = dict.fromkeys(each.enumeration_id for each in nameless)
    return andd.finding(
        nameless[0],
        f"no ANDD structure names ACPI device(s) {listed(numbers)}",
        property_name="enumeration_id",
        effect="Linux cannot find out which device it is: the device has no IOMMU, and "
        "behind a unit that is on, its DMA is refused",
        fix=f"Add an ANDD structure with device_number={nameless[0].enumeration_id} and the "
        f"path of the device.",
        severity=Severity.WARNING,
        related=nameless[1:4],
    )
