"""The index that is shipped, unpacked and with a dictionary of its words, in the cache."""

from __future__ import annotations

from dtlink import cache
from dtlink.facts.kernels import KernelVersion
from dtlink.facts.shipped import SOURCES
from dtlink.kernel.source.index import SourceIndex


def kept_index(version: KernelVersion) -> SourceIndex:
    """The index of the release nearest to a version, from the cache if it is there.

    To unpack it and find its words takes a fifth of the time of a lint with a kernel.
    """
    name, key = f"{SOURCES}\0{version}", cache.key_of([SOURCES], ("index",))
    few, text = cache.load_with_text(name, key)
    try:
        if few:
            return SourceIndex.of_kept(few, text)
    except (AttributeError, KeyError, TypeError, ValueError):
        pass
    index = SourceIndex.load("", version)
    few, text = index.facts_to_keep()
    cache.store(name, key, few, text=text)
    return index
