"""Stream IDs and ID maps: where a small difference decides."""

import random
from collections.abc import Sequence
from itertools import combinations

import pytest

from dtlink.board.settings import Settings
from dtlink.board.tree import TreeBoard
from dtlink.facts.behaviours import IOMMU_MAP_BY_CELLS
from dtlink.facts.iommus import kind_of
from dtlink.facts.kernels import KernelVersion
from dtlink.firmware import dts
from dtlink.rules.catalogue import find
from dtlink.rules.model import Finding


def lint(source: str, *names: str, version: str = "") -> list[Finding]:
    named = KernelVersion.parse(version) if version else None
    board = TreeBoard(dts.read_text(source), Settings(named))
    chosen = [rule for name in names if (rule := find(f"iommu/{name}"))]
    assert len(chosen) == len(names)
    return [finding for rule in chosen for finding in rule.check(board)]


def told(found: Sequence[Finding]) -> list[tuple[str, str, int | None]]:
    return [(f.severity.value, f.subject.path, f.index) for f in found]


def host(name: str, body: str) -> str:
    return f'{name} {{ compatible = "pci-host-ecam-generic"; device_type = "pci"; {body} }};'


SMMU_V3 = 'smmu: iommu@1000 { compatible = "arm,smmu-v3"; #iommu-cells = <1>; };'
SMMU_V2 = 'smmu: iommu@1000 { compatible = "arm,mmu-500"; #iommu-cells = <%d>; };'


def masters(smmu: str, *iommus: str) -> str:
    nodes = (
        f'dma@{number}000 {{ compatible = "vendor,dma"; iommus = {value}; }};'
        for number, value in enumerate(iommus, 2)
    )
    return f"/ {{ {smmu} {' '.join(nodes)} }};"


class TestStreamMatch:
    """What arm_smmu_find_sme() takes, refuses, or takes in one order only."""

    @pytest.mark.parametrize(
        ("iommus", "expected"),
        [
            # the same IDs, though the numbers differ in bits that the mask leaves out
            (("<&smmu 0x586 0x11>", "<&smmu 0x596 0x11>"), []),
            (("<&smmu 0x620 0x0c>", "<&smmu 0x621 0x0c>"), []),
            (("<&smmu 0x620 0x0c>", "<&smmu 0x624 0x03>"), [("error", "/dma@3000", 0)]),
            # the wider one is refused, if the narrow one was there first
            (("<&smmu 0x620 0x0f>", "<&smmu 0x624 0x03>"), [("warning", "/dma@2000", 0)]),
            (("<&smmu 0x624 0x03>", "<&smmu 0x620 0x0f>"), [("warning", "/dma@3000", 0)]),
            # within a device the order is given
            (("<&smmu 0x620 0x0f>, <&smmu 0x624 0x03>",), []),
            (("<&smmu 0x624 0x03>, <&smmu 0x620 0x0f>",), [("error", "/dma@2000", 1)]),
        ],
    )
    def test_overlap(self, iommus: tuple[str, ...], expected: list[tuple[str, str, int]]) -> None:
        found = lint(masters(SMMU_V2 % 2, *iommus), "stream-match-overlap")
        assert told(found) == expected

    def test_mask_of_the_smmu_itself(self) -> None:
        smmu = (SMMU_V2 % 1).replace("};", "stream-match-mask = <0x7f80>; };")
        found = lint(masters(smmu, "<&smmu 0x11>", "<&smmu 0x91>"), "shared-stream-id")
        assert [f.message.partition("given to ")[2] for f in found] == [
            "dma@2000 and dma@3000 (0x11, mask 0x7f80)"
        ]

    def test_smmuv3_has_no_masks(self) -> None:
        source = masters(SMMU_V3, "<&smmu 0x10>", "<&smmu 0x11>")
        assert lint(source, "stream-match-overlap", "shared-stream-id") == []


class TestSharedStreamId:
    def test_smmuv3_refuses_the_second(self) -> None:
        found = lint(masters(SMMU_V3, "<&smmu 0x10>", "<&smmu 0x10>"), "shared-stream-id")
        assert told(found) == [("error", "/dma@3000", 0)]
        assert "stream 16 already in tree" in found[0].effect

    def test_engine_and_its_dma_controller(self) -> None:
        source = f"""/ {{
            {SMMU_V2 % 1}
            bam: dma@2000 {{ compatible = "vendor,dma"; #dma-cells = <1>; iommus = <&smmu 4>; }};
            crypto@3000 {{ compatible = "vendor,crypto"; iommus = <&smmu 4>; dmas = <&bam 1>; }};
        }};"""
        assert lint(source, "shared-stream-id") == []

    def test_one_finding_names_all_pairs(self) -> None:
        found = lint(masters(SMMU_V2 % 1, *["<&smmu 4>"] * 3), "shared-stream-id")
        assert told(found) == [("info", "/dma@3000", 0)]
        assert found[0].related == ("/dma@2000", "/dma@4000", "/iommu@1000")

    def test_disabled_devices_do_not_count(self) -> None:
        source = masters(SMMU_V2 % 1, "<&smmu 4>", '<&smmu 4>; status = "disabled"')
        assert lint(source, "shared-stream-id") == []


