"""Sources of a few files, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dtlink.firmware.source.files import SourceFiles
from dtlink.firmware.source.preprocess import SourceText, preprocess
from dtlink.firmware.source.read import SourceTree, read_source


def written(folder: Path, files: Mapping[str, str]) -> str:
    """Write files; the path of the first one."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return str(folder / next(iter(files)))


def compiled(folder: Path, files: Mapping[str, str], **options: bool) -> SourceTree:
    """The tree of the first of some files; includes are looked for in ``include``."""
    path = written(folder, files)
    return read_source(path, SourceFiles([str(folder)], [str(folder / "include")]), **options)


def preprocessed(folder: Path, files: Mapping[str, str]) -> SourceText:
    """The first of some files after the preprocessor."""
    path = written(folder, files)
    found = SourceFiles([str(folder)], [str(folder / "include")])
    return preprocess(found.source(path), found)
