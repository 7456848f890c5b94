"""``dtlink drivers``: the driver of each device in one kernel."""

from __future__ import annotations

from collections.abc import Iterator

import click

from dtlink.cli.options import board_settings, need_kernel, options
from dtlink.cli.several import Answers, Boards
from dtlink.cli.single import Printing, tree_task, version_of
from dtlink.facts.outcomes import State
from dtlink.report.layout import BOLD, Span, line
from dtlink.report.model import Report
from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dtlink.facts.kernels import KernelVersion
    from dtlink.report.layout import Line
    from dtlink.report.model import InputReport
    from dtlink.views.drivers import DriversView

_STATES = [state.value.replace(" ", "-") for state in State if "'" not in state.value]


@click.command(help="Show which driver each device has in one kernel.")
@options("paths", "kernel", "initramfs", "kernel_index", "kernel_version_or_own")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(_STATES),
    help="Only devices in this state.",
)
@options("sources", "overlay", "inputs", "format", "output", "color")
def drivers(
    paths: tuple[str, ...],
    kernel: str,
    initramfs: str,
    kernel_index: str,
    kernel_version: KernelVersion | None,
    states: tuple[str, ...],
    form: str,
    output: str | None,
    color: str,
    **sources: Any,
) -> None:
    """Match every device with what the kernel has: built in, as a module, or not at all."""
    from dtlink.views.drivers import DriversView

    settings = board_settings(
        kernel_version=kernel_version,
        kernel=kernel,
        initramfs=initramfs,
        kernel_index=kernel_index,
        **sources,
    )
    need_kernel(settings)
    wanted = frozenset(state.replace("-", " ") for state in states)

    boards = Boards.of(paths)
    are_several = len(boards.inputs) + len(boards.unread) > 1

    def text(item: InputReport, view: DriversView) -> Iterator[Line]:
        if are_several:
            yield line(Span(item.name, BOLD))
        yield from view.text(wanted)

    answers = Answers.of(boards, tree_task(DriversView.of, settings), DriversView, text, form)
    report = Report("drivers", answers.reports, version_of(settings))
    answers.finish(report, boards, Printing(form, output, color))
