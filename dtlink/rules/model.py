"""What a rule is, and what it yields."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from dtlink.firmware.tree import Node

if TYPE_CHECKING:
    from dtlink.firmware.tree import Location
    from dtlink.links.reference import Failure, Link
    from dtlink.rules.board import Board

    Check = Callable[[Board], Iterator["Finding"]]


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
        import hashlib  # noqa: PLC0415 - only archives ask for it

        key = "\0".join((self.rule, self.subject, self.property_name or "", self.supplier))
        return hashlib.sha256(key.encode()).hexdigest()[:16]


class Dts(NamedTuple):
    """An example as DTS."""

    source: str
    finds: tuple[str, ...] = ()
    """Where a bad example must raise its rule, as ``path`` or ``path:property``; nowhere else."""
    patch: Mapping[str, bytes] = {}
    """Values, by ``path:property``, that dtlib would refuse in the source."""
    against: tuple[int, int] | None = None
    """The kernel version to compare with, for rules that do."""


class Rule(NamedTuple):
    """One rule: its identity, its page, its examples and its check."""

    id: str
    severity: Severity
    """The severity of its findings, unless a finding says otherwise."""
    since: str
    """The dtlink version that brought it."""
    summary: str
    page: str
    bad: Dts
    good: Dts
    needs: tuple[str, ...]
    """Property names of which a tree must have one for the rule to have anything to say."""
    check: Check

    @property
    def family(self) -> str:
        """The first part of the id."""
        return self.id.partition("/")[0]

    def finding(
        self,
        where: Node | Link | Failure,
        message: str,
        *,
        consequence: str,
        fix: str,
        property_name: str | None = None,
        related: Iterable[Node] = (),
        supplier: Node | None = None,
        severity: Severity | None = None,
        likely: bool = False,
    ) -> Finding:
        """A finding at a node, or at the entry of a property that a link or a failed entry names.

        ``severity`` is the rule's if it is not given; ``likely`` says that it rests on what is
        usual, and turns an error into a warning.
        """
        level = severity or self.severity
        if likely and level is Severity.ERROR:
            level = Severity.WARNING
        node, index = where if isinstance(where, Node) else where.node, None
        if not isinstance(where, Node):
            property_name, index = where.property_name, where.index
        others = dict.fromkeys(
            other.path for other in (*related, *([supplier] if supplier else ()))
        )
        others.pop(node.path, None)
        return Finding(
            self.id,
            level,
            Confidence.LIKELY if likely else Confidence.SURE,
            node.path,
            property_name,
            index,
            message,
            consequence,
            fix,
            tuple(others),
            supplier.path if supplier else "",
            node.tree.locations.get(node.path),
            node.offset(property_name) if isinstance(where, Node) else where.offset,
        )


def rule(
    module: str,
    page: str | None,
    *,
    severity: Severity,
    bad: Dts,
    good: Dts,
    since: str = "0.1",
    needs: tuple[str, ...] = (),
) -> Callable[[Check], Rule]:
    """Make the rule of a module; decorates its check. Call it with ``__name__`` and ``__doc__``."""
    family, name = module.rpartition("dtlink.rules.")[2].split(".")
    summary, _, text = (page or "").strip().partition("\n")

    def make(check: Check) -> Rule:
        return Rule(
            f"{family}/{name.replace('_', '-')}",
            severity,
            since,
            summary,
            text.strip(),
            bad,
            good,
            needs,
            check,
        )

    return make
