"""What a rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from dtlink.enums import Enum
from dtlink.facts.kernels import KernelVersion
from dtlink.firmware.names import Subject, SubjectKind
from dtlink.firmware.tree import Location, Node, Origins, Tree
from dtlink.links.reference import Failure, Link
from dtlink.records import NamedTuple
from dtlink.rules.finding import Confidence, Finding, RelatedPlace, Severity, Snippet
from dtlink.rules.fix import Fix, Safety
from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dtlink.firmware.acpi.layout import Struct
    from dtlink.links.acpi.link import AcpiLink

    #: What a finding may be at.
    FindingAt = Node | Link | Failure | Struct | AcpiLink

# A rule takes a TreeBoard, a TablesBoard, or whatever is common to both.
Check = Callable[[Any], Iterator[Finding]]

__all__ = [
    "EXAMPLES",
    "Check",
    "Confidence",
    "Covers",
    "Dts",
    "Example",
    "Finding",
    "Fix",
    "Rule",
    "Safety",
    "Severity",
    "Tables",
    "rule",
]


class Tables(NamedTuple):
    """An example as ACPI tables, by the notation of :mod:`dtlink.testing.assemble`."""

    source: str
    finds: tuple[str, ...] = ()
    """Where a bad example must raise its rule: labels, or ``label:property``; ``IORT`` and the like
    for the table itself. Nowhere else."""
    kernel: str = ""
    """What the kernel holds, for rules that ask (see :mod:`dtlink.testing.sketch`)."""
    lspci: str = ""
    """What ``lspci`` prints on the machine."""
    iomem: str = ""
    """What ``/proc/iomem`` has there."""


class Dts(NamedTuple):
    """An example as DTS."""

    source: str
    finds: tuple[str, ...] = ()
    """Where a bad example must raise its rule, as ``path`` or ``path:property``; nowhere else."""
    patch: Mapping[str, bytes] = {}
    """Values, by ``path:property``, that dtc would refuse in the source."""
    against: KernelVersion | None = None
    """The kernel version to compare with, for rules that do."""
    kernel: str = ""
    """What the kernel holds, for rules that ask (see :mod:`dtlink.testing.sketch`)."""
    schema: bool = False
    """Whether dtlink's own schemas are asked, for rules that report what they find."""
    overlays: tuple[str, ...] = ()
    """Sources of overlays that are applied to the source; places in them are paths of theirs."""
    config_txt: str = ""
    """A Raspberry Pi's config.txt, which names the overlays ``overlay-1``, ``overlay-2`` and so on.
    """
    bases: tuple[str, ...] = ()
    """Sources of bases, for a source that is an overlay."""


#: The form of the examples for each kind of firmware.
EXAMPLES: Mapping[str, type[Dts | Tables]] = {"devicetree": Dts, "tables": Tables}


class Example(NamedTuple):
    """A pair of examples."""

    bad: Dts | Tables
    good: Dts | Tables
    about: str = ""
    """The signature of the table that it is about, where a rule is about several."""


class Covers(Enum):
    """What a finding of a rule covers, so that rules that yield do not report it again."""

    SUBJECT = "the property of its subject"
    RELATED = "that property of all related nodes too: one finding reports all nodes of a board"
    SUPPLIER = "the cells property of the supplier too: it is missing or wrong there"


