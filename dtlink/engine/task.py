"""One input: read it, and do what the command does with it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial

from dtlink.digests import sha256
from dtlink.firmware.errors import InputError
from dtlink.firmware.inputs import Input
from dtlink.firmware.read import (
    STDIN,
    LoadedInput,
    decode,
    has_images,
    load_folder,
    load_image,
    load_input,
    loaded_data,
    member_data,
)
from dtlink.firmware.source.options import NO_OPTIONS, SourceOptions
from dtlink.firmware.storage import DISK, Disk
from dtlink.firmware.tree import Tree
from dtlink.records import NamedTuple
from dtlink.report.model import InputFault, InputReport, Refused
from dtlink.typed import TYPE_CHECKING, TypedDict
from dtlink.wording import listed

if TYPE_CHECKING:
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.git.commit import CommitFile
    from dtlink.report.answer import InputAnswer

_UNKNOWN_NAMESPACE = (
    "DSDT skipped: dtlink does not interpret AML, and iasl is missing or failed; names of devices "
    "are not compared with the namespace"
)


class _Named(TypedDict):
    """The fields of a report by which its input is known."""

    path: str
    member: str
    overlays: Sequence[str]
    variant: str


#: What a command about devicetrees says of tables.
ONLY_TREES = "ACPI tables: this command is about devicetrees"


class Task(NamedTuple):
    """What a command does with one input: it returns the fields of :class:`InputReport` it fills.

    Each must be a function of a module, or a partial of one, so that it can go to another process.
    ``None`` stands for a kind of input that the command says nothing of.
    """

    tree: Callable[[Tree], InputAnswer] | None = None
    tables: Callable[[Machine], InputAnswer] | None = None
    sources: SourceOptions = NO_OPTIONS
    """How devicetree source is read."""
    at: CommitFile | None = None
    """The file of a commit that is read in the place of the input's path."""
    source: str = ""
    """The source that a blob was made from, if the user named it."""
    storage: Disk = DISK
    """What the files are read from that a source is made of."""
    data: bytes | None = None
    """The bytes of the input, if they are given: nothing is read from its path."""
    paths: tuple[str, ...] = ()
    """Files and folders, besides the input, that the task may read."""
    finish: Callable[[InputReport], InputReport] | None = None
    """What is done with the report, where it was made."""
    prepare: Callable[[], object] | None = None
    """Imports what the task needs, before processes are forked that would each import it."""

    def do(self, firmware: Tree | Machine) -> InputAnswer:
        """Do it. Raises :class:`InputError` for an input of the other kind."""
        if isinstance(firmware, Tree):
            if self.tree is None:
                raise InputError("a devicetree: this command is about ACPI tables")
            return self.tree(firmware)
        if self.tables is None:
            raise InputError(ONLY_TREES)
        return self.tables(firmware)


def process(named: Input | str, task: Task, *, digest: bool) -> InputReport:
    """Read one input and do the task; what can't be read becomes a report that says so."""
    item = Input.of(named).with_overlays(task.sources.overlay)
    task.storage.start()
    try:
        loaded, firmware = _read(item, task)
        notes = _sourced(firmware, task) if task.source else ()
        told = task.do(firmware)
    except InputError as error:
        # It may be about another file: one of a folder's, or what the user named of a kernel.
        names = (item.path, str(item), task.at.path if task.at else "")
        return _failed(item, InputFault.of(error, *names))
    except MemoryError:
        return _failed(item, InputFault("not enough memory to read it"))
    except Exception as error:  # noqa: BLE001 - whatever it is, the other inputs are still done
        return _failed(item, InputFault(f"{type(error).__name__}: {error}", bug=True))
    sha256 = _sha256(loaded.data, firmware) if digest else ""
    report = report_of(item, firmware, told, sha256)
    report = report._replace(notes=(*report.notes, *notes)) if notes else report
    if asked := task.storage.asked():
        report = report._replace(asked=asked)
    return _with_container(report, loaded) if loaded.inside else report


