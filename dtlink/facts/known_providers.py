"""The devices whose drivers are known to register a provider that no cells property marks.

Many boards reference some (``extcon``, ``backlight``). To ask the index of drivers for each takes a
twelfth of a short lint. ``tools/known_providers.py`` lists them: those of which all shipped indexes
(Linux 5.10 to 7.2) that have the device say so.
"""

from __future__ import annotations

from functools import lru_cache

from dtlink.facts.shipped import KNOWN_PROVIDERS, read_data


@lru_cache(maxsize=1)
def _lines() -> bytes:
    return b"\n" + read_data(KNOWN_PROVIDERS)


@lru_cache(maxsize=1024)
def is_known_provider(compatible: bytes, kind: str) -> bool:
    """Whether the driver of a device registers a provider of a kind; false where that is not known.

    ``compatible`` is the value of the property. The first string decides: only if no driver has it
    is a device bound by another.
    """
    lines, start = _lines(), b"\n%b\t" % compatible.partition(b"\0")[0]
    at = lines.find(start)
    if at < 0:
        return False
    kinds = lines[at + len(start) : lines.index(b"\n", at + 1)]
    return kind.encode() in kinds.split(b"\t")
