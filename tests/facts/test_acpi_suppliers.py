"""The drivers of the suppliers that tables describe, held against a real kernel's files."""

import pytest

from dtlink.facts.acpi_suppliers import SUPPLIERS, Without, outcome
from dtlink.firmware.acpi.iort import KINDS
from tests.support.boards import SHARED


def test_a_module_that_is_absent_stops_its_consumers_for_ever() -> None:
    assert outcome("smmu-v3", "m") is Without.DEFERS
    assert outcome("virtio-iommu-pci", "m") is Without.DEFERS


def test_a_driver_that_is_off_leaves_them_untranslated() -> None:
    assert {outcome(word, "n") for word in ("smmu", "smmu-v3", "drhd", "ivhd")} == {
        Without.UNTRANSLATED
    }


def test_what_has_no_row_and_what_is_no_value() -> None:
    assert outcome("root-complex", "m") is None
    with pytest.raises(ValueError, match="y, m or n"):
        outcome("smmu", "yes")


def test_every_supplier_of_an_iort_has_a_row() -> None:
    words = {kind.WORD for kind in KINDS.values()}
    not_suppliers = {"named-component", "root-complex", "rmr", "iwb"}
    assert words - SUPPLIERS.keys() == not_suppliers, (
        "add a row for the kind of node to dtlink/facts/acpi_suppliers.py, or name it here if no "
        "device waits for it"
    )


def test_a_real_kernel_has_these_modules_and_options() -> None:
    found = sorted((SHARED / "kernel").glob("*6.12*arm64*"))
    if not found:
        pytest.skip(f"no kernel's files in {SHARED / 'kernel'}")
    config = next(found[0].rglob("config*")).read_text(encoding="utf-8")
    aliases = next(found[0].rglob("modules.alias")).read_text(encoding="utf-8")
    for row in SUPPLIERS.values():
        value = next(
            (
                x.partition("=")[2]
                for x in config.splitlines()
                if x.startswith(f"CONFIG_{row.config}=")
            ),
            "n",
        )
        if value == "m":
            assert f"alias {row.alias} {row.module}\n" in aliases
