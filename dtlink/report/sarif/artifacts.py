"""The files that a SARIF run names, and the places in them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from dtlink.escaping import uris
from dtlink.firmware.read import STDIN
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


class Artifacts:
    """The files of a run, each once, in the order in which they are first named.

    ``items`` are SARIF's ``artifact`` objects.
    """

    def __init__(self, inputs: Iterable[InputReport]) -> None:
        self.items: list[JsonObject] = []
        self._uris: dict[str, str] = {}
        self._indexes: dict[str, int] = {}
        for item in inputs:
            self._add_input(item)

    def _add_input(self, item: InputReport) -> None:
        entry = self._entry(item)
        entry["roles"] = ["analysisTarget"]
        if item.path == STDIN:
            entry["description"] = {"text": "standard input"}
        if item.form in FOLDERS:
            # The report's hash is that of the tables, in an order of its own: of no file.
            entry["roles"] = ["directory", "analysisTarget"]
        elif item.sha256 and not item.inside:
            entry["hashes"] = {"sha-256": item.sha256}

    def _entry(self, item: InputReport) -> JsonObject:
        """The artifact of an input; of a member, within that of its container."""
        self.location(item.path)
        index = self._indexes[self._uris[item.path]]
        if not item.member:
            return self.items[index]
        uri = "/" + uris.path(item.member)
        entry: JsonObject = {"location": {"uri": uri}, "parentIndex": index}
        self.items.append(entry)
        return entry

    def location(self, path: str) -> JsonObject:
        """The ``artifactLocation`` of a path."""
        uri = self._uris.get(path)
        if uri is None:
            uri = self._uris[path] = uri_of(path)
        found: JsonObject = {"uri": uri}
        if is_below_base(uri):
            found["uriBaseId"] = BASE
        index = self._indexes.setdefault(uri, len(self.items))
        if index == len(self.items):
            self.items.append({"location": dict(found)})
        return {**found, "index": index}

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
