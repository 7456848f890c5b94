"""A blob with the source that it was made from: when it is its source, and the lines it gives."""

from __future__ import annotations

from pathlib import Path

import pytest

import dtlink
from dtlink.firmware import dts
from dtlink.firmware.blob_source import BlobSource
from dtlink.firmware.read import read_tree, source_beside
from dtlink.firmware.source.options import NO_OPTIONS
from tests.cli.conftest import Run
from tests.support.boards import SHARED

SOURCE = """\
/dts-v1/;
/ {
	model = "Acme";
	gic: gic@1 { reg = <1>; #interrupt-cells = <1>; };
	cru: cru@2 { reg = <2>; #clock-cells = <1>; };
	chosen { stdout-path = &uart; };
	uart: serial@3 {
		reg = <3>;
		clocks = <&cru 5>,
			<0x99>;
		order = <&gic>, &cru, <&gic>;
		flag;
	};
};
"""


def blob(folder: Path, text: str = SOURCE, name: str = "a.dtb", *, symbols: bool = False) -> Path:
    """A blob; what it was made from is not beside it."""
    made = folder / "elsewhere.dts"
    made.write_text(text)
    path = folder / name
    path.write_bytes(dts.read_source_file(str(made), symbols=symbols).tree.blob)
    made.unlink()
    return path


def difference(folder: Path, of_blob: str, source: str = SOURCE, *, symbols: bool = False) -> str:
    """Where the source differs from the blob that another text makes."""
    (folder / "a.dts").write_text(source)
    tree = read_tree(str(blob(folder, of_blob, symbols=symbols)))
    return BlobSource(tree, str(folder / "a.dts"), NO_OPTIONS).difference


def changed(old: str, new: str) -> str:
    assert SOURCE.count(old) == 1
    return SOURCE.replace(old, new)


@pytest.mark.parametrize(
    "text",
    [
        SOURCE,
        changed("cru: cru@2 {", "cru: cru@2 { phandle = <0x1234>;"),
        changed("gic: gic@1 {", "gic: gic@1 { linux,phandle = <2>; phandle = <2>;"),
        changed("reg = <3>;", "") + "&uart { reg = <3>; };",
        changed('model = "Acme";', "") + '/ { model = "Acme"; };',
        SOURCE.replace("uart", "console"),
        "/memreserve/ 0x1000 0x1000;".join(SOURCE.split("\n", 1)),
    ],
)
@pytest.mark.parametrize("symbols", [False, True])
def test_the_same_tree(text: str, *, symbols: bool, tmp_path: Path) -> None:
    assert difference(tmp_path, text, symbols=symbols) == ""


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (changed('"Acme"', '"Acme 2"'), "/: model"),
        (changed("flag;", ""), "/serial@3: flag"),
        (changed("flag;", "flag; other;"), "/serial@3: other"),
        (changed("<&cru 5>", "<&cru 6>"), "/serial@3: clocks"),
        (changed("<&cru 5>", "<&gic 5>"), "/serial@3: clocks"),
        (changed("&cru, <&gic>", "&cru, <&cru>"), "/serial@3: order"),
        (changed("stdout-path = &uart", "stdout-path = &cru"), "/chosen: stdout-path"),
        (changed("flag;", "flag; extra { };"), "it has no /serial@3/extra"),
        (changed("chosen { stdout-path = &uart; };", ""), "it has /chosen as well"),
    ],
)
def test_another_tree(text: str, where: str, tmp_path: Path) -> None:
    assert difference(tmp_path, text) == where


def test_the_same_number_of_another_node_is_another_tree(tmp_path: Path) -> None:
    # In the blob 1 is the phandle of cru, and the property has it where the source has &gic.
    text = changed("<&cru 5>", "<0x77 5>").replace("<&gic>, &cru, <&gic>", "<1>, &cru, <1>")
    text = text.replace("cru: cru@2 {", "cru: cru@2 { phandle = <1>;")
    source = changed("<&cru 5>", "<0x77 5>").replace("gic@1 {", "gic@1 { phandle = <1>;")
    assert difference(tmp_path, text, source) == "/serial@3: order"


def test_the_source_beside_a_blob(tmp_path: Path) -> None:
    for name in ("a.dts", "b.dts", "c.dts", "c.dtso"):
        (tmp_path / name).write_text("")
    (tmp_path / "d.dts").mkdir()

    def beside(name: str) -> str:
        return source_beside(str(tmp_path / name)).removeprefix(f"{tmp_path}/")

    names = ("a.dtb", "b.dtbo", "c.dtbo", "d.dtb", "e.dtb", "a.bin", "a")
    assert [*map(beside, names)] == ["a.dts", "b.dts", "c.dtso", "", "", "", ""]


def findings(path: Path, **options: str) -> list[dict]:
    (item,) = dtlink.lint(path, config=False, select="phandle/dangling", **options).to_dict()[
        "inputs"
    ]
    assert item["error"] is None
    assert item["form"] == "fdt"
    return item["findings"]