class Rule(NamedTuple):
    """One rule: its identity, its page, its examples and its check.

    From :func:`dtlink.explain`.
    """

    id: str
    severity: Severity
    """The severity of its findings, unless a finding says otherwise."""
    since: str
    """The dtlink version that brought it."""
    summary: str
    page: str
    examples: tuple[Example, ...]
    """One for each kind of firmware, and each table, that the rule is about."""
    needs: tuple[str, ...]
    """Property names, and signatures of tables, of which the input must have one for the rule to
    have anything to say."""
    check: Check
    asks: str = ""
    """A part of the board, as an attribute with dots, that is empty where the rule has nothing to
    say."""
    covers: Covers = Covers.SUBJECT
    yields: bool = False
    """Whether it is silent where the finding of a rule that does not yield covers its own."""
    fix: Safety | None = None
    """Whether the edits of its fixes are safe, and why; ``None``: its fixes have no edits."""
    only: frozenset[str] | None = None
    """The aliases whose findings are reported; ``None``: all findings are."""

    def __repr__(self) -> str:
        return f"<Rule {self.id}: {self.summary}>"

    def __hash__(self) -> int:
        return hash(self.id)  # the examples hold mappings

    def __reduce__(self) -> tuple[Any, ...]:
        # The check is found again by the id: its module has the rule under the name of the check.
        return _found_again, (self._replace(check=None)._asdict(),)  # type: ignore[arg-type]

    def example(self, kind: type[Dts | Tables]) -> Example | None:
        """The example for one kind of firmware; ``None``: the rule has nothing to say of it."""
        return next((each for each in self.examples if isinstance(each.bad, kind)), None)

    @property
    def family(self) -> str:
        """The first part of the id."""
        return self.id.partition("/")[0]

    def _fix(self, fix: Fix, where: FindingAt) -> Fix:
        """The fix with its safety; without edits that would be made to another node."""
        if not fix.edits:
            return fix
        node = where.node if isinstance(where, Link | Failure) else where
        if isinstance(node, Node) and node.tree.repeated_paths:
            fix = fix.without_edits_of(node.tree.repeated_paths)
        return fix._replace(safety=fix.safety or self.fix) if fix.edits else fix

    def finding(
        self,
        where: FindingAt,
        message: str,
        *,
        effect: str,
        fix: Fix | str,
        property_name: str | None = None,
        other_property: str | None = None,
        related: Iterable[Node | Struct] = (),
        supplier: Node | Struct | None = None,
        severity: Severity | None = None,
        likely: bool = False,
        alias: str = "",
    ) -> Finding:
        """A finding at a node, or at the entry of a property that a link or a failed entry names.

        ``where`` may also be a structure of a table: one that is an entry of its owner's array
        means that entry. Of a finding about two properties the source's place is that of the
        one that is set later. ``severity`` is the rule's if it is not given; ``likely`` says that
        it rests on what is usual, and turns an error into a warning.
        """
        level = severity or self.severity
        if likely and level is Severity.ERROR:
            level = Severity.WARNING
        at = _position(where, property_name, other_property)
        nodes = (*related, *([supplier] if supplier else ()))
        others = dict.fromkeys(other.path for other in nodes)
        others.pop(at.subject.path, None)
        return Finding(
            rule=self.id,
            severity=level,
            confidence=Confidence.LIKELY if likely else Confidence.SURE,
            subject=at.subject,
            property_name=at.property_name,
            index=at.index,
            message=message,
            effect=effect,
            fix=self._fix(Fix.of(fix), where),
            related=tuple(others),
            supplier=supplier.path if supplier else "",
            location=at.location,
            offset=at.offset,
            alias=alias,
            places=_places(where, at, nodes, other_property) if at.location else (),
            snippet=None if at.location else _snippet(where, at),
            overlay=at.overlay or _changed_by(nodes),
        )


def _changed_by(nodes: Iterable[Node | Struct]) -> str:
    """The overlay that added one of the nodes, or set its status; empty: the base has them so."""
    trees = ((node, node.tree.overlaid) for node in nodes if isinstance(node, Node))
    names = (overlaid.bringer(node.path, "status") for node, overlaid in trees if overlaid)
    return next(filter(None, names), "")


class _Position(NamedTuple):
    """Where a finding is."""

    subject: Subject
    property_name: str | None
    index: int | None  # type: ignore[assignment]  # as in Finding
    location: Location | None
    offset: int | None
    overlay: str = ""


def _position(where: FindingAt, property_name: str | None, other: str | None = None) -> _Position:
    if isinstance(where, Node):
        at = _in_tree(where, property_name, None, where.offset(property_name))
        return at if other is None else _of_latest(where, at, other)
    if isinstance(where, Link | Failure):
        return _in_tree(where.node, where.property_name, where.index, where.offset)
    return _in_table(where, property_name)


def _origins(tree: Tree) -> Origins | None:
    return tree.origins or tree.source


def _of_latest(node: Node, at: _Position, other: str) -> _Position:
    """The position, with the place in the source at the other property if that is set later."""
    origins = _origins(node.tree)
    if origins is None or at.property_name is None:
        return at
    name = origins.latest(node.path, (at.property_name, other))
    return (
        at if name == at.property_name else at._replace(location=origins.location(node.path, name))
    )


