"""What a configuration may have written: only what is below its own folder.

A configuration comes with sources, and whoever lints these need not trust them. It names the
baseline that ``--write-baseline`` writes, and folders from which a source may include files that
``--fix`` changes. Links are followed: what counts is where a file is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

from dtlink.config.resolve import COMMAND_LINE
from dtlink.firmware.source.surroundings import surroundings
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.config.resolve import EffectiveSettings
    from dtlink.firmware.inputs import Input

#: What holds for the input at a path.
Effective = Callable[[str], "EffectiveSettings"]
#: The settings by which a source gets at files outside of its tree.
_FOLDERS = ("include", "allow_include")


def foreign_baseline(path: str, inputs: Iterable[Input], effective: Effective) -> str:
    """Why a baseline of these inputs is not written; empty: it may be."""
    for item in inputs:
        found = effective(item.path)
        if found.configuration is None or found.origins["baseline"] == COMMAND_LINE:
            continue
        if not _is_below(path, found.configuration.base):
            return (
                f"{path}: {found.configuration.file} names it, and it is outside of that file's "
                "folder: not written; --baseline writes it there"
            )
    return ""


def foreign_source(paths: Iterable[str], inputs: Iterable[Input], effective: Effective) -> str:
    """Why files are not changed by fixes of these inputs; empty: they may be."""
    tops = {*_tops(inputs, effective)}
    for path in paths:
        if not any(_is_below(path, top) for top in tops):
            return (
                f"{path}: outside of the sources that were named, and only a configuration or a "
                "link leads there: nothing is written; --allow-include FOLDER allows it"
            )
    return ""


def _tops(inputs: Iterable[Input], effective: Effective) -> Iterator[str]:
    """The folders whose files may be changed."""
    for item in inputs:
        found = effective(item.path)
        yield surroundings(item.path).root
        if found.configuration is not None:
            yield found.configuration.base
        for name in _FOLDERS:
            if found.origins[name] == COMMAND_LINE:
                yield from found.settings.value(name)


def _is_below(path: str, folder: str) -> bool:
    """Whether a file is in a folder, wherever links lead."""
    real, top = os.path.realpath(path), os.path.realpath(folder)
    return real.startswith(os.path.join(top, ""))  # noqa: PTH118 - a str, as all paths
