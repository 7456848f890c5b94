"""Configuration files: which one is for a folder, and what it says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache

from dtlink import reading
from dtlink.firmware.errors import InputError
from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dtlink.config.keys import FolderSettings, Variant

OWN, SHARED = "dtlink.toml", "pyproject.toml"
#: A configuration of more bytes is none.
MAX_SIZE = 1 << 20
#: Parts of one key with dots between: the time that tomllib takes grows with their square.
_LONG_KEY = r"""(?:\.[ \t]*(?:[\w-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')[ \t]*){32}"""


class Configuration:
    """What a file says: the file as the user knows it, its folder (absolute), and values by field.

    ``folders`` and ``variants`` are its entries of these names.

    No tuple: two are the same only if they are one, which keeps looking one up cheap.
    """

    __slots__ = ("base", "file", "folders", "values", "variants")

    def __init__(
        self,
        file: str,
        base: str,
        values: Mapping[str, Any],
        folders: tuple[FolderSettings, ...],
        variants: tuple[Variant, ...] = (),
    ) -> None:
        self.file = file
        self.base = base
        self.values = values
        self.folders = folders
        self.variants = variants


@lru_cache(maxsize=4096)
def nearest(folder: str) -> str | None:
    """The file that is for a folder, absolute as the folder is: the first one upward from it.

    Raises :class:`InputError` for a ``pyproject.toml`` that can't be read, if it names dtlink.
    """
    while True:
        if found := _held_by(folder):
            return found
        above = os.path.dirname(folder)  # noqa: PTH120 - a thousand inputs have many folders
        if above == folder:
            return None
        folder = above


@lru_cache(maxsize=4096)
def _held_by(folder: str) -> str | None:
    own, common = os.path.join(folder, OWN), os.path.join(folder, SHARED)  # noqa: PTH118 - paths stay text
    if os.path.isfile(own):  # noqa: PTH113 - paths stay text
        return own
    if os.path.isfile(common) and _table(common) is not None:  # noqa: PTH113 - paths stay text
        return common
    return None


@lru_cache(maxsize=64)
def load(path: str) -> Configuration:
    """Read a file, named by its absolute path.

    Raises :class:`InputError`, with the file as the user knows it and the key, for what is wrong.
    """
    from dtlink.config.keys import TOP, read_table
    from dtlink.config.readers import ConfigPlace, shown

    table = _table(path)
    base, name = os.path.split(path)
    if table is None:
        raise InputError("no [tool.dtlink] in it", path=shown(path))
    prefix = "tool.dtlink." if name == SHARED else ""
    place = ConfigPlace(shown(path), base, prefix, table=f"[{prefix[:-1]}]" if prefix else "")
    values = read_table(table, TOP, place)
    folders, variants = values.pop("folder", ()), values.pop("variant", ())
    return Configuration(place.file, base, values, folders, variants)


@lru_cache(maxsize=64)
def _table(path: str) -> dict[str, Any] | None:
    """What a file has for dtlink; ``None``: it is shared with others, and has nothing."""
    data = _bytes(path)
    shared = os.path.basename(path) == SHARED  # noqa: PTH119 - paths stay text
    if shared and b"dtlink" not in data:
        return None  # nearly all of them: no need to read TOML
    document = _toml(data, path)
    if not shared:
        return document
    tools = document.get("tool", {})
    found = tools.get("dtlink") if isinstance(tools, dict) else None
    if found is None or isinstance(found, dict):
        return found
    raise _wrong("[tool.dtlink]: a table is needed", path)


def _bytes(path: str) -> bytes:
    try:
        with open(path, "rb", opener=reading.regular) as file:
            data = file.read(MAX_SIZE + 1)
    except OSError as error:
        raise _wrong(error.strerror or str(error), path) from error
    if len(data) > MAX_SIZE:
        raise _wrong(f"more than {MAX_SIZE} bytes", path)
    return data


def _toml(data: bytes, path: str) -> dict[str, Any]:
    import re
    import tomllib

    text = ""
    try:
        text = data.decode("utf-8-sig")
        if re.search(_LONG_KEY, text):
            raise _wrong("a key of more than 32 parts", path)
        return tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise _wrong(f"not UTF-8 (byte {error.start:#x})", path) from error
    except RecursionError as error:
        raise _wrong("arrays or tables too deep in each other", path) from error
    except ValueError as error:  # beside TOML's own: a number that is too long for Python to read
        raise _wrong(f"invalid TOML: {str(error)[:200]}{_hint(text)}", path) from error


def _hint(text: str) -> str:
    """What is easily got wrong: a rule's name without quotes."""
    import re

    bare = re.search(r"^[ \t]*([a-z]+/[a-z-]+)[ \t]*=", text, re.MULTILINE)
    return f'; the name of a rule needs quotes: "{bare[1]}" =' if bare else ""


def _wrong(message: str, path: str) -> InputError:
    from dtlink.config.readers import shown

    return InputError(message, path=shown(path))


def forget() -> None:
    """Look at the files anew: what was found and read is kept as long as the process lives."""
    for kept in (nearest, _held_by, load, _table):
        kept.cache_clear()
