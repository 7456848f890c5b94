"""The script that boots a table with a fault: what it reads of the logs."""

from __future__ import annotations

import base64

from tools.table_override import is_mended, shown, table_of

_TABLE = b"IORT" + bytes(range(100))
_BUG = (
    "[    1.68] ACPI: IORT: [Firmware Bug]: [map (____ptrval____)] conflicting mapping for input ID"
)
_TAKEN = "[    0.00] ACPI: Table Upgrade: override [IORT-BOCHS -BXPC    ]"


def _log(*lines: str) -> str:
    """A console: what the kernel prints before the init runs comes again as the log."""
    table = base64.encodebytes(_TABLE).decode()
    return "\r\n".join((_BUG, "dtlink: the table:", table, "dtlink: the log:", *lines))


def test_the_table_is_read_from_the_console() -> None:
    assert table_of(_log()) == _TABLE


def test_the_lines_are_those_of_the_log() -> None:
    assert list(shown(_log("[    0.00] other", _TAKEN))) == [_TAKEN]


def test_mended_is_a_complaint_that_goes_with_the_table_that_is_taken() -> None:
    assert is_mended(_log(_BUG), _log(_TAKEN))
    assert not is_mended(_log(), _log(_TAKEN))
    assert not is_mended(_log(_BUG), _log(_TAKEN, _BUG))
    assert not is_mended(_log(_BUG), _log())
