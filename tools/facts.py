"""What dtlink ships of a kernel's source, made from it; and supplier tables compared.

From the top of the project:

    python -m tools.facts make /usr/src/linux-6.12
    python -m tools.facts names /usr/src/linux-7.2
    python -m tools.facts limits /usr/src/linux-6.12 /usr/src/linux-7.2
    python -m tools.facts suppliers /usr/src/linux-6.1 /usr/src/linux-6.12
    python -m tools.facts cited /usr/src/linux-6.12 /usr/src/linux-5.10
    python -m tools.facts messages /usr/src/linux-6.12 /usr/src/linux-7.2

Nothing of the source is executed.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dtlink.facts.kernels import KNOWN, KernelVersion
from dtlink.facts.shipped import SOURCES
from dtlink.firmware.errors import InputError
from dtlink.kernel.source.files import read_source
from dtlink.kernel.source.index import SourceIndex
from dtlink.kernel.source.write import kernel_release, make_index, pack_several
from tools.citations import citations, unfounded
from tools.early import as_text, early_tables
from tools.index_limits import index_limits
from tools.known_providers import known_providers
from tools.messages import reworded
from tools.regulator_names import regulator_names
from tools.suppliers import FILE, SupplierTable, differences, known_table, read_table
from tools.supply_names import supply_names
from tools.tried_once import tried_once

_DATA = Path(__file__).parents[1] / "dtlink" / "facts" / "data"


@click.group(help=__doc__)
def main() -> None:
    """Hold the commands."""


@main.command(help="Make the data files of one kernel, and compare its supplier table.")
@click.argument("source", type=click.Path(exists=True, file_okay=False))
@click.option("--into", type=click.Path(exists=True, file_okay=False), default=str(_DATA))
def make(source: str, into: str) -> None:
    """Write early-VERSION.txt and the version's part of source-indexes."""
    version = _version(source)
    early = as_text(early_tables(Path(source))).encode("ascii")
    _write(Path(into) / f"early-{version}.txt", early)
    indexes = Path(into) / Path(SOURCES).name
    _write(indexes, _with_index(indexes, source))
    if version not in KNOWN:
        click.echo(f"{version} is not known yet: add it to KNOWN in dtlink/facts/kernels.py")
    _compare(known_table(version), _table(source), f"dtlink's rows for {version}", source)


@main.command(help="Make the list of names of supplies and GPIOs, of one source's bindings.")
@click.argument("source", type=click.Path(exists=True, file_okay=False))
@click.option("--into", type=click.Path(exists=True, file_okay=False), default=str(_DATA))
def names(source: str, into: str) -> None:
    """Write supply-names.txt: of these bindings, and of the drivers in the shipped indexes."""
    text = supply_names(Path(source), SourceIndex.every(SOURCES))
    _write(Path(into) / "supply-names.txt", text.encode("ascii"))


@main.command(help="Make the list of known providers, of the shipped indexes.")
@click.option("--into", type=click.Path(exists=True, file_okay=False), default=str(_DATA))
def providers(into: str) -> None:
    """Write known-providers.txt."""
    text = known_providers(SourceIndex.every(SOURCES))
    _write(Path(into) / "known-providers.txt", text.encode("ascii"))


@main.command(help="Make the list of the highest indexes of clocks, resets and power domains.")
@click.argument("source", type=click.Path(exists=True, file_okay=False), nargs=-1, required=True)
@click.option("--into", type=click.Path(exists=True, file_okay=False), default=str(_DATA))
def limits(source: tuple[str, ...], into: str) -> None:
    """Write index-limits.txt, of the headers of all these sources."""
    text = index_limits(map(Path, source))
    _write(Path(into) / "index-limits.txt", text.encode("ascii"))


