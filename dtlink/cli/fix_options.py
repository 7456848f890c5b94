"""The options of ``dtlink lint --fix`` and ``--diff``."""

from __future__ import annotations

import click

#: In the order of the help.
FIX_OPTIONS = (
    click.option("--fix", is_flag=True, help="Write the fixes into the source."),
    click.option("--diff", is_flag=True, help="Print the fixes as a patch; write nothing."),
    click.option(
        "--unsafe-fixes", is_flag=True, help="Also make fixes that may change what works."
    ),
    click.option("--fix-only", multiple=True, metavar="RULE", help="Fix only this rule or family."),
    click.option(
        "--fix-shared",
        is_flag=True,
        help="Also change files that boards without the finding include.",
    ),
    click.option("--in-place", is_flag=True, help="With --fix: rewrite blobs themselves."),
    click.option(
        "--blob-out",
        metavar="FILE",
        default="",
        help="With --fix, of a blob: write the fixed blob to FILE.",
    ),
    click.option(
        "--overlay-out",
        metavar="FILE.dtso",
        default="",
        help="With --fix, of a blob: write an overlay with the fixes, and its .dtbo beside it.",
    ),
    click.option(
        "--tables-out",
        metavar="FOLDER",
        default="",
        help="With --fix, of tables: write the fixed tables into this folder.",
    ),
    click.option(
        "--acpi-override-out",
        metavar="FILE",
        default="",
        help="With --fix, of tables: write a cpio with the fixed tables for the initramfs.",
    ),
)
