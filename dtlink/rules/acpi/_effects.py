"""Effects as rows, and how structures are listed in messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from dtlink import wording
from dtlink.facts.behaviours import Behaviour
from dtlink.facts.kernels import KernelVersion
from dtlink.firmware.acpi.layout import Struct
from dtlink.firmware.acpi.table import FrameFault, FrameFaultKind, TableHeader
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from dtlink.rules.model import Severity

CaseT = TypeVar("CaseT")

#: How many structures a message names, and how many a finding lists.
NAMED = 3
MOST_RELATED = 32


class Effect(NamedTuple, Generic[CaseT]):
    """What comes of a fault, in the cases in which ``when`` holds: the first row that fits."""

    text: str | Callable[[CaseT], str]
    """Empty where another rule reports the case."""
    when: Callable[[CaseT], bool] | None = None
    severity: Severity | None = None
    """The rule's if it is not given."""
    source: str = ""
    """Where Linux does so: file and function."""
    given: Behaviour[bool] | None = None
    """Only on kernels that have it."""
    lacking: Behaviour[bool] | None = None
    """Only on kernels that do not have it."""

    def of(self, case: CaseT) -> str:
        """The text for a case."""
        return self.text if isinstance(self.text, str) else self.text(case)

    def fits(self, case: CaseT, version: KernelVersion) -> bool:
        """Whether the row is about a case on a kernel version."""
        is_here = self.given is None or self.given.on(version)
        is_here = is_here and not (self.lacking and self.lacking.on(version))
        return is_here and (self.when is None or self.when(case))


def effect_of(
    rows: Iterable[Effect[CaseT]], case: CaseT, version: KernelVersion, default: Effect[CaseT]
) -> Effect[CaseT]:
    """The first row that fits a case on a kernel version."""
    return next((row for row in rows if row.fits(case, version)), default)


def fault(
    *kinds: FrameFaultKind,
    what: str = "",
    on: type[Struct] | tuple[type[Struct], ...] = Struct,
    when: Callable[[FrameFault], bool] | None = None,
) -> Callable[[FrameFault], bool]:
    """Make a condition on faults: of these kinds, of this noun, at these structures."""

    def holds(case: FrameFault) -> bool:
        fits = (not kinds or case.kind in kinds) and (not what or case.what == what)
        return fits and isinstance(case.where, on) and (when is None or when(case))

    return holds


def table_of(where: Struct) -> Struct:
    """The table that a structure is in."""
    while where.owner is not None:
        where = where.owner
    return where


def place(where: Struct) -> str:
    """A structure as messages name it: an entry by its owner."""
    if where.MEMBER and where.owner is not None:
        return f"{where.MEMBER}[{where.entry}] of {where.owner.name}"
    return "the header" if isinstance(where, TableHeader) else where.name


def listed(words: Sequence[str], shown: int = NAMED) -> str:
    """The first few words, and how many more there are."""
    return wording.listed(words, shown)
