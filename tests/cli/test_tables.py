"""The commands on ACPI tables: a file, a folder of one machine's, mixed with devicetrees."""

import json
import shutil
from pathlib import Path

import pytest

from dtlink.testing.assemble import assemble
from tests.cli.conftest import ROOT, Run

SERVER = ROOT / "fixtures" / "tables" / "arm-server"
FAULTS = ROOT / "fixtures" / "tables" / "arm-server-faults"
LAPTOP = ROOT / "fixtures" / "tables" / "arm-laptop"


def part(run: Run, command: str, *args: object) -> object:
    result = run(command, *args, "--format", "json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["inputs"][0][command]


def test_a_sound_server_is_silent(run: Run) -> None:
    result = run("lint", SERVER, "--fail-on", "warning")
    assert (result.exit_code, result.stdout) == (0, "")


def test_a_folder_of_one_machine_is_one_input(run: Run) -> None:
    document = json.loads(run("lint", SERVER, "--format", "json").stdout)
    assert [item["path"] for item in document["inputs"]] == [str(SERVER)]
    assert document["inputs"][0]["form"] == "acpi-folder"
    assert document["inputs"][0]["model"] == "DTLINK EXAMPLE"
    assert document["inputs"][0]["sha256"]


def test_faults_are_told_with_node_and_offset(run: Run) -> None:
    result = run("lint", FAULTS, "--format", "json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)["inputs"][0]["findings"]
    dangling = next(item for item in found if item["rule"] == "acpi/dangling-reference")
    assert dangling["subject"].startswith("IORT/root-complex@")
    assert dangling["property"] == "mappings"
    data = (FAULTS / "IORT.dat").read_bytes()
    at = dangling["offset"]
    # The offset is that of the wrong number itself: 8 bytes into the second SMMU.
    assert (
        int.from_bytes(data[at : at + 4], "little")
        == data.index((0x2B500000).to_bytes(8, "little")) - 8
    )


def test_text_names_the_tables(run: Run) -> None:
    text = run("lint", FAULTS).stdout
    assert "DTLINK EXAMPLE" in text
    assert "acpi/dangling-reference" in text


def test_trees_and_tables_in_one_run(run: Run, fixtures: Path) -> None:
    board = fixtures / "clean-board.dtb"
    document = json.loads(run("lint", board, SERVER / "IORT.dat", "--format", "json").stdout)
    assert [item["form"] for item in document["inputs"]] == ["fdt", "acpi"]
    assert document["summary"]["unreadable"] == 0


def test_a_folder_of_boards_and_machines(run: Run) -> None:
    result = run("links", ROOT / "fixtures", "--format", "json")
    forms = {item["form"] for item in json.loads(result.stdout)["inputs"]}
    assert {"fdt", "acpi-folder"} <= forms


def test_links_say_what_linux_does_not_use_and_why(run: Run) -> None:
    found = part(run, "links", LAPTOP)
    component = [link for link in found if "named-component" in link["consumer"]]
    assert component
    for link in component:
        assert link["used_by_linux"] is False
        assert "single mappings only" in link["why_not"]
    text = run("links", LAPTOP).stdout
    assert "0x0-0x3 → 0x140" in text
    assert "not used by Linux" in text


def test_links_lead_through_the_smmu_to_the_its(run: Run) -> None:
    found = part(run, "links", SERVER, "--binding", "iort-msi")
    host = next(link for link in found if link["consumer"].endswith("(segment 0)"))
    assert host["supplier"].endswith("(ITS 0)")
    assert "smmu-v3" in host["through"]
    assert (host["inputs"], host["output"]) == ([0, 0xFFFF], 0)


def test_why_follows_the_chain(run: Run) -> None:
    top = part(run, "why", SERVER, r"\_SB_.SATA")
    kinds = {need["kind"]: need["supplier"] for need in top["suppliers"]}
    assert kinds["IOMMU"].endswith("(0x2b500000)")
    assert kinds["MSI controller"].endswith("(ITS 1)")
    assert "IOMMU" in run("why", SERVER, "segment 1").stdout


def test_why_names_near_nodes(run: Run) -> None:
    result = run("why", SERVER, "root-complex")
    assert result.exit_code == 2
    assert "ambiguous: did you mean IORT/root-complex@" in result.stderr


def test_order_has_the_services_first(run: Run) -> None:
    waves = part(run, "order", SERVER)
    assert any("its-group" in path for path in waves[0])
    assert any("root-complex" in path for path in waves[-1])


def test_a_cycle_of_mappings_is_a_cycle(run: Run, tmp_path: Path) -> None:
    text = """
    IORT
      one: smmu-v3 base=0x1000
        map count=0xff output=one
    """
    path = tmp_path / "IORT.dat"
    path.write_bytes(assemble(text)["IORT"])
    assert part(run, "cycles", SERVER) == []
    (found,) = part(run, "cycles", path)
    assert [step["consumer"] for step in found["chain"]] == ["IORT/smmu-v3@0x30 (0x1000)"]
    assert "forever" in run("cycles", path).stdout
    assert "iort/mapping-cycle" in run("lint", path).stdout


def test_devlink_says_that_it_is_for_trees(run: Run) -> None:
    result = run("devlink", SERVER)
    assert result.exit_code == 2
    assert "this command is about devicetrees" in result.stderr


def test_iort_follows_a_function(run: Run) -> None:
    found = part(run, "iort", SERVER, "--rid", "0001:03:02.1")
    assert (found["requester"], found["id"]) == ("0001:03:02.1", 0x311)
    iommu, msi = found["walks"]
    assert (iommu["found"].rpartition(" ")[2], iommu["id"]) == ("(0x2b500000)", 0x311)
    assert (msi["found"].endswith("(ITS 1)"), msi["id"]) == (True, 0x311)
    assert len(msi["steps"]) == 2


def test_iort_tells_where_linux_and_the_specification_part(run: Run) -> None:
    found = part(run, "iort", FAULTS, "--rid", "01:00.0")
    readings = {(walk["sought"], walk["reading"]): walk["found"] for walk in found["walks"]}
    assert readings["IOMMU", "linux"] is None
    assert "smmu-v3" in readings["IOMMU", "specification"]


def test_iort_of_a_component(run: Run) -> None:
    text = run("iort", SERVER, "--component", "sata").stdout
    assert r"\_SB_.SATA" in text
    assert "any ID → 0x20000" in text
    unused = run("iort", LAPTOP, "--component", r"\_SB_.URS0.USB0").stdout
    assert "Linux does not use it this way" in unused


def test_iort_of_what_is_not_there(run: Run) -> None:
    assert "no root complex" in run("iort", SERVER, "--rid", "0007:00:00.0").stdout
    result = run("iort", SERVER, "--component", "nothing")
    assert (result.exit_code, "there are: " in result.stderr) == (2, True)


@pytest.mark.parametrize(
    "args", [[], ["--rid", "1:2.3", "--component", "x"], ["--rid", "40:20.8"], ["--rid", "x"]]
)
def test_iort_is_asked_for_one_thing(run: Run, args: list[str]) -> None:
    assert run("iort", SERVER, *args).exit_code == 2


def test_a_damaged_file_of_a_folder_is_told_and_the_others_are_read(
    run: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "machine"
    shutil.copytree(SERVER, folder)
    (folder / "MCFG.dat").write_bytes((SERVER / "MCFG.dat").read_bytes()[:40])
    result = run("lint", folder, "--format", "json")
    assert result.exit_code == 2
    item = json.loads(result.stdout)["inputs"][0]
    assert item["error"] is None
    assert [each["path"] for each in item["refused"]] == [str(folder / "MCFG.dat")]
    assert "MCFG.dat" in result.stderr