class TestRanges:
    @pytest.mark.parametrize(
        ("compatible", "stream_id", "part"),
        [
            ("arm,mmu-401", 0x7FFF, None),
            ("arm,mmu-401", 0x8000, "stream ID 0x8000 out of range for SMMU"),
            ("arm,mmu-500", 0xFFFF, None),
            ("arm,mmu-500", 0x10480, "keeps 0x480 of it"),
            ("arm,smmu-v3", 0x10480, None),
        ],
    )
    def test_limits(self, compatible: str, stream_id: int, part: str | None) -> None:
        smmu = SMMU_V3.replace("arm,smmu-v3", compatible)
        found = lint(masters(smmu, f"<&smmu {stream_id:#x}>"), "stream-id-range")
        assert [part in f.effect for f in found if part] == ([True] if part else [])
        assert bool(found) == bool(part)


class TestMaps:
    NAMES = ("map-input-overlap", "map-output-overlap", "bus-uncovered", "map-cells", "map-mask")

    def test_buses_that_there_are_decide(self) -> None:
        """Two hosts of one segment, each with the whole map: their buses differ."""
        both = "".join(
            host(name, f"bus-range = <{buses}>; iommu-map = <0x0 &smmu 0x0 0x10000>;")
            for name, buses in (("pcie@2000", "0x0 0x7f"), ("pcie@3000", "0x80 0xff"))
        )
        assert lint(f"/ {{ {SMMU_V3} {both} }};", *self.NAMES) == []

    def test_smmuv2_shares_where_smmuv3_refuses(self) -> None:
        rows = "iommu-map = <0x0 &smmu 0x10 0x1>, <0x100 &smmu 0x10 0x1>;"
        for smmu, severity in ((SMMU_V2 % 1, "info"), (SMMU_V3, "warning")):
            found = lint(f"/ {{ {smmu} {host('pcie@2000', rows)} }};", *self.NAMES)
            assert told(found) == [(severity, "/pcie@2000", 1)]

    def test_overlapping_rows_that_agree(self) -> None:
        rows = "iommu-map = <0x0 &smmu 0x0 0x10000>, <0x1000 &smmu 0x1000 0x100>;"
        assert lint(f"/ {{ {SMMU_V3} {host('pcie@2000', rows)} }};", *self.NAMES) == []

    def test_single_functions_may_leave_the_rest_out(self) -> None:
        rows = "iommu-map = <0x0 &smmu 0x1c00 0x1>, <0x100 &smmu 0x1c01 0x1>;"
        assert lint(f"/ {{ {SMMU_V2 % 2} {host('pcie@2000', rows)} }};", *self.NAMES) == []

    def test_a_hole_for_one_function_is_meant(self) -> None:
        rows = "iommu-map = <0x0 &smmu 0x0 0x8>, <0x9 &smmu 0x9 0xfff7>;"
        assert lint(f"/ {{ {SMMU_V3} {host('pcie@2000', rows)} }};", *self.NAMES) == []

    def test_four_cells_at_two_cell_smmu(self) -> None:
        rows = "iommu-map = <0x0 &smmu 0x0 0x10000>;"
        found = lint(f"/ {{ {SMMU_V2 % 2} {host('pcie@2000', rows)} }};", "map-cells")
        assert [f.severity.value for f in found] == ["warning"]
        assert f"Linux {IOMMU_MAP_BY_CELLS.since} and newer" in found[0].effect
        assert (
            lint(f"/ {{ {SMMU_V2 % 2} {host('pcie@2000', rows)} }};", "map-cells", version="6.12")
            == []
        )

    def test_five_cells_where_the_kernel_that_is_named_is_older(self) -> None:
        rows = "iommu-map = <0x0 &smmu 0x0 0x0 0x10000>;"
        source = f"/ {{ {SMMU_V2 % 2} {host('pcie@2000', rows)} }};"
        assert lint(source, "map-cells") == lint(source, "map-cells", version="7.2") == []
        (found,) = lint(source, "map-cells", version="6.12")
        assert f"Linux before {IOMMU_MAP_BY_CELLS.since}" in found.effect

    def test_five_cells_that_a_driver_reads_as_four(self) -> None:
        rows = "iommu-map = <0x0 &smmu 0x1c00 0x0 0x1>, <0x100 &smmu 0x1c01 0x0 0x1>;"
        source = f"/ {{ {SMMU_V2 % 2} {host('pcie@2000', rows)} }};"
        own = source.replace("pci-host-ecam-generic", "qcom,pcie-sm8250")
        assert lint(source, "map-cells") == []
        assert own != source
        for version in ("", "7.2"):
            (found,) = lint(own, "map-cells", version=version)
            assert "reads them as if they were" in found.message
        (older,) = lint(own, "map-cells", version="6.12")
        assert "Linux before" in older.effect
        one = own.replace(", <0x100 &smmu 0x1c01 0x0 0x1>", "")
        assert lint(one, "map-cells") == []

    def test_a_mask_that_needs_a_switch_to_fold_ids_is_a_note(self) -> None:
        rows = "iommu-map-mask = <%s>; iommu-map = <0x0 &smmu 0x0 0x10000>;"
        for mask, severity in (("0x1ff", "info"), ("0xff", "warning"), ("0xfff8", "warning")):
            source = f"/ {{ {SMMU_V3} {host('pcie@2000', rows % mask)} }};"
            (found,) = lint(source, "map-mask")
            assert found.severity.value == severity
            assert ("PCIe switch" in found.effect) is (severity == "info")

    def test_folding_mask_at_smmuv3_only(self) -> None:
        rows = "iommu-map-mask = <0xff00>; iommu-map = <0x0 &smmu 0x0 0x10000>;"
        found = lint(f"/ {{ {SMMU_V3} {host('pcie@2000', rows)} }};", "map-mask")
        assert [f.confidence.value for f in found] == ["likely"]
        assert lint(f"/ {{ {SMMU_V2 % 1} {host('pcie@2000', rows)} }};", "map-mask") == []

    def test_mask_of_msi_map(self) -> None:
        source = f"""/ {{
            its: its@1000 {{ compatible = "arm,gic-v3-its"; #msi-cells = <1>; }};
            {host("pcie@2000", "msi-map-mask = <0xff>; msi-map = <0x100 &its 0x0 0x100>;")}
        }};"""
        assert told(lint(source, "map-mask")) == [("error", "/pcie@2000", 0)]


