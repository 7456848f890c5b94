"""Overlays on their base, in every command: what applies, what does not, and who brought what."""

from __future__ import annotations

import gzip
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import dtlink
from dtlink.cli.main import cli
from dtlink.firmware.dts import read_text
from tests.support.boards import SHARED

BASE = """/dts-v1/;
/ {
    compatible = "vendor,board"; model = "Board";
    #address-cells = <1>; #size-cells = <1>;
    osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <1>; };
    i2c1: i2c@1000 {
        compatible = "vendor,i2c"; reg = <0x1000 0x100>; clocks = <&osc>;
        #address-cells = <1>; #size-cells = <0>; status = "disabled";
    };
};
"""
TOUCH = """/dts-v1/;
/plugin/;
&i2c1 {
    status = "okay";
    touch@38 { compatible = "vendor,touch"; reg = <0x38>; clocks = <&osc>; resets = <0x99>; };
};
"""
LED = """/dts-v1/;
/plugin/;
&i2c2 {
    led@10 { compatible = "vendor,led"; reg = <0x10>; };
};
"""

Run = Callable[..., Result]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (("base.dts", BASE), ("touch.dtso", TOUCH), ("led.dtso", LED)):
        (tmp_path / name).write_text(text)
    return tmp_path


def run(*args: str) -> Result:
    return CliRunner().invoke(cli, args)


def data(*args: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(*args, "--format", "json").stdout)
    return found


def test_the_name_of_a_report_is_an_input(files: Path) -> None:
    (files / "boards").mkdir()
    for name in ("base.dts", "touch.dtso"):
        (files / name).rename(files / "boards" / name)
    named = run("lint", "boards/base.dts", "--overlay", "boards/touch.dtso")
    again = run("lint", "boards/base.dts+touch.dtso")
    assert "boards/base.dts+touch.dtso · Board" in named.stdout
    assert again.output == named.output
    (files / "boards/touch.dtso").rename(files / "touch.dtso")
    assert run("lint", "boards/base.dts+touch.dtso").exit_code == named.exit_code
    missing = run("lint", "boards/base.dts+none.dtso")
    assert (missing.exit_code, "none.dtso: No such file" in missing.stderr) == (2, True)


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("call", [["base.dts+touch.dtso"], ["base.dts", "--overlay", "touch.dtso"]])
def test_findings_say_which_overlay_brought_them(call: list[str]) -> None:
    result = run("lint", *call)
    assert result.exit_code == 1
    assert "base.dts+touch.dtso · Board" in result.stdout
    assert "touch.dtso:5:86: /i2c@1000/touch@38 from touch.dtso" in result.stdout
    assert "base.dts was compiled with labels (dtc -@)" in result.stderr
    [entry] = data("lint", *call)["inputs"]
    assert (entry["path"], entry["overlays"]) == ("base.dts", ["touch.dtso"])
    [finding] = [each for each in entry["findings"] if each["severity"] == "error"]
    assert finding["overlay"] == "touch.dtso"
    assert finding["offset"] is None


def test_an_overlay_that_disables_a_supplier_is_named(files: Path) -> None:
    base = BASE.replace('status = "disabled"', 'status = "okay"')
    (files / "base.dts").write_text(base.replace('"fixed-clock"', '"vendor,clock"'))
    text = '/dts-v1/; /plugin/; &osc { status = "disabled"; };'
    (files / "off.dtso").write_text(text)
    [entry] = data("lint", "base.dts+off.dtso")["inputs"]
    [finding] = [each for each in entry["findings"] if each["rule"] == "supplier/disabled"]
    assert (finding["subject"], finding["overlay"]) == ("/i2c@1000", "off.dtso")


@pytest.mark.usefixtures("files")
def test_an_overlay_that_can_not_be_applied_is_an_error_and_is_left_out() -> None:
    result = run("lint", "base.dts", "--overlay", "led.dtso", "--overlay", "touch.dtso")
    assert result.exit_code == 1
    assert "references the label i2c2, which is not in __symbols__ of the base" in result.stdout
    assert "did you mean i2c1?" in result.stdout
    assert "node label 'i2c2' not found in live devicetree symbols table" in result.stdout
    assert "/i2c@1000/touch@38 from touch.dtso" in result.stdout
    assert "led.dtso is not applied" in result.stderr


