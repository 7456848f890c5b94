"""Writing an index: the same tree gives the same bytes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from dtlink import reading
from dtlink.facts.kernels import KernelVersion
from dtlink.firmware.errors import InputError
from dtlink.kernel.source import several
from dtlink.kernel.source.collect import NamedSource, collect
from dtlink.kernel.source.driver_facts import DriverFacts, encode
from dtlink.kernel.source.index import FACTS, HEADING, KCONFIG, KINDS, SourceIndex
from dtlink.kernel.source.kconfig import hidden_options

_LETTERS = {kind: letter for letter, kind in KINDS.items()}
_VERSION = ("VERSION", "PATCHLEVEL", "SUBLEVEL")
#: Bytes of the Makefile that are read: it has some 70 KB, and its version at the beginning.
_MAKEFILE = 1 << 20


def make_index(tree: str) -> bytes:
    """The index of a kernel's source tree, as a file's bytes.

    Raises ``InputError`` for a folder that is not a kernel source.
    """
    release = kernel_release(tree)
    found = collect(Path(tree))
    symbols = {source.symbol for _, source in found.sources}
    return pack(release, found.sources, found.facts, hidden_options(Path(tree), symbols))


def kernel_release(tree: str) -> str:
    """The version a source tree is of, such as ``6.12.117``, from its Makefile.

    Raises ``InputError`` for a folder that is not a kernel source.
    """
    try:
        data = reading.content(str(Path(tree) / "Makefile"), _MAKEFILE)
    except OSError as error:
        why = f"not the source of a Linux kernel (no Makefile: {error.strerror})"
        raise InputError(why, path=tree) from error
    text = data.decode("utf-8", "replace")
    numbers = [re.search(rf"^{name}\s*=\s*(\d+)\s*$", text, re.MULTILINE) for name in _VERSION]
    if None in numbers or not all((Path(tree) / name).is_dir() for name in ("arch", "drivers")):
        why = "not the source of a Linux kernel (its Makefile gives no version, or folders lack)"
        raise InputError(why, path=tree)
    return ".".join(number[1] for number in numbers if number is not None)


def pack(
    release: str,
    named: Iterable[NamedSource],
    facts: Mapping[str, DriverFacts] | None = None,
    hidden: Mapping[str, Iterable[str]] | None = None,
) -> bytes:
    """An index as ``source_index`` reads it; ``facts`` are by file, ``hidden`` by option."""
    groups: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for compatible, source in named:
        letter, also = _LETTERS[source.kind], " ".join(source.also)
        groups[letter, source.file, source.object_name, source.symbol, also].add(compatible)
    lines = ["\t".join((*key, *sorted(names))) for key, names in sorted(groups.items())]
    lines += [
        "\t".join((FACTS, file, *encode(each))) for file, each in sorted((facts or {}).items())
    ]
    if hidden:
        rows = (f"{option}={' '.join(by)}" for option, by in sorted(hidden.items()))
        lines.append("\t".join((FACTS, KCONFIG, *rows)))
    return several.pack("\n".join([f"{HEADING}\t{release}", *lines, ""]))


def pack_several(indexes: Iterable[SourceIndex]) -> bytes:
    """One file of the indexes of several releases, which are sorted by version."""
    by_version = {KernelVersion.of_release(each.release): each for each in indexes}
    ordered = [each for _, each in sorted(by_version.items())]
    return several.joined(
        {each.release: each.tables for each in ordered},
        {each.release: each.fact_rows for each in ordered},
    )