class TestIommus:
    def test_missing_cells_are_told_once(self) -> None:
        smmu = SMMU_V3.replace("#iommu-cells = <1>;", "")
        assert lint(masters(smmu, "<&smmu 0x10>"), "cells", "not-an-iommu") == []

    def test_missing_cells_of_a_map_s_iommu(self) -> None:
        smmu = SMMU_V3.replace("#iommu-cells = <1>;", "")
        bridge = host("pcie@2000", "iommu-map = <0x0 &smmu 0x0 0x10000>;")
        found = lint(f"/ {{ {smmu} {bridge} }};", "cells", "not-an-iommu")
        assert told(found) == [("error", "/iommu@1000", None)]

    def test_an_iommu_that_nobody_names(self) -> None:
        assert lint(f"/ {{ {SMMU_V3.replace('<1>', '<3>')} }};", "cells") == []

    @pytest.mark.parametrize(
        ("compatible", "cells"),
        [
            (("qcom,sm8250-smmu-500", "qcom,smmu-500", "arm,mmu-500"), (1, 2)),
            (("rockchip,rk3588-iommu", "rockchip,rk3568-iommu"), (0,)),
            (("mediatek,mt8195-iommu-vdo",), (1,)),
            (("vendor,iommu",), None),
        ],
    )
    def test_rows(self, compatible: tuple[str, ...], cells: tuple[int, ...] | None) -> None:
        kind = kind_of(compatible)
        assert (kind.cells if kind else None) == cells


def test_stream_match_entries_are_compared_as_pair_by_pair():
    rng = random.Random(19)  # noqa: S311
    for _ in range(4):
        entries = [
            (rng.randrange(1 << 10), (1 << rng.randrange(10)) | (1 << rng.randrange(10)))
            for _ in range(80)
        ]
        devices = "".join(
            f'd{number} {{ compatible = "vendor,d"; iommus = <&smmu {ident} {mask}>; }};'
            for number, (ident, mask) in enumerate(entries)
        )
        found = lint(
            'smmu: smmu { compatible = "arm,mmu-500"; #iommu-cells = <2>; };'.join(
                ("/ {", devices + "};")
            ),
            "stream-match-overlap",
        )
        expected = sum(
            not (one[0] ^ other[0]) & ~(one[1] | other[1])
            and (one[0] & ~one[1], one[1]) != (other[0] & ~other[1], other[1])
            for one, other in combinations(entries, 2)
        )
        assert len(found) == expected > 0


def test_stream_match_entries_that_all_overlap_are_not_all_listed():
    devices = "".join(
        f'd{number} {{ compatible = "vendor,d"; iommus = <&smmu 0 {1 << number % 15}>, '
        f"<&smmu 0 {3 << number % 14}>; }};"
        for number in range(400)
    )
    found = lint(
        f'/ {{ smmu: smmu {{ compatible = "arm,mmu-500"; #iommu-cells = <2>; }}; {devices} }};',
        "stream-match-overlap",
    )
    assert 0 < len(found) <= 1000
    assert all(each.message.endswith("; further pairs are not listed") for each in found)
