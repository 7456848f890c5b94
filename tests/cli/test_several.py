"""devlink and drivers of several boards: each as if it were alone, one below the other."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Run

KERNEL = ROOT / "fixtures" / "kernel"
#: The commands with what they need.
COMMANDS = [("devlink",), ("drivers", "--kernel", str(KERNEL))]
NAMES = ["guest.dtb", "server.dtb"]


@pytest.fixture
def folder(fixtures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copy(fixtures / "virtio-iommu-guest.dtb", tmp_path / NAMES[0])
    shutil.copy(fixtures / "pci-server.dtb", tmp_path / NAMES[1])
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("command", COMMANDS)
def test_text_of_several_is_that_of_each_with_its_name(run: Run, command: tuple[str, ...]) -> None:
    alone = [run(*command, name).stdout for name in NAMES]
    assert all(alone)
    if command[0] == "drivers":
        alone = [f"{name}\n{text}" for name, text in zip(NAMES, alone, strict=True)]
    several = run(*command, *NAMES)
    assert (several.exit_code, several.stdout) == (0, "\n".join(alone))
    assert run(*command, ".").stdout == several.stdout.replace("guest", "./guest", 1).replace(
        "\nserver", "\n./server", 1
    )


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("command", COMMANDS)
def test_json_of_several_is_one_document(run: Run, command: tuple[str, ...]) -> None:
    documents = [json.loads(run(*command, name, "--format", "json").stdout) for name in NAMES]
    several = json.loads(run(*command, *NAMES, "--format", "json").stdout)
    assert several["inputs"] == [each["inputs"][0] for each in documents]
    assert several["summary"]["inputs"] == 2
    assert several["kernel"] == documents[0]["kernel"]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("command", COMMANDS)
def test_the_others_are_done_if_one_cannot_be_read(run: Run, command: tuple[str, ...]) -> None:
    Path("broken.dtb").write_bytes(b"nothing")
    result = run(*command, "broken.dtb", *NAMES)
    assert result.exit_code == 2
    assert "dtlink: broken.dtb" in result.stderr
    assert result.stdout == run(*command, *NAMES).stdout


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("command", COMMANDS)
def test_overlays_of_a_folder_are_not_boards(run: Run, command: tuple[str, ...]) -> None:
    Path("an.dtso").write_text("/dts-v1/; /plugin/; &x { y; };")
    result = run(*command, ".")
    assert result.exit_code == 0
    assert "an.dtso" not in result.stdout
    assert "overlays (.dtbo, .dtso) passed over: 1" in result.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_without_boards(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    result = run(*command, tmp_path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "no devicetree (.dtb, .dts) in" in result.stderr


@pytest.mark.usefixtures("folder")
def test_a_running_board_is_compared_with_one(run: Run) -> None:
    Path("dmesg").write_text("[    0.000000] Linux version 6.12.0\n")
    result = run("devlink", *NAMES, "--observed", "dmesg")
    assert result.exit_code == 2
    assert "--observed is about one board, not 2" in result.stderr


def test_a_board_whose_bootargs_change_the_kernel_has_its_own(run: Run, folder: Path) -> None:
    source = '/dts-v1/; / { compatible = "v,b"; chosen { bootargs = "%s"; }; };'
    for name, arguments in (("a", ""), ("b", "fw_devlink=permissive")):
        (folder / f"{name}.dts").write_text(source % arguments)
    several = json.loads(run("devlink", "a.dts", "b.dts", "--format", "json").stdout)
    assert several["kernel"]["fw_devlink"] == "rpm"
    assert [each.get("kernel", {}).get("fw_devlink") for each in several["inputs"]] == [
        None,
        "permissive",
    ]
