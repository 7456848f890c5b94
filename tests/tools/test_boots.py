"""The script that boots the lists: all of it that needs no QEMU and no other architecture."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest

from tools.boots import listing
from tools.boots.boot import Outcome, boot, command_line
from tools.boots.images import MARKER
from tools.boots.listing import Listing, ListingError, Row, list_modules, without
from tools.boots.machines import MACHINES, Machine
from tools.boots.nfs import SERVER, serving
from tools.boots.report import details, summary
from tools.boots.systems import System
from tools.boots.trial import Removal, Trial, Verdict

REACHED = Outcome(reached=True, last=MARKER, seconds=9.6)
FAILED = Outcome(reached=False, last="Gave up waiting for root file system device.", seconds=11.2)
STOPPED = Outcome(reached=None, last="stopped after 120 s", seconds=120.0)


def machine(program: str = "qemu", **columns: object) -> Machine:
    return MACHINES[0]._replace(qemu=(program, "-M", "virt"), devicetree="board.dtb", **columns)


def test_machines_are_known_by_name_and_have_a_medium():
    assert len({each.name for each in MACHINES}) == len(MACHINES) >= 6
    for each in MACHINES:
        assert each.qemu[1] == "-M"
        assert each.architecture in ("arm64", "armhf")
        assert any("{disk}" in option for option in (*each.medium, *each.options))
        assert f"root={each.root}" in command_line(each).split()


@pytest.mark.parametrize(
    ("text", "module", "left"),
    [
        ("a\nsdhci-pltfm\next4\n", "sdhci_pltfm", "a\next4\n"),
        ("nvme_core\nnvme\n", "nvme", "nvme_core\n"),
        ("nvme  # a reason\nnvme_core\n", "nvme", "nvme_core\n"),
        ('add_drivers+=" nvme_core nvme ext4 "\n', "nvme", 'add_drivers+=" nvme_core  ext4 "\n'),
        ('add_drivers+=" nvme "\n', "nvme", 'add_drivers+="  "\n'),
    ],
)
def test_a_list_without_a_module(text, module, left):
    assert without(text, module) == left


def test_a_module_that_a_list_does_not_have():
    with pytest.raises(ValueError, match="nvme is not in the list"):
        without("nvme_core\n", "nvme")


def system(folder: Path, release: str = "6.12.0") -> System:
    for name in (f"usr/lib/modules/{release}", "boot", "var/lib/dpkg", "bin", "usr/sbin"):
        (folder / name).mkdir(parents=True)
    (folder / f"boot/vmlinuz-{release}").touch()
    (folder / "var/lib/dpkg/status").write_text(
        "Package: a\nArchitecture: all\n\nPackage: b\nArchitecture: arm64\n"
    )
    return System(folder)


def test_a_system(tmp_path):
    found = system(tmp_path)
    assert (found.release, found.architecture) == ("6.12.0", "arm64")
    assert found.kernel == tmp_path / "boot/vmlinuz-6.12.0"
    always = ("busybox-static", "udev", "zstd")
    for form, own in (
        ("initramfs-tools", ("initramfs-tools-core", "klibc-utils")),
        ("dracut", ("dracut-core", "mount")),
    ):
        assert list(found.lacks(form)) == [
            f"{tmp_path} lacks the package {package}" for package in (*always, *own)
        ]
    assert list(System(tmp_path / "none").lacks("dracut")) == [
        f"{tmp_path / 'none'} is not a folder"
    ]


def test_a_system_of_another_architecture_says_so_itself(tmp_path):
    found = system(tmp_path)
    (tmp_path / "var/lib/dpkg/arch").write_text("armhf\n")
    assert found.architecture == "armhf"


def test_the_folder_of_devicetrees(tmp_path):
    found = system(tmp_path)
    assert found.devicetree("a.dtb") == tmp_path / "usr/lib/linux-image-6.12.0/a.dtb"
    own = tmp_path / "usr/lib/modules/6.12.0/dtb/vendor/a.dtb"
    own.parent.mkdir(parents=True)
    own.touch()
    assert found.devicetree("vendor/a.dtb") == own


def emulator(folder: Path, script: str) -> str:
    path = folder / "qemu"
    path.write_text(f"#!{sys.executable}\nimport sys, time\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.mark.parametrize(
    ("script", "reached", "last"),
    [
        (f"print('x', {MARKER!r}, flush=True); time.sleep(60)", True, MARKER),
        (
            (
                "print('Gave up waiting for root', end='', flush=True); time.sleep(0.2)\n"
                "print(' file system device.', flush=True); time.sleep(60)"
            ),
            False,
            "Gave up waiting for root file system device.",
        ),
        (
            "print('[ 1.0] Kernel panic - not syncing: VFS', flush=True); time.sleep(60)",
            False,
            "Kernel panic - not syncing: VFS",
        ),
        ("print('no such machine')", None, "QEMU ended: no such machine"),
        ("print('a loop', flush=True)\nwhile True: pass", None, "last: a loop"),
    ],
)
def test_how_a_boot_ends(tmp_path, script, reached, last):
    fake = machine(emulator(tmp_path, script), seconds=1)
    log = tmp_path / "a.serial"
    outcome = boot(fake, tmp_path, tmp_path, tmp_path, tmp_path / "disk", log)
    assert outcome.reached is reached
    assert outcome.last.endswith(last)
    assert log.read_text()
    assert f"file={tmp_path / 'disk'}" in log.with_suffix(".command").read_text()


def test_a_root_over_nfs_is_served_beside_qemu(tmp_path):
    words = list(serving(tmp_path / "a+b", tmp_path / "a.nfs"))
    assert words[0] == "unshare"
    assert words[-1] == str(tmp_path / "a.nfs")
    assert f'Path = "{tmp_path}/a+b";' in (tmp_path / "a.nfs").read_text()
    row = next(each for each in MACHINES if each.is_nfs)
    assert f"nfsroot={SERVER}:{{disk}}" in command_line(row)


def test_what_dtlink_lists(tmp_path, monkeypatch):
    report = {"modules": {"modules": [{"name": "uas", "optional": True}, {"name": "xhci_pci"}]}}
    answers = {
        "initramfs-tools": "xhci-pci\nuas\n",
        "json": json.dumps({"inputs": [report]}),
        "list": "# no module for /flash\nxhci-pci  # /pcie\nuas       # if it speaks UAS\n",
    }
    monkeypatch.setattr(
        listing, "_output", lambda *command: (answers.get(command[-1], answers["list"]), "a note")
    )
    found = list_modules(machine(), system(tmp_path), tmp_path / "a.dtb", "initramfs-tools")
    assert found.text == answers["initramfs-tools"]
    assert found.rows == (Row("xhci-pci", "/pcie", False), Row("uas", "if it speaks UAS", True))
    assert found.notes == "no module for /flash\na note"


def test_an_input_that_dtlink_cannot_read(tmp_path):
    with pytest.raises(ListingError, match="status 2"):
        list_modules(machine(), system(tmp_path), tmp_path / "none.dtb", "initramfs-tools")


@pytest.mark.parametrize(
    ("outcome", "optional", "verdict"),
    [
        (None, False, Verdict.KEPT),
        (STOPPED, False, Verdict.UNKNOWN),
        (FAILED, False, Verdict.NEEDED),
        (FAILED, True, Verdict.NEEDED),
        (REACHED, True, Verdict.OPTIONAL),
        (REACHED, False, Verdict.SUPERFLUOUS),
    ],
)
def test_verdicts(outcome, optional, verdict):
    assert Removal(Row("a", "", optional), outcome).verdict is verdict


def trial(*removals: Removal, whole: Outcome = REACHED, empty: Outcome = FAILED) -> Trial:
    rows = tuple(each.row for each in removals)
    return Trial(machine(), "6.12.0", "dracut", Listing("", rows, ""), whole, empty, removals)


NEEDED = Removal(Row("nvme", "an NVMe disk", optional=False), FAILED)
TOO_MANY = Removal(Row("fusb302", "/a|b", optional=False), REACHED)


def test_a_list_is_right():
    assert trial(NEEDED).is_right
    assert not trial(NEEDED, TOO_MANY).is_right
    assert not trial(NEEDED, whole=FAILED).is_right
    assert not trial(NEEDED, empty=REACHED).is_right
    assert not trial(NEEDED, empty=STOPPED).is_right


def test_the_tables():
    trials = [trial(NEEDED, TOO_MANY, Removal(NEEDED.row, None))]
    name = MACHINES[0].name
    assert list(summary(trials))[2:] == [
        (
            f"| {name} | 6.12.0 | /dev/vda | dracut | 3 | reaches the root (10 s) | fails (11 s) "
            "| 1 needed, 1 kept by a dependency, 1 not needed, and the list does not say so |"
        )
    ]
    assert list(details(trials))[2:] == [
        f"| {name} | 6.12.0 | nvme | fails (11 s): {FAILED.last} | needed | an NVMe disk |",
        (
            f"| {name} | 6.12.0 | fusb302 | reaches the root (10 s): {MARKER} "
            "| not needed, and the list does not say so | /a\\|b |"
        ),
        f"| {name} | 6.12.0 | nvme | not tried | kept by a dependency | an NVMe disk |",
    ]
