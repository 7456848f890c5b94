"""The files that a SARIF run names, and the places in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import PurePath

from dtlink.escaping import uris
from dtlink.firmware.read import STDIN
from dtlink.records import NamedTuple
from dtlink.report.entries import JsonObject
from dtlink.report.model import InputReport
from dtlink.report.places import relative
from dtlink.rules.model import Finding

#: The base of relative paths: the root of the checkout, which services assume by default.
BASE = "%SRCROOT%"
#: The URI of standard input: ``-`` would be meaningless in a service.
STDIN_URI = "stdin"
#: Forms whose byte offsets are those of the file; of a text they are those of the table in it.
BLOBS = frozenset(("fdt", "fdt-overlay", "acpi", "acpi-folder"))
FOLDERS = ("acpi-folder", "fdt-folder")
LISTING = ".dsl"
#: How many paths are looked at once only: findings of one input are one after the other.
_URIS = 1024


class _File(NamedTuple):
    """What an ``artifact`` object is made of: a run may have many."""

    uri: str
    parent: int = -1
    """Of a member, the index of its container."""
    roles: tuple[str, ...] = ()
    is_stdin: bool = False
    sha256: str = ""

    def entry(self) -> JsonObject:
        """The object."""
        entry: JsonObject = {"location": _location(self.uri)}
        if self.parent >= 0:
            entry = {"location": {"uri": self.uri}, "parentIndex": self.parent}
        if self.roles:
            entry["roles"] = list(self.roles)
        if self.is_stdin:
            entry["description"] = {"text": "standard input"}
        if self.sha256:
            entry["hashes"] = {"sha-256": self.sha256}
        return entry


_INPUT = ("analysisTarget",)
_FOLDER = ("directory", "analysisTarget")


class Artifacts:
    """The files of a run, each once, in the order in which they are first named."""

    def __init__(self, inputs: Iterable[InputReport]) -> None:
        self._files: list[_File] = []
        self._uri_of = lru_cache(maxsize=_URIS)(uri_of)
        self._indexes: dict[str, int] = {}
        for item in inputs:
            self._add_input(item)

    def items(self) -> Iterator[JsonObject]:
        """SARIF's ``artifact`` objects."""
        return (each.entry() for each in self._files)

    def _add_input(self, item: InputReport) -> None:
        index = self._index(self._uri_of(item.path))
        if item.member:
            uri = "/" + uris.path(item.member)
            self._files.append(_File(uri, parent=index))
            index = len(self._files) - 1
        is_folder = item.form in FOLDERS
        # The report's hash of a folder is that of the tables, in an order of its own: of no file.
        sha256 = "" if is_folder or item.inside else item.sha256
        self._files[index] = self._files[index]._replace(
            roles=_FOLDER if is_folder else _INPUT,
            is_stdin=item.path == STDIN,
            sha256=sha256 or self._files[index].sha256,
        )

    def _index(self, uri: str) -> int:
        """The index of a file, which is added if it is new."""
        index = self._indexes.setdefault(uri, len(self._files))
        if index == len(self._files):
            self._files.append(_File(uri))
        return index

    def location(self, path: str) -> JsonObject:
        """The ``artifactLocation`` of a path."""
        uri = self._uri_of(path)
        return {**_location(uri), "index": self._index(uri)}

    def place(
        self, path: str, line: int = 1, offset: int | None = None, column: int = 0
    ) -> JsonObject:
        """A ``physicalLocation``.

        Services show a result only where there is a line; what of a binary file is meant is the
        byte offset, which is given beside it and is independent of it.
        """
        region = {"startLine": max(line, 1)}
        if column > 0:
            region["startColumn"] = column
        if offset is not None:
            region["byteOffset"] = max(offset, 0)
        return {"artifactLocation": self.location(path), "region": region}

    def place_of(self, item: InputReport, finding: Finding) -> JsonObject:
        """The ``physicalLocation`` of a finding: the line of its source where that is known."""
        if finding.location is not None:
            file, line, column, *_ = finding.location
            return self.place(file or item.path, line, column=column)
        path = item.file_with(finding)
        return self.place(path, offset=finding.offset if is_blob(item, path) else None)


def _location(uri: str) -> JsonObject:
    return {"uri": uri, "uriBaseId": BASE} if is_below_base(uri) else {"uri": uri}


def is_blob(item: InputReport, path: str) -> bool:
    """Whether byte offsets of an input's findings are those of the file at that path."""
    if item.member or item.inside:
        return False
    if item.form in FOLDERS and path == item.path:
        return False
    return item.form in BLOBS and not path.lower().endswith(LISTING)


def uri_of(path: str) -> str:
    """The URI of a path: relative where it is below the working folder, else ``file://``.

    What is relative but above the working folder stays so. Bytes of a name are encoded as they are.
    """
    if path == STDIN:
        return STDIN_URI
    try:
        plain = relative(path)
    except ValueError:  # a name that no file can have, as a source's #line may give
        plain = path
    if PurePath(plain).is_absolute():
        return "file:///" + uris.path(plain.lstrip("/"), "/:")
    return uris.path(plain)


def is_below_base(uri: str) -> bool:
    """Whether a URI is relative to the base, and within it."""
    return not uri.startswith("file:") and uri.partition("/")[0] != ".."
