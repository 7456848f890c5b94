"""diff --same-machine."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from dtlink.cli.diff import diff
from dtlink.cli.links import links
from dtlink.testing.assemble import assemble
from tests.support.boards import CHECKOUT

TREE = """/dts-v1/;
/ {
  compatible = "example,board";
  #address-cells = <2>; #size-cells = <2>;
  smmu: iommu@9050000 {
    compatible = "arm,smmu-v3"; reg = <0 0x9050000 0 0x20000>; #iommu-cells = <1>;
  };
  its: msi@8080000 {
    compatible = "arm,gic-v3-its"; reg = <0 0x8080000 0 0x20000>; msi-controller; #msi-cells = <1>;
  };
  pcie@10000000 {
    device_type = "pci"; #address-cells = <3>; #size-cells = <2>;
    reg = <0 0x10000000 0 0x10000000>; ranges; bus-range = <0 255>;
    iommu-map = <0 &smmu 0 0x10000>;
    msi-map = <0 &its 0 0x10000>;
  };
};
"""
TABLES = """
MCFG
  allocation base=0x10000000 segment=0
APIC
  its id=0 base=0x8080000
IORT
  its: its-group ids=0
  smmu: smmu-v3 base=0x9050000
    map count=0xffff output=its
  root-complex segment=0
    map count=0xffff output=smmu
"""


class Pair:
    """A devicetree and a folder of tables."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tree = folder / "board.dts"
        self.tables = folder / "tables"
        self.tables.mkdir()
        self.write(TREE, TABLES)

    def write(self, tree: str, tables: str) -> None:
        self.tree.write_text(tree)
        for signature, data in assemble(tables).items():
            (self.tables / f"{signature}.bin").write_bytes(data)

    def run(self, *args: object) -> Result:
        return invoke("--same-machine", self.tree, self.tables, *args)


def invoke(*args: object) -> Result:
    return CliRunner().invoke(diff, [str(arg) for arg in args])


def part(result: Result) -> dict[str, object]:
    told = json.loads(result.stdout)["inputs"][0]["diff"]["same_machine"]
    assert result.exit_code == (0 if told["agree"] else 1)
    return told


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path)


def test_it_says_that_they_agree(pair: Pair) -> None:
    result = pair.run()
    assert result.exit_code == 0
    assert "exist:  bus 00 (the first bus)" in result.output
    assert "they agree" in result.output
    assert "rest:" not in result.output


def test_either_may_come_first(pair: Pair) -> None:
    assert invoke("--same-machine", pair.tables, pair.tree).output == pair.run().output


def test_a_stream_id_that_differs(pair: Pair) -> None:
    pair.write(
        TREE, TABLES.replace("count=0xffff output=smmu", "output_base=7 count=0xff output=smmu")
    )
    result = pair.run()
    assert result.exit_code == 1
    assert "stream ID of bus 00" in result.output
    assert "stream IDs 0x0-0xff, by iommu-map[0] of /pcie@10000000" in result.output
    assert "stream IDs 0x7-0x106, by mappings[0] of IORT/root-complex@" in result.output
    assert "C_BAD_STREAMID" in result.output
    assert "iommu-map = <0x0 &smmu 0x7 0x100>" in result.output
    assert "requester IDs 0x0-0xff to stream IDs 0x0-0xff, at SMMUv3 0x9050000" in result.output
    assert "device ID of bus 00" in result.output


def test_translated_in_one_and_not_in_the_other(pair: Pair) -> None:
    tables = TABLES.replace("count=0xffff output=smmu", "count=0xffff output=its")
    pair.write(TREE, tables)
    result = pair.run("--bus", "0,10-1f")
    assert "IOMMU of buses 00, 10-1f" in result.output
    assert "booted with the devicetree, and not with ACPI" in result.output
    assert "leave requester IDs 0x0-0xff, 0x1000-0x1fff out of iommu-map" in result.output
    # Who has nothing is told of everybody at once.
    assert "requester IDs 0x0-0xffff to stream IDs 0x0-0xffff" in result.output
    assert "they differ in 1 point" in result.output


def test_an_iommu_that_only_one_describes_is_set_up_by_nobody_else(pair: Pair) -> None:
    pair.write(TREE, TABLES.replace("count=0xffff output=smmu", "count=0xffff output=its"))
    assert "with ACPI the SMMU aborts their DMA" in pair.run().output
    alone = TABLES.replace("count=0xffff output=smmu", "count=0xffff output=its")
    alone = alone.replace("  smmu: smmu-v3 base=0x9050000\n    map count=0xffff output=its\n", "")
    pair.write(TREE, alone)
    assert "with ACPI the kernel does not set that IOMMU up" in pair.run().output


