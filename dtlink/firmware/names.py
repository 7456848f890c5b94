"""Names of devicetree and table nodes, with and without what differs between builds."""

from __future__ import annotations

from functools import lru_cache

from dtlink.enums import Enum
from dtlink.late import pattern
from dtlink.records import NamedTuple

#: The offset in the name of a table node; it differs between builds.
_OFFSET = pattern(r"^([A-Z]{4}/[a-z0-9-]+)@0x[0-9a-f]+")


class SubjectKind(Enum):
    """What a subject is."""

    NODE = "node"
    """A devicetree node, identified by its full path."""
    STRUCTURE = "structure"
    """A node of an ACPI table, identified by table, type, offset and, if present, its own ID."""


class Subject(NamedTuple):
    """The node that a finding is about; printed as its path in reports and baselines."""

    kind: SubjectKind
    path: str

    def __str__(self) -> str:
        return self.path

    @property
    def name(self) -> str:
        """The last component of the path; empty for the root."""
        return self.path.rpartition("/")[2]

    @property
    def table(self) -> str:
        """The signature of the table; empty for a devicetree node."""
        return "" if self.kind is SubjectKind.NODE else self.path.partition("/")[0]

    def stable(self, path: str = "") -> str:
        """Return the path (``path``: of another node of the same firmware) without offsets."""
        path = path or self.path
        return path if self.kind is SubjectKind.NODE else stable(path)


@lru_cache(maxsize=4096)
def stable(path: str) -> str:
    """Return the path of a node without the offset that a table node's path contains."""
    found = _OFFSET.match(path)  # sub() reads its template for each path
    return found[1] + path[found.end() :] if found else path
