"""The edits of fixes as edits of the source of a board."""

from __future__ import annotations

from collections import Counter

from dtlink.firmware.edits import DeleteProperty, SetField, SetProperty, TreeEdit
from dtlink.firmware.text_edits import Written
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.tree import Tree
    from dtlink.report.answer import InputAnswer
    from dtlink.rules.model import Finding

_NO_SOURCE = Written(refused="there is no source: --overlay-out, --blob-out or --in-place")


class ExpectedTree(NamedTuple):
    """The tree that a changed source is to make."""

    blob: bytes
    """What it made before."""
    edits: tuple[TreeEdit, ...]


def with_written(tree: Tree, answer: InputAnswer, expected: ExpectedTree | None) -> None:
    """Give each finding whose fix has edits those of the source, or why there are none."""
    if expected is not None:
        differs = _lost_reference if tree.is_overlay else _difference
        answer["differs"] = differs(tree, expected)
    answer["findings"] = [_written(tree, each) for each in answer.get("findings", ())]


def _written(tree: Tree, finding: Finding) -> Finding:
    edits = [each for each in finding.fix.edits if not isinstance(each, SetField)]
    if not edits:
        return finding
    origins = tree.overlaid or tree.origins or tree.source
    return finding._replace(written=origins.rewritten(edits) if origins else _NO_SOURCE)


def _lost_reference(tree: Tree, expected: ExpectedTree) -> str:
    """The reference to a node of the base that an overlay no longer has, if there is one.

    In its blob all of them are the same number: ``__fixups__`` says what each is.
    """
    from dtlink.firmware import fdt

    edits = expected.edits
    set_in = {each.node.path for each in edits if isinstance(each, SetProperty)}
    deleted = {each.node.path for each in edits if isinstance(each, DeleteProperty)} - set_in
    lost = _of_base(fdt.read(expected.blob)) - _of_base(tree)
    kept = ((path, label) for path, label in lost if path not in deleted)
    return next((f"{path}: the reference to &{label}" for path, label in kept), "")


def _of_base(tree: Tree) -> Counter[tuple[str, str]]:
    table = tree.by_path.get("/__fixups__")
    return Counter(
        (entry.partition(":")[0], label)
        for label in (table.properties if table else ())
        for entry in (table.strings(label) if table else ())
    )


def _difference(tree: Tree, expected: ExpectedTree) -> str:
    from dtlink.firmware import fdt
    from dtlink.firmware.apply import apply
    from dtlink.firmware.blob_source import difference
    from dtlink.firmware.source.read import SourcePlaces

    if not isinstance(tree.origins, SourcePlaces):
        return ""
    return difference(apply(fdt.read(expected.blob), expected.edits), tree, tree.origins)
