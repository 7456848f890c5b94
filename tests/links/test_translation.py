"""The mappings of requesters: as ranges, and the same ID by ID."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dtlink.firmware.acpi.iort import ItsGroup
from dtlink.firmware.dts import read_text
from dtlink.links.acpi.iort_walk import SMMUS, map_id
from dtlink.links.acpi.translation import of_machine, root_complex
from dtlink.links.id_ranges import (
    IdRange,
    Ids,
    MappedRange,
    first_match,
    merged,
    side_by_side,
    without,
)
from dtlink.links.same_machine import Aspect, differences
from dtlink.links.translation import (
    EntryRef,
    IdTranslation,
    Supplier,
    SupplierKind,
    Translation,
    of_tree,
    one,
)
from tests.support.tables import machine

spans = st.tuples(st.integers(0, 60), st.integers(0, 12)).map(
    lambda pair: IdRange(pair[0], sum(pair))
)


@given(st.lists(spans, max_size=12))
def test_the_first_of_overlapping_entries_is_used(entries: list[IdRange]) -> None:
    pieces = first_match([(span, number) for number, span in enumerate(entries)])
    by_piece = {
        ident: piece.value
        for piece in pieces
        for ident in range(piece.span.first, piece.span.last + 1)
    }
    for ident in range(80):
        takers = [number for number, span in enumerate(entries) if span.first <= ident <= span.last]
        assert by_piece.get(ident) == (takers[0] if takers else None)
    assert [piece.span for piece in pieces] == sorted(piece.span for piece in pieces)


@given(st.lists(spans, max_size=6), st.lists(spans, max_size=6))
def test_two_maps_side_by_side(left: list[IdRange], right: list[IdRange]) -> None:
    one_map, other = (
        first_match([(span, number) for number, span in enumerate(entries)])
        for entries in (left, right)
    )
    cut = list(side_by_side(one_map, other, IdRange(0, 79)))
    assert sum(piece.span.size for piece in cut) == 80
    for span, (a, b) in cut:
        for ident in range(span.first, span.last + 1):
            assert a == dict(_each(one_map)).get(ident)
            assert b == dict(_each(other)).get(ident)


def _each(pieces: list[MappedRange[int]]) -> list[tuple[int, int]]:
    return [(i, p.value) for p in pieces for i in range(p.span.first, p.span.last + 1)]


@given(st.lists(spans, max_size=6), st.lists(spans, max_size=6))
def test_ranges_without_others(whole: list[IdRange], taken: list[IdRange]) -> None:
    def each(many: list[IdRange]) -> set[int]:
        return {ident for span in many for ident in range(span.first, span.last + 1)}

    assert each(without(merged(whole), taken)) == each(whole) - each(taken)


def test_ids_go_through_one_map_after_the_other() -> None:
    assert Ids.line(0x10, 0x100).after(Ids.line(0, 0x10)).at(2) == 0x102
    assert Ids(7, 0).after(Ids.line(0, 0x10)) == Ids(7, 0)
    assert Ids.line(0, 5).after(Ids(7, 0)) == Ids(12, 0)


# IORT


def mapping(draw: st.DrawFn, outputs: tuple[str, ...]) -> str:
    base, count = draw(st.integers(0, 40)), draw(st.integers(0, 12))
    flags = draw(st.sampled_from([0, 0, 0, 0, 1]))
    output = draw(st.integers(0, 40))
    to = draw(st.sampled_from(outputs))
    return f"map input_base={base} count={count} output_base={output} output={to} flags={flags}"


@st.composite
def iorts(draw: st.DrawFn) -> str:
    """Small IORTs with overlaps, off-by-one errors, single mappings, loops, dangling references."""
    rows = ["IORT table_revision=3", "  its0: its-group ids=0", "  its1: its-group ids=1"]
    for name in ("a", "b"):
        index = draw(st.integers(0, 4))
        rows.append(
            f"  {name}: smmu-v3 node_revision=4 base={ord(name) << 16} device_id_index={index}"
        )
        maps = draw(st.integers(0, 4))
        rows += ["    " + mapping(draw, ("its0", "its1", "its0", "a", "b")) for _ in range(maps)]
    rows.append("  root-complex segment=0")
    maps = draw(st.integers(0, 6))
    rows += ["    " + mapping(draw, ("a", "b", "its0", "its1", "a+4")) for _ in range(maps)]
    rows += ["APIC", "  its id=0 base=0x8080000", "  its id=1 base=0x8090000"]
    return "\n".join(rows)


@given(iorts())
def test_an_iort_by_ranges_and_id_by_id(text: str) -> None:
    board = machine(text)
    table, root = board.iort, root_complex(board, 0)
    assert table is not None
    assert root is not None
    bases = {0: 0x8080000, 1: 0x8090000}
    found = of_machine(board, 0)
    for ident in range(120):
        walked = map_id(table, root, ident, SMMUS)
        expected = (walked.found.base, walked.id) if walked.found else None
        assert _plain(one(found.iommu, ident)) == expected
        walked = map_id(table, root, ident, (ItsGroup,))
        expected = (bases[walked.found.ids[0]], walked.id) if walked.found else None
        assert _plain(one(found.msi, ident)) == expected


def _plain(given: object) -> object:
    return None if given is None else (given[0].key[1], given[1])


VIRTUAL = """
IORT
  its: its-group ids=0
  root-complex segment=0
    map count=0xffff output=its
