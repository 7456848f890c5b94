"""An entry of an ACPI device has no usable hardware or unique ID.

What it finds: in the blocks that Linux takes, ACPI device entries (F0h) in a block that is not of
type 40h, with an empty hardware ID or one that no device can have, with a unique ID of unknown
format, of no length though it has a format, with a length though there is none, or with a number
above 255.
Why it matters: Linux skips entries in other blocks ("Invalid IVHD device type 0xf0") and over
those without a hardware ID ("Invalid HID."), and the device has no IOMMU. Where it cannot read the
unique ID it matches any device of that hardware ID; of a number it reads the lowest byte only.
What to do: write the device's _HID in 8 bytes, and its _UID: format 1 and a number, format 2 and
its characters, or format 0 and length 0.
References: AMD 48882, IVHD ACPI device entries; Linux, drivers/iommu/amd/init.c,
init_iommu_from_acpi(), and iommu.c, get_acpihid_device_id(); ACPI, _HID.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.ivrs import AcpiHid, Ivhd, Ivhd40
from dtlink.records import NamedTuple
from dtlink.rules.ivrs._linux import more, taken
from dtlink.rules.model import Finding, Severity, Tables, rule

#: PNP ids have three letters and four digits, ACPI ids four characters and four digits.
_HID = re.compile(r"[A-Z]{3}[0-9A-Fa-f]{4}|[A-Z0-9]{4}[0-9A-Fa-f]{4}")
_ALONE = "the device has no IOMMU"
_ANY = "Linux takes the entry for every device of this hardware ID"


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        IVRS
          ivhd-40 base=0xfeb80000
            all
            special handle=33 source=0xa0
            uart: acpi-hid device=0xa5 uid_format=2 uid="\\_SB.FUR0"
        """,
        finds=("uart",),
    ),
    good=Tables(
        """
        IVRS
          ivhd-40 base=0xfeb80000
            all
            special handle=33 source=0xa0
            uart: acpi-hid device=0xa5 hid="AMDI0020" uid_format=2 uid="\\_SB.FUR0"
        """
    ),
    needs=("IVRS",),
)
def acpi_hid(board: TablesBoard) -> Iterator[Finding]:
    """One finding a block and a kind of fault, at the first entry that has it."""
    for block in taken(board):
        faults: dict[str, list[tuple[AcpiHid, _Fault]]] = {}
        for entry in block.entries:
            if isinstance(entry, AcpiHid) and (fault := _fault(entry, block)):
                faults.setdefault(fault.consequence, []).append((entry, fault))
        for found in faults.values():
            entry, fault = found[0]
            yield acpi_hid.finding(
                entry,
                f"{entry.name} of {block.name} {fault.wrong}{more(found)}",
                effect=fault.consequence,
                fix=fault.fix,
                related=[block],
                severity=fault.severity,
            )


class _Fault(NamedTuple):
    wrong: str
    consequence: str
    fix: str
    severity: Severity


def _fault(entry: AcpiHid, block: Ivhd) -> _Fault | None:
    if not isinstance(block, Ivhd40):
        seen = f'"[Firmware Bug]: Invalid IVHD device type 0xf0": {_ALONE}'
        wrong = "is in a block that is not of type 40h"
        return _Fault(wrong, seen, "Move the entry to a block of type 40h.", Severity.ERROR)
    if not entry.hid:
        seen = f'"[Firmware Bug]: Invalid HID.": {_ALONE}'
        return _Fault(
            "has no hardware ID", seen, "Write the device's _HID in 8 bytes.", Severity.ERROR
        )
    if not _HID.fullmatch(entry.hid):
        wrong = f"has the hardware ID {entry.hid!r}, which no device can have"
        return _Fault(
            wrong, _ALONE, "Write the device's _HID, as AMDI0020 or PNP0501.", Severity.WARNING
        )
    return _uid_fault(entry)


def _uid_fault(entry: AcpiHid) -> _Fault | None:
    kind, length = entry.uid_format, entry.uid_length
    fix = "Set format 0 and length 0 for none, format 1 for a number, format 2 for characters."
    if kind == AcpiHid.NO_UID and length:
        wrong = f"has no unique ID, but {length} bytes for one"
        return _Fault(wrong, '"[Firmware Bug]: Invalid UID length."', fix, Severity.WARNING)
    if kind > AcpiHid.TEXT:
        return _Fault(f"has a unique ID of unknown format {kind}", _ANY, fix, Severity.WARNING)
    if kind and not length:
        wrong = "has a unique ID without a length"
        seen = "Linux takes the byte after the entry for it" if kind == AcpiHid.INTEGER else _ANY
        return _Fault(wrong, seen, fix, Severity.WARNING)
    if kind == AcpiHid.INTEGER and any(entry.uid[1:]):
        wrong = f"has the unique ID {entry.uid_text}"
        seen = f"Linux reads its lowest byte, {entry.uid[0]}, and does not find the device"
        return _Fault(
            wrong, seen, "Use a _UID of at most 255, or one of characters.", Severity.WARNING
        )
    return None
