"""Lists that belong together by index or by name, and do not fit."""

from __future__ import annotations

from dtlink.links.reference import Reference
from tests.support.faults.bed import Bed
from tests.support.faults.model import ERROR, INFO, WARNING, Planted, fault, faults_of


def _of_device(bed: Bed, *names: str) -> list[Reference]:
    """The last entries of lists of devices."""
    return [
        ref
        for ref in bed.references(*names)
        if bed.is_last(ref)
        and bed.has(ref.node, "compatible")
        and "/cpus/" not in bed.path(ref.node)
    ]


@fault("phandle/names-mismatch", INFO, boards=12)  # a note where the driver never asks for it
def name_without_an_entry(bed: Bed) -> Planted | None:
    ref = bed.pick(
        ref
        for ref in _of_device(bed, "clocks", "resets")
        if bed.has(ref.node, f"{ref.binding.name[:-1]}-names")
    )
    if ref is None:
        return None
    name = f"{ref.binding.name[:-1]}-names"
    held = bed.nodes[ref.node].properties[name]
    bed.put(ref.node, name, held + b"seeded\0" * (ref.entry + 2 - held.count(b"\0")))
    return Planted(bed.path(ref.node), name)


@fault("phandle/names-mismatch", WARNING, boards=12)
def same_name_twice(bed: Bed) -> Planted | None:
    ref = bed.pick(
        ref
        for ref in _of_device(bed, "clocks")
        if ref.entry == 1 and bed.has(ref.node, "clock-names")
    )
    if ref is None:
        return None
    bed.put(ref.node, "clock-names", b"seeded\0seeded\0")
    return Planted(bed.path(ref.node), "clock-names")


@fault("phandle/assigned-clocks", ERROR, boards=8)
def parent_of_no_clock(bed: Bed) -> Planted | None:
    ref = bed.pick(_of_device(bed, "assigned-clock-parents"))
    if ref is None:
        return None
    bed.drop(ref.node, "assigned-clocks")
    return Planted(bed.path(ref.node), "assigned-clock-parents")


@fault("phandle/assigned-clocks", WARNING, boards=8)
def rate_of_no_clock(bed: Bed) -> Planted | None:
    ref = bed.pick(_of_device(bed, "assigned-clocks"))
    if ref is None:
        return None
    bed.put(ref.node, "assigned-clock-rates", (0,) * (ref.entry + 1) + (24_000_000,))
    return Planted(bed.path(ref.node), "assigned-clock-rates")


@fault("phandle/one-way-graph", WARNING, boards=8)
def endpoint_that_is_not_referenced_back(bed: Bed) -> Planted | None:
    ref = bed.pick(bed.references("remote-endpoint"))
    if ref is None:
        return None
    device = bed.add("seeded-device", compatible="seeded,device")
    endpoint = bed.add("endpoint", bed.add("port", device))
    bed.put(endpoint, "remote-endpoint", bed.get(ref.node, "remote-endpoint")[0])
    return Planted(bed.path(endpoint), "remote-endpoint")


FAULTS = faults_of(globals())
