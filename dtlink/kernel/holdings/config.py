"""A kernel's configuration: ``.config``, ``config-VERSION``, ``config.gz``."""

from __future__ import annotations

import re
from typing import NamedTuple

from dtlink.firmware.errors import InputError
from dtlink.kernel.holdings.files import MAX_SIZE, read_bytes

_SET = re.compile(r"^CONFIG_(\w+)=(.*?)\r?$", re.MULTILINE)
_UNSET = re.compile(r"^# CONFIG_\w+ is not set", re.MULTILINE)
#: The second line of a configuration (scripts/kconfig, the main menu of the top Kconfig).
_TITLE = re.compile(r"^# Linux/(\S+) (\d\S*) Kernel Configuration", re.MULTILINE)
_ESCAPED = re.compile(r"\\(.)")


class Config(NamedTuple):
    """What a configuration says. ``arch`` and ``version`` are empty where its title lacks them."""

    values: dict[str, str]
    arch: str
    version: str


def read_config(path: str) -> Config:
    """The configuration in a file, compressed or not.

    Raises :class:`InputError` if it can't be read, or is no configuration.
    """
    data = read_bytes(path)
    try:
        return parse_config(_unpacked(data).decode("latin-1"))
    except InputError as error:
        error.path = path
        raise


def parse_config(text: str) -> Config:
    """The configuration in a text: 'y', 'm' or the value, strings without their quotes.

    Raises :class:`InputError` if it holds no line of a configuration.
    """
    values = {name: _value(value) for name, value in _SET.findall(text)}
    if not values and not _UNSET.search(text):
        raise InputError("no kernel configuration: no line CONFIG_…= in it", offset=0)
    title = _TITLE.search(text[:4096])
    return Config(values, title[1] if title else "", title[2] if title else "")


def _value(value: str) -> str:
    if value[:1] != '"':
        return value.strip()
    return _ESCAPED.sub(r"\1", value.rstrip()[1:].removesuffix('"'))


def _unpacked(data: bytes) -> bytes:
    from dtlink.kernel.packing import unpacked

    return unpacked(data, MAX_SIZE)
