"""The checksum of a table is wrong.

What it finds: a table whose bytes do not add up to 0 (mod 256).
Why it matters: something changed the table after it was finished: a patch by hand, a bootloader, a
dump that went wrong. The kernel warns and reads the table anyway, whatever is wrong in it;
the AMD IOMMU's driver refuses an IVRS, so that the machine has no IOMMU and no interrupt remapping.
What to do: if the dump is at fault, dump the table again; else let the firmware write the checksum
last, after every change.
References: ACPI specification, 5.2.6; Linux, drivers/acpi/acpica/utcksum.c,
acpi_ut_verify_checksum(); drivers/iommu/amd/init.c, check_ivrs_checksum().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.table import TableHeader
from dtlink.rules.model import Finding, Fix, Safety, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    fix=Safety(True, "nothing but the checksum changes"),
    bad=Tables("MCFG checksum=1\n  allocation base=0x40000000", finds=("MCFG",)),
    good=Tables("MCFG\n  allocation base=0x40000000"),
)
def checksum(board: TablesBoard) -> Iterator[Finding]:
    """One finding a table."""
    for table in board.tables:
        if table.sum:
            right = (table.checksum - table.sum) & 0xFF
            refused = table.signature == "IVRS"
            line = (
                '"AMD-Vi: [Firmware Bug]: IVRS invalid checksum": no IOMMU, no interrupt remapping'
                if refused
                else '"ACPI BIOS Warning (bug): Incorrect checksum in table '
                f"[{table.signature}] - 0x{table.checksum:02X}, should be "
                f'0x{right:02X}"; the table is used anyway'
            )
            yield checksum.finding(
                table,
                f"the checksum of {table.signature} is {table.checksum:#04x}, should be "
                f"{right:#04x}",
                property_name="checksum",
                severity=Severity.ERROR if refused else None,
                effect=line,
                fix=_fix(table, right),
            )


def _fix(table: TableHeader, right: int) -> Fix:
    from dtlink.firmware.edits import set_field

    text = f"Set byte 9 to {right:#04x}, if the other bytes are as intended."
    return Fix(text, (set_field(table, "checksum", right),))
