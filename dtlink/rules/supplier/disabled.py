"""An enabled device needs a supplier that is disabled.

What it finds: an enabled consumer of a supplier that is disabled, or that has a disabled parent.
One finding for each disabled node. It is sure where the source of the consumer's driver shows that
it waits for what it references. Not reported are suppliers that the driver does not request, or
does without; what is for one of several ports, where some of these are disabled; and links that are
commonly so: graph endpoints, thermal and cooling links, clocks that CPUs and clock controllers can
do without, contexts of an interrupt controller (a PLIC) at CPUs that Linux does not use, and
references that do not order probing. Where it is not known whether the driver asks, and the
request would fail at once, that is only worth knowing: the driver may do without. So is, in a
source, what one included file has and the board's own leave as it is: an ADC that an SoC's file
disables, and a monitor of it that the same file enables.
Why it matters: fw_devlink makes no link to a disabled supplier, so the consumer probes, and then
its driver's request fails, or is deferred forever (-EPROBE_DEFER, even where the supplier is
optional). An optional clock is different since 6.15 (5.15 to 6.12 by backport): one of a disabled
node counts as absent. So are IOMMUs and DMA channels: drivers work without them, and some boards
leave the IOMMU to the boot loader on purpose; that is only worth knowing.
What to do: set status = "okay" in the node that is disabled, or disable the consumer too.
References: Linux, drivers/of/property.c, of_link_to_phandle(); drivers/clk/clk.c,
of_clk_get_hw_from_clkspec(); drivers/regulator/of_regulator.c, of_regulator_dev_lookup();
drivers/phy/phy-core.c, _of_phy_get(); drivers/pmdomain/core.c, __genpd_dev_pm_attach();
drivers/iommu/of_iommu.c, of_iommu_xlate(); sound/soc/soc-core.c, snd_soc_add_pcm_runtime();
drivers/irqchip/irq-sifive-plic.c, plic_parse_context_parent(); drivers/pci/controller/
pcie-mediatek.c, mtk_pcie_setup().
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from dtlink.board.tree import TreeBoard
from dtlink.facts.bindings import bindings_for
from dtlink.facts.early import is_started_early
from dtlink.facts.resource import Asker, Requested
from dtlink.facts.resources import INTERRUPT, PHY
from dtlink.firmware.tree import Node
from dtlink.links.reference import Link, Reference
from dtlink.rules.model import Dts, Finding, Fix, Safety, Severity, rule
from dtlink.wording import also, counted, noun

#: A PHY of drivers/usb/phy: to a request for one in ``phys`` the answer is -ENODEV, enabled or not
#: (drivers/phy/phy-core.c, _of_phy_get()).
_OF_ANOTHER_KIND = "usb-nop-xceiv"


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    fix=Safety(False, "the supplier may be disabled on purpose"),
    needs=("status",),
    asks="disabled_suppliers",
    bad=Dts(
        """
        / {
            vmmc: regulator-vmmc {
                compatible = "regulator-fixed"; regulator-name = "vmmc"; status = "disabled";
            };
            mmc@1000 { compatible = "vendor,mmc"; reg = <0x1000>; vmmc-supply = <&vmmc>; };
        };
        """,
        finds=("/mmc@1000:vmmc-supply",),
    ),
    good=Dts(
        """
        / {
            vmmc: regulator-vmmc { compatible = "regulator-fixed"; regulator-name = "vmmc"; };
            mmc@1000 { compatible = "vendor,mmc"; reg = <0x1000>; vmmc-supply = <&vmmc>; };
        };
        """
    ),
)
def disabled(board: TreeBoard) -> Iterator[Finding]:
    """Every disabled node that an enabled device needs."""
    is_quiet = disabled.id in board.without_notes
    roots: dict[tuple[int, bool], dict[Requested, list[Reference]]] = {}
    for ref in board.disabled_suppliers:
        effect = ref.binding.resource.if_disabled
        if effect is None or not _matters(board, ref):
            continue
        requested = _requested(board, ref)
        if requested.holds_nothing or (requested is Requested.OPTIONAL and _fails(board, ref)):
            continue
        is_note = (
            effect.optional
            or (requested is Requested.UNKNOWN and _may_do_without(board, ref))
            or _is_default(board, ref)
        )
        if is_note and is_quiet:
            continue
        root = _switched_off(board, ref.supplier)[-1]
        roots.setdefault((root, is_note), {}).setdefault(requested, []).append(ref)
    for (_, is_note), found in roots.items():
        sure = found.get(Requested.REQUIRED, []) + found.get(Requested.OPTIONAL, [])
        refs = sure + found.get(Requested.UNKNOWN, [])
        yield _finding(board, refs, is_note=is_note, sure=bool(sure))


def _requested(board: TreeBoard, ref: Reference) -> Requested:
    """Whether a driver asks for a disabled supplier; unknown where others ask, or go without."""
    resource, device = ref.binding.resource, board.device_index(ref.consumer)
    is_asked = resource.request.asker is Asker.DRIVER
    if not is_asked or resource.if_disabled is None or resource.if_disabled.optional:
        return Requested.UNKNOWN
    reader = board.requests
    if ref.consumer != device:
        return reader.of_part(ref, device)[1]
    return Requested.NO if _is_for_a_port_that_is_off(board, ref) else reader.of(ref, device)


def _is_for_a_port_that_is_off(board: TreeBoard, ref: Reference) -> bool:
    """Whether a device with ports lists the supplier of one that may be disabled.

    Drivers ask by a name with the number of the port, for the ports that are enabled
    (drivers/pci/controller/pcie-mediatek.c, mtk_pcie_setup()).
    """
    name, tree = board.requests.name(ref), board.tree
    return name[-1:].isdigit() and any(
        tree.parents[node] == ref.consumer for node in tree.unavailable
    )


def _is_default(board: TreeBoard, ref: Reference) -> bool:
    """Whether one included file has both, and the board's own source leaves them as they are.

    The consumer waits in vain on every board that does not use the supplier, and nothing is lost.
    """
    tree = board.tree
    origins = tree.origins or tree.source
    if origins is None:
        return False
    places = [
        *origins.node(tree.path(ref.consumer)),
        *origins.node(tree.path(board.device_index(ref.consumer))),
    ]
    switches = [*_switched_off(board, ref.supplier), *_with_status(board, ref.consumer)]
    for node in switches:
        places += origins.property(tree.path(node), "status")
    return len({place.file for place in places}) == 1 and all(place.chain for place in places)


def _with_status(board: TreeBoard, node: int) -> Iterator[int]:
    """The ancestors of a node that have a status of their own."""
    tree = board.tree
    while (node := tree.parents[node]) > 0:
        if node in tree.holders("status"):
            yield node


def _may_do_without(board: TreeBoard, ref: Reference) -> bool:
    """Whether a driver that is known may ask for no such supplier, or go on without."""
    reader, device = board.requests, board.device_index(ref.consumer)
    if ref.binding.resource is INTERRUPT and ref.entry:
        # A bus asks for the first alone: drivers/i2c/i2c-core-base.c, i2c_device_probe().
        return True
    # Of a node that another's driver looks for, such as a GPU's management unit, no driver may ask.
    is_read = reader.has_only_readers(device) and not is_started_early(
        board.tree[device].compatible, board.version
    )
    return is_read or (reader.has_drivers(device) and _fails(board, ref))


def _fails(board: TreeBoard, ref: Reference) -> bool:
    """Whether a request for a disabled supplier fails at once."""
    tree, effect = board.tree, ref.binding.resource.if_disabled
    if ref.binding.resource is PHY and _OF_ANOTHER_KIND in tree[ref.supplier].compatible:
        return True
    own = ref.supplier in tree.unavailable
    is_part = ref.supplier not in tree.holders("compatible") and not _switched_off(
        board, tree.parents[ref.supplier]
    )
    return effect is not None and effect.fails(board.version, own=own, is_part=is_part)


def _switched_off(board: TreeBoard, node: int) -> list[int]:
    """The node and its ancestors, those whose own status disables them."""
    off: list[int] = []
    while node >= 0:
        if node in board.tree.unavailable:
            off.append(node)
        node = board.tree.parents[node]
    return off


def _matters(board: TreeBoard, ref: Reference) -> bool:
    """Whether there is a device that would miss the supplier."""
    tree = board.tree
    device = board.device_index(ref.consumer)
    if device not in tree.holders("compatible") or tree.path(device).startswith("/cpus/"):
        return False
    resource = ref.binding.resource
    if resource is INTERRUPT and tree.path(ref.supplier).startswith("/cpus/"):
        return False  # a context of a CPU that Linux does not use
    if resource.is_part and board.device_index(ref.supplier) not in tree.disabled:
        return False
    # A clock controller lists every clock that it could be fed by, whether or not the board does.
    is_provider = (tree.cell(resource.cells or "", ref.consumer) or 0) > 0
    return not (resource.may_be_orphan and is_provider)


def _finding(board: TreeBoard, refs: Sequence[Reference], *, is_note: bool, sure: bool) -> Finding:
    first, *others = (Link(board.tree, ref) for ref in refs)
    off = [board.tree[node] for node in _switched_off(board, first.supplier.index)]
    names = [first.node.path, *(other.node.path for other in others)]
    return disabled.finding(
        first,
        f"{first.entry} points to {first.supplier.path}, "
        f"{_state(first.supplier, off)}{also(names, 'node')}",
        effect=f"{first.node.name}: {_outcome(board, first)}{_held(board, first) if sure else ''}",
        fix=_fix(board, first, off, sure=sure),
        supplier=first.supplier,
        related=(*off, *(other.node for other in others)),
        severity=Severity.INFO if is_note else Severity.WARNING,
        likely=not sure,
    )


def _held(board: TreeBoard, first: Link) -> str:
    """What else is lost where a node that is a part of a device misses the supplier.

    The driver of a power controller asks for the suppliers of each of its domains, and none of the
    domains is there if one is refused (drivers/pmdomain/rockchip/pm-domains.c).
    """
    reference = first.reference
    device = board.device_index(reference.consumer)
    if device == reference.consumer:
        return ""
    users = {
        board.device_index(ref.consumer)
        for ref in board.graph.references
        if board.device_index(ref.supplier) == device and board.graph.orders(ref)
    } - {device}
    waiting = f", and {counted(len(users), 'device')} {noun(len(users), 'waits', 'wait')} for it"
    return f"; {board.tree.path(device)} as a whole does not probe{waiting if users else ''}"


def _fix(board: TreeBoard, first: Link, off: Sequence[Node], *, sure: bool) -> Fix:
    """Enable the supplier, if what it needs itself is enabled."""
    from dtlink.firmware.edits import SetProperty, ref

    effect = first.binding.resource.if_disabled
    is_left = (effect is not None and effect.optional) or _lacks_others(board, off)
    edits = tuple(SetProperty(ref(node), "status", ("okay",)) for node in off)
    return Fix(_advice(board, first, off, sure=sure), () if is_left else edits)


def _lacks_others(board: TreeBoard, off: Sequence[Node]) -> bool:
    """Whether a node that would be enabled references what would stay disabled."""
    tree, own, rows = board.tree, {node.index for node in off}, bindings_for(board.version)
    for node in _enabled_by(board, own):
        for name in tree[node].properties:
            row = rows[name]
            if row is None or row.resource.if_disabled is None:
                continue
            targets = {tree.phandles.get(cell, -1) for cell in tree[node].cells(name)}
            left = (target for target in targets if target in tree.disabled)
            if not all(own.issuperset(_switched_off(board, target)) for target in left):
                return True
    return False


def _enabled_by(board: TreeBoard, off: Collection[int]) -> Iterator[int]:
    """The nodes, and what is enabled below them."""
    tree, todo = board.tree, list(off)
    while todo:
        node = todo.pop()
        yield node
        todo += (child for child in tree.children[node] if child not in tree.unavailable)


def _advice(board: TreeBoard, first: Link, off: Sequence[Node], *, sure: bool) -> str:
    enable = " ".join(f'{board.ref(node)} {{ status = "okay"; }};' for node in off)
    effect = first.binding.resource.if_disabled
    if effect and effect.optional:
        return f"Write {enable}, or remove {first.property_name}."
    if not sure and _fails(board, first.reference):
        return f"Write {enable}, unless the driver can do without this {first.binding.kind}."
    return f"Write {enable}, or disable {board.device(first.consumer).path} as well."


def _state(supplier: Node, off: Sequence[Node]) -> str:
    if off[0] == supplier:
        below = f", as is {off[-1].path}, which contains it" if len(off) > 1 else ""
        return f"which is disabled{_value(off[0])}{below}"
    word = "parent" if off[0] == supplier.parent else "ancestor"
    return f"whose {word} {off[0].path} is disabled{_value(off[0])}"


def _value(node: Node) -> str:
    """A status that disables a node without being "disabled"."""
    value = next(iter(node.strings("status")), "")
    return "" if value == "disabled" else f' (status = "{value}")'


def _outcome(board: TreeBoard, link: Link) -> str:
    effect = link.binding.resource.if_disabled
    if effect is None:
        return ""
    text = effect.own_status if _fails(board, link.reference) else effect.effect
    return text.format(kind=link.binding.kind)
