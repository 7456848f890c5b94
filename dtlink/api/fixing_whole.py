"""Fixes of blobs and tables, and the files that they are written to: those that the user named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from dtlink.api.fix_outputs import FixOutputs
from dtlink.engine.fixing import WantedFixes, WholeOutcome, changed, fix_whole, unsafe_fixes
from dtlink.firmware.edits import SetField
from dtlink.firmware.errors import InputError
from dtlink.firmware.read import load, read, read_tree
from dtlink.firmware.tree import Tree
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import counted

if TYPE_CHECKING:
    from dtlink.config.plan import LintPlan
    from dtlink.engine.fixing.whole import Firmware
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.edits import Edit
    from dtlink.firmware.inputs import Input
    from dtlink.report.model import InputReport

#: Takes out of reports what a baseline accepts.
Compare = Callable[[Iterable["InputReport"]], Iterable["InputReport"]]


def fix_input(
    plan: LintPlan, item: Input, wanted: WantedFixes, outputs: FixOutputs, compare: Compare
) -> WholeOutcome:
    """Fix a copy of a blob, or of tables. Raises :class:`InputError`."""
    sources = plan.settings(item).board.sources
    firmware = read(str(item), sources=sources)
    _check(item, firmware, outputs)

    def lint(made: Firmware) -> InputReport:
        return next(iter(compare([plan.report_of(item, made)])))

    return fix_whole(lint, _overlaid if outputs.overlay else changed, firmware, wanted)


def _check(item: Input, firmware: Firmware, outputs: FixOutputs) -> None:
    """Raise :class:`InputError` for an input that such outputs are not made of."""
    name = str(item)
    if isinstance(firmware, Tree):
        if firmware.origins is not None or item.overlays:
            raise InputError(
                "this is source: use --fix without an output for blobs or tables", path=name
            )
        if outputs.tables or outputs.override:
            raise InputError(
                "this is a devicetree: use --overlay-out, --blob-out or --in-place", path=name
            )
        if outputs.in_place and item.member:
            raise InputError("a member of a container is not written in place", path=name)
        if outputs.in_place and not _is_plain(load(item.path), firmware.blob):
            raise InputError("not a plain blob, such as a compressed one: --blob-out", path=name)
    elif outputs.in_place or outputs.blob or outputs.overlay:
        raise InputError(
            "these are ACPI tables: use --tables-out or --acpi-override-out", path=name
        )


def _is_plain(data: bytes, blob: bytes) -> bool:
    """Whether a file has a blob and nothing else but padding."""
    return data.startswith(blob[:8]) and not data[len(blob) :].strip(b"\0")


def _overlaid(firmware: Firmware, edits: Sequence[Edit]) -> Firmware:
    from dtlink.firmware.edit_overlay import with_overlay

    if not isinstance(firmware, Tree):
        raise InputError("ACPI tables have no overlays")
    return with_overlay(firmware, [each for each in edits if not isinstance(each, SetField)])


def files_of(item: Input, outcome: WholeOutcome, outputs: FixOutputs) -> Mapping[str, bytes]:
    """What is to be written, by path; nothing where nothing was fixed.

    Raises :class:`InputError` for tables that Linux would not replace.
    """
    if not outcome.fixed:
        return {}
    if isinstance(outcome.firmware, Tree):
        return dict(_of_tree(item, outcome.firmware, outcome.edits, outputs))
    return dict(_of_tables(outcome.firmware, outcome.edits, outputs))


def _of_tree(
    item: Input, made: Tree, edits: Sequence[Edit], outputs: FixOutputs
) -> Iterator[tuple[str, bytes]]:
    if outputs.in_place:
        yield item.path, made.blob
    if outputs.blob:
        yield outputs.blob, made.blob
    if outputs.overlay:
        from dtlink.firmware import dts
        from dtlink.firmware.edit_overlay import overlay_source

        base = read_tree(str(item))
        of_tree = [each for each in edits if not isinstance(each, SetField)]
        source = overlay_source(base, of_tree)
        yield outputs.overlay, source.encode()
        yield outputs.overlay_blob, dts.read_text(source, outputs.overlay).blob


def _of_tables(
    made: Machine, edits: Sequence[Edit], outputs: FixOutputs
) -> Iterator[tuple[str, bytes]]:
    words = sorted({each.table for each in edits if isinstance(each, SetField)})
    tables = {word: made.tables[word].data for word in words}
    if outputs.tables:
        for word, data in tables.items():
            yield str(Path(outputs.tables, f"{word}.dat")), data
    if outputs.override:
        from dtlink.firmware.acpi.override import override_image

        try:
            yield outputs.override, override_image(tables)
        except ValueError as error:
            raise InputError(str(error)) from error


def told(
    item: Input, outcome: WholeOutcome, files: Iterable[str], outputs: FixOutputs
) -> Iterator[str]:
    """What became of the fixes of an input, in a few lines."""
    if outcome.fixed:
        yield f"{item}: {counted(len(outcome.fixed), 'finding')} fixed: {', '.join(files)}"
    elif outputs.needs_one_input:
        yield f"{item}: no finding fixed, nothing is written"
    for each in outcome.left:
        what = "taken back, a fault of dtlink: please report it" if each.is_fault else "not fixed"
        where = each.finding.subject.path
        yield f"{item}: {where}: {each.finding.rule}: {what}: {each.reason}"
    if outcome.unsafe:
        yield f"{item}: {unsafe_fixes(outcome.unsafe)}"
