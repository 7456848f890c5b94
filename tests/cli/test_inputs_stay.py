"""No output takes the place of what the same command reads: every option that reads, times all that
write, by a hard link and by a symbolic one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from dtlink import reading
from dtlink.firmware.dts import read_text
from dtlink.kernel.source.write import pack
from tests.cli.conftest import Run
from tests.support import kernels
from tests.support.boards import FIXTURES

SOC = '/ { compatible = "v,soc"; clk: clock { #clock-cells = <0>; compatible = "fixed-clock"; }; };'
BOARD = '/dts-v1/;\n#include "soc.dtsi"\n/ { serial { compatible = "v,uart"; clocks = <&clk>; }; };'
OVERLAY = '/dts-v1/;\n/plugin/;\n&clk { status = "disabled"; };\n'
LSPCI = "0000:00:00.0 Host bridge [0600]: A [abcd]: B [abcd:0001]\n"
IOMEM = "40000000-7fffffff : System RAM\n"
LOG = (
    "[    0.000000] Linux version 6.12.0 (a@b)\n[    1.0] platform serial: deferred probe pending\n"
)
TOML = '[[allow]]\nrule = "phandle/dangling"\nreason = "known"\n'
LISTING = "usr/lib/modules/6.12.1-test/kernel/a.ko\n"

#: Commands and the file that they read besides others: ``{}`` is where the outputs are named.
READ = {
    "lint board.dtb {}": "board.dtb",
    "lint board.dts {}": "board.dts",
    "lint  board.dts {}": "soc.dtsi",
    "lint -j2 many {}": "many/soc.dtsi",
    "lint many {}": "many/7.dts",
    "lint board.dtb --overlay over.dtso {}": "over.dtso",
    "lint board.dtb+over.dtso {}": "over.dtso",
    "lint over.dtso --bases board.dtb {}": "board.dtb",
    "lint other.dtb --source board.dts {}": "board.dts",
    "lint other.dtb --source  board.dts {}": "soc.dtsi",
    "lint board.dts --config one.toml {}": "one.toml",
    "lint below/board.dts {}": "below/dtlink.toml",
    "lint board.dts --baseline base.json {}": "base.json",
    "lint board.dts --kernel kernel.config {}": "kernel.config",
    "lint board.dts --kernel tree {}": "tree/.config",
    "lint board.dts --kernel  modules {}": "modules/modules.builtin",
    "lint board.dts --kernel modules {}": "modules/modules.order",
    "lint board.dts --kernel modules --kernel-index drivers.index {}": "drivers.index",
    "lint board.dts --kernel modules --initramfs listing {}": "listing",
    "lint board.dts --lspci lspci {}": "lspci",
    "lint board.dts --iomem iomem {}": "iomem",
    "lint tables {}": "tables/VIOT.dat",
    "lint image.itb.gz {}": "image.itb.gz",
    "lint board.dts --schema-dir schemas {}": "schemas/a.yaml",
    "devlink board.dtb --observed boot.log {}": "boot.log",
    "devlink board.dtb --observed sys {}": "sys/kernel/debug/devices_deferred",
    "graph board.dtb --format dot --observed boot.log {}": "boot.log",
    "graph board.dtb --format dot --against-input other.dtb {}": "other.dtb",
    "graph board.dts --format dot {}": "soc.dtsi",
    "log boot.log {}": "boot.log",
    "log boot.log --dtb board.dtb {}": "board.dtb",
    "log boot.log --dtb board.dts {}": "soc.dtsi",
    "diff board.dts other.dtb {}": "soc.dtsi",
    "diff report.json report.jsonl {}": "report.jsonl",
    "diff board.dts other.dtb --kernel kernel.config {}": "kernel.config",
    "history report.json {}": "report.json",
    "history saved {}": "saved/report.json",
    "history report.json --db index.db {}": "index.db",
    "links board.dts {}": "soc.dtsi",
    "order board.dts {}": "soc.dtsi",
    "cycles board.dts {}": "soc.dtsi",
    "why board.dts /serial {}": "soc.dtsi",
    "preprocess board.dts {}": "soc.dtsi",
    "inspect image.itb.gz {}": "image.itb.gz",
    "drivers board.dts --kernel modules {}": "modules/modules.order",
    "modules board.dts --kernel modules {}": "modules/modules.builtin",
    "iommu board.dts --lspci lspci {}": "lspci",
    "report-bug bad.dts {}": "soc.dtsi",
    "kernel index source {}": "source/Makefile",
}
#: The options with which commands write, for those that have more than ``-o``.
WRITE = {
    "lint": ("-o", "--format json=", "--format jsonl="),
    "history": ("-o", "--format html=", "--format json=", "--db"),
    "links": ("-o", "--format jsonl="),
    "report-bug": ("-o",),
    "kernel": ("-o",),
}
#: Those that take the place of something only in a fix.
FIXES = {
    "lint board.dtb --fix --unsafe-fixes {}": ("board.dtb", "--blob-out", "--overlay-out"),
    "lint board.dtb --baseline base.json --fix {}": ("base.json", "--blob-out"),
    "lint board.dtb --kernel kernel.config --fix {}": ("kernel.config", "--blob-out"),
    "lint tables --fix {}": ("tables/VIOT.dat", "--acpi-override-out"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything that is read."""
    top = tmp_path_factory.mktemp("made")
    texts = {
        "soc.dtsi": SOC,
        "board.dts": BOARD,
        "over.dtso": OVERLAY,
        "one.toml": TOML,
        "below/dtlink.toml": TOML,
        "below/board.dts": BOARD.replace('#include "soc.dtsi"', SOC),
        "base.json": '{"schema": "baseline-1", "findings": [\n]}\n',
        "kernel.config": kernels.CONFIG,
        "tree/.config": kernels.CONFIG,
        "modules/modules.order": "kernel/a.ko\n",
        "modules/modules.builtin": "kernel/b.ko\n",
        "modules/modules.alias": "",
        "modules/modules.dep": "kernel/a.ko:\n",
        "listing": LISTING,
        "lspci": LSPCI,
        "iomem": IOMEM,
        "boot.log": LOG,
        "sys/kernel/debug/devices_deferred": "serial\n",
        "schemas/a.yaml": "%YAML 1.2\n---\n",
        "source/Makefile": "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 1\n",
        "source/arch/Kconfig": "",
        "source/drivers/Kconfig": "",
        "many/soc.dtsi": SOC,
        **{f"many/{number}.dts": BOARD for number in range(30)},
        "bad.dts": BOARD.replace("&clk", "0x77"),
    }
    for name, text in texts.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    whole = read_text(BOARD.replace('#include "soc.dtsi"', SOC)).blob
    for name in ("board.dtb", "other.dtb"):
        (top / name).write_bytes(bytes(whole))
    (top / "drivers.index").write_bytes(pack(kernels.RELEASE, ()))
    (top / "tables").mkdir()
    shutil.copy(next((FIXTURES.parent / "tables").rglob("VIOT.dat")), top / "tables/VIOT.dat")
    import gzip

    (top / "image.itb.gz").write_bytes(gzip.compress(bytes(whole)))
    return top


