"""The places: inputs in a folder that have the texts, and the command lines that read them."""

from tests.support.hostile.places import commits, files, machines, saved, sources, trees, words
from tests.support.hostile.places.base import PLACES

__all__ = ["PLACES", "commits", "files", "machines", "saved", "sources", "trees", "words"]
