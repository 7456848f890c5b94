"""IOMMUs by their names, and PCI functions as text."""

import pytest

from dtlink.facts.iommus import ARM_SMMU, IOMMUS, Sharing, kind_of
from dtlink.facts.pci import bdf
from dtlink.links.translation import SupplierKind


@pytest.mark.parametrize(
    ("name", "kind", "bits"),
    [
        ("arm,mmu-401", "SMMU", 15),
        ("qcom,sc7280-smmu-500", "SMMU", 16),
        ("arm,smmu-v3", "SMMUv3", 32),
        ("virtio,pci-iommu", "virtio-iommu", 32),
        ("apple,t8103-dart", "IOMMU", 32),
    ],
)
def test_a_name_leads_to_its_row(name: str, kind: str, bits: int) -> None:
    row = kind_of(["vendor,unknown", name])
    assert row is not None
    assert (row.kind, row.id_bits) == (kind, bits)


def test_what_is_unknown_has_no_row() -> None:
    assert kind_of(["vendor,unknown"]) is None


def test_every_row_names_its_driver_and_a_kind_that_views_know() -> None:
    kinds = {kind.value for kind in SupplierKind}
    for row in IOMMUS:
        assert row.driver.endswith(".c"), f"{row.names}: driver= is the kernel's file"
        assert row.kind in kinds, f"{row.names}: {row.kind} is not a value of SupplierKind"
        assert set(row.matched) <= set(row.names), (
            f"{row.names}: matched= has a name that names= lacks"
        )


def test_what_the_driver_of_smmus_binds_to_shares_stream_match_entries() -> None:
    assert "qcom,smmu-v2" in ARM_SMMU
    assert "arm,smmu-v3" not in ARM_SMMU
    for name in ARM_SMMU:
        row = kind_of([name])
        assert row is not None
        assert row.sharing is Sharing.GROUP


def test_a_pci_function_as_text() -> None:
    assert bdf(0x00A0) == "00:14.0"
    assert bdf(0x4002, 1) == "0001:40:00.2"