@main.command(help="Make the list of the names that drivers give the regulators of PMICs.")
@click.argument("source", type=click.Path(exists=True, file_okay=False), nargs=-1, required=True)
@click.option("--into", type=click.Path(exists=True, file_okay=False), default=str(_DATA))
def regulators(source: tuple[str, ...], into: str) -> None:
    """Write regulator-names.txt, of all these sources."""
    text = regulator_names(map(Path, source))
    _write(Path(into) / "regulator-names.txt", text.encode("ascii"))


@main.command(help="Make the list of devices whose drivers are tried once.")
@click.argument("source", type=click.Path(exists=True, file_okay=False), nargs=-1, required=True)
@click.option("--into", type=click.Path(exists=True, file_okay=False), default=str(_DATA))
def once(source: tuple[str, ...], into: str) -> None:
    """Write tried-once.txt, of all these sources."""
    _write(Path(into) / "tried-once.txt", tried_once(map(Path, source)).encode("ascii"))


@main.command(help="Compare a supplier table with dtlink's rows, or those of two sources.")
@click.argument("old", type=click.Path(exists=True, file_okay=False))
@click.argument("new", type=click.Path(exists=True, file_okay=False), required=False)
def suppliers(old: str, new: str | None) -> None:
    """Exit with 1 where there is a difference."""
    if new is None:
        version = _version(old)
        rows = known_table(version)
        sys.exit(_compare(rows, _table(old), f"dtlink's rows for {version}", old))
    sys.exit(_compare(_table(old), _table(new), old, new))


@main.command(help="Look up the kernel files and functions that dtlink cites, in these sources.")
@click.argument("source", type=click.Path(exists=True, file_okay=False), nargs=-1, required=True)
def cited(source: tuple[str, ...]) -> None:
    """Exit with 1 where a citation is not borne out by any of the sources."""
    files = sorted(_DATA.parents[1].rglob("*.py"))
    root = _DATA.parents[2]
    found = [
        each
        for path in files
        for each in citations(str(path.relative_to(root)), path.read_text("utf-8"))
    ]
    wrong = list(unfounded(found, [Path(each) for each in source]))
    for each in wrong:
        click.echo(each)
    click.echo(f"{len(found)} citations, {len(wrong)} not found")
    sys.exit(bool(wrong))


@main.command(help="Compare the messages of these sources with the rows for lines of a log.")
@click.argument("source", type=click.Path(exists=True, file_okay=False), nargs=-1, required=True)
def messages(source: tuple[str, ...]) -> None:
    """Exit with 1 where a source has no message that a row says it has."""
    wrong = 0
    for each in source:
        version = _version(each)
        found = reworded(Path(each), version)
        click.echo(f"{version}: {len(found)} rows without a message")
        for row in found:
            click.echo(f"  {row}")
        wrong += len(found)
    sys.exit(bool(wrong))


def _with_index(path: Path, source: str) -> bytes:
    """The file's indexes, with that of a source; an older one of the same version is replaced."""
    had = SourceIndex.every(str(path)) if path.exists() else []
    return pack_several([*had, SourceIndex.parse(make_index(source), source)])


def _write(path: Path, data: bytes) -> None:
    had = path.read_bytes() if path.exists() else None
    path.write_bytes(data)
    state = "new" if had is None else "unchanged" if had == data else "changed"
    click.echo(f"{path}: {len(data):,} bytes, {state}")


def _version(source: str) -> KernelVersion:
    try:
        return KernelVersion.parse(kernel_release(source))
    except (InputError, ValueError) as error:
        raise click.UsageError(str(error)) from error


def _table(source: str) -> SupplierTable:
    table = read_table(read_source(Path(source), FILE) or "")
    if not table:
        raise click.UsageError(f"{source}: no supplier table in {FILE}")
    return table


def _compare(old: SupplierTable, new: SupplierTable, old_name: str, new_name: str) -> int:
    lines = list(differences(old, new))
    click.echo(f"{len(new)} properties in {new_name}, {len(lines)} differences from {old_name}")
    for line in lines:
        click.echo(f"  {line}")
    return int(bool(lines))


if __name__ == "__main__":
    main()
