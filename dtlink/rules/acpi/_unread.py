"""What a kernel version does not read of the tables: faults there are faults on others only."""

from __future__ import annotations

from collections.abc import Mapping

from dtlink.facts.behaviours import (
    READS_IWB,
    READS_RIMT,
    READS_RMR,
    READS_SATC,
    READS_VIOT,
    Behaviour,
)
from dtlink.rules.finding import Finding, Severity
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.facts.kernels import KernelVersion

#: What each row is about. Tables are named by their signature, structures by table and word, as
#: paths of findings have them.
_READ_SINCE: Mapping[str, tuple[str, Behaviour[bool]]] = {
    "VIOT": ("the VIOT", READS_VIOT),
    "RIMT": ("the RIMT", READS_RIMT),
    "IORT/rmr": ("RMR nodes", READS_RMR),
    "IORT/iwb": ("IWB nodes", READS_IWB),
    "DMAR/satc": ("SATC structures", READS_SATC),
}


def as_read(finding: Finding, version: KernelVersion) -> Finding:
    """A finding for a kernel version: no error, and with a note, where it reads nothing of it."""
    table, _, structure = finding.subject.path.partition("/")
    word = structure.partition("@")[0]
    found = _READ_SINCE.get(table) or _READ_SINCE.get(f"{table}/{word}")
    if found is None or found[1].on(version):
        return finding
    noun, row = found
    is_error = finding.severity is Severity.ERROR
    return finding._replace(
        severity=Severity.WARNING if is_error else finding.severity,
        effect=f"{finding.effect} (Linux reads {noun} since {row.since}; {version} does not)",
    )