def test_a_blob_has_the_lines_of_the_source_beside_it(tmp_path: Path) -> None:
    (tmp_path / "a.dts").write_text(SOURCE)
    (found,) = findings(blob(tmp_path))
    place = found["location"]
    assert (place["file"], place["line"], place["column"]) == (str(tmp_path / "a.dts"), 10, 5)
    assert found["offset"] > 0


@pytest.mark.parametrize("source", [changed('"Acme"', '"Acme 2"'), "/dts-v1/; / {", ""])
def test_a_source_beside_it_that_is_not_its_own_is_passed_over(
    source: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "a.dts").write_text(source)
    path = blob(tmp_path)
    (found,) = findings(path)
    assert found["location"] is None
    result = run("lint", path)
    assert result.stderr == ""
    assert " | clocks = <&{/cru@2} 5>, <153>;\n" in result.stdout


def test_a_source_that_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "other.dts").write_text(SOURCE)
    path = blob(tmp_path)
    (found,) = findings(path, source=str(tmp_path / "other.dts"))
    assert found["location"]["line"] == 10
    result = run("lint", path, "--source", tmp_path / "other.dts")
    assert (result.exit_code, result.stderr) == (1, "")
    assert f"{tmp_path / 'other.dts'}:10:5: /serial@3\n 10 | <0x99>;\n" in result.stdout


def test_of_a_source_that_is_named_counts_what_is_the_same(run: Run, tmp_path: Path) -> None:
    other = tmp_path / "other.dts"
    path = blob(tmp_path)
    other.write_text(changed('"Acme"', '"Acme 2"'))
    result = run("lint", path, "--source", other)
    assert result.stderr == (
        f"dtlink: {path}: {other} makes another tree (/: model): what differs has no line\n"
    )
    assert f"{other}:10:5: /serial@3" in result.stdout
    other.write_text(changed("<&cru 5>", "<&cru 6>"))
    result = run("lint", path, "--source", other)
    assert "other.dts:" not in result.stdout
    assert " | clocks = <&cru 5>, <153>;" in result.stdout


def test_sources_that_cannot_be_one(run: Run, tmp_path: Path) -> None:
    path, other = blob(tmp_path), tmp_path / "other.dts"
    other.write_text("/dts-v1/; / {")
    for arguments, message in (
        ([path, "--source", tmp_path / "gone.dts"], "gone.dts: No such file or directory (source)"),
        ([path, "--source", other], "is the '}' of the node at"),
        ([path, other, "--source", other], "the source of one blob, and there are 2 inputs"),
        ([other, "--source", other], "is the '}' of the node at"),
    ):
        result = run("lint", *arguments)
        assert result.exit_code == 2
        assert message in result.stderr
    other.write_text(SOURCE)
    result = run("lint", other, "--source", other)
    assert (result.exit_code, "not a blob" in result.stderr) == (2, True)


def test_an_overlay_has_the_lines_of_its_source(tmp_path: Path) -> None:
    text = "/dts-v1/;\n/plugin/;\n&i2c {\n\tx { clocks = <0x99>, <&cru 1>; };\n};\n"
    path = blob(tmp_path, text, "a.dtbo", symbols=True)
    (tmp_path / "a.dtso").write_text(text)
    tree = read_tree(str(path))
    assert tree.source is not None
    place = tree.source.location("/fragment@0/__overlay__/x", "clocks", 4)
    assert place is not None
    assert place[1:3] == (4, 24)


def test_a_base_and_an_overlay_have_the_lines_of_their_sources(run: Run, tmp_path: Path) -> None:
    overlay = "/dts-v1/;\n/plugin/;\n&uart {\n\tresets = <0x77>;\n};\n"
    base, more = blob(tmp_path, symbols=True), blob(tmp_path, overlay, "b.dtbo", symbols=True)
    (tmp_path / "a.dts").write_text(SOURCE)
    (tmp_path / "b.dtso").write_text(overlay)
    result = run("lint", f"{base}+{more}", "--select", "phandle/dangling")
    assert f"{tmp_path / 'a.dts'}:10:5: /serial@3" in result.stdout
    assert f"{tmp_path / 'b.dtso'}:4:12: /serial@3" in result.stdout


def test_blobs_of_the_kernel_are_made_from_their_sources() -> None:
    blobs = sorted(SHARED.glob("corpus/k72/*/*.dtb"))[::25]
    tops = [SHARED.parent / name for name in ("src-7.2", "linux-7.2")]
    top = next((each for each in tops if each.is_dir()), None)
    if not blobs or top is None:
        pytest.skip(f"no blobs of a kernel in {SHARED}, or no source of it beside that")
    compared = 0
    for path in blobs:
        source = top / "arch/arm64/boot/dts" / path.parent.name / f"{path.stem}.dts"
        if source.is_file():
            tree = read_tree(str(path))
            assert BlobSource(tree, str(source), NO_OPTIONS).difference == ""
            compared += 1
    assert compared > 5