def test_an_its_that_the_devicetree_lacks_is_told_once(pair: Pair) -> None:
    lines = [row for row in TREE.splitlines() if "msi" not in row and "arm,gic" not in row]
    tree = "\n".join(lines).replace("  };\n  };\n  pcie", "  };\n  pcie")
    pair.write(tree, TABLES)
    found = part(pair.run("--format", "json"))
    assert [each["aspect"] for each in found["hosts"][0]["differences"]] == ["MSI controller"]
    (told,) = found["hosts"][0]["differences"]
    assert told["devicetree"] is None
    assert told["acpi"]["name"] == "ITS 0x8080000"
    assert "GICD_TYPER.LPIS" in told["consequence"]
    assert "ITS@0x0000000008080000: No ITS detected, giving up" in told["consequence"]
    assert told["if_acpi_is_right"].startswith(
        "in /pcie@10000000: msi-map = <0x0 &new 0x0 0x10000>, where &new is a node for ITS 0x8"
    )
    assert "out of the MADT" in told["if_devicetree_is_right"]


def test_buses_of_which_nothing_is_known_make_no_difference(pair: Pair) -> None:
    tables = TABLES.replace("count=0xffff output=smmu", "count=0xff output=smmu")
    pair.write(TREE, tables)
    result = pair.run()
    assert result.exit_code == 0
    assert "rest:   buses 01-ff, IOMMU: SMMUv3 0x9050000 by DT, none by ACPI" in result.output
    assert "--bus or --lspci" in result.output
    assert pair.run("--bus", "1").exit_code == 1


@pytest.mark.parametrize("form", ["{}", "0000:{}"])
def test_the_functions_that_lspci_lists_count(pair: Pair, form: str) -> None:
    tables = TABLES.replace("count=0xffff output=smmu", "count=0xff output=smmu")
    pair.write(TREE, tables)
    listing = pair.folder / "lspci.txt"
    rows = [form.format("00:01.0 0604: 1b36:000c"), form.format("01:02.3 0200: 1af4:1041 (rev 01)")]
    listing.write_text("\n".join((rows[0], "\tKernel driver in use: pcieport", "", rows[1])) + "\n")
    result = pair.run("--lspci", listing)
    assert result.exit_code == 1
    assert "exist:  00:01.0, 01:02.3 (--lspci)" in result.output
    assert "IOMMU of 01:02.3" in result.output


def test_what_no_host_can_have_is_said(pair: Pair) -> None:
    assert "no host has bus 00-03 of segment 0005" in pair.run("--bus", "0,5:0-3").output


def test_without_a_madt_no_msi_controllers_are_compared(pair: Pair) -> None:
    (pair.tables / "APIC.bin").unlink()
    result = pair.run()
    assert result.exit_code == 0
    assert "no MADT" in result.output


@pytest.mark.parametrize("buses", ["x", "100", "5-4", "0:0:0", "-1"])
def test_buses_that_are_none_are_wrong_usage(pair: Pair, buses: str) -> None:
    result = pair.run(f"--bus={buses}")
    assert result.exit_code == 2
    assert "hexadecimal" in result.output


def test_a_list_without_functions_is_wrong_usage(pair: Pair) -> None:
    result = pair.run("--lspci", pair.tree)
    assert result.exit_code == 2
    assert "the output of lspci -vvnn, or /sys/bus/pci, is needed" in result.output


def test_without_the_option_it_is_wrong_usage(pair: Pair) -> None:
    result = invoke(pair.tree, pair.tables)
    assert result.exit_code == 2
    assert "--same-machine" in result.output


def test_two_of_a_kind_are_wrong_usage(pair: Pair) -> None:
    assert invoke("--same-machine", pair.tree, pair.tree).exit_code == 2
    assert invoke("--same-machine", pair.tables, pair.tables).exit_code == 2


def test_what_cannot_be_read_is_said(pair: Pair) -> None:
    result = invoke("--same-machine", pair.tree, pair.folder / "missing")
    assert result.exit_code == 2
    assert "missing" in result.output
    (pair.tables / "IORT.bin").write_bytes(b"IORT" + bytes(60))
    result = pair.run()
    assert result.exit_code == 2
    assert "they" not in result.output


