"""Whether fixes did what they say: their findings are gone, and no other came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from dtlink.enums import Enum
from dtlink.firmware.edits import DeleteProperty, SetProperty
from dtlink.firmware.names import SubjectKind
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.report.model import InputReport
    from dtlink.rules.model import Finding

    _Key = tuple[str, str, str, str]

#: Rules about what references lead to: a fix that makes the kernel follow some may show more.
_OF_LINKS, _OF_NAMES = ("cycle/", "supplier/"), "supplier/misspelt-name"
#: About the numbers of phandles, which dtc counts anew where a fix references another node.
_OF_NUMBERS = "iommu/map-strict"
#: About bytes of lists that are no cells.
_OF_BYTES = "phandle/leftover-cells"
#: Rules about whether lists can be read, which a number of cells decides.
_OF_LISTS = frozenset(
    (
        "phandle/dangling",
        "phandle/interrupt-map",
        "phandle/leftover-cells",
        "phandle/missing-cells",
        "phandle/truncated-specifier",
        "phandle/wrong-cells",
    )
)


class Kind(Enum):
    """What a problem means for the fix."""

    FAULT = "it did not do what it says: a fault of dtlink"
    CONSEQUENCE = "it did, and the board then has another fault, which it hid"
    LESS = "it did, and what it hid weighs less than what was wrong"


class Problem(NamedTuple):
    """Why a fix is taken back."""

    reason: str
    kind: Kind = Kind.FAULT


def problem(before: InputReport, after: InputReport, mine: Sequence[Finding]) -> Problem | None:
    """What is wrong with fixes, on a board: the worst."""
    if before.error is not None:
        return None
    if after.error is not None:
        return Problem(f"the source is no longer read: {after.error.message}")
    if after.faults:
        return Problem(f"{after.faults[0].rule}: {after.faults[0].error}")
    found = [*_left(before, after, mine), *_new(before, after, mine)]
    return min(found, key=lambda each: list(Kind).index(each.kind), default=None)


def suspected(
    before: InputReport, after: InputReport, mine: Sequence[Finding]
) -> tuple[Sequence[Finding], Sequence[Finding]]:
    """Fixes that do not prove right together: those that nothing points at, and the others.

    A finding that is still there points at its fix, a new one at the fixes of its nodes.
    """
    had, has = _counts(before.findings), _counts(after.findings)
    more, missing = has - had, had - has
    new = [each for each in after.findings if more[_key(each)]]
    places = {path for each in new for path in (each.subject.path, each.supplier, *each.related)}
    others: list[Finding] = []
    those: list[Finding] = []
    for each in mine:
        is_left = not missing[_key(each)]
        (those if is_left or each.subject.path in places else others).append(each)
    return others, those


def _left(before: InputReport, after: InputReport, mine: Sequence[Finding]) -> Iterator[Problem]:
    had, has = _counts(before.findings), _counts(after.findings)
    for key, number in _counts(mine).items():
        # What was accepted before may have taken one of several away already.
        if had[key] - has[key] < min(number, had[key]):
            yield Problem(f"{key[0]} is still found at {key[1]}")


def _new(before: InputReport, after: InputReport, mine: Sequence[Finding]) -> Iterator[Problem]:
    more = _counts(after.findings) - _counts(before.findings)
    shown = _Shown(mine)
    for each in after.findings:
        key = _key(each)
        if more[key] > 0 and each.rule != _OF_NUMBERS:
            more[key] -= 1
            reason = f"{each.rule} is found at {each.subject.path} afterwards"
            yield Problem(reason, shown.kind(each))


class _Shown:
    """What fixes may show that was hidden before."""

    def __init__(self, mine: Sequence[Finding]) -> None:
        edits = [edit for each in mine for edit in each.fix.edits]
        sets = [edit for edit in edits if isinstance(edit, SetProperty)]
        self._enabled = tuple(f"{each.node.path}/" for each in sets if each.name == "status")
        self._with_cells = {each.node.path for each in sets if each.name.endswith("-cells")}
        self._reveals = any(each.fix.reveals for each in mine)
        deleted = {each.node.path for each in edits if isinstance(each, DeleteProperty)}
        self._renamed = {(e.node.path, e.name) for e in sets if e.node.path in deleted}
        self._worst = min((each.severity.rank for each in mine), default=0)

    def kind(self, new: Finding) -> Kind:
        """What a finding means that was not there before."""
        if not self._is_hidden(new):
            # The list was not read before; that its bytes are no cells has nothing to do with it.
            return Kind.CONSEQUENCE if self._is_other_list(new) else Kind.FAULT
        return Kind.LESS if new.severity.rank > self._worst else Kind.CONSEQUENCE

    def _is_hidden(self, new: Finding) -> bool:
        """Whether it is about links, or about what was disabled, or not read, before."""
        if self._reveals or (new.rule.startswith(_OF_LINKS) and new.rule != _OF_NAMES):
            return True
        if (new.subject.path, new.property_name) in self._renamed and new.rule != _OF_NAMES:
            return True
        paths = (new.subject.path, new.supplier, *new.related)
        if any(f"{path}/".startswith(self._enabled) for path in paths):
            return True
        return self._is_elsewhere(new) and new.rule not in _OF_LISTS

    def _is_other_list(self, new: Finding) -> bool:
        return self._is_elsewhere(new) and new.rule == _OF_BYTES

    def _is_elsewhere(self, new: Finding) -> bool:
        """Whether it is about another node than those that get a number of cells."""
        return bool(self._with_cells) and new.subject.path not in self._with_cells


def _key(each: Finding) -> _Key:
    is_structure = each.subject.kind is SubjectKind.STRUCTURE
    place, supplier = each.subject.path, each.supplier
    if is_structure:
        # The offset identifies it; what names it, such as an address, may be what is set.
        place, supplier = (path.partition(" (")[0] for path in (place, supplier))
    return each.rule, place, each.property_name or "", supplier


def _counts(findings: Sequence[Finding]) -> Counter[_Key]:
    return Counter(map(_key, findings))
