"""Names of nodes, and the part of a name that the next build keeps."""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

#: The offset in the name of a table's node, which differs between builds.
_OFFSET = re.compile(r"^([A-Z]{4}/[a-z0-9-]+)@0x[0-9a-f]+")


class SubjectKind(Enum):
    """What a subject is."""

    NODE = "node"
    """A devicetree node, named by its full path."""
    STRUCTURE = "structure"
    """A node of an ACPI table, named by table, type, offset and, where present, identity."""


class Subject(NamedTuple):
    """What a finding is about. Its text, in every report and baseline, is the path."""

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
        """The path, or that of another node of the same firmware, without offsets."""
        path = path or self.path
        return path if self.kind is SubjectKind.NODE else stable(path)


@lru_cache(maxsize=4096)
def stable(path: str) -> str:
    """The path of a node without the offset that one of a table has."""
    return _OFFSET.sub(r"\1", path)
