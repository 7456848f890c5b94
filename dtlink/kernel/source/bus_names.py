"""The names that the drivers of one C file bind by, as aliases: ``platform:rk808-regulator``.

A device that another driver makes has no node of its own, so no ``compatible``; its bus compares
its name. A platform driver is compared by its ``id_table``, and by its own name only if it has none
(drivers/base/platform.c, platform_match()); auxiliary, I²C and SPI drivers by their tables alone
(drivers/base/auxiliary.c, auxiliary_match_id(); drivers/i2c/i2c-core-base.c, i2c_match_id();
drivers/spi/spi.c, spi_match_id()), and so are those of SCMI's protocols
(drivers/firmware/arm_scmi/bus.c, scmi_dev_match_by_id_table()).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dtlink.kernel.source.code import Code, TableEntry, end_of, up_to_next
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: One of these is in every file that has such a driver.
WORDS: Final = (
    *("platform_driver", "platform_device_id", "auxiliary_device_id", "i2c_device_id"),
    *("spi_device_id", "scmi_device_id"),
)

_BUSES = "platform|auxiliary|i2c|spi|scmi"
_TABLE = re.compile(
    rf"(?P<bus>{_BUSES})_device_id\s+(?:__\w+\s+)*(?P<name>\w+)\s*\[[^\]]*\][^=;{{}}]*=\s*\{{"
)
_DRIVER = re.compile(r"platform_driver\s+(?:__\w+\s+)*\w+(?:\s+__\w+)*\s*=\s*\{")
_ID_TABLE = re.compile(r"\.\s*id_table\s*=")
_OWN_NAME = re.compile(r"\.\s*driver\s*(?:=\s*\{(?:[^{}]|\{[^{}]*\})*?)?\.\s*name\s*=\s*([^,{}]+)")
_ENTRY = re.compile(r"\{\s*(?:\.\s*name\s*=\s*)?([^,{}]+)")
#: The protocol is first in the entries of SCMI (include/linux/scmi_protocol.h, scmi_device_id).
_ENTRIES = {"scmi": re.compile(r"\{\s*\w+\s*,\s*([^,{}]+)")}


def names_bound(code: Code) -> Iterator[TableEntry]:
    """The aliases that a file's drivers bind by, each with its conditions."""
    for match, stop in up_to_next(_TABLE, code.text):
        pattern = _ENTRIES.get(match["bus"], _ENTRY)
        end = end_of(code.text, match.end(), stop)
        for entry in pattern.finditer(code.text, match.end(), end):
            yield from _alias(code, match["bus"], entry)
    for match, stop in up_to_next(_DRIVER, code.text):
        end = end_of(code.text, match.end(), stop)
        name = _OWN_NAME.search(code.text, match.end(), end)
        if name is not None and not _ID_TABLE.search(code.text, match.end(), end):
            yield from _alias(code, "platform", name)


def _alias(code: Code, bus: str, match: re.Match[str]) -> Iterator[TableEntry]:
    for name, also in code.entry(match[1], match.start()):
        if " " not in name:
            yield TableEntry(f"{bus}:{name}", also)