@pytest.fixture
def here(made: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    shutil.copytree(made, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    Path("saved").mkdir()
    for form in ("json", "jsonl"):
        assert run("lint", "board.dtb", "--format", f"{form}=report.{form}").exit_code == 0
    shutil.copy("report.json", "saved/report.json")
    yield tmp_path / "here"
    reading.watch(())


def _hard(file: str) -> str:
    os.link(file, "out.x")
    return "out.x"


def _symbolic(file: str) -> str:
    Path("out.x").symlink_to(file)
    return "out.x"


LINKS: dict[str, Callable[[str], str]] = {"hard": _hard, "symbolic": _symbolic}


def check(run: Run, command: str, file: str, link: str, writer: str) -> None:
    """The command ends with an error, and the file is what it was."""
    if "--schema" in command and not (find_spec("dtschema") and find_spec("libfdt")):
        pytest.skip("dtschema is not installed")
    if "--db" in command:
        assert run("history", "report.json", "--db", "index.db").exit_code == 0
    if file == "index.db" and writer == "--db":
        pytest.skip("the index itself is read and written")
    output = LINKS[link](file)
    if command.startswith("report-bug"):
        output = str(Path(output).rename("out.txt"))
    elif writer == "--overlay-out":
        output = str(Path(output).rename("out.dtso"))
    before = Path(file).read_bytes()
    option = f"{writer}{output}" if writer.endswith("=") else f"{writer} {output}"
    # Absolute, since kernels are read once a process.
    first, *words = command.format(option).split()
    whole = (str(Path(each).absolute()) if Path(each).exists() else each for each in words)
    done = run(first, *whole)
    assert Path(file).read_bytes() == before, (done.exit_code, done.stderr)
    assert done.exit_code == 2, done.stderr
    assert os.path.lexists(output)
    assert not list(Path().rglob("*.part"))
    told = (
        "is an input",
        "are one file",
        "is the baseline",
        "is the index of --db",
        "not an index",
    )
    assert any(each in done.stderr for each in told), done.stderr


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize(
    ("command", "file", "writer"),
    [
        (command, file, writer)
        for command, file in READ.items()
        for writer in WRITE.get(command.split()[0], ("-o",))
        if not ("--db" in command and writer == "--db")
    ],
)
@pytest.mark.usefixtures("here")
def test_what_is_read_is_not_replaced(
    run: Run, command: str, file: str, link: str, writer: str
) -> None:
    check(run, command, file, link, writer)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize(
    ("command", "file", "writer"),
    [(command, file, each) for command, (file, *writers) in FIXES.items() for each in writers],
)
@pytest.mark.usefixtures("here")
def test_a_fix_does_not_replace_what_is_read(
    run: Run, command: str, file: str, link: str, writer: str
) -> None:
    check(run, command, file, link, writer)
