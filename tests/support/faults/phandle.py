"""References that do not resolve."""

from __future__ import annotations

from collections.abc import Iterable

from dtlink.firmware.tree import EXTERNAL_PHANDLE
from dtlink.links.binding import Walk
from dtlink.links.reference import Reference
from tests.support.faults.bed import Bed, is_waited_for
from tests.support.faults.model import ERROR, INFO, WARNING, Fault, Planted, fault, faults_of


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
    consumers = _consumers(bed)
    leaves = {node for node in consumers if not bed.tree.children[node]}
    supplier = bed.pick(
        node
        for node in sorted(leaves)
        if all(is_waited_for(ref.binding) and ref.node != node for ref in consumers[node])
    )
    if supplier is None:
        return None
    bed.remove(supplier)
    return _one_of(bed, consumers[supplier])


@fault("phandle/dangling", ERROR, boards=15)
def interrupt_parent_that_is_no_node(bed: Bed) -> Planted | None:
    plain = [
        node
        for node in bed.enabled("interrupt-parent", "interrupts")
        if not bed.has(node, "interrupts-extended")
    ]
    node = bed.pick(plain)
    if node is None:
        return None
    bed.put(node, "interrupt-parent", bed.unused_phandle())
    below = (other for other in range(node, len(bed.tree)) if bed.is_below(other, node))
    return Planted(bed.path(node), "interrupt-parent", touched=bed.paths(below))


@fault("phandle/dangling", ERROR, boards=8)
def extended_interrupt_of_no_node(bed: Bed) -> Planted | None:
    ref = bed.pick(_extended(bed))
    if ref is None:
        return None
    bed.replace(ref._replace(cell=ref.cell - 1), bed.unused_phandle())
    return bed.here(ref)


def _extended(bed: Bed) -> list[Reference]:
    """Entries of interrupts-extended; their ``cell`` is that of the specifier."""
    return [
        ref
        for ref in bed.references("interrupts-extended")
        if ref.args and not bed.has(ref.node, "interrupts")
    ]


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
    first = bed.pick(sorted({ref.supplier for ref in bed.entries()}))
    if first is None:
        return None
    node = bed.add("seeded-node", phandle=bed.phandle(first))
    return Planted(bed.path(node), "phandle")


@fault("phandle/duplicate-phandle", ERROR)
def two_suppliers_with_one_phandle(bed: Bed) -> Planted | None:
    """As a blob put together of two, each with its own numbers: all references name the first."""
    lists = {
        node: refs
        for node, refs in _consumers(bed).items()
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


@fault("phandle/lost-suppliers", WARNING, boards=15)
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


def _without(cells: str, boards: int) -> Fault:
    """The fault of a supplier without its cells property."""

    def plant(bed: Bed) -> Planted | None:
        refs = [
            ref
            for ref in bed.entries()
            if ref.binding.cells == cells and ref.binding.missing_cells is None
        ]
        supplier = bed.pick(sorted({ref.supplier for ref in refs}))
        if supplier is None:
            return None
        bed.drop(supplier, cells)
        mine = [ref for ref in refs if ref.supplier == supplier]
        return _one_of(bed, mine)._replace(touched=bed.paths((supplier, *_touched(mine))))

    return Fault("phandle/missing-cells", f"no {cells}", ERROR, boards, plant)


no_clock_cells = _without("#clock-cells", 20)
no_gpio_cells = _without("#gpio-cells", 20)
no_reset_cells = _without("#reset-cells", 12)
no_power_domain_cells = _without("#power-domain-cells", 8)
no_phy_cells = _without("#phy-cells", 12)
no_dma_cells = _without("#dma-cells", 15)
no_pwm_cells = _without("#pwm-cells", 8)
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


@fault("phandle/no-interrupt-parent", ERROR)
def no_interrupt_parent_above(bed: Bed) -> Planted | None:
    """In the root, or in a bus if the root has none."""
    explicit, widths = bed.tree.holders("interrupt-parent"), bed.tree.holders("#interrupt-cells")
    top = [node for node in bed.enabled("interrupt-parent") if _is_topmost(bed, node, explicit)]
    users = {
        node: [
            user
            for user in bed.enabled("interrupts")
            if _asks(bed, user, node, (*explicit, *widths))
            and not bed.has(user, "interrupts-extended")
        ]
        for node in top
    }
    node = bed.pick(node for node in top if users[node])
    if node is None:
        return None
    bed.drop(node, "interrupt-parent")
    user = users[node][0]
    others = bed.paths(users[node])
    return Planted(bed.path(user), "interrupts", touched=others, together=others)


def _is_topmost(bed: Bed, node: int, explicit: Iterable[int]) -> bool:
    """Whether no node above says where interrupts go."""
    return not any(
        bed.is_below(node, other)
        for other in (*explicit, *bed.tree.holders("#interrupt-cells"))
        if other != node
    )


def _asks(bed: Bed, user: int, node: int, deciding: Iterable[int]) -> bool:
    """Whether the way from a device up to its interrupt parent comes by a node."""
    known = set(deciding)
    if user != node and bed.has(user, "interrupt-parent"):
        return False
    above = user if user == node else bed.tree.parents[user]
    while above >= 0 and above not in known:
        above = bed.tree.parents[above]
    return above == node and bed.has(node, "interrupt-parent")


@fault("phandle/truncated-specifier", ERROR)
def last_argument_missing(bed: Bed) -> Planted | None:
    return _cut(bed, [ref for ref in bed.entries() if ref.args])


@fault("phandle/truncated-specifier", ERROR)
def interrupt_cut_short(bed: Bed) -> Planted | None:
    refs = [
        ref._replace(cell=ref.cell - 1)
        for ref in bed.references("interrupts")
        if ref.args > 1 and not bed.has(ref.node, "interrupts-extended")
    ]
    return _cut(bed, refs)


@fault("phandle/truncated-specifier", ERROR, boards=8)
def extended_interrupt_cut_short(bed: Bed) -> Planted | None:
    return _cut(bed, [ref._replace(cell=ref.cell - 1) for ref in _extended(bed)])


def _cut(bed: Bed, refs: Iterable[Reference]) -> Planted | None:
    """Take the last cell off a property that ends with one of these."""
    ref = bed.pick(ref for ref in refs if bed.is_last(ref))
    if ref is None:
        return None
    name = bed.property_name(ref)
    bed.put(ref.node, name, tuple(bed.get(ref.node, name)[:-1]))
    return bed.here(ref)


def _consumers(bed: Bed) -> dict[int, list[Reference]]:
    """The references to each node."""
    found: dict[int, list[Reference]] = {}
    for ref in bed.board.graph.references:
        found.setdefault(ref.supplier, []).append(ref)
    return found


def _one_of(bed: Bed, refs: list[Reference]) -> Planted:
    """A finding at one of several consumers; of its entries it is the first that is told."""
    at = bed.random.choice(refs).at
    first = min((ref for ref in refs if ref.at == at), key=lambda ref: ref.cell)
    return bed.here(first)._replace(touched=bed.paths(_touched(refs)))


def _touched(refs: list[Reference]) -> set[int]:
    return {ref.node for ref in refs}


FAULTS = faults_of(globals())
