"""Entries that do not come out even: too many cells, too few, or nobody says how many."""

from __future__ import annotations

from collections.abc import Iterable

from dtlink.links.reference import Reference
from tests.support.faults.bed import Bed
from tests.support.faults.model import (
    ERROR,
    INFO,
    USUAL,
    WARNING,
    Fault,
    Planted,
    fault,
    faults_of,
)
from tests.support.faults.phandle import by_supplier, holders, one_of


@fault("phandle/leftover-cells", WARNING)
def byte_behind_the_last_cell(bed: Bed) -> Planted | None:
    ref = bed.pick(bed.entries())
    if ref is None:
        return None
    name = bed.property_name(ref)
    bed.put(ref.node, name, bed.nodes[ref.node].properties[name] + b"\0")
    return Planted(bed.path(ref.node), name)


@fault("phandle/leftover-cells", ERROR)
def string_for_a_reference(bed: Bed) -> Planted | None:
    ref = bed.pick(bed.entries())
    if ref is None:
        return None
    bed.put(ref.node, bed.property_name(ref), "seeded")
    return Planted(bed.path(ref.node), bed.property_name(ref))


@fault("phandle/leftover-cells", INFO, boards=12)
def a_0_that_is_no_argument(bed: Bed) -> Planted | None:
    names = ("io-channels", "pwms", "sound-dai", "thermal-sensors")
    ref = bed.pick(ref for ref in bed.references(*names) if bed.is_last(ref))
    if ref is None:
        return None
    name = bed.property_name(ref)
    bed.put(ref.node, name, (*bed.get(ref.node, name), 0))
    return Planted(bed.path(ref.node), name)


#: Bindings without empty entries, and some in which they are legal.
_NO_HOLES = ("power-domains", "resets", "interconnects", "pinctrl-0", "hwlocks")
_HOLES = ("clocks", "mboxes", "phys")


@fault("phandle/lost-suppliers", WARNING)
def empty_entry_where_none_may_be(bed: Bed) -> Planted | None:
    return _hole(bed, _NO_HOLES)


@fault("phandle/lost-suppliers", INFO)
def empty_entry_first(bed: Bed) -> Planted | None:
    return _hole(bed, _HOLES)


def _hole(bed: Bed, names: tuple[str, ...]) -> Planted | None:
    """Write a 0 first. Who is linked by other entries, or comes later anyhow, loses nothing."""
    refs = [
        ref
        for ref in bed.kernel_entries()
        if ref.binding.name in names and not ref.entry and _is_only_link(bed, ref)
    ]
    ref = bed.pick(refs)
    if ref is None:
        return None
    name = bed.property_name(ref)
    bed.put(ref.node, name, (0, *bed.get(ref.node, name)))
    return Planted(bed.path(ref.node), name)


def _is_only_link(bed: Bed, ref: Reference) -> bool:
    ends = ref.consumer, ref.supplier
    return ends[0] != ends[1] and not any(
        (other.at != ref.at and (other.consumer, other.supplier) == ends)
        or (other.supplier, other.consumer) == ends
        for other in bed.board.graph.references
    )


@fault("phandle/lost-suppliers", WARNING, boards=14)
def an_argument_too_many_in_each_entry(bed: Bed) -> Planted | None:
    """As boards have that were written for a supplier with one cell more."""
    lists: dict[int, list[Reference]] = {}
    for ref in bed.kernel_entries():
        if ref.binding.cells:
            lists.setdefault(ref.at, []).append(ref)
    whole = [
        refs
        for refs in lists.values()
        if len(refs) > 1 and all(ref.args for ref in refs) and _has_no_hole(bed, refs)
    ]
    refs = bed.pick(whole)
    if refs is None:
        return None
    name, value = bed.property_name(refs[0]), list[int]()
    for ref in refs:
        value += (*bed.get(ref.node, name)[ref.cell : ref.cell + 1 + ref.args], 0)
    bed.put(refs[0].node, name, tuple(value))
    return Planted(bed.path(refs[0].node), name)


def _has_no_hole(bed: Bed, refs: list[Reference]) -> bool:
    return sum(1 + ref.args for ref in refs) == bed.tree.words[refs[0].at + 1] >> 2


#: So many lists show that their supplier is what is wrong.
_SEVERAL = 3


def _without(cells: str, boards: int = USUAL) -> Fault:
    """The fault of a supplier without its cells property, which a list or two reference."""

    def plant(bed: Bed) -> Planted | None:
        refs = [
            ref
            for ref in bed.entries()
            if ref.binding.cells == cells and ref.binding.missing_cells is None
        ]
        supplier = bed.pick(few_lists(refs))
        if supplier is None:
            return None
        bed.drop(supplier, cells)
        mine = [ref for ref in refs if ref.supplier == supplier]
        consumers = holders(by_supplier(bed)[supplier])
        return one_of(bed, mine)._replace(touched=bed.paths((supplier, *consumers)))

    return Fault("phandle/missing-cells", f"no {cells}", ERROR, boards, plant)


