"""What is taken of a running machine: shown with copies of what systems have."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

import dtlink
from dtlink.cli.main import cli
from dtlink.facts.cmdline import CommandLine
from dtlink.firmware.dts import read_text
from dtlink.observed import live
from dtlink.observed.live import live_machine
from tests.firmware.test_property_files import unpacked
from tests.kernel.test_initramfs import IMAGE
from tests.support.boards import FIXTURES
from tests.support.packing import gzipped

BOARD = FIXTURES / "virtio-iommu-guest.dtb"
KERNEL = FIXTURES.parent / "kernel"
TABLES = FIXTURES.parent / "tables" / "guest"
RELEASE = "6.12.0-test"


def put(path: Path, data: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine with a devicetree, as Debian has one."""
    put(tmp_path / "proc/sys/kernel/osrelease", f"{RELEASE}\n")
    put(tmp_path / "proc/cmdline", "root=/dev/vda1 fw_devlink.strict=1 quiet\n")
    put(tmp_path / live.FDT, BOARD.read_bytes())
    unpacked(dtlink.read_tree(BOARD), tmp_path / live.TREE)
    for name in ("modules.dep", "modules.builtin", "modules.alias", "modules.order"):
        put(tmp_path / f"lib/modules/{RELEASE}/{name}", "")
    put(tmp_path / f"boot/config-{RELEASE}", "CONFIG_OF=y\n")
    put(tmp_path / f"boot/initrd.img-{RELEASE}", gzipped(IMAGE))
    return tmp_path


def test_a_machine_with_a_devicetree(root: Path) -> None:
    machine = live_machine(str(root))
    assert machine.paths == (str(root / live.FDT),)
    assert machine.missing == ()
    assert machine.given["kernel"] == str(root / f"lib/modules/{RELEASE}")
    assert machine.given["initramfs"] == str(root / f"boot/initrd.img-{RELEASE}")
    line = "root=/dev/vda1 fw_devlink.strict=1 quiet"
    assert machine.given["cmdline"] == CommandLine.parse(line)
    assert len(machine.taken) == 4
    for part, what in zip(
        machine.taken, ("devicetree", "kernel", "initramfs", "command"), strict=True
    ):
        assert part.startswith(what)