APIC
  its id=0 base=0x8080000
VIOT
  iommu: virtio-iommu-pci function=0x18
  pci-range endpoint_start=0x700 bdf_start=0 bdf_end=0x1ff output=iommu
  pci-range endpoint_start=0x100 bdf_start=0x100 bdf_end=0x1ff output=iommu
"""


def test_a_viot_is_used_for_ids_without_an_smmu_in_the_iort() -> None:
    found = of_machine(machine(VIRTUAL), 0)
    assert _plain(one(found.msi, 0x10)) == (0x8080000, 0x10)
    supplier, endpoint = one(found.iommu, 0x10) or (None, 0)
    assert supplier is not None
    assert supplier.key == ("pci", 0, 0x18)
    assert supplier.kind is SupplierKind.VIRTIO
    assert endpoint == 0x710
    assert one(found.iommu, 0x200) is None


def test_a_virtio_iommu_does_not_serve_itself() -> None:
    found = of_machine(machine(VIRTUAL), 0)
    assert one(found.iommu, 0x17)
    assert one(found.iommu, 0x18) is None
    assert one(found.iommu, 0x19)


def test_the_last_of_overlapping_viot_ranges_is_used() -> None:
    assert _id(one(of_machine(machine(VIRTUAL), 0).iommu, 0x101)) == 0x101


def test_the_iort_has_precedence_over_the_viot() -> None:
    text = VIRTUAL.replace("count=0xffff output=its", "count=0xff output=smmu").replace(
        "  root", "  smmu: smmu-v3 base=0x9050000\n    map count=0xffff output=its\n  root"
    )
    found = of_machine(machine(text), 0)
    assert _plain(one(found.iommu, 0x20)) == (0x9050000, 0x20)
    assert _plain(one(found.msi, 0x20)) == (0x8080000, 0x20)
    supplier, _ = one(found.iommu, 0x150) or (None, 0)
    assert supplier is not None
    assert supplier.kind is SupplierKind.VIRTIO


FRAME = """
IORT
  its: its-group ids=3
  root-complex segment=0
    map count=0xffff output=its
APIC
  msi-frame id=0 base=0x8020000