RISCV = """
/dts-v1/;
/ {
    #address-cells = <2>; #size-cells = <2>;
    iommu: iommu@3010000 {
        compatible = "riscv,iommu"; reg = <0 0x3010000 0 0x1000>; #iommu-cells = <1>;
    };
    pci@30000000 {
        compatible = "pci-host-ecam-generic"; device_type = "pci";
        #address-cells = <3>; #size-cells = <2>;
        reg = <0 0x30000000 0 0x10000000>; bus-range = <0 0xff>;
        iommu-map = <0 &iommu 0 0x10000>;
    };
};
"""


def test_a_devicetree_without_pci_has_nothing_to_compare(pair: Pair) -> None:
    pair.write("/dts-v1/; / { };", TABLES)
    result = pair.run()
    assert result.exit_code == 2
    assert "no PCI host" in result.output


@pytest.mark.parametrize(
    ("mapping", "status"),
    [
        ("map count=0x10000 output=iommu", 0),
        ("map source_base=0x28 count=0xffd8 output_base=0x28 output=iommu", 1),
        ("map count=0x10000 output_base=0x100 output=iommu", 1),
    ],
)
def test_a_rimt_is_compared(pair: Pair, mapping: str, status: int) -> None:
    tables = """
    MCFG
      allocation base=0x30000000 segment=0
    APIC
    RIMT
      iommu: iommu id=0 base=0x3010000 hardware_id="RSCV0004"
      root-complex id=1 segment=0
    """
    for arm in pair.tables.iterdir():
        arm.unlink()
    pair.write(RISCV, f"{tables}    {mapping}\n")
    result = pair.run()
    assert result.exit_code == status, result.output
    assert "MSI controllers are compared for a GIC only" in result.output
    assert "a count is one less" not in result.output
    assert ("let RIMT/root-complex@" in result.output) is bool(status)


def test_the_document_is_of_the_schema(pair: Pair) -> None:
    pair.write(
        TREE, TABLES.replace("count=0xffff output=smmu", "count=0xff output_base=5 output=smmu")
    )
    schema = json.loads((CHECKOUT / "schemas" / "report-1.schema.json").read_text())
    document = json.loads(pair.run("--format", "json").stdout)
    jsonschema.Draft202012Validator(schema).validate(document)
    assert document["inputs"][1]["diff"] is None


# The machines of an emulator whose two descriptions are known.

#: In what they differ, of the buses that either singles out and of the first.
DIFFERING = {
    **{
        f"virt-{version}-smmuv3": {"MSI controller": [[0, 0xFF]]}
        for version in ("2.12", "3.1", "4.2", "5.2", "6.0")
    },
    "virt-none-its-off": {"MSI controller": [[0, 0xFF]]},
    "virt-smmuv3-its-off": {"MSI controller": [[0, 0xFF]]},
    "virt-smmuv3-defbypass-pxb": {"IOMMU": [[0x1000, 0x10FF], [0xC800, 0xC8FF]]},
}
#: The buses that there are, by the command lines, where these say more than the descriptions;
#: and what then differs: host bridges that bypass the IOMMU are in neither.
BYPASSED = {
    "enum-virt-smmuv3-pxb-bypass-rp": ("0,1,10,11,80-82", [[0x1000, 0x11FF]]),
    "virt-smmuv3-pxb-bypass": ("0,10,80", [[0x1000, 0x10FF]]),
    "virt-smmuv3-pxb2-bypass": ("0,10,80", [[0x1000, 0x10FF], [0x8000, 0x80FF]]),
    "virt-viot-pxb": ("0,10,80", [[0x8000, 0x80FF]]),
}
#: The same for all requester IDs, whether there are such or not.
THE_SAME_EVERYWHERE = {
    "enum-virt-smmuv3-defbypass-rp",
    "virt-none-gicv2",
    "virt-none-its",
    "virt-smmuv3-def-and-pxb-bypass",
    "virt-smmuv3-defbypass",
    "virt-viot-defbypass",
}


def machines(shared: Path) -> list[Path]:
    found = sorted((shared / "tables" / "qemu").glob("*/machine.dtb"))
    return [path.parent for path in found]


def compared(folder: Path, *args: object) -> dict[str, object]:
    found = part(
        invoke("--same-machine", folder / "machine.dtb", folder, "--format", "json", *args)
    )
    assert found["notes"] == []
    (host,) = found["hosts"]
    return host


def by_aspect(host: dict[str, object]) -> dict[str, list[list[int]]]:
    return {
        each["aspect"]: [[row["first"], row["last"]] for row in each["ids"]]
        for each in host["differences"]
    }


