"""``dtlink lint`` as click knows it: its options, for all command lines that are not plain."""

from __future__ import annotations

import click

from dtlink.cli.caching import cached
from dtlink.cli.fix_options import FIX_OPTIONS
from dtlink.cli.given import named
from dtlink.cli.lint import run
from dtlink.cli.options import both, formats, options, plain
from dtlink.config.model import FIELDS
from dtlink.typed import Any


@click.command(help="Lint files and folders (- is standard input).")
@options("paths_or_none")
@formats()
@options("select", "ignore")
@plain("expect", "fail_on", "show", "quiet", "verbose", "statistics")
@click.option(
    "--since",
    metavar="REF",
    help="Report only what the change since this commit brings, for the inputs it reaches: of "
    "PATH, or of the whole repository.",
)
@plain("baseline")
@click.option("--write-baseline", is_flag=True, help="Write the current findings to the baseline.")
@click.option("--prune-baseline", is_flag=True, help="Remove fixed findings from the baseline.")
@options(
    "kernel_version_or_own", "cmdline", "against", "kernel", "initramfs", "kernel_index", "root"
)
@options("root_after", "lspci", "iomem")
@click.option(
    "--bases",
    multiple=True,
    metavar="PATH",
    help="Devicetrees, or folders of them, on which each overlay is tried.",
)
@click.option("--schema/--no-schema", help="Also run dtschema's validator.")
@click.option(
    "--schema-dir",
    multiple=True,
    metavar="PATH",
    help="Additional schemas: a folder of bindings, or a processed schema file.",
)
@plain("allow_empty")
@click.option(
    "--live",
    is_flag=True,
    help="Lint the machine that this runs on: its devicetree or ACPI tables, with its kernel, "
    "initramfs, command line, PCI functions and memory map.",
)
@plain("strict")
@click.option(
    "--source",
    metavar="FILE.dts",
    help="Source that the blob was made from: findings have its lines.  "
    "[default: the .dts beside the blob, if it makes the same tree]",
)
@both(*FIX_OPTIONS)
@options("sources", "overlay", "inputs", "search", "config", "jobs")
@click.option(
    "--executor",
    metavar="ADDRESS",
    default="",
    help="Lint on the workers of a scheduler of dask, which read the files: dask://HOST:PORT.",
)
@plain("no_cache", "cache_dir")
@options("color")
@click.pass_context
def lint(
    context: click.Context, /, *, executor: str, no_cache: bool, cache_dir: str, **values: Any
) -> None:
    """Lint with what the user named of the settings, and with the other options."""
    others = {name: value for name, value in values.items() if name not in FIELDS}
    with cached(no_cache=no_cache, cache_dir=cache_dir):
        if not executor:
            run(named(context), **others)
        from dtlink.cli.executor import opened

        with opened(executor) as workers:
            run(named(context), **{**others, "jobs": workers})
