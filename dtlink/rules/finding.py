"""What a rule yields."""

from __future__ import annotations

from dtlink.enums import Enum
from dtlink.firmware.names import Subject
from dtlink.firmware.tree import Location
from dtlink.records import NamedTuple
from dtlink.rules.fix import Fix
from dtlink.typed import TYPE_CHECKING
from dtlink.version import page_url

if TYPE_CHECKING:
    from dtlink.firmware.edits import Edit
    from dtlink.firmware.text_edits import Written
    from dtlink.rules.entries import EditEntry, FindingEntry, LocationEntry, RelatedPlaceEntry


class Severity(Enum):
    """What a finding means for the machine.

    An enumeration; ``rank`` orders its members, and ``Severity("error")`` is one of them.
    """

    ERROR = "error"
    """The device will not work, or not safely."""
    WARNING = "warning"
    """It works by luck, late, or on some kernels only."""
    INFO = "info"
    """Worth knowing."""

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class Confidence(Enum):
    """What a finding is based on."""

    SURE = "sure"
    """It follows from the inputs."""
    LIKELY = "likely"
    """It relies on a convention."""


class PlaceRole(Enum):
    """What a related place of a finding is."""

    RELATED = "related"
    """The supplier, or a related node."""
    ENABLED = "enabled"
    """The status that makes the subject, or a node that it is in, available."""
    OPENING = "opening"
    """Another opening of the subject."""
    OTHER = "other"
    """Another property of the subject that the finding is about."""
    SETTING = "setting"
    """An earlier value of the property; the finding is at the last one."""


class RelatedPlace(NamedTuple):
    """A place in a source that has to do with a finding."""

    role: PlaceRole
    node: str
    """The node's path."""
    property_name: str | None
    """The property that is set there; ``None``: the node is opened."""
    location: Location


class Snippet(NamedTuple):
    """The statement of a property of a blob, as DTS."""

    text: str
    start: int
    """Where the entry begins that the finding is about, or the property's name."""
    length: int


class Finding(NamedTuple):
    """One fault at one place.

    ``related`` are paths of other nodes, ``offset`` is a byte offset in the blob or the table.
    """

    rule: str
    severity: Severity
    confidence: Confidence
    subject: Subject
    property_name: str | None
    index: int | None  # type: ignore[assignment]  # the field's word; no tuple is searched
    message: str
    effect: str
    """What will be seen on the machine, with the kernel's log line where there is one."""
    fix: Fix
    related: tuple[str, ...]
    supplier: str
    location: Location | None
    offset: int | None
    alias: str = ""
    """What the rule is called for this table, if it is about several (see ``rules/aliases.py``)."""
    places: tuple[RelatedPlace, ...] = ()
    """Other places in the source, if the tree was made from source."""
    snippet: Snippet | None = None
    """The property of a blob, for text."""
    overlay: str = ""
    """The overlay that brought what is wrong; empty: the base has it."""
    written: Written | None = None
    """The edits of the fix as edits of the source, where they were asked for."""

    def __repr__(self) -> str:
        entry = "" if self.index is None else f"[{self.index}]"
        at = f"{self.subject.path}:{self.property_name}{entry}"
        where = at if self.property_name else self.subject.path
        return f"<Finding {self.severity.value} {self.rule} at {where}: {self.message}>"

    @property
    def identity(self) -> str:
        """The id that the fingerprint is made of: the alias, or the rule."""
        return self.alias or self.rule

    @property
    def fingerprint(self) -> str:
        """The fault's identity, the same in the next build: no line, offset or phandle in it."""
        from dtlink.digests import sha256

        subject, supplier = self.subject, self.supplier
        node, to = subject.stable(), supplier and subject.stable(supplier)
        key = "\0".join((self.identity, node, self.property_name or "", to))
        return sha256(key.encode(errors="surrogatepass"))[:16]

    def to_dict(self, fingerprint: str = "") -> FindingEntry:
        """The finding in the JSON document, with a fingerprint of its own or that is given."""
        location = self.location
        entry: FindingEntry = {
            "rule": self.rule,
            "severity": self.severity.value,
            "confidence": self.confidence.value,
            "subject": self.subject.path,
            "property": self.property_name,
            "index": self.index,
            "message": self.message,
            "consequence": self.effect,
            "fix": self.fix.text,
            "related": list(self.related),
            "supplier": self.supplier or None,
            "location": location and location_entry(location),
            "offset": self.offset,
            "fingerprint": fingerprint or self.fingerprint,
            "url": page_url(self.rule),
        }
        if self.fix.edits:
            entry["edits"] = [_edit(each) for each in self.fix.edits]
        if self.fix.safety is not None:
            safe, reason = self.fix.safety
            entry["fix_safety"] = {"safe": safe, "reason": reason}
        if self.written is not None:
            _add_written(entry, self.written)
        if self.places:
            entry["places"] = [_related(each) for each in self.places]
        if self.overlay:
            entry["overlay"] = self.overlay
        return entry


def location_entry(location: Location) -> LocationEntry:
    """A place in a source as JSON data."""
    entry: LocationEntry = {"file": location.file, "line": location.line}
    if location.column > 0:
        entry["column"] = location.column
    if location.macro:
        entry["macro"] = location.macro
    if location.chain:
        entry["included_by"] = [{"file": file, "line": line} for file, line in location.chain]
    return entry


def _related(place: RelatedPlace) -> RelatedPlaceEntry:
    entry: RelatedPlaceEntry = {
        "role": place.role.value,
        "node": place.node,
        "property": place.property_name,
        "file": place.location.file,
        "line": place.location.line,
    }
    if place.location.column > 0:
        entry["column"] = place.location.column
    return entry


def _add_written(entry: FindingEntry, written: Written) -> None:
    """The edits of the source, or why there are none."""
    if written.refused:
        entry["fix_refused"] = written.refused
        return
    entry["text_edits"] = [
        {
            "file": each.path,
            "line": each.line,
            "column": each.column,
            "end_line": each.end_line,
            "end_column": each.end_column,
            "text": each.text,
        }
        for each in written.edits
    ]


def _edit(edit: Edit) -> EditEntry:
    from dtlink.firmware.edit_text import property_value
    from dtlink.firmware.edits import AddNode, DeleteProperty, SetField

    if isinstance(edit, SetField):
        return {"structure": edit.structure, "field": edit.field, "value": edit.value}
    if isinstance(edit, AddNode):
        return {"node": edit.parent.path, "child": edit.name}
    if isinstance(edit, DeleteProperty):
        return {"node": edit.node.path, "property": edit.name, "delete": True}
    value = property_value(edit.value)
    return {"node": edit.node.path, "property": edit.name, "value": value}