def test_real_pairs_differ_where_they_are_known_to(shared: Path) -> None:
    found = {folder.name: compared(folder) for folder in machines(shared)}
    assert len(found) == 30
    told = {name: by_aspect(host) for name, host in found.items()}
    assert {name: aspects for name, aspects in told.items() if aspects} == DIFFERING
    same = {
        name
        for name, host in found.items()
        if not host["differences"] and not host["not_compared"]["differences"]
    }
    assert same == THE_SAME_EVERYWHERE


def test_real_pairs_that_bypass_differ_once_their_buses_are_named(shared: Path) -> None:
    for name, (buses, spans) in BYPASSED.items():
        folder = shared / "tables" / "qemu" / name
        assert by_aspect(compared(folder, "--bus", buses)) == {"IOMMU": spans}, name


def test_real_pairs_agree_about_a_msi_frame(shared: Path) -> None:
    for name in ("virt-none-gicv2", "virt-smmuv3-gicv2"):
        host = compared(shared / "tables" / "qemu" / name, "--bus", "0-ff")
        assert "MSI controller" not in by_aspect(host)


FLAGS = {
    "DMAR flags=5": ("DMA_CTRL_PLATFORM_OPT_IN", "clear ⇒ set"),
    "DMAR flags=3": ("X2APIC_OPT_OUT", "clear ⇒ set"),
    "DMAR flags=0": ("INTR_REMAP", "set ⇒ clear"),
    "DMAR flags=1 width=45": ("width", "0x26 ⇒ 0x2d"),
}


@pytest.mark.parametrize("head", FLAGS)
def test_flags_of_a_table_are_compared(tmp_path: Path, head: str) -> None:
    for name, first in (("old", "DMAR flags=1"), ("new", head)):
        data = assemble(f"{first}\n  drhd base=0xfed91000 flags=1\n")["DMAR"]
        (tmp_path / f"{name}.bin").write_bytes(data)
    result = invoke(tmp_path / "old.bin", tmp_path / "new.bin")
    flag, change = FLAGS[head]
    (row,) = (each for each in result.output.splitlines() if each.startswith("~"))
    assert row.split()[1] == flag
    assert change in row
    assert "1 property of a table" in result.output
    document = json.loads(
        invoke(tmp_path / "old.bin", tmp_path / "new.bin", "--format", "json").stdout
    )
    schema = json.loads((CHECKOUT / "schemas" / "report-1.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(document)
    changes = document["inputs"][0]["diff"]["changes"]
    assert not changes["same"]
    assert [each["new"]["name"] for each in changes["properties"]["changed"]] == [flag]


def test_properties_of_structures_that_both_have(tmp_path: Path) -> None:
    text = """
    IORT
      smmu: smmu-v3 base=0x9050000
      root-complex segment={} ats={} node_revision={}
        map count=0xffff output=smmu
    """
    for name, values in (("a", (0, 1, 1)), ("b", (0, 0, 4)), ("c", (1, 0, 1))):
        (tmp_path / f"{name}.bin").write_bytes(assemble(text.format(*values))["IORT"])
    told = invoke(tmp_path / "a.bin", tmp_path / "b.bin").output
    assert "ATS attribute              0x1 ⇒ 0x0" in told
    assert "+   flags                      0x0" in told  # since revision 4
    # A segment that is new has links; its properties are no change.
    assert "\nproperties" not in invoke(tmp_path / "a.bin", tmp_path / "c.bin").output


def test_links_show_the_flags_of_headers_and_are_compared_later(tmp_path: Path) -> None:
    old, new = tmp_path / "old.bin", tmp_path / "new.bin"
    for path, flags in ((old, 1), (new, 5)):
        text = f"DMAR flags={flags}\n  drhd base=0xfed91000 flags=1\n"
        path.write_bytes(assemble(text)["DMAR"])
    shown = CliRunner().invoke(links, [str(new)]).output
    assert (
        "DMAR/header  INTR_REMAP set, X2APIC_OPT_OUT clear, DMA_CTRL_PLATFORM_OPT_IN set" in shown
    )
    saved = tmp_path / "saved.json"
    saved.write_text(CliRunner().invoke(links, [str(old), "--format", "json"]).stdout)
    assert "DMA_CTRL_PLATFORM_OPT_IN   clear ⇒ set" in invoke(saved, new).output
    schema = json.loads((CHECKOUT / "schemas" / "report-1.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(json.loads(saved.read_text()))