def test_the_tree_of_the_kernel_where_the_blob_may_not_be_read(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def refuse(path: str, *given: int) -> int:
        if path == str(root / live.FDT):
            raise PermissionError(13, "Permission denied")
        return real(path, *given)

    monkeypatch.setattr(os, "open", refuse)
    machine = live_machine(str(root))
    assert machine.paths == (str(root / live.TREE),)
    assert machine.missing == (f"not taken: {root / live.FDT}: Permission denied",)


def test_acpi_with_the_devicetree_that_efi_makes(root: Path) -> None:
    put(root / live.FDT, read_text('/ { chosen { bootargs = "quiet"; }; };').blob)
    for table in TABLES.glob("*.*"):
        put(root / live.TABLES / table.stem, table.read_bytes())
    machine = live_machine(str(root))
    assert machine.paths == (str(root / live.TABLES),)
    assert "only what EFI passes" in machine.taken[0]


def test_pci_functions_and_the_memory_map(root: Path) -> None:
    put(root / live.PCI / "devices/0000:00:1f.0/vendor", "0x8086\n")
    put(root / live.IOMEM, "00000000-00000fff : Reserved\n")
    machine = live_machine(str(root))
    assert machine.given["lspci"] == str(root / live.PCI)
    assert "iomem" not in machine.given  # nothing asks for it without a DMAR
    put(root / live.TABLES / "DMAR", b"DMAR")
    assert live_machine(str(root)).given["iomem"] == str(root / live.IOMEM)
    put(root / live.IOMEM, "00000000-00000000 : Reserved\n")
    machine = live_machine(str(root))
    assert "iomem" not in machine.given
    assert machine.missing[-1].startswith(f"not taken: {root / live.IOMEM}: all addresses are 0")


def test_tables_that_only_root_may_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(root / live.TABLES / "IORT", b"IORT")
    real = os.access
    monkeypatch.setattr(
        live.os, "access", lambda path, mode: "tables" not in str(path) and real(path, mode)
    )
    machine = live_machine(str(root))
    assert machine.paths == (str(root / live.FDT),)
    assert f"not taken: {root / live.TABLES}: only root may read the tables" in machine.missing


@pytest.mark.parametrize(
    "name",
    [
        "boot/initrd.img-{release}",
        "boot/initramfs-{release}.img",
        "boot/initrd-{release}",
        "boot/initramfs-linux-lts.img",
        "boot/0123abcd/{release}/initrd",
        "efi/0123abcd/{release}/initrd",
        "usr/lib/modules/{release}/initramfs.img",
    ],
)
def test_where_distributions_have_the_initramfs(name: str, root: Path) -> None:
    (root / f"boot/initrd.img-{RELEASE}").unlink()
    put(root / f"lib/modules/{RELEASE}/pkgbase", "linux-lts\n")
    path = put(root / name.format(release=RELEASE), gzipped(IMAGE))
    assert live_machine(str(root)).given["initramfs"] == str(path)


def test_what_is_not_there(root: Path) -> None:
    (root / f"boot/initrd.img-{RELEASE}").unlink()
    (root / "proc/cmdline").unlink()
    machine = live_machine(str(root))
    assert machine.missing == (
        f"not taken: no initramfs of {RELEASE} in /boot",
        "not taken: no command line in /proc/cmdline",
    )
    put(root / "proc/sys/kernel/osrelease", "7.0.0-other\n")
    machine = live_machine(str(root))
    assert "kernel" not in machine.given
    assert machine.missing[0].startswith("not taken: kernel 7.0.0-other: ")


@pytest.mark.parametrize("release", ["x" * 300, "**y**", "[", "", ".."])
def test_a_copy_whose_release_is_no_folder(release: str, root: Path) -> None:
    put(root / "proc/sys/kernel/osrelease", f"{release}\n")
    machine = live_machine(str(root))
    assert machine.paths == (str(root / live.FDT),)
    assert "initramfs" not in machine.given


def test_nothing(tmp_path: Path) -> None:
    with pytest.raises(dtlink.InputError, match="no devicetree and no ACPI table"):
        live_machine(str(tmp_path))


def test_a_command_line_that_a_terminal_would_obey(root: Path) -> None:
    put(root / "proc/cmdline", "a=\x1b[31m\nb")
    assert live_machine(str(root)).taken[-1] == "command line: a= [31m b"


class TestLint:
    @pytest.fixture(autouse=True)
    def _here(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(live.live_machine, "__defaults__", (str(root),))

    def test_the_command_is_the_one_with_its_options(self, root: Path) -> None:
        result = CliRunner().invoke(cli, ["lint", "--live", "--format", "json"])
        given = [
            *("lint", str(root / live.FDT), "--format", "json"),
            *("--kernel", str(root / f"lib/modules/{RELEASE}")),
            *("--initramfs", str(root / f"boot/initrd.img-{RELEASE}")),
            *("--cmdline", (root / "proc/cmdline").read_text().strip()),
        ]
        by_hand = CliRunner().invoke(cli, given)
        assert result.stdout == by_hand.stdout
        assert result.exit_code == by_hand.exit_code
        assert f"taken: devicetree: {root / live.FDT}" in result.stderr
        assert "taken: command line: root=/dev/vda1" in result.stderr

    def test_what_the_user_names_holds(self, root: Path) -> None:
        result = CliRunner().invoke(
            cli,
            ["lint", "--live", "--cmdline", "quiet", "--kernel", str(KERNEL), "--format", "json"],
        )
        assert str(KERNEL) in result.stdout
        assert "initrd" not in result.stdout.replace(str(root), "")

    def test_strict(self, root: Path) -> None:
        (root / f"boot/initrd.img-{RELEASE}").unlink()
        result = CliRunner().invoke(cli, ["lint", "--live", "--strict", "--fail-on", "never"])
        assert result.exit_code == 2
        assert "not taken: no initramfs" in result.stderr

    def test_the_library(self, root: Path) -> None:
        report = dtlink.lint(live=True, kernel_version="6.12")
        assert [each.path for each in report.inputs] == [str(root / live.FDT)]
        assert report.kernel is not None

    def test_usage(self) -> None:
        for more in ("board.dtb", "--since=HEAD"):
            result = CliRunner().invoke(cli, ["lint", "--live", more])
            assert (result.exit_code, "--live takes" in result.stderr) == (2, True)
