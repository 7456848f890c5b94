"""References that do not resolve, and phandles that are none."""

from __future__ import annotations

from dtlink.facts.binding import Walk
from dtlink.firmware.tree import EXTERNAL_PHANDLE
from dtlink.links.reference import Reference
from tests.support.faults.bed import Bed, is_waited_for
from tests.support.faults.model import ERROR, WARNING, Planted, fault, faults_of


@fault("phandle/dangling", ERROR)
def supplier_that_is_no_node(bed: Bed) -> Planted | None:
    return _renamed(bed, bed.unused_phandle())


@fault("phandle/dangling", ERROR)
def reference_an_overlay_left_open(bed: Bed) -> Planted | None:
    return _renamed(bed, EXTERNAL_PHANDLE)


def _renamed(bed: Bed, phandle: int) -> Planted | None:
    ref = bed.pick(bed.entries())
    if ref is None:
        return None
    bed.replace(ref, phandle)
    return bed.here(ref)


@fault("phandle/dangling", ERROR)
def supplier_deleted(bed: Bed) -> Planted | None:
    consumers = by_supplier(bed)
    leaves = {node for node in consumers if not bed.tree.children[node]}
    supplier = bed.pick(
        node
        for node in sorted(leaves)
        if all(is_waited_for(ref.binding) and ref.node != node for ref in consumers[node])
    )
    if supplier is None:
        return None
    bed.remove(supplier)
    return one_of(bed, consumers[supplier])


@fault("phandle/dangling", WARNING, boards=10)
def graph_that_leads_nowhere(bed: Bed) -> Planted | None:
    ends = [ref for ref in bed.references() if ref.binding.walk is Walk.ENDPOINT]
    ref = bed.pick(ends)
    if ref is None:
        return None
    bed.replace(ref, bed.unused_phandle())
    return bed.here(ref)


@fault("phandle/duplicate-phandle", ERROR)
def phandle_of_another_node(bed: Bed) -> Planted | None:
    """As a node that was added by a tool which numbers from 1 again."""
    shared = {node for nodes in bed.tree.shared_phandles.values() for node in nodes}
    first = bed.pick(sorted({ref.supplier for ref in bed.entries()} - shared))
    if first is None:
        return None
    node = bed.add("seeded-node", phandle=bed.phandle(first))
    return Planted(bed.path(node), "phandle")


@fault("phandle/duplicate-phandle", ERROR)
def two_suppliers_with_one_phandle(bed: Bed) -> Planted | None:
    """As a blob put together of two, each with its own numbers: all references name the first."""
    lists = {
        node: refs
        for node, refs in by_supplier(bed).items()
        if all(is_waited_for(ref.binding) for ref in refs)
    }
    kinds: dict[tuple[str, int], list[int]] = {}
    for node in sorted(lists):
        for key in {(ref.binding.name, ref.args) for ref in lists[node]}:
            kinds.setdefault(key, []).append(node)
    several = bed.pick(kinds[key] for key in sorted(kinds) if len(kinds[key]) > 1)
    if several is None:
        return None
    first, second = sorted(bed.random.sample(several, 2))
    bed.put(second, "phandle", bed.phandle(first))
    for ref in lists[second]:
        bed.replace(ref, bed.phandle(first))
    # The second may have served another binding, or more cells, than the first.
    consumers = bed.paths(ref.node for ref in lists[second])
    return Planted(bed.path(second), "phandle", touched=consumers)


@fault("phandle/invalid-phandle", WARNING)
def phandle_0(bed: Bed) -> Planted | None:
    return _phandle(bed, 0)


@fault("phandle/invalid-phandle", WARNING)
def phandle_never_resolved(bed: Bed) -> Planted | None:
    return _phandle(bed, EXTERNAL_PHANDLE)


@fault("phandle/invalid-phandle", WARNING)
def phandle_of_two_cells(bed: Bed) -> Planted | None:
    return _phandle(bed, (bed.unused_phandle(), 0))


def _phandle(bed: Bed, value: int | tuple[int, ...]) -> Planted | None:
    node = bed.pick(node for node in bed.enabled("compatible") if node not in bed.tree.own_phandle)
    if node is None:
        return None
    bed.put(node, "phandle", value)
    return Planted(bed.path(node), "phandle")


@fault("phandle/invalid-phandle", WARNING)
def two_phandles_that_differ(bed: Bed) -> Planted | None:
    node = bed.pick(sorted(bed.tree.holders("phandle")))
    if node is None:
        return None
    bed.put(node, "linux,phandle", bed.unused_phandle())
    return Planted(bed.path(node), "linux,phandle")


def by_supplier(bed: Bed) -> dict[int, list[Reference]]:
    """The references to each node."""
    found: dict[int, list[Reference]] = {}
    for ref in bed.board.graph.references:
        found.setdefault(ref.supplier, []).append(ref)
    return found


def one_of(bed: Bed, refs: list[Reference]) -> Planted:
    """A finding at one of several consumers; of its entries it is the first that is told."""
    at = bed.random.choice(refs).at
    first = min((ref for ref in refs if ref.at == at), key=lambda ref: ref.cell)
    return bed.here(first)._replace(touched=bed.paths(holders(refs)))


def holders(refs: list[Reference]) -> set[int]:
    return {ref.node for ref in refs}


FAULTS = faults_of(globals())
