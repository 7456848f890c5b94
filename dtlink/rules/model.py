"""What a rule is, and what it yields."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from dtlink.firmware.tree import Node
from dtlink.links.reference import Failure, Link

if TYPE_CHECKING:
    from dtlink.board.tables import AcpiBoard
    from dtlink.board.tree import Board
    from dtlink.facts.kernels import KernelVersion
    from dtlink.firmware.acpi.layout import Struct
    from dtlink.firmware.tree import Location
    from dtlink.links.acpi.link import AcpiLink

    AnyBoard: TypeAlias = Board | AcpiBoard

    # A rule takes a Board, an AcpiBoard, or whatever is common to both.
    Check = Callable[[Any], Iterator["Finding"]]
    Place = Node | Link | Failure | Struct | AcpiLink


class Severity(Enum):
    """How bad it is on the board."""

    ERROR = "error"
    """The device will not work, or not safely."""
    WARNING = "warning"
    """It works by luck, late, or only on some kernels."""
    INFO = "info"
    """Worth knowing."""

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)


class Confidence(Enum):
    """How much the finding rests on."""

    SURE = "sure"
    """It follows from the inputs."""
    LIKELY = "likely"
    """It rests on what is usual."""


class Finding(NamedTuple):
    """One fault at one place. ``related`` are paths; ``offset`` is a byte offset in the blob."""

    rule: str
    severity: Severity
    confidence: Confidence
    subject: str
    property_name: str | None
    index: int | None  # type: ignore[assignment]  # the field's word; no tuple is searched
    message: str
    consequence: str
    fix: str
    related: tuple[str, ...]
    supplier: str
    location: Location | None
    offset: int | None

    @property
    def fingerprint(self) -> str:
        """The fault's identity, the same in the next build: no line, offset or phandle in it."""
        import hashlib

        from dtlink.firmware.names import stable

        node, supplier = stable(self.subject), stable(self.supplier)
        key = "\0".join((self.rule, node, self.property_name or "", supplier))
        return hashlib.sha256(key.encode()).hexdigest()[:16]


class Tables(NamedTuple):
    """An example as ACPI tables, by the notation of :mod:`dtlink.testing.assemble`."""

    source: str
    finds: tuple[str, ...] = ()
    """Where a bad example must raise its rule: labels, or ``label:property``; ``IORT`` and the like
    for the table itself. Nowhere else."""
    kernel: str = ""
    """What the kernel holds, for rules that ask (see :mod:`dtlink.testing.sketch`)."""


class Dts(NamedTuple):
    """An example as DTS."""

    source: str
    finds: tuple[str, ...] = ()
    """Where a bad example must raise its rule, as ``path`` or ``path:property``; nowhere else."""
    patch: Mapping[str, bytes] = {}
    """Values, by ``path:property``, that dtlib would refuse in the source."""
    against: KernelVersion | None = None
    """The kernel version to compare with, for rules that do."""
    kernel: str = ""
    """What the kernel holds, for rules that ask (see :mod:`dtlink.testing.sketch`)."""
    schema: bool = False
    """Whether dtlink's own schemas are asked, for rules that tell what they say."""


#: The form of the examples for each kind of firmware.
EXAMPLES: Mapping[str, type[Dts | Tables]] = {"devicetree": Dts, "tables": Tables}


class Example(NamedTuple):
    """A pair of examples."""

    bad: Dts | Tables
    good: Dts | Tables


class Rule(NamedTuple):
    """One rule: its identity, its page, its examples and its check."""

    id: str
    severity: Severity
    """The severity of its findings, unless a finding says otherwise."""
    since: str
    """The dtlink version that brought it."""
    summary: str
    page: str
    examples: tuple[Example, ...]
    """One for each kind of firmware that the rule is about."""
    needs: tuple[str, ...]
    """Property names, and signatures of tables, of which the input must have one for the rule to
    have anything to say."""
    check: Check

    def example(self, kind: type[Dts | Tables]) -> Example | None:
        """The example for one kind of firmware; ``None``: the rule has nothing to say of it."""
        return next((each for each in self.examples if isinstance(each.bad, kind)), None)

    @property
    def family(self) -> str:
        """The first part of the id."""
        return self.id.partition("/")[0]

    def finding(
        self,
        where: Place,
        message: str,
        *,
        consequence: str,
        fix: str,
        property_name: str | None = None,
        related: Iterable[Node | Struct] = (),
        supplier: Node | Struct | None = None,
        severity: Severity | None = None,
        likely: bool = False,
    ) -> Finding:
        """A finding at a node, or at the entry of a property that a link or a failed entry names.

        ``where`` may also be a structure of a table: one that is an entry of its owner's array
        stands for that entry. ``severity`` is the rule's if it is not given; ``likely`` says that
        it rests on what is usual, and turns an error into a warning.
        """
        level = severity or self.severity
        if likely and level is Severity.ERROR:
            level = Severity.WARNING
        at = _spot(where, property_name)
        others = dict.fromkeys(
            other.path for other in (*related, *([supplier] if supplier else ()))
        )
        others.pop(at.subject, None)
        return Finding(
            self.id,
            level,
            Confidence.LIKELY if likely else Confidence.SURE,
            at.subject,
            at.property_name,
            at.index,
            message,
            consequence,
            fix,
            tuple(others),
            supplier.path if supplier else "",
            at.location,
            at.offset,
        )


class _Spot(NamedTuple):
    """Where a finding is."""

    subject: str
    property_name: str | None
    index: int | None  # type: ignore[assignment]  # as in Finding
    location: Location | None
    offset: int | None


def _spot(where: Place, property_name: str | None) -> _Spot:
    if isinstance(where, Node):
        location = where.tree.locations.get(where.path)
        return _Spot(where.path, property_name, None, location, where.offset(property_name))
    if isinstance(where, Link | Failure):
        location = where.node.tree.locations.get(where.node.path)
        return _Spot(where.node.path, where.property_name, where.index, location, where.offset)
    return _table_spot(where, property_name)


def _table_spot(where: Struct | AcpiLink, property_name: str | None) -> _Spot:
    from dtlink.firmware.acpi.layout import Struct

    if not isinstance(where, Struct):
        return _Spot(where.node.path, where.property_name, where.index, None, where.offset)
    offset = where.offset(property_name)
    if where.MEMBER and where.owner is not None:
        return _Spot(where.owner.path, where.MEMBER, where.entry, None, offset)
    return _Spot(where.path, property_name, None, None, offset)


def rule(
    module: str,
    page: str | None,
    *,
    severity: Severity,
    bad: Dts | Tables,
    good: Dts | Tables,
    tables: Example | None = None,
    since: str = "0.1",
    needs: tuple[str, ...] = (),
) -> Callable[[Check], Rule]:
    """Make the rule of a module; decorates its check. Call it with ``__name__`` and ``__doc__``.

    ``tables`` is a second pair of examples, for a rule that is about both kinds of firmware.
    """
    family, name = module.rpartition("dtlink.rules.")[2].split(".")
    summary, _, text = (page or "").strip().partition("\n")

    def make(check: Check) -> Rule:
        return Rule(
            f"{family}/{name.replace('_', '-')}",
            severity,
            since,
            summary,
            text.strip(),
            (Example(bad, good), *([tables] if tables else ())),
            needs,
            check,
        )

    return make
