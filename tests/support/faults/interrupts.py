"""Interrupts that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterable

from dtlink.links.interrupts import steps_up
from dtlink.links.reference import Reference
from tests.support.faults.bed import Bed
from tests.support.faults.model import ERROR, WARNING, Planted, fault, faults_of
from tests.support.faults.specifier import cut


@fault("phandle/dangling", ERROR, boards=14)
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


@fault("phandle/dangling", ERROR, boards=4)
def extended_interrupt_of_no_node(bed: Bed) -> Planted | None:
    ref = bed.pick(_extended(bed))
    if ref is None:
        return None
    bed.replace(ref._replace(cell=ref.cell - 1), bed.unused_phandle())
    return bed.here(ref)


@fault("phandle/missing-cells", ERROR, boards=4)
def extended_interrupt_of_no_controller(bed: Bed) -> Planted | None:
    ref = bed.pick(_extended(bed))
    wrong = bed.pick(
        node for node in bed.enabled("compatible") if node and not bed.has(node, "#interrupt-cells")
    )
    if ref is None or wrong is None:
        return None
    bed.replace(ref._replace(cell=ref.cell - 1), bed.phandle(wrong))
    return bed.here(ref)


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


@fault("phandle/interrupt-cells", ERROR)
def interrupt_controller_without_cells(bed: Bed) -> Planted | None:
    """One that no other stands behind: a way up that goes on would end at the next."""
    plain = [
        ref for ref in bed.references("interrupts") if not bed.has(ref.node, "interrupts-extended")
    ]
    last = [node for node in sorted({ref.supplier for ref in plain}) if _ends_there(bed, node)]
    controller = bed.pick(last)
    if controller is None:
        return None
    bed.drop(controller, "#interrupt-cells")
    users = bed.paths(ref.node for ref in plain if _interrupt_parent(bed, ref.node) == controller)
    touched = bed.paths(ref.node for ref in bed.references() if ref.supplier == controller)
    return Planted(bed.path(controller), together=users, touched=touched)


def _interrupt_parent(bed: Bed, node: int) -> int:
    """The first node with #interrupt-cells on the way up; -1 if there is none."""
    ways = (above for above, _ in steps_up(bed.tree, node) if above != node)
    return next((above for above in ways if bed.has(above, "#interrupt-cells")), -1)


def _ends_there(bed: Bed, controller: int) -> bool:
    return _interrupt_parent(bed, controller) < 0 and any(
        _interrupt_parent(bed, node) == controller for node in bed.enabled("interrupts")
    )


@fault("phandle/truncated-specifier", ERROR, boards=14)
def interrupt_cut_short(bed: Bed) -> Planted | None:
    refs = [
        ref._replace(cell=ref.cell - 1)
        for ref in bed.references("interrupts")
        if ref.args > 1 and not bed.has(ref.node, "interrupts-extended")
    ]
    return cut(bed, refs)


@fault("phandle/truncated-specifier", ERROR, boards=4)
def extended_interrupt_cut_short(bed: Bed) -> Planted | None:
    return cut(bed, [ref._replace(cell=ref.cell - 1) for ref in _extended(bed)])


def _extended(bed: Bed) -> list[Reference]:
    """Entries of interrupts-extended; their ``cell`` is that of the specifier."""
    return [
        ref
        for ref in bed.references("interrupts-extended")
        if ref.args and not bed.has(ref.node, "interrupts")
    ]


@fault("phandle/interrupt-cells", ERROR)
def controller_without_interrupt_cells(bed: Bed) -> Planted | None:
    controller = bed.add("seeded-controller", compatible="seeded,controller")
    bed.put(controller, "interrupt-controller", b"")
    bed.add("seeded-device", controller, compatible="seeded,device", interrupts=(0, 8))
    below = bed.path(controller) + "/seeded-device"
    return Planted(bed.path(controller), "interrupt-controller", touched=frozenset((below,)))


def _host(bed: Bed, pins: int, parent: tuple[int, ...]) -> Planted:
    """A PCI host with entries for so many pins; ``parent`` is what follows the phandle."""
    gic = bed.add("seeded-gic", compatible="seeded,gic", _interrupt_cells=1, _address_cells=1)
    bed.put(gic, "interrupt-controller", b"")
    host = bed.add("seeded-pcie", compatible="seeded,pcie", _address_cells=3)
    bed.put(host, "device_type", "pci")
    phandle = bed.phandle(gic)
    rows = [(0, 0, 0, pin, phandle, *parent, pin) for pin in range(1, pins + 1)]
    bed.set(
        host,
        _interrupt_cells=1,
        _size_cells=2,
        interrupt_map_mask=(0, 0, 0, 7),
        interrupt_map=tuple(cell for row in rows for cell in row),
    )
    return Planted(bed.path(host), "interrupt-map")


@fault("phandle/interrupt-map", ERROR)
def entries_without_the_unit_address_of_the_parent(bed: Bed) -> Planted | None:
    return _host(bed, 4, ())


@fault("phandle/interrupt-pins", WARNING)
def pins_without_an_entry(bed: Bed) -> Planted | None:
    return _host(bed, 2, (0,))


FAULTS = faults_of(globals())
