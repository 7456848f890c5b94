"""The faults: one function for each, which chooses a place on a board and spoils its text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from dtlink.facts.iommus import ARM_SMMU
from dtlink.firmware.tree import Node
from tests.support.source_faults.bed import Bed, Splice, Statement


class Planted(NamedTuple):
    """What was changed, and where the finding must be."""

    splices: Sequence[Splice]
    nodes: frozenset[str]
    """The paths of the subject, or of a related node, of the finding."""
    places: frozenset[tuple[str, str]]
    """The properties that are not as they were, by path and name."""


class SourceFault(NamedTuple):
    """One fault that can be put into a source."""

    rule: str
    name: str
    plant: Callable[[Bed], Planted | None]


FAULTS: list[SourceFault] = []


def fault(rule: str) -> Callable[[Callable[[Bed], Planted | None]], None]:
    """Enter a function into the list of faults."""

    def enter(plant: Callable[[Bed], Planted | None]) -> None:
        FAULTS.append(SourceFault(rule, plant.__name__.strip("_"), plant))

    return enter


def _planted(
    node: Node, splices: Sequence[Splice], *names: str, also: Sequence[Node] = ()
) -> Planted:
    paths = frozenset(each.path for each in (node, *also))
    return Planted(splices, paths, frozenset((node.path, name) for name in names))


def _one(
    bed: Bed, pattern: str, fits: Callable[[Node, str], bool] = lambda *_: True
) -> tuple[Node, Statement] | None:
    """A property that fits a pattern, with its statement."""
    found = [each for each in bed.named(pattern) if fits(*each)]
    bed.random.shuffle(found)
    for node, name in found[:6]:
        statement = bed.statement(node, name)
        if statement is not None:
            return node, statement
    return None


def _renamed(
    bed: Bed,
    pattern: str,
    new: Callable[[str], str],
    fits: Callable[[Node, str], bool] = lambda *_: True,
) -> Planted | None:
    found = _one(bed, pattern, fits)
    if found is None:
        return None
    node, held = found
    name = new(held.name)
    if node.has(name):
        return None
    return _planted(node, [held.renamed(name)], held.name, name)


def _appended(
    bed: Bed,
    pattern: str,
    more: Callable[[Node, Statement], str],
    fits: Callable[[Node, str], bool] = lambda *_: True,
) -> Planted | None:
    found = _one(bed, pattern, fits)
    if found is None:
        return None
    node, held = found
    text = more(node, held)
    return _planted(node, [held.longer(text)], held.name) if text else None


def _added(
    bed: Bed,
    beside: str,
    text: Callable[[Node, Statement], str],
    *names: str,
    fits: Callable[[Node, str], bool] = lambda *_: True,
) -> Planted | None:
    """Another statement beside one."""
    found = _one(bed, beside, fits)
    if found is None:
        return None
    node, held = found
    return _planted(node, [held.followed_by(text(node, held))], *names)


def _is_device(node: Node, _: str = "") -> bool:
    return node.has("compatible") and node.path.count("/") > 1


@fault("legacy/singular-gpio")
def singular(bed: Bed) -> Planted | None:
    return _renamed(bed, r"[\w-]+-gpios", lambda name: name[:-1])


@fault("legacy/both-gpio-names")
def same_gpio_twice(bed: Bed) -> Planted | None:
    found = _one(bed, r"[\w-]+-gpios")
    if found is None or found[0].has(found[1].name[:-1]) or not found[1].value:
        return None
    node, held = found
    old = held.name[:-1]
    return _planted(node, [held.followed_by(f"{old} = {held.value};")], old)


@fault("legacy/both-gpio-names")
def another_gpio_under_the_old_name(bed: Bed) -> Planted | None:
    found = _one(bed, r"[\w-]+-gpios")
    refs = bed.pick(bed.references("*-gpios"))
    if found is None or refs is None or found[0].has(found[1].name[:-1]):
        return None
    node, held = found
    gpio = bed.tree[refs.supplier]
    if not gpio.label or gpio.cell("#gpio-cells") != 2:
        return None
    old = held.name[:-1]
    return _planted(node, [held.followed_by(f"{old} = <&{gpio.label} 31 0>;")], old)


@fault("tree/status")
def misspelt_status(bed: Bed) -> Planted | None:
    found = _one(bed, "status", lambda node, _: not node.children)
    if found is None:
        return None
    node, held = found
    value = bed.random.choice(('"okey"', '"enable"', '"Okay"', "<1>", '"enabled"'))
    return _planted(node, [held.with_value(value)], "status")


@fault("phandle/names-mismatch")
def a_name_without_entry(bed: Bed) -> Planted | None:
    return _appended(
        bed, "(clock|reset|interrupt|power-domain|phy|pwm|mbox)-names", lambda *_: ', "seeded"'
    )


@fault("phandle/names-mismatch")
def one_name_twice(bed: Bed) -> Planted | None:
    def fits(node: Node, name: str) -> bool:
        return len(node.strings(name)) == 2

    found = _one(bed, "(clock|reset|interrupt|power-domain)-names", fits)
    if found is None:
        return None
    node, held = found
    first = node.strings(held.name)[0]
    return _planted(node, [held.with_value(f'"{first}", "{first}"')], held.name)


@fault("phandle/assigned-clocks")
def a_parent_too_many(bed: Bed) -> Planted | None:
    def more(node: Node, held: Statement) -> str:
        refs = [ref for ref in bed.references("assigned-clock-parents") if ref.node == node.index]
        counts = [ref.entry for ref in bed.references("assigned-clocks") if ref.node == node.index]
        if not refs or len(refs) != len(counts):
            return ""
        last = bed.tree[refs[-1].supplier]
        args = "".join(f" {each}" for each in node.cells(held.name)[refs[-1].cell + 1 :])
        return f", <&{last.label}{args}>" if last.label else ""

    return _appended(bed, "assigned-clock-parents", more)


@fault("phandle/assigned-clocks")
def a_rate_too_many(bed: Bed) -> Planted | None:
    def more(node: Node, held: Statement) -> str:
        refs = [ref for ref in bed.references("assigned-clocks") if ref.node == node.index]
        return ", <25000000>" if len(refs) == len(node.cells(held.name)) else ""

    return _appended(bed, "assigned-clock-rates", more)


@fault("phandle/second-supply")
def two_supplies(bed: Bed) -> Planted | None:
    ref = bed.pick(bed.references("*-supply"))
    other = bed.tree[ref.supplier].label if ref else ""
    if not other:
        return None
    return _appended(
        bed,
        r"[\w-]+-supply",
        lambda *_: bed.random.choice((f", <&{other}>", f",\n\t\t\t<&{other}>")),
    )


@fault("phandle/leftover-cells")
def a_cell_too_many(bed: Bed) -> Planted | None:
    return _appended(bed, "pwms|io-channels|sound-dai|thermal-sensors", lambda *_: ", <0>")


@fault("phandle/leftover-cells")
def a_byte_too_many(bed: Bed) -> Planted | None:
    return _appended(bed, "clocks|resets|power-domains|dmas|phys", lambda *_: ", [00]")


@fault("phandle/lost-suppliers")
def an_argument_too_many(bed: Bed) -> Planted | None:
    found = _one(
        bed,
        "resets|power-domains",
        lambda node, name: len(node.cells(name)) >= 4 and all(node.cells(name)),
    )
    if found is None or "<" not in found[1].value or "(" in found[1].value:
        return None
    node, held = found
    return _planted(node, [held.with_value(held.value.replace(">", " 0>"))], held.name)


def _without(bed: Bed, pattern: str, binding: str, cells: str) -> Planted | None:
    suppliers = {ref.supplier for ref in bed.references(*binding.split())}
    found = _one(bed, pattern, lambda node, _: node.index in suppliers)
    if found is None:
        return None
    node, held = found
    users = [
        bed.tree[ref.node] for ref in bed.references(*binding.split()) if ref.supplier == node.index
    ]
    return _planted(node, [held.deleted()], cells, also=users)


@fault("phandle/missing-cells")
def no_clock_cells(bed: Bed) -> Planted | None:
    return _without(
        bed, "#clock-cells", "clocks assigned-clocks assigned-clock-parents", "#clock-cells"
    )


@fault("phandle/missing-cells")
def no_phy_cells(bed: Bed) -> Planted | None:
    return _without(bed, "#phy-cells", "phys", "#phy-cells")


@fault("phandle/missing-cells")
def no_pwm_cells(bed: Bed) -> Planted | None:
    return _without(bed, "#pwm-cells", "pwms", "#pwm-cells")


@fault("phandle/missing-cells")
def no_reset_cells(bed: Bed) -> Planted | None:
    return _without(bed, "#reset-cells", "resets", "#reset-cells")


@fault("phandle/missing-cells")
def no_power_domain_cells(bed: Bed) -> Planted | None:
    return _without(bed, "#power-domain-cells", "power-domains", "#power-domain-cells")


@fault("phandle/wrong-cells")
def other_cells(bed: Bed) -> Planted | None:
    refs = bed.references("clocks", "resets", "dmas", "*-gpios", "power-domains")
    counts: dict[tuple[int, str], int] = {}
    for ref in refs:
        key = ref.supplier, ref.binding.cells or ""
        counts[key] = counts.get(key, 0) + 1
    chosen = bed.pick(key for key, count in counts.items() if count > 3 and key[1])
    if chosen is None:
        return None
    node, name = bed.tree[chosen[0]], chosen[1]
    held = bed.statement(node, name)
    if held is None:
        return None
    width = (node.cell(name) or 0) + bed.random.choice((1, -1))
    return _planted(node, [held.with_value(f"<{max(width, 0)}>")], name) if width >= 0 else None


@fault("phandle/interrupt-cells")
def no_interrupt_cells(bed: Bed) -> Planted | None:
    return _without(bed, "#interrupt-cells", "interrupts interrupts-extended", "#interrupt-cells")


@fault("phandle/no-interrupt-parent")
def no_interrupt_parent(bed: Bed) -> Planted | None:
    held = bed.statement(bed.tree.root, "interrupt-parent")
    if held is None:
        return None
    users = bed.holders("interrupts")
    return _planted(bed.tree.root, [held.deleted()], "interrupt-parent", also=users)


@fault("phandle/interrupt-map")
def address_cells_of_the_parent(bed: Bed) -> Planted | None:
    parents = {ref.supplier for ref in bed.references("interrupt-map")}
    found = _one(
        bed,
        "#address-cells",
        lambda node, _: node.index in parents and node.cell("#address-cells") == 0,
    )
    if found is None:
        return None
    node, held = found
    users = [
        bed.tree[ref.node] for ref in bed.references("interrupt-map") if ref.supplier == node.index
    ]
    return _planted(node, [held.with_value("<1>")], "#address-cells", also=users)


@fault("phandle/one-way-graph")
def one_end_gone(bed: Bed) -> Planted | None:
    found = _one(bed, "remote-endpoint")
    if found is None:
        return None
    node, held = found
    other = bed.tree.phandles.get(node.cell("remote-endpoint") or 0)
    also = [bed.tree[other]] if other is not None else []
    return _planted(node, [held.deleted()], "remote-endpoint", also=also)


@fault("phandle/dangling")
def endpoint_to_nowhere(bed: Bed) -> Planted | None:
    found = _one(bed, "remote-endpoint")
    if found is None:
        return None
    node, held = found
    return _planted(node, [held.with_value("<0xfff0>")], "remote-endpoint")


@fault("phandle/dangling")
def supplier_to_nowhere(bed: Bed) -> Planted | None:
    found = _one(bed, "power-domains|[a-z]+-supply")
    if found is None:
        return None
    node, held = found
    return _planted(node, [held.with_value("<0xfff1>")], held.name)


@fault("phandle/truncated-specifier")
def an_argument_too_few(bed: Bed) -> Planted | None:
    found = _one(bed, "resets|dmas", lambda node, name: len(node.cells(name)) == 2)
    supplier = bed.tree.phandles.get(found[0].cells(found[1].name)[0]) if found else None
    if found is None or supplier is None or not bed.tree[supplier].label:
        return None
    node, held = found
    return _planted(node, [held.with_value(f"<&{bed.tree[supplier].label}>")], held.name)


@fault("supplier/disabled")
def supplier_off(bed: Bed) -> Planted | None:
    refs = bed.references("*-supply", "clocks", "phys", "power-domains", "pwms")
    suppliers = {ref.supplier for ref in refs}
    found = _one(
        bed,
        "compatible",
        lambda node, _: node.index in suppliers and not node.has("status") and not node.children,
    )
    if found is None:
        return None
    node, held = found
    users = [bed.tree[ref.node] for ref in refs if ref.supplier == node.index]
    text = 'status = "disabled";'
    return _planted(node, [held.followed_by(text)], "status", also=users)


@fault("supplier/disabled")
def supplier_not_enabled(bed: Bed) -> Planted | None:
    refs = bed.references(
        "*-supply", "clocks", "phys", "power-domains", "pwms", "*-gpios", "dmas", "resets"
    )
    suppliers = {ref.supplier for ref in refs}
    found = _one(bed, "status", lambda node, _: node.index in suppliers)
    if found is None:
        return None
    node, held = found
    users = [bed.tree[ref.node] for ref in refs if ref.supplier == node.index]
    return _planted(node, [held.with_value('"disabled"')], "status", also=users)


@fault("supplier/misspelt-name")
def misspelt_supply(bed: Bed) -> Planted | None:
    def slip(name: str) -> str:
        at = 1 if name.startswith("vin") else bed.random.randrange(1, 3)
        return name[:at] + name[at + 1] + name[at] + name[at + 2 :]

    return _renamed(
        bed, r"(vmmc|vqmmc|vbus|power|avdd|dvdd|vin|vddio|vcc|phy)-supply", slip, _is_device
    )


@fault("supplier/misspelt-name")
def misspelt_suffix(bed: Bed) -> Planted | None:
    return _renamed(bed, r"[\w-]+-supply", lambda name: name.replace("supply", "suply"), _is_device)


@fault("supplier/misspelt-name")
def misspelt_list(bed: Bed) -> Planted | None:
    return _renamed(
        bed,
        "clocks|resets|interrupts|power-domains|phys|dmas|pwms",
        lambda name: name[:-1],
        _is_device,
    )


@fault("supplier/misspelt-name")
def misspelt_names(bed: Bed) -> Planted | None:
    return _renamed(
        bed, "(clock|reset|interrupt|dma|phy)-names", lambda name: name[:-1], _is_device
    )


@fault("supplier/misspelt-name")
def other_input_of_a_regulator(bed: Bed) -> Planted | None:
    return _renamed(
        bed,
        "vin-supply",
        lambda _: "pwr-supply",
        lambda node, _: (
            node.compatible == ("regulator-fixed",) or "regulator-fixed" in node.compatible
        ),
    )


@fault("supplier/not-a-provider")
def no_gpio_controller(bed: Bed) -> Planted | None:
    return _without(bed, "gpio-controller", "*-gpios", "gpio-controller")


_OLD = {
    "phy-handle": "phy",
    "cpu-supply": "cpu0-supply",
    "dma-channels": "#dma-channels",
    "wakeup-source": "linux,wakeup",
}


@fault("legacy/old-name")
def old_name(bed: Bed) -> Planted | None:
    return _renamed(
        bed,
        "|".join(_OLD),
        lambda name: _OLD[name],
        lambda node, name: name != "phy-handle" or node.has("phy-mode"),
    )


@fault("legacy/dead-property")
def dead_reset(bed: Bed) -> Planted | None:
    return _renamed(bed, "reset-gpios", lambda _: "gpio-reset", _is_device)


@fault("legacy/dead-property")
def dead_power_domain(bed: Bed) -> Planted | None:
    return _renamed(
        bed,
        "power-domains",
        lambda _: bed.random.choice(("power-domain", "samsung,power-domain")),
        _is_device,
    )


@fault("legacy/hidden-link")
def hidden_phy(bed: Bed) -> Planted | None:
    return _renamed(
        bed, "phys", lambda _: "fsl,usbphy", lambda node, name: len(node.cells(name)) == 1
    )


@fault("legacy/redundant-interrupts")
def interrupts_twice(bed: Bed) -> Planted | None:
    return _added(
        bed,
        "interrupts-extended",
        lambda *_: "interrupts = <1 2 4>;",
        "interrupts",
        fits=lambda node, _: not node.has("interrupts"),
    )


@fault("legacy/stream-id-cells")
def stream_id_cells(bed: Bed) -> Planted | None:
    return _added(bed, "iommus", lambda *_: "#stream-id-cells = <1>;", "#stream-id-cells")


@fault("cycle/supplier-cycle")
def supplier_of_its_supplier(bed: Bed) -> Planted | None:
    refs = [
        ref
        for ref in bed.references("*-supply", "clocks", "power-domains", "resets")
        if bed.tree[ref.node].label
        and not bed.tree[ref.supplier].has("extcon")
        and bed.tree[ref.node].has("compatible")
        and bed.tree[ref.supplier].has("compatible")
    ]
    ref = bed.pick(refs)
    if ref is None:
        return None
    node, other = bed.tree[ref.supplier], bed.tree[ref.node]
    held = bed.statement(node, "compatible")
    if held is None:
        return None
    text = f"extcon = <&{other.label}>;"
    return _planted(node, [held.followed_by(text)], "extcon", also=[other])


@fault("supplier/unpopulated")
def no_simple_mfd(bed: Bed) -> Planted | None:
    found = _one(
        bed,
        "compatible",
        lambda node, _: node.compatible[-1:] == ("simple-mfd",) and len(node.compatible) > 1,
    )
    if found is None:
        return None
    node, held = found
    words = ", ".join(f'"{each}"' for each in node.compatible[:-1])
    return _planted(node, [held.with_value(words)], "compatible")


def _map(bed: Bed) -> tuple[Node, Statement] | None:
    return _one(bed, "iommu-map", lambda node, name: len(node.cells(name)) % 4 == 0)


@fault("iommu/map-mask")
def mask_that_clears_bits(bed: Bed) -> Planted | None:
    found = _map(bed)
    if found is None or found[0].has("iommu-map-mask"):
        return None
    node, held = found
    mask = bed.random.choice(("0xff", "0xff00", "0xfff8", "0x7f"))
    return _planted(node, [held.followed_by(f"iommu-map-mask = <{mask}>;")], "iommu-map-mask")


@fault("iommu/map-input-overlap")
def a_length_too_long(bed: Bed) -> Planted | None:
    found = _map(bed)
    if found is None:
        return None
    node, held = found
    cells = list(node.cells("iommu-map"))
    target = bed.tree[bed.tree.phandles.get(cells[1], 0)]
    if not target.label:
        return None
    first = f"<0x0 &{target.label} 0x0 0x101>, <0x100 &{target.label} 0x4000 0x1000>"
    return _planted(node, [held.with_value(first)], "iommu-map")


@fault("iommu/not-an-iommu")
def map_to_no_iommu(bed: Bed) -> Planted | None:
    found = _map(bed)
    other = bed.pick(node for node in bed.holders("interrupt-controller") if node.label)
    if found is None or other is None:
        return None
    node, held = found
    target = bed.tree[bed.tree.phandles.get(node.cells("iommu-map")[1], 0)]
    if not target.label or f"&{target.label} " not in held.text:
        return None
    value = held.value.replace(f"&{target.label} ", f"&{other.label} ")
    return _planted(node, [held.with_value(value)], "iommu-map")


@fault("iommu/cells")
def no_iommu_cells(bed: Bed) -> Planted | None:
    return _without(bed, "#iommu-cells", "iommus iommu-map", "#iommu-cells")


@fault("legacy/dead-compatible")
def old_fixed_regulator(bed: Bed) -> Planted | None:
    found = _one(bed, "compatible", lambda node, _: node.compatible == ("regulator-fixed",))
    if found is None or not found[0].has("regulator-name"):
        return None
    node, held = found
    return _planted(node, [held.with_value('"reg-fixed-voltage"')], "compatible")


@fault("legacy/mmu-masters")
def masters_at_the_smmu(bed: Bed) -> Planted | None:
    smmu = bed.pick(
        node
        for node in bed.holders("#iommu-cells", "reg")
        if set(node.compatible) & set(ARM_SMMU) and node.cell("#iommu-cells") == 1
    )
    held = bed.statement(smmu, "#iommu-cells") if smmu else None
    users = {node.index: node for node in bed.holders("iommus")}
    refs = [ref for ref in bed.references("iommus", "iommu-map") if ref.node in users]
    mine = {ref.node for ref in refs if smmu and ref.supplier == smmu.index}
    if smmu is None or held is None or not mine or not smmu.label:
        return None
    splices, masters = [], list[str]()
    for index in sorted(mine):
        master = users[index]
        ids = master.cells("iommus")[1::2]
        own = bed.statement(master, "iommus")
        is_plain = len(ids) * 2 == len(master.cells("iommus")) and not master.has("iommu-map")
        if own is None or not master.label or not is_plain:
            return None
        masters.append(f"<&{master.label} {' '.join(map(hex, ids))}>")
        splices.append(own.replaced(f"#stream-id-cells = <{len(ids)}>;"))
    splices.append(held.replaced(f"mmu-masters = {', '.join(masters)};"))
    places = {(users[index].path, "iommus") for index in mine}
    return Planted(splices, frozenset((smmu.path,)), frozenset(places))
