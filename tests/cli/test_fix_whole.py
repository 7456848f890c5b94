"""lint --fix of what has no source: blobs, overlays of fixes, tables, what Linux takes of them."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dtlink.cli.main import cli
from dtlink.firmware import dts, fdt
from dtlink.firmware.acpi.override import override_image, with_next_revision
from dtlink.testing.assemble import assemble

BOARD = """/ {
	gpio: gpio@4000 { gpio-controller; #gpio-cells = <2>; compatible = "x,gpio"; };
	mmc@5000 { compatible = "x,mmc"; status = "okey"; clocks = <&clk>; };
	clk: clk { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <1>; };
	led { compatible = "x,led"; reset-gpio = <&gpio 1 0>; };
};
"""
FDTOVERLAY = shutil.which("fdtoverlay")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["lint", *arguments])


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("b.dtb").write_bytes(dts.read_text(BOARD).blob)


FIX = ("b.dtb", "--fix", "--unsafe-fixes", "--select", "tree/status,legacy/singular-gpio")


def values(path: str, node: str) -> dict[str, bytes]:
    return dict(fdt.read(Path(path).read_bytes()).by_path[node].properties)


def test_a_blob_is_written_where_the_user_says() -> None:
    before = Path("b.dtb").read_bytes()
    done = run(*FIX, "--blob-out", "n.dtb")
    assert done.exit_code == 0
    assert "b.dtb: 2 findings fixed: n.dtb" in done.stderr
    assert Path("b.dtb").read_bytes() == before
    assert values("n.dtb", "/mmc@5000")["status"] == b"okay\0"
    assert "reset-gpios" in values("n.dtb", "/led")
    assert "reset-gpio" not in values("n.dtb", "/led")


def test_a_blob_is_rewritten_only_when_asked() -> None:
    assert run(*FIX, "--in-place").exit_code == 0
    assert values("b.dtb", "/mmc@5000")["status"] == b"okay\0"
    assert run("b.dtb", "--fix", "--in-place").stderr == ""


def test_an_overlay_has_what_it_can_have() -> None:
    done = run(*FIX, "--overlay-out", "f.dtso")
    assert "an overlay can't delete reset-gpio of /led" in done.stderr
    source = Path("f.dtso").read_text(encoding="utf-8")
    assert 'target-path = "/mmc@5000";\n\n\t\t__overlay__ {\n\t\t\tstatus = "okay";' in source
    if FDTOVERLAY is None:
        pytest.skip("fdtoverlay is not installed: the overlay was not applied by libfdt")
    command = [FDTOVERLAY, "-i", "b.dtb", "-o", "m.dtb", "f.dtbo"]
    subprocess.run(command, check=True, capture_output=True)
    assert values("m.dtb", "/mmc@5000")["status"] == b"okay\0"
    again = CliRunner().invoke(cli, ["diff", "b.dtb", "b.dtb+f.dtbo", "--select", "tree/status"])
    assert "tree/status" in again.stdout


def test_references_of_an_overlay_need_no_symbols() -> None:
    from dtlink.firmware.edit_overlay import overlay_source, with_overlay
    from dtlink.firmware.edits import AddNode, NodeRef, SetProperty

    base = fdt.read(Path("b.dtb").read_bytes())
    mmc, led = NodeRef("/mmc@5000"), NodeRef("/led")
    edits = [
        SetProperty(mmc, "clocks", ((NodeRef("/clk"),),)),
        SetProperty(mmc, "led", ((led,),)),
        AddNode(mmc, "new@1"),
        SetProperty(NodeRef("/mmc@5000/new@1"), "reg", ((1,),)),
    ]
    made = with_overlay(base, edits)
    number = made.by_path["/led"].phandle
    assert number not in (0, base.by_path["/clk"].phandle)
    assert list(made.by_path["/mmc@5000"].cells("led")) == [number]
    assert made.by_path["/mmc@5000/new@1"].has("reg")
    with_symbols = dts.read_text(BOARD, sources=dts.NO_OPTIONS._replace(symbols=True))
    assert "clocks = <&clk>;" in overlay_source(with_symbols, edits[:1])


TABLES = """
IORT
  its: its-group ids=0
  smmu: smmu-v3 base=0x9050000 identifier=1
    map count=0xffff output=its
  rc: root-complex segment=0 identifier=2
    map count=0x100 output=smmu
    map input_base=0x100 count=0xfeff output_base=0x100 output=its
"""


def test_tables_are_written_into_a_folder() -> None:
    data = assemble(TABLES)["IORT"]
    Path("iort.dat").write_bytes(data)
    done = run("iort.dat", "--fix", "--unsafe-fixes", "--tables-out", "fixed")
    assert "1 finding fixed: fixed/IORT.dat" in done.stderr
    fixed = Path("fixed/IORT.dat").read_bytes()
    assert sum(fixed) % 256 == 0
    changed = [at for at, (a, b) in enumerate(zip(data, fixed, strict=True)) if a != b]
    assert changed[0] == 9  # the checksum, then the count
    assert Path("iort.dat").read_bytes() == data


def test_linux_takes_tables_of_a_higher_revision_from_the_initramfs() -> None:
    data = assemble(TABLES)["IORT"]
    Path("iort.dat").write_bytes(data)
    assert run(
        "iort.dat", "--fix", "--unsafe-fixes", "--acpi-override-out", "o.cpio"
    ).exit_code in (0, 1)
    image = Path("o.cpio").read_bytes()
    start = image.index(b"IORT")
    table = image[start : start + len(data)]
    revision = int.from_bytes(data[24:28], "little")
    assert int.from_bytes(table[24:28], "little") == revision + 1
    assert sum(table) % 256 == 0


def test_the_highest_revision_is_not_replaced() -> None:
    data = bytearray(assemble(TABLES)["IORT"])
    data[24:28] = b"\xff" * 4
    with pytest.raises(ValueError, match="highest"):
        with_next_revision(bytes(data))


@pytest.mark.parametrize("word", ["RIMT", "VIOT"])
def test_tables_that_linux_does_not_take_are_refused(word: str) -> None:
    with pytest.raises(ValueError, match=f"replaces no {word}"):
        override_image({word: assemble("MCFG\n  allocation base=0x40000000")["MCFG"]})


def test_fixes_of_one_field_are_made_one_after_the_other() -> None:
    """The ATS attribute has a bit of a later revision and a reserved one, which two rules clear."""
    data = assemble(
        """
        IORT table_revision=0
          smmu: smmu-v3 base=0x9050000 event_gsiv=74 gerr_gsiv=77
          rc: root-complex segment=0 node_revision=1 ats=0x103
            map count=0xffff output=smmu
        """
    )["IORT"]
    Path("iort.dat").write_bytes(data)
    done = run("iort.dat", "--fix", "--unsafe-fixes", "--tables-out", "fixed")
    assert "taken back" not in done.stderr
    assert "2 findings fixed: fixed/IORT.dat" in done.stderr
    before = data.index((0x103).to_bytes(4, "little"))
    assert Path("fixed/IORT.dat").read_bytes()[before : before + 4] == b"\1\0\0\0"


def test_what_names_a_structure_may_change() -> None:
    """A unit is named by its address, which the fix of one of its findings sets."""
    data = assemble("DMAR\n  drhd base=0xfed90001 register_size=0\n    ioapic enumeration_id=2\n")
    Path("dmar.dat").write_bytes(data["DMAR"])
    done = run("dmar.dat", "--fix", "--unsafe-fixes", "--show", "info", "--tables-out", "fixed")
    assert "1 finding fixed: fixed/DMAR.dat" in done.stderr
    assert "(0xfed90000)" in done.stdout


def test_cpio_reads_the_image(tmp_path: Path) -> None:
    cpio = shutil.which("cpio")
    if cpio is None:
        pytest.skip("cpio is not installed")
    data = assemble(TABLES)["IORT"]
    image = override_image({"IORT": data})
    subprocess.run(
        [cpio, "-idm", "--quiet"], input=image, cwd=tmp_path, check=True, capture_output=True
    )
    assert (tmp_path / "kernel/firmware/acpi/iort.aml").read_bytes() == with_next_revision(data)


@pytest.mark.parametrize(
    "arguments",
    [
        ("b.dtb", "--blob-out", "n.dtb"),
        ("b.dtb", "--diff", "--in-place"),
        ("b.dtb", "--fix", "--tables-out", "x"),
        ("b.dts", "--fix", "--in-place"),
        ("b.dtb", "b.dts", "--fix", "--blob-out", "n.dtb"),
    ],
)
def test_what_does_not_go_together(arguments: tuple[str, ...]) -> None:
    Path("b.dts").write_text(f"/dts-v1/;\n{BOARD}", encoding="utf-8")
    before = Path("b.dtb").read_bytes()
    done = run(*arguments)
    assert done.exit_code == 2, done.output
    assert Path("b.dtb").read_bytes() == before
    assert not Path("n.dtb").exists()


@pytest.mark.parametrize("option", ["--blob-out", "--overlay-out", "--tables-out"])
def test_fixes_do_not_go_to_standard_output(option: str) -> None:
    done = run("b.dtb", "--fix", option, "-")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "-: fixes are written to files" in done.stderr
    assert not Path("-").exists()


def test_a_blob_that_is_compressed_is_not_rewritten() -> None:
    packed = gzip.compress(Path("b.dtb").read_bytes())
    Path("b.dtb.gz").write_bytes(packed)
    done = run("b.dtb.gz", "--fix", "--in-place")
    assert (done.exit_code, Path("b.dtb.gz").read_bytes()) == (2, packed)
    assert "not a plain blob" in done.stderr


@pytest.mark.parametrize(
    "outputs",
    [
        ("--blob-out", "z", "--overlay-out", "z"),
        ("--blob-out", "z.dtbo", "--overlay-out", "z.dtso"),
        ("--overlay-out", "z.dtbo"),
        ("--blob-out", "-"),
    ],
)
def test_outputs_have_names_of_their_own(outputs: tuple[str, ...]) -> None:
    before = sorted(Path().iterdir())
    assert run(*FIX, *outputs).exit_code == 2
    assert sorted(Path().iterdir()) == before


def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    import os
    import threading

    os.mkfifo(tmp_path / "pipe")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    assert run(*FIX, "--blob-out", str(tmp_path / "pipe")).exit_code == 0
    reader.join(10)
    assert read[0].startswith(b"\xd0\x0d\xfe\xed")
    assert (tmp_path / "pipe").is_fifo()
    assert run(*FIX, "--blob-out", str(tmp_path)).exit_code == 2