"""


def test_the_first_frame_is_used_for_msis_without_an_its() -> None:
    supplier, _ = one(of_machine(machine(FRAME), 0).msi, 7) or (None, 0)
    assert supplier is not None
    assert supplier.key == ("mmio", 0x8020000)
    assert supplier.kind is SupplierKind.FRAME
    with_its = FRAME + "  its id=3 base=0x8080000\n"
    assert _plain(one(of_machine(machine(with_its), 0).msi, 7)) == (0x8080000, 7)


def test_linux_uses_the_first_root_complex_of_a_segment() -> None:
    text = FRAME + "  its id=3 base=0x8080000\n"
    text = text.replace("  root", "  root-complex segment=0\n  root")
    supplier, _ = one(of_machine(machine(text), 0).msi, 7) or (None, 0)
    assert supplier is not None
    assert supplier.kind is SupplierKind.FRAME


# The devicetree

HOST = """
/ {
  #address-cells = <2>; #size-cells = <2>;
  smmu: iommu@9050000 {
    compatible = "arm,smmu-v3"; reg = <0 0x9050000 0 0x20000>; #iommu-cells = <1>;
  };
  off: iommu@9060000 {
    compatible = "arm,smmu-v3"; reg = <0 0x9060000 0 0x20000>; #iommu-cells = <1>;
    status = "disabled";
  };
  its: msi@8080000 {
    compatible = "arm,gic-v3-its"; reg = <0 0x8080000 0 0x20000>; msi-controller; #msi-cells = <1>;
  };
  frame: msi@8020000 {
    compatible = "arm,gic-v2m-frame"; reg = <0 0x8020000 0 0x1000>; msi-controller;
  };
  pcie@10000000 {
    device_type = "pci"; #address-cells = <3>; #size-cells = <2>;
    reg = <0x40 0x10000000 0 0x10000000>; ranges; bus-range = <0 255>;
    PROPS
    viommu: iommu@3,0 {
      compatible = "pci1af4,1057"; reg = <0x1800 0 0 0 0>; #iommu-cells = <1>;
    };
  };
};
"""


def tree_of(props: str) -> Translation:
    tree = read_text(HOST.replace("PROPS", props))
    host = next(node.index for node in tree if node.name.startswith("pcie"))
    return of_tree(tree, host, {host: 0})


@given(
    st.lists(
        st.tuples(
            st.integers(0, 0x120),
            st.sampled_from(["&smmu", "&off", "&viommu", "0x99"]),
            st.integers(0, 0x400),
            st.integers(0, 0x80),
        ),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from([None, 0xFFFFFFFF, 0xFFFF, 0xFF00, 0xFFF8, 0xFF, 0x7F, 0, 0x155]),
)
def test_a_devicetree_by_ranges_and_id_by_id(
    rows: list[tuple[int, str, int, int]], mask: int | None
) -> None:
    cells = ", ".join(f"<{base} {target} {out} {size}>" for base, target, out, size in rows)
    mask_property = "" if mask is None else f"iommu-map-mask = <{mask}>;"
    found = tree_of(f"iommu-map = {cells}; {mask_property}").iommu
    for ident in (*range(0x240), 0x5555, 0xFF00, 0xFFFF):
        assert _plain(one(found, ident)) == _mapped(rows, mask, ident)


def _mapped(
    rows: list[tuple[int, str, int, int]], mask: int | None, ident: int
) -> tuple[int, int] | None:
    """Map one ID as of_map_id() does."""
    mask = 0xFFFFFFFF if mask is None else mask
    for base, target, output, size in rows:
        if base & ~mask:
            return None
        masked = ident & mask
        if base <= masked < base + size:
            address = {"&smmu": 0x9050000, "&viommu": 0}.get(target)
            return None if address is None else (address, output + masked - base)
    return None


def test_an_id_map_with_an_incomplete_entry_maps_nothing() -> None:
    assert tree_of("iommu-map = <0 &smmu 0 0x100 7>;").iommu == []


def test_the_key_of_an_iommu_that_is_a_pci_function() -> None:
    supplier, _ = one(tree_of("iommu-map = <0 &viommu 0 0x18>;").iommu, 5) or (None, 0)
    assert supplier is not None
    assert supplier.key == ("pci", 0, 0x18)


def test_msi_parent_is_used_for_ids_outside_msi_map() -> None:
    found = tree_of("msi-map = <0x100 &its 0 0x100>; msi-parent = <&frame>;").msi
    assert _plain(one(found, 0x105)) == (0x8080000, 5)
    assert _plain(one(found, 5)) == (0x8020000, 5)


def test_disabled_msi_parents_are_skipped() -> None:
    found = tree_of("msi-parent = <&off>, <&its 7>;").msi
    assert _plain(one(found, 5)) == (0x8080000, 5)


def _id(given: tuple[Supplier, int] | None) -> int | None:
    return None if given is None else given[1]


# What differs

SUPPLIERS = [Supplier(("mmio", base), SupplierKind.SMMU_V3, f"/{base}") for base in (1, 2)]
FRAMES = [Supplier(("mmio", base), SupplierKind.FRAME, f"/{base}") for base in (1, 2)]


def ways(suppliers: list[Supplier]) -> st.SearchStrategy[list[MappedRange[IdTranslation]]]:
    way = st.builds(
        IdTranslation,
        st.sampled_from(suppliers),
        st.builds(Ids, st.integers(0, 30), st.sampled_from([0, 1, 1])),
        st.just(EntryRef("/", "map", 0)),
    )
    return st.lists(st.tuples(spans, way), max_size=5).map(first_match)


@given(ways(SUPPLIERS), ways(SUPPLIERS), ways(FRAMES), ways(FRAMES), st.lists(spans, max_size=3))
def test_differences_by_ranges_and_id_by_id(
    one_iommu: list[MappedRange[IdTranslation]],
    other_iommu: list[MappedRange[IdTranslation]],
    one_msi: list[MappedRange[IdTranslation]],
    other_msi: list[MappedRange[IdTranslation]],
    there: list[IdRange],
) -> None:
    there = merged(there)
    found = differences(Translation(one_iommu, one_msi), Translation(other_iommu, other_msi), there)
    counts: dict[tuple[Aspect, int], int] = {}
    for each in found:
        for row in each.rows:
            for ident in range(row.span.first, row.span.last + 1):
                counts[each.aspect, ident] = counts.get((each.aspect, ident), 0) + 1
    expected = set()
    for ident in (ident for span in there for ident in range(span.first, span.last + 1)):
        a, b = one(one_iommu, ident), one(other_iommu, ident)
        if (a and a[0]) != (b and b[0]):
            expected.add((Aspect.IOMMU, ident))
        elif a != b:
            expected.add((Aspect.STREAM, ident))
        a, b = one(one_msi, ident), one(other_msi, ident)
        if (a and a[0]) != (b and b[0]):
            expected.add((Aspect.MSI, ident))
    assert counts.keys() == expected
    assert set(counts.values()) <= {1}


def test_device_ids_are_compared_at_an_its() -> None:
    its = Supplier(("mmio", 1), SupplierKind.ITS, "/its")
    one_side, other = (
        [MappedRange(IdRange(0, 9), IdTranslation(its, Ids(offset), EntryRef("/", "msi-map", 0)))]
        for offset in (0, 1)
    )
    found = differences(Translation([], one_side), Translation([], other), [IdRange(3, 5)])
    assert [(each.aspect, each.spans) for each in found] == [(Aspect.DEVICE, [IdRange(3, 5)])]