@pytest.mark.usefixtures("files")
def test_an_overlay_beside_a_base_is_tried_on_it() -> None:
    result = run("lint", "base.dts", "led.dtso", "touch.dtso")
    assert result.exit_code == 1
    assert "references the label i2c2, which is not in __symbols__ of base.dts" in result.stdout
    assert "2 inputs" not in result.stdout


def test_the_bases_of_a_folder_are_tried(files: Path) -> None:
    (files / "boards").mkdir()
    for name, label in (("one", "i2c1"), ("two", "i2c2"), ("three", "i2c3")):
        (files / f"boards/{name}.dts").write_text(BASE.replace("i2c1", label))
    result = run("lint", "led.dtso", "--bases", "boards")
    assert result.exit_code == 0
    assert " fits:   1 of 3 bases\n         boards/two.dts\n" in result.stdout
    assert " not on: it lacks the label i2c2: boards/one.dts, boards/three.dts" in result.stdout
    [entry] = data("lint", "led.dtso", "--bases", "boards")["inputs"]
    assert {each["path"]: each["applies"] for each in entry["bases"]} == {
        "boards/one.dts": False,
        "boards/three.dts": False,
        "boards/two.dts": True,
    }
    (files / "boards/two.dts").unlink()
    result = run("lint", "led.dtso", "--bases", "boards")
    assert result.exit_code == 1
    assert "applies to none of 2 bases" in result.stdout


def _boards_of(files: Path) -> None:
    (files / "boards").mkdir()
    (files / "boards/one.dts").write_text(BASE)
    (files / "boards/two.dts").write_text(BASE.replace("i2c1", "i2c2"))
    (files / "boards/overlay.dts").write_text(LED)


def test_what_is_not_called_an_overlay_is_tried_on_bases(files: Path) -> None:
    _boards_of(files)
    blob = read_text(LED).blob
    (files / "led.dtbo.gz").write_bytes(gzip.compress(blob))
    with zipfile.ZipFile(files / "led.zip", "w") as archive:
        archive.writestr("led.dtbo", blob)
        archive.writestr("base.dtb", read_text(BASE).blob)
    (files / "led.dts").write_text(LED)
    for name, stdin in (("led.dtbo.gz", None), ("led.zip", None), ("led.dts", None), ("-", blob)):
        given = ["lint", name, "--bases", "boards", "--format", "json", "--no-config"]
        result = CliRunner().invoke(cli, given, input=stdin)
        tried = [each["bases"] for each in json.loads(result.stdout)["inputs"] if "bases" in each]
        paths = [{each["path"]: each["applies"] for each in bases} for bases in tried]
        assert paths == [{"boards/one.dts": False, "boards/two.dts": True}], name
        assert "no effect" not in result.stderr


def test_overlays_are_no_bases_but_where_no_other_is_named(files: Path) -> None:
    _boards_of(files)
    assert "an overlay itself" not in run("lint", "led.dtso", "--bases", "boards").stdout
    result = run("lint", "led.dtso", "--bases", "boards/overlay.dts", "--format", "json")
    [base] = json.loads(result.stdout)["inputs"][0]["bases"]
    assert (base["applies"], base["why_not"]) == (False, "an overlay itself")


def test_compressed_overlays_and_members_are_overlays_by_their_names(files: Path) -> None:
    blob = read_text(LED).blob
    (files / "led.dtbo.gz").write_bytes(gzip.compress(blob))
    with zipfile.ZipFile(files / "led.zip", "w") as archive:
        archive.writestr("a.dtbo", blob)
        archive.writestr("base.dtb", read_text(BASE).blob)
    alone = run("lint", "led.dtbo.gz", "led.zip")
    assert "--bases): 2 overlays: led.dtbo.gz, led.zip!a.dtbo\n" in alone.stderr
    beside = run("lint", "base.dts", "led.dtbo.gz")
    assert "without a base" not in beside.stderr
    assert "references the label i2c2, which is not in __symbols__ of base.dts" in beside.stdout


def test_bases_without_symbols_are_not_called_near(files: Path) -> None:
    (files / "boards").mkdir()
    for name in ("one", "two"):
        (files / f"boards/{name}.dtb").write_bytes(read_text(BASE).blob)
    told = run("lint", "led.dtso", "--bases", "boards").stdout
    assert "applies to none of 2 bases: none has __symbols__" in told
    assert " fix:    Build the base with dtc -@.\n" in told