def report_of(
    item: Input, firmware: Tree | Machine, answer: InputAnswer, sha256: str = ""
) -> InputReport:
    """The report of an input that was read: what it is, and what the command found."""
    nodes = len(firmware)
    report = InputReport(**_named(item), sha256=sha256, nodes=nodes, **answer)
    if not isinstance(firmware, Tree):
        return _with_tables(report, firmware)
    overlaid = firmware.overlaid
    base = overlaid.base if overlaid else firmware
    return report._replace(
        form="dts" if base.origins else "fdt-overlay" if base.is_overlay else "fdt",
        notes=(*report.notes, *overlaid.notes) if overlaid else report.notes,
        model=next(iter(firmware.root.strings("model")), ""),
        compatible=firmware.root.compatible,
    )


def _failed(item: Input, fault: InputFault) -> InputReport:
    return InputReport(**_named(item), error=fault)


def _named(item: Input) -> _Named:
    return {
        "path": item.path,
        "member": item.member,
        "overlays": item.overlays,
        "variant": item.variant,
    }


def _with_container(report: InputReport, loaded: LoadedInput) -> InputReport:
    """What the container says of a member, and what is wrong with the container."""
    refused = [
        Refused(str(Input(report.path, member)), problem.message, problem.offset)
        for member, problem in loaded.problems
    ]
    return report._replace(
        notes=(*report.notes, *loaded.notes, *loaded.passed),
        passed=(*report.passed, *loaded.passed),
        refused=(*report.refused, *refused),
        container=loaded.about,
        form=loaded.form or report.form,
        inside=True,
    )


def _read(item: Input, task: Task) -> tuple[LoadedInput, Tree | Machine]:
    """The bytes of a file or a member, none for a folder of tables, and what they say."""
    one = partial(_read_one, base=item.path, at=task.at, storage=task.storage, given=task.data)
    if not item.overlays:
        return one(item, task.sources)
    from dtlink.firmware.overlay.read import read_overlaid

    return read_overlaid(item, one, task.sources)


def _read_one(
    item: Input,
    sources: SourceOptions,
    base: str,
    at: CommitFile | None,
    storage: Disk,
    given: bytes | None,
) -> tuple[LoadedInput, Tree | Machine]:
    """The same of one file, here or in a commit; what that calls the base may be another path."""
    path = item.path
    if given is not None and path == base:
        loaded = member_data(item, given) if item.member else loaded_data(Input(""), given)
        return loaded, decode(loaded._replace(inside=True), str(item), sources)
    if at is not None:
        from dtlink.firmware.git.read import load_file

        file = at if path == base else at._replace(path=path)
        return load_file(file, sources, item.member)
    if path == STDIN or not os.path.isdir(path):  # noqa: PTH112 - paths stay as the user wrote them
        loaded = load_input(item)
        firmware = decode(loaded, str(item), sources, storage)
        if not loaded.inside and isinstance(firmware, Tree) and has_images(firmware):
            loaded = load_image(item, loaded.data)
            firmware = decode(loaded, str(item), sources)
        return loaded, firmware
    return load_folder(path)


def _sourced(firmware: Tree | Machine, task: Task) -> Sequence[str]:
    """Give a blob the source that the user named; what to note of it."""
    if not isinstance(firmware, Tree) or firmware.origins is not None:
        raise InputError(f"not a blob, of which {task.source} could be the source")
    from dtlink.firmware.blob_source import BlobSource

    firmware.source = source = BlobSource(firmware, task.source, task.sources, is_given=True)
    firmware.labels = {**source.labels, **firmware.labels}
    if not source.difference:
        return ()
    return [f"{task.source} makes another tree ({source.difference}): what differs has no line"]


def _with_tables(report: InputReport, machine: Machine) -> InputReport:
    """The fields of a report about tables: where they are from, and what could not be read."""
    notes = [_UNKNOWN_NAMESPACE] if machine.lacks_device_paths else []
    refused = [Refused(error.path, error.message, error.offset) for error in machine.refused]
    if not machine.tables and not refused:
        there = listed(machine.skipped, 8)
        refused = [Refused(report.path, f"no table that dtlink checks: there is {there}")]
    return report._replace(
        form=machine.form,
        model=machine.oem,
        notes=(*report.notes, *machine.repeated, *notes),
        refused=refused,
        tables=tuple(machine.tables),
        files=dict(machine.files),
    )


def _sha256(data: bytes, firmware: Tree | Machine) -> str:
    """The hash of a file; that of a folder's tables, by signature."""
    if not data and not isinstance(firmware, Tree):
        data = b"".join(firmware.tables[name].data for name in sorted(firmware.tables))
    return sha256(data)