def few_lists(refs: Iterable[Reference]) -> list[int]:
    """The suppliers that fewer lists reference than wrong-cells needs."""
    lists: dict[int, set[int]] = {}
    for ref in refs:
        lists.setdefault(ref.supplier, set()).add(ref.at)
    return sorted(supplier for supplier, places in lists.items() if len(places) < _SEVERAL)


@fault("phandle/wrong-cells", ERROR)
def cells_of_a_supplier_of_many(bed: Bed) -> Planted | None:
    """Lists with one entry: in a longer one an entry can take the next for its argument."""
    lists: dict[tuple[int, str], dict[int, list[Reference]]] = {}
    for ref in bed.entries():
        if ref.binding.cells and ref.binding.missing_cells is None:
            lists.setdefault((ref.supplier, ref.binding.cells), {}).setdefault(ref.at, []).append(
                ref
            )
    fit = sorted(
        key
        for key, places in lists.items()
        if len(places) >= _SEVERAL
        and all(len(refs) == 1 and bed.is_last(refs[0]) for refs in places.values())
    )
    key = bed.pick(fit)
    if key is None:
        return None
    supplier, cells = key
    width = bed.tree.cell(cells, supplier) or 0
    bed.put(supplier, cells, width + 1)
    consumers = holders(by_supplier(bed)[supplier])
    return Planted(bed.path(supplier), cells, touched=bed.paths((supplier, *consumers)))


no_clock_cells = _without("#clock-cells")
no_gpio_cells = _without("#gpio-cells", 12)
no_reset_cells = _without("#reset-cells", 6)
no_power_domain_cells = _without("#power-domain-cells", 3)
no_phy_cells = _without("#phy-cells", 10)
no_dma_cells = _without("#dma-cells", 10)
no_pwm_cells = _without("#pwm-cells", 4)
no_iommu_cells = _without("#iommu-cells", 3)


@fault("phandle/missing-cells", ERROR)
def node_that_is_no_such_supplier(bed: Bed) -> Planted | None:
    ref = bed.pick(
        ref for ref in bed.entries() if ref.binding.cells and ref.binding.missing_cells is None
    )
    if ref is None:
        return None
    widths = bed.tree.holders(ref.binding.cells or "")
    wrong = bed.pick(node for node in bed.enabled("compatible") if node and node not in widths)
    if wrong is None:
        return None
    bed.replace(ref, bed.phandle(wrong))
    return bed.here(ref)


@fault("phandle/dangling", ERROR)
def argument_too_many(bed: Bed) -> Planted | None:
    return _one_more(bed, bed.unused_phandle())


@fault("phandle/missing-cells", ERROR)
def argument_too_many_that_is_a_phandle(bed: Bed) -> Planted | None:
    # A node that has no cells property at all.
    node = bed.pick(
        node
        for node in bed.enabled("compatible")
        if node and not any(name.startswith("#") for name in bed.tree[node].properties)
    )
    return None if node is None else _one_more(bed, bed.phandle(node))


def _one_more(bed: Bed, argument: int) -> Planted | None:
    """Write one argument too many at the end, which is read as the next entry's phandle."""
    ref = bed.pick(
        ref
        for ref in bed.entries()
        if ref.binding.cells and ref.binding.missing_cells is None and bed.is_last(ref)
    )
    if ref is None:
        return None
    name = bed.property_name(ref)
    bed.put(ref.node, name, (*bed.get(ref.node, name), argument))
    return bed.here(ref)._replace(index=ref.entry + 1)


@fault("phandle/missing-cells", ERROR)
def iommus_names_no_iommu(bed: Bed) -> Planted | None:
    node = bed.pick(bed.devices())
    wrong = bed.pick(
        node for node in bed.enabled("compatible") if not bed.has(node, "#iommu-cells")
    )
    if node is None or not wrong:
        return None
    bed.set(node, iommus=(bed.phandle(wrong), 1))
    return Planted(bed.path(node), "iommus", 0)


@fault("phandle/truncated-specifier", ERROR)
def last_argument_missing(bed: Bed) -> Planted | None:
    return cut(bed, [ref for ref in bed.entries() if ref.args])


def cut(bed: Bed, refs: Iterable[Reference]) -> Planted | None:
    """Take the last cell off a property that ends with one of these."""
    ref = bed.pick(ref for ref in refs if bed.is_last(ref))
    if ref is None:
        return None
    name = bed.property_name(ref)
    bed.put(ref.node, name, tuple(bed.get(ref.node, name)[:-1]))
    return bed.here(ref)


FAULTS = faults_of(globals())