@pytest.mark.usefixtures("files")
def test_an_overlay_alone_says_what_it_needs() -> None:
    alone = run("lint", "touch.dtso")
    assert alone.exit_code == 0
    line = (
        "checked without a base (name the base beside it, or with --bases): 1 overlay: touch.dtso"
    )
    assert line in alone.stderr
    assert run("lint", "touch.dtso", "--strict").exit_code == 2
    assert "without a base" not in run("lint", "touch.dtso", "base.dts").stderr
    shown = run("lint", "touch.dtso", "--show", "info").stdout
    assert "needs 2 labels of a base: i2c1, osc" in shown


@pytest.mark.usefixtures("files")
def test_other_commands_say_what_an_overlay_needs() -> None:
    line = "an overlay; it needs labels of a base: i2c1, osc"
    assert line in run("links", "touch.dtso").stdout
    assert data("links", "touch.dtso")["inputs"][0]["needs_labels"] == ["i2c1", "osc"]
    assert "needs labels: i2c1, osc" in run("inspect", "touch.dtso").stdout


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (["links", "base.dts"], "/i2c@1000/touch@38"),
        (["links", "base.dts", "--binding", "clocks"], "base.dts+touch.dtso"),
        (["why", "base.dts", "touch@38"], "/osc"),
        (["order", "base.dts"], "/i2c@1000"),
        (["cycles", "base.dts"], ""),
        (["devlink", "base.dts"], "base.dts+touch.dtso"),
    ],
)
def test_other_commands_take_overlays(call: list[str], expected: str) -> None:
    result = run(*call, "--overlay", "touch.dtso")
    assert result.exit_code == 0, result.output
    assert expected in result.stdout
    plus = ["base.dts+touch.dtso" if each == "base.dts" else each for each in call]
    assert run(*plus).stdout == result.stdout


@pytest.mark.usefixtures("files")
def test_diff_shows_what_an_overlay_adds() -> None:
    shown = run("diff", "base.dts", "base.dts+touch.dtso").stdout
    assert "/i2c@1000/touch@38" in shown
    assert "base.dts → base.dts+touch.dtso" in shown


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("pair", [("base.dts", "touch.dtso"), ("touch.dtso", "base.dts")])
def test_diff_refuses_an_overlay_for_a_tree(pair: tuple[str, str]) -> None:
    result = run("diff", *pair)
    assert result.exit_code == 2
    assert "dtlink diff base.dts base.dts+touch.dtso" in result.stderr


@pytest.mark.usefixtures("files")
def test_what_is_no_overlay_and_what_is_no_base_are_said() -> None:
    assert "base.dts: not an overlay" in run("lint", "base.dts", "--overlay", "base.dts").stderr
    Path("plain").write_text(TOUCH)
    assert "an overlay can't be the base" in run("lint", "plain", "--overlay", "led.dtso").stderr
    missing = run("lint", "base.dts", "--overlay", "gone.dtbo")
    assert missing.exit_code == 2
    assert missing.stderr == "dtlink: gone.dtbo: no such file or folder (overlay)\n"


def test_variants_are_inputs_of_their_own(files: Path) -> None:
    (files / "dtlink.toml").write_text(
        '[[variant]]\nname = "with-touch"\nbase = "base.dts"\noverlays = ["touch.dtso"]\n'
    )
    found = data("lint", "base.dts")["inputs"]
    assert [(each["path"], each.get("variant")) for each in found] == [
        ("base.dts", None),
        ("base.dts", "with-touch"),
    ]
    assert "base.dts+with-touch" in run("lint", ".").stdout
    shown = run("config", "base.dts").stdout
    assert "[[variant]]" in shown
    assert 'overlays = ["touch.dtso"]' in shown
    [variant] = data("config", ".")["configuration"]["variants"]
    assert variant == {"name": "with-touch", "base": "base.dts", "overlays": ["touch.dtso"]}


