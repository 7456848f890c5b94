"""The table of supplier bindings."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

import pytest

from dtlink.facts.binding import Origin, SupplierBinding, Walk
from dtlink.facts.bindings import (
    KERNEL_BINDINGS,
    OTHER_BINDINGS,
    VENDOR_BINDINGS,
    binding_of,
)
from dtlink.facts.kernels import since
from dtlink.firmware import fdt
from dtlink.firmware.tree import Tree
from tests.support.boards import need_corpus

VERSIONS = [
    *((5, 10), (5, 15), (6, 1), (6, 6), (6, 7), (6, 8), (6, 9), (6, 10)),
    *((6, 11), (6, 12), (6, 18), (7, 0)),
]
ROWS = (*KERNEL_BINDINGS, *OTHER_BINDINGS, *VENDOR_BINDINGS)

ALWAYS = """
    clocks interconnects iommus iommu-map mboxes io-channels dmas power-domains hwlocks extcon
    nvmem-cells phys wakeup-parent pinctrl-0 pinctrl-8 vdd-supply cd-gpio cd-gpios""".split()  # noqa: SIM905 - a list
# When fw_devlink followed a property: drivers/of/property.c of the versions above.
FOLLOWED = {
    **dict.fromkeys(ALWAYS, "5.10 5.15 6.1 6.6 6.7 6.8 6.9 6.10 6.11 6.12 6.18 7.0"),
    "interrupts-extended": "5.10 5.15 6.1 6.6 6.7 6.8 6.9 6.10 6.11 6.12 6.18 7.0",
    "interrupt-parent": "5.10 5.15 6.1 6.6 6.7 6.8 6.9 6.10 6.11",
    **dict.fromkeys(
        ["remote-endpoint", "pwms", "resets", "leds", "backlight", "gpio", "gpios", "interrupts"],
        "5.15 6.1 6.6 6.7 6.8 6.9 6.10 6.11 6.12 6.18 7.0",
    ),
    "panel": "6.1 6.6 6.7 6.8 6.9 6.10 6.11 6.12 6.18 7.0",
    "msi-parent": "6.7 6.8 6.9 6.10 6.11 6.12 6.18 7.0",
    **dict.fromkeys(["io-backends", "post-init-providers"], "6.9 6.10 6.11 6.12 6.18 7.0"),
    **dict.fromkeys(
        ["pses", "power-supplies", "interrupt-map", "access-controllers"],
        "6.10 6.11 6.12 6.18 7.0",
    ),
    **dict.fromkeys(["mmc-pwrseq", "pinctrl-9", "pinctrl-12", "pinctrl-0x"], "7.0"),
    **dict.fromkeys(
        ["msi-map", "memory-region", "thermal-sensors", "assigned-clocks", "mmu-masters",
         "sound-dai", "usb-phy", "rockchip,grf"],
        "",
    ),
}  # fmt: skip


def numbers(text: str) -> set[tuple[int, int]]:
    pairs = (version.split(".") for version in text.split())
    return {(int(major), int(minor)) for major, minor in pairs}


@pytest.mark.parametrize("name", FOLLOWED)
def test_which_kernels_follow_a_property(name):
    followed = set()
    for version in VERSIONS:
        row = binding_of(name, version)
        assert row is not None
        if row.in_kernel(version):
            followed.add(version)
    assert followed == numbers(FOLLOWED[name])


@pytest.mark.parametrize("name", ["iommus", "iommu-map", "dmas"])
@pytest.mark.parametrize("version", VERSIONS)
def test_what_only_strict_kernels_follow(name, version):
    row = binding_of(name, version)
    assert (row.optional is not None and version in row.optional) is (version >= (5, 15))


def test_nothing_else_is_optional():
    assert {row.name for row in ROWS if row.optional} == {"iommus", "iommu-map", "dmas"}, (
        "optional= is for what of_supplier_bindings[] marks as such: add the kernel's row here too"
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_no_two_rows_read_one_property_on_one_kernel(version):
    names = [row.name for row in ROWS if row.in_kernel(version)]
    twice = [name for name, count in Counter(names).items() if count > 1]
    assert not twice, f"two rows for {twice} on {version}: end the range of one with until="


def test_a_name_has_one_origin():
    origins = {}
    for row in ROWS:
        assert origins.setdefault(row.name, row.origin) is row.origin, row.name


def test_only_rows_of_the_kernel_have_kernels():
    wrong = [row.name for row in ROWS if bool(row.kernel) is not (row.origin is Origin.KERNEL)]
    assert not wrong, f"{wrong}: rows of _kernel() have version ranges, and no others"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_is_well_formed(row: SupplierBinding):
    assert re.fullmatch(r"\*?[a-zA-Z0-9,._+-]+\*?", row.name)
    assert not (row.name.startswith("*") and row.name.endswith("*"))
    assert row.kind
    assert row.kind == row.kind.strip()
    assert row.cells is None or re.fullmatch(r"#[a-z0-9,-]+-cells", row.cells)
    assert row.missing_cells in (None, 0)
    assert row.missing_cells is None or row.cells
    assert row.fixed == 0 or row.cells is None
    assert row.fixed >= -1
    if row.walk in (Walk.ID_MAP, Walk.NEXUS_MAP, Walk.MASTERS, Walk.INTERRUPT_MAP):
        assert row.cells
    if row.walk in (Walk.ENDPOINT, Walk.INTERRUPTS):
        assert row.cells is None


def test_versions_in_a_range():
    versions = since("5.15", until="6.1")
    assert [version in versions for version in VERSIONS] == [False, True, *[False] * 10]
    assert (6, 18) in since("6.11")
    assert "6.12" not in since("6.11")


@pytest.mark.parametrize(
    "name",
    ["compatible", "reg", "status", "phandle", "#clock-cells", "clock-names", "supply", "-supply",
     "-gpios", "fsl,nr-gpios", "pinctrl-names", "interrupt-controller", "clocksx", "iommu-map-mask",
     "rockchip,pins"],
)  # fmt: skip
def test_properties_that_name_no_suppliers(name):
    assert binding_of(name) is None


def test_a_suffix_may_be_the_whole_name_since_7_0():
    for name in ("-supply", "-gpio", "-gpios"):
        assert binding_of(name, (6, 19)) is None
        assert binding_of(name, (7, 0)).name == f"*{name}"
    assert binding_of(",nr-gpios", (7, 0)) is None


def test_a_kernel_that_nobody_knows_yet_reads_as_the_last():
    assert binding_of("clocks", (9, 0)).in_kernel((9, 0))
    assert binding_of("nvmem-cells", (9, 0)).cells == "#nvmem-cell-cells"


# Held by one cell that is a phandle on most boards, and yet no links.
NO_LINKS = {"phandle", "linux,phandle"}


def single_cells(tree: Tree) -> Iterator[tuple[str, int]]:
    """The properties that have one cell, with its value."""
    for name, column in tree.columns.items():
        if name not in NO_LINKS:
            for at in column.values():
                if tree.words[at + 1] == 4:
                    yield name, tree.words[at + 3]


@pytest.mark.corpus
def test_every_property_that_holds_phandles_on_many_boards_has_a_row():
    all_values: Counter[str] = Counter()
    good_values: Counter[str] = Counter()
    different: defaultdict[str, set[int]] = defaultdict(set)
    boards: defaultdict[str, set[str]] = defaultdict(set)
    for path in need_corpus():
        tree = fdt.read(path.read_bytes())
        for name, value in single_cells(tree):
            all_values[name] += 1
            if value in tree.phandles:
                good_values[name] += 1
                different[name].add(value)
                boards[name].add(path.name)
    # Small numbers may be phandles by accident; but no count or size takes so many values.
    phandles = {
        name
        for name, count in good_values.items()
        if count > 0.9 * all_values[name] and len(different[name]) > 40 and len(boards[name]) >= 20
    }
    assert len(phandles) > 60
    missing = sorted(name for name in phandles if binding_of(name) is None)
    assert not missing, f"add a row for {missing} to dtlink/facts/bindings.py or vendor_bindings.py"