def _places(
    where: FindingAt, at: _Position, others: Iterable[Node | Struct], other: str | None
) -> tuple[RelatedPlace, ...]:
    """The related places, for a finding with a place in a source."""
    from dtlink.rules.related_places import related_places

    node = where.node if isinstance(where, Link | Failure) else where
    origins = _origins(node.tree) if isinstance(node, Node) else None
    if not isinstance(node, Node) or origins is None:
        return ()
    nodes = [each for each in others if isinstance(each, Node) and each != node]
    names = [each for each in (at.property_name, other) if each]
    if len(names) > 1 and origins.latest(node.path, names) == other:
        names.reverse()
    return related_places(origins, node, names, at.location, nodes)


def _snippet(where: FindingAt, at: _Position) -> Snippet | None:
    """The property of a blob."""
    if at.property_name is None or not isinstance(where, Node | Link | Failure):
        return None
    from dtlink.rules.snippet import snippet

    node = where if isinstance(where, Node) else where.node
    return snippet(where, at.property_name, _within(node, at.property_name, at.index, at.offset))


def _in_tree(node: Node, name: str | None, index: int | None, offset: int) -> _Position:
    origins = _origins(node.tree)
    within = _within(node, name, index, offset)
    location = origins.location(node.path, name, within) if origins else None
    subject = Subject(SubjectKind.NODE, node.path)
    overlaid = node.tree.overlaid
    if overlaid is None:
        return _Position(subject, name, index, location, offset)
    # No file has the merged blob: an offset in it says nothing.
    return _Position(subject, name, index, location, None, overlaid.bringer(node.path, name))


def _within(node: Node, name: str | None, index: int | None, offset: int | None) -> int | None:
    """The offset in a property's value of the entry that a finding is about."""
    if name is None or index is None or offset is None or not node.has(name):
        return None
    return max(offset - node.offset(name), 0)


def _in_table(where: Struct | AcpiLink, name: str | None) -> _Position:
    from dtlink.firmware.acpi.layout import Struct

    node: Struct
    if not isinstance(where, Struct):
        node, name, index, offset = where.node, where.property_name, where.index, where.offset
    elif where.MEMBER and where.owner is not None:
        node, name, index, offset = where.owner, where.MEMBER, where.entry, where.offset(name)
    else:
        node, index, offset = where, None, where.offset(name)
    return _Position(Subject(SubjectKind.STRUCTURE, node.path), name, index, None, offset)


def _found_again(fields: dict[str, Any]) -> Rule:
    """A rule from its fields, with the check of the rule of that id."""
    from dtlink.rules.catalogue import find

    found = find(fields["id"])
    if found is None:
        raise ValueError(f"no rule {fields['id']!r} in this version of dtlink")
    return Rule(**{**fields, "check": found.check})


def rule(
    module: str,
    page: str | None,
    *,
    severity: Severity,
    bad: Dts | Tables | None = None,
    good: Dts | Tables | None = None,
    tables: Example | None = None,
    examples: tuple[Example, ...] = (),
    since: str = "0.1",
    needs: tuple[str, ...] = (),
    asks: str = "",
    covers: Covers = Covers.SUBJECT,
    yields: bool = False,
    fix: Safety | None = None,
) -> Callable[[Check], Rule]:
    """Make the rule of a module; decorates its check. Call it with ``__name__`` and ``__doc__``.

    ``tables`` is a second pair of examples, for a rule that is about both kinds of firmware;
    ``examples`` are all of them, for a rule that is about several tables.
    """
    first = (Example(bad, good),) if bad and good else ()
    family, name = module.rpartition("dtlink.rules.")[2].split(".")
    summary, _, text = (page or "").strip().partition("\n")

    def make(check: Check) -> Rule:
        return Rule(
            id=f"{family}/{name.replace('_', '-')}",
            severity=severity,
            since=since,
            summary=summary,
            page=text.strip(),
            examples=(*first, *([tables] if tables else ()), *examples),
            needs=needs,
            check=check,
            asks=asks,
            covers=covers,
            yields=yields,
            fix=fix,
        )

    return make