def test_a_configuration_names_overlays_of_a_folder(files: Path) -> None:
    (files / "boards").mkdir()
    (files / "base.dts").rename(files / "boards/base.dts")
    text = '[[folder]]\npath = "boards"\noverlay = "touch.dtso"\n'
    (files / "dtlink.toml").write_text(text)
    [entry] = data("lint", "boards")["inputs"]
    assert entry["overlays"] == ["touch.dtso"]


def test_a_baseline_tells_variants_apart(files: Path) -> None:
    baseline = str(files / "known.json")
    call = ["lint", "base.dts+touch.dtso", "--baseline", baseline]
    run(*call, "--write-baseline")
    inputs = {each["input"] for each in json.loads(Path(baseline).read_text())["findings"]}
    assert inputs == {"base.dts+touch.dtso"}
    assert run(*call).exit_code == 0


@pytest.mark.usefixtures("files")
def test_the_library_takes_overlays() -> None:
    board = dtlink.Board.read("base.dts", overlay=["touch.dtso"])
    assert board.firmware.find("/i2c@1000/touch@38") is not None
    assert dtlink.read("base.dts+touch.dtso").find("/i2c@1000/touch@38") is not None
    report = dtlink.lint("base.dts", overlay="touch.dtso")
    assert [each.overlay for each in report.findings() if each.overlay] == ["touch.dtso"]


@pytest.mark.parametrize(
    ("base", "overlay", "expected"),
    [
        ("dt/r08-base.dtb", "dt/r08-overlay.dtbo", "which has no __symbols__: i2c2, i2c2_pins"),
        ("truth/j2base.dts", "truth/j2.dts", "gives /fpga@1000/child@0 a phandle"),
        ("truth/j2base.dts", "truth/o1.dts", "hdmi-con is beside the fragments"),
        ("truth/j2base.dts", "truth/o1.dts", "has neither target nor target-path"),
        (
            "truth/j2base.dts",
            "truth/o1.dts",
            "has no __overlay__; it has overlay instead",
        ),
    ],
)
def test_known_cases(shared: Path, base: str, overlay: str, expected: str) -> None:
    cases = shared / "cases"
    for name in (base, overlay):
        if not (cases / name).is_file():
            pytest.skip(f"no {name} in {SHARED / 'cases'}")
    path = f"{cases / base}+{cases / overlay}"
    assert expected in run("lint", path, "--show", "info").stdout


@pytest.mark.parametrize("form", ["github", "gitlab", "sarif"])
def test_services_show_a_finding_at_the_overlay(files: Path, form: str) -> None:
    tree = dtlink.read("touch.dtso")
    (files / "touch.dtbo").write_bytes(tree.blob)
    (files / "touch.dtso").unlink()
    result = run("lint", "base.dts+touch.dtbo", "--format", form)
    assert "touch.dtbo" in result.stdout
    assert "+touch.dtbo: /i2c@1000/touch@38: resets[0]" in result.stdout or form == "sarif"
    assert "base.dts,line" not in result.stdout
    for name in ('"path": "base.dts"', '"uri": "base.dts", "region"'):
        assert name not in result.stdout


def test_a_config_txt_is_an_overlay(files: Path) -> None:
    (files / "overlays").mkdir()
    (files / "overlays/touch.dtbo").write_bytes(dtlink.read("touch.dtso").blob)
    (files / "config.txt").write_text("dtoverlay=touch\ndtparam=gone=1\n")
    result = run("lint", "base.dts+config.txt")
    assert result.exit_code == 1
    assert "/i2c@1000/touch@38 from overlays/touch.dtbo" in result.stdout
    assert "config.txt:2:1: / from overlays/touch.dtbo" in result.stdout
    assert "has a parameter gone" in result.stdout
    os.mkfifo(files / "pipe")
    (files / "config.txt").write_text("include pipe\n")
    assert "pipe: not a regular file" in run("lint", "base.dts+config.txt").stderr


def test_endings_in_upper_case(files: Path) -> None:
    """As the names of a FAT file system may be."""
    (files / "TWO.DTB").write_bytes(read_text(BASE).blob)
    (files / "LED.DTBO").write_bytes(read_text(LED).blob)
    for given in (["LED.DTBO", "TWO.DTB"], ["LED.DTBO", "--bases", "TWO.DTB"]):
        [entry] = [each for each in data("lint", *given)["inputs"] if "bases" in each]
        assert [each["path"] for each in entry["bases"]] == ["TWO.DTB"]
