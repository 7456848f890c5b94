"""Boot Debian's kernels in QEMU with exactly the modules that ``dtlink modules`` lists.

From the top of the project, as root:

    python -m tools.boots run --system /srv/bookworm-arm64 --work /var/tmp/boots
    python -m tools.boots run --system /srv/bookworm-armhf --work /var/tmp/boots --each sabrelite-sd

Nothing is downloaded: tools/README.md says how a system is made. Exit status: 0 every list boots,
no empty list does, no module is superfluous; 1 otherwise; 2 something was skipped.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from tools.boots.images import MAKERS, ImageError
from tools.boots.listing import ListingError
from tools.boots.machines import MACHINES
from tools.boots.report import details, summary, word
from tools.boots.systems import System
from tools.boots.trial import Bench, Trial, needed_programs, try_machine


@click.group(help=__doc__)
def main() -> None:
    """Hold the commands."""


@main.command(name="list", help="List the machines.")
def list_() -> None:
    """Print name, architecture, root device and QEMU machine of each."""
    for each in MACHINES:
        click.echo(f"{each.name:20} {each.architecture:6} {each.root:15} {each.qemu[2]}")


@main.command(help="Boot machines (default: all that a system has the architecture of).")
@click.argument("machines", nargs=-1, type=click.Choice([each.name for each in MACHINES]))
@click.option("--system", "systems", multiple=True, required=True, type=click.Path())
@click.option("--work", required=True, type=click.Path(file_okay=False))
@click.option("--each", is_flag=True, help="Boot without each module in turn, too.")
@click.option("--by", "form", type=click.Choice(sorted(MAKERS)), default="initramfs-tools")
@click.option(
    "--also", multiple=True, help="Add a module to the whole list, to find what it lacks."
)
@click.option("--jobs", type=click.IntRange(1), default=2, help="Boots at the same time.")
def run(
    machines: tuple[str, ...],
    systems: tuple[str, ...],
    work: str,
    each: bool,  # noqa: FBT001 - click calls it by name
    form: str,
    also: tuple[str, ...],
    jobs: int,
) -> None:
    """Print the tables; what is going on goes to standard error."""
    benches = list(_benches(machines, systems, Path(work).resolve(), form))
    more = "".join(f"{name}\n" for name in also)
    trials = [trial for bench in benches for trial in _try(bench, more, each=each, jobs=jobs)]
    for line in (*summary(trials), "", *(details(trials) if each else ())):
        click.echo(line)
    if len(trials) < len(benches) or not benches:
        sys.exit(2)
    sys.exit(not all(trial.is_right for trial in trials))


def _benches(
    names: tuple[str, ...], systems: tuple[str, ...], work: Path, form: str
) -> Iterator[Bench]:
    for folder in systems:
        system = System(Path(folder).resolve())
        missing = list(system.lacks(form)) or list(system.lacks_here())
        for line in missing:
            click.echo(f"skipped: {line}", err=True)
        for machine in MACHINES if not missing else ():
            if machine.architecture == system.architecture and machine.name in (
                names or [machine.name]
            ):
                yield Bench(machine, system, work / f"{system.release}-{machine.name}-{form}", form)


def _try(bench: Bench, also: str, *, each: bool, jobs: int) -> Iterator[Trial]:
    machine = bench.machine
    missing = list(needed_programs(machine))
    if missing:
        click.echo(f"{machine.name}: skipped: {'; '.join(missing)}", err=True)
        return
    try:
        trial = try_machine(bench, each=each, jobs=jobs, also=also)
    except (ImageError, ListingError) as error:
        click.echo(f"{machine.name}: {error}", err=True)
        return
    click.echo(
        f"{machine.name}, {trial.release}: {word(trial.whole)}: {trial.whole.last}", err=True
    )
    click.echo(f"  modules: {' '.join(row.module for row in trial.listing.rows)}", err=True)
    for note in trial.listing.notes.splitlines():
        click.echo(f"  {note}", err=True)
    yield trial


if __name__ == "__main__":
    main()
