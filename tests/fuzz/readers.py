"""The readers that are fuzzed: one row each."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import NamedTuple

from tests.fuzz.case import Case, Maker, case_of


class Reader(NamedTuple):
    """What is read, and what makes damaged inputs for it."""

    module: str
    function: str
    share: int
    """Its part of a run of all readers."""

    @property
    def make(self) -> Maker:
        """The maker of inputs."""
        found: Maker = getattr(import_module(f"tests.fuzz.{self.module}"), self.function)
        return found


READERS: Mapping[str, Reader] = {
    "blob": Reader("blobs", "make", 8),
    "board": Reader("blobs", "make_board", 1),
    "tables": Reader("tables", "make_raw", 6),
    "table-text": Reader("tables", "make_text", 2),
    "namespace": Reader("namespaces", "make", 1),
    "source": Reader("sources", "make", 4),
    "overlay": Reader("overlays", "make", 3),
    "image": Reader("images", "make", 3),
    "tree-folder": Reader("images", "make_folder", 1),
    "kernel": Reader("kernels", "make", 2),
    "initramfs": Reader("kernels", "make_initramfs", 2),
    "kernel-layout": Reader("layouts", "make_layout", 2),
    "unpacked": Reader("layouts", "make_unpacked", 1),
    "live": Reader("layouts", "make_live", 1),
    "kernel-source": Reader("indexes", "make_source", 1),
    "kernel-index": Reader("indexes", "make_index", 1),
    "fix": Reader("fixes", "make", 1),
    "log": Reader("machines", "make_log", 2),
    "sysfs": Reader("machines", "make_sysfs", 2),
    "functions": Reader("machines", "make_functions", 1),
    "report": Reader("saved", "make_report", 2),
    "baseline": Reader("saved", "make_baseline", 1),
    "config": Reader("saved", "make_config", 2),
}


def case(reader: str, seed: int, number: int) -> Case:
    """The input of a reader, a seed and a number."""
    return case_of(reader, READERS[reader].make, seed, number)
