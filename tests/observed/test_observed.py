"""What a board reports, in each form in which it may come; and what is no report of a board."""

from __future__ import annotations

import gzip
import io
import lzma
import os
import random
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from dtlink.firmware import dts
from dtlink.firmware.errors import InputError
from dtlink.observed import observation as observed
from dtlink.observed import sysfs
from dtlink.observed.command import BOARD_COMMAND
from dtlink.observed.naming import NodeNames, platform_name
from dtlink.observed.observation import LoggedPair, ReportCollector
from dtlink.observed.running import RunningBoard
from dtlink.observed.sysfs import read

LINK = "platform:1000.clock--platform:2000.uart"
#: Two devices and their link, as /sys has them: a text is a file, a tuple a symbolic link.
SYS: dict[str, str | tuple[str]] = {
    "devices/platform/soc/1000.clock/of_node": (
        "../../../../firmware/devicetree/base/soc/clock@0",
    ),
    "devices/platform/soc/1000.clock/driver": ("../../../../bus/platform/drivers/clk-x",),
    "devices/platform/soc/1000.clock/waiting_for_nobody": "1\n",
    "devices/platform/soc/2000.uart/of_node": (
        "../../../../firmware/devicetree/base/soc/uart@1000",
    ),
    "devices/platform/soc/2000.uart/waiting_for_supplier": "1\n",
    f"devices/virtual/devlink/{LINK}/status": "available\n",
    f"devices/virtual/devlink/{LINK}/sync_state_only": "0\n",
    f"devices/virtual/devlink/{LINK}/runtime_pm": "1\n",
    f"devices/virtual/devlink/{LINK}/auto_remove_on": "never\n",
    f"devices/virtual/devlink/{LINK}/supplier": ("../../../platform/soc/1000.clock",),
    f"devices/virtual/devlink/{LINK}/consumer": ("../../../platform/soc/2000.uart",),
    f"class/devlink/{LINK}": (f"../../devices/virtual/devlink/{LINK}",),
    "kernel/debug/devices_deferred": "2000.uart\tns16550: no clock\n",
}
LOG = """\
[    0.000000] Linux version 6.12.1-x (a@b) (gcc 12) #1 SMP
[    0.000000] Machine model: A Board
[    0.000000] Kernel command line: console=ttyS0 fw_devlink=on
[    0.100000] /soc/a: Fixed dependency cycle(s) with /soc/b
[    0.100000] i2c 1-0040: Fixed dependency cycle(s) with /soc/b
[    0.100000] platform 9000.mmc: Fixing up cyclic dependency with 2000.uart
[    0.200000] platform 2000.uart: error -EPROBE_DEFER: wait for supplier /soc/pins/uart
[    0.200000] platform 3000.mmc: probe deferral - wait for supplier /soc/pins/mmc
[    0.300000] driver: 'ns': driver_bound: bound to device '2000.uart'
[    0.400000] platform 2000.uart: Linked as a consumer to 1000.clock
[    0.400000] platform soc: Linked as a sync state only consumer to 1000.clock
[    0.400000] platform 2000.uart: Not linking /soc/gic - might never become dev
[   12.000000] platform 4000.spi: deferred probe pending: platform: supplier 1000.clock not ready
[   12.000000] platform 5000.spi: deferred probe pending: (reason unknown)
[   12.000000] platform 6000.spi: deferred probe pending
[   12.100000] clk-x 1000.clock: sync_state() pending due to 4000.spi
"""


def fill(folder: Path) -> Path:
    for name, content in SYS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, tuple):
            path.symlink_to(content[0])
        else:
            path.write_text(content)
    return folder


def archive(prefix: str = "", padded: int = 0) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in SYS.items():
            member = tarfile.TarInfo(prefix + name)
            if isinstance(content, tuple):
                member.type, member.linkname = tarfile.SYMTYPE, content[0]
                tar.addfile(member)
            else:
                data = content.encode().ljust(padded, b"\0")
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
    return out.getvalue()


def check(found: observed.Observation) -> None:
    assert found.nodes == {
        "platform/soc/1000.clock": "/soc/clock@0",
        "platform/soc/2000.uart": "/soc/uart@1000",
    }
    assert found.drivers == {"platform/soc/1000.clock": "clk-x"}
    assert found.waiting == {"platform/soc/2000.uart": True}
    assert found.deferred == {"2000.uart": "ns16550: no clock"}
    (entry,) = found.links.values()
    assert (entry.supplier, entry.consumer) == ("platform:1000.clock", "platform:2000.uart")
    assert entry.supplier_path == "platform/soc/1000.clock"
    assert entry.consumer_path == "platform/soc/2000.uart"
    assert entry.sync_state_only is False
    assert not entry.by_driver
    assert found.has_sysfs


def test_a_folder(tmp_path: Path) -> None:
    check(read(str(fill(tmp_path))))


def test_a_folder_anywhere_above(tmp_path: Path) -> None:
    fill(tmp_path / "board" / "sys")
    (tmp_path / "dmesg").write_text(LOG)
    found = read(str(tmp_path))
    assert found.model == "A Board"
    assert len(found.links) == 1


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress])
@pytest.mark.parametrize("prefix", ["", "./", "/sys/", "home/sys/"])
def test_an_archive(tmp_path: Path, pack, prefix: str) -> None:
    path = tmp_path / "sys.tar"
    path.write_bytes(pack(archive(prefix, padded=4096)))
    check(read(str(path)))


@pytest.mark.skipif(
    not all(map(shutil.which, ("find", "grep", "ls", "xargs"))),
    reason="the command for the board needs find, grep, ls and xargs",
)
def test_the_command_for_the_board(tmp_path: Path) -> None:
    fill(tmp_path)
    command = BOARD_COMMAND.replace("/sys", str(tmp_path)).replace("dmesg", "true")
    told = subprocess.run(["/bin/sh", "-c", command], capture_output=True, check=False)
    path = tmp_path / "list.out"
    path.write_bytes(told.stdout)
    check(read(str(path)))
    assert "\n" not in BOARD_COMMAND


def test_a_compressed_list(tmp_path: Path) -> None:
    path = tmp_path / "dmesg.gz"
    path.write_bytes(gzip.compress(LOG.encode()))
    assert read(str(path)).model == "A Board"


def test_a_log_alone(tmp_path: Path) -> None:
    path = tmp_path / "boot"
    path.write_text(LOG)
    found = read(str(path))
    assert found.cycles == [
        LoggedPair("/soc/a", "/soc/b"),
        LoggedPair("1-0040", "/soc/b"),
        LoggedPair("9000.mmc", "2000.uart"),
    ]
    assert found.waits == {"3000.mmc": "/soc/pins/mmc"}
    assert found.linked == {
        LoggedPair("2000.uart", "1000.clock"): False,
        LoggedPair("soc", "1000.clock"): True,
    }
    assert list(found.not_linked) == [LoggedPair("2000.uart", "/soc/gic")]
    assert found.deferred == {
        "4000.spi": "platform: supplier 1000.clock not ready",
        "5000.spi": "",
        "6000.spi": "",
    }
    assert found.sync_state == [LoggedPair("4000.spi", "1000.clock")]
    assert (found.kernel, found.log_begins) == ("6.12.1-x", True)
    assert found.command_line == "console=ttyS0 fw_devlink=on"
    assert not found.has_sysfs


def test_the_deferred_devices_alone(tmp_path: Path) -> None:
    path = tmp_path / "devices_deferred"
    path.write_text("2000.uart\tns16550: no clock\nsound\t\n3000.mmc\n")
    assert read(str(path)).deferred == {
        "2000.uart": "ns16550: no clock",
        "sound": "",
        "3000.mmc": "",
    }


def test_the_names_of_links_alone(tmp_path: Path) -> None:
    (tmp_path / "class" / "devlink").mkdir(parents=True)
    (tmp_path / "class" / "devlink" / LINK).symlink_to("../../gone")
    (entry,) = read(str(tmp_path)).links.values()
    assert entry.sync_state_only is None


def test_links_of_drivers(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text("a/x:1--y:2/status:not tracked\na/x:3--y:4/auto_remove_on:consumer unbind\n")
    assert all(entry.by_driver for entry in read(str(path)).links.values())


@pytest.mark.parametrize(
    "data", [b"", b"hello\nworld\n", b"\0" * 2000, b"\xd0\x0d\xfe\xed" + b"\0"]
)
def test_what_is_no_report(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "thing"
    path.write_bytes(data)
    with pytest.raises(InputError, match="thing"):
        read(str(path))


def test_an_empty_folder_and_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing of device links"):
        read(str(tmp_path))
    with pytest.raises(InputError, match="No such file"):
        read(str(tmp_path / "none"))


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    fill(outside)
    (outside / "secret").write_text("1\n")
    inside = tmp_path / "inside"
    (inside / "devices" / "d").mkdir(parents=True)
    (inside / "devices" / "d" / "waiting_for_supplier").symlink_to(outside / "secret")
    (inside / "all").symlink_to(outside)
    os.mkfifo(inside / "dmesg")
    with pytest.raises(InputError, match="nothing of device links"):
        read(str(inside))


def test_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "big"
    path.write_bytes(gzip.compress(archive() * 40))
    monkeypatch.setattr(sysfs, "_MAX_BYTES", 8000)
    with pytest.raises(InputError, match="more than"):
        read(str(path))
    monkeypatch.undo()
    monkeypatch.setattr(sysfs, "_MAX_FILES", 3)
    with pytest.raises(InputError, match="more than 3 files"):
        read(str(path))
    with pytest.raises(InputError, match="more than 3 files"):
        read(str(fill(tmp_path / "folder")))
    monkeypatch.undo()
    monkeypatch.setattr(observed, "_MAX_KEPT", 3)
    with pytest.raises(InputError, match="more than 3 entries"):
        read(str(path))


def test_a_text_or_an_attribute_that_is_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path)
    (tmp_path / "devices/platform/soc/2000.uart/waiting_for_supplier").write_text("1" * 5000)
    with pytest.raises(InputError, match="more than 4,096 bytes"):
        read(str(tmp_path))
    path = tmp_path / "boot"
    path.write_text(LOG)
    monkeypatch.setattr(sysfs, "_MAX_TEXT", 100)
    with pytest.raises(InputError, match="more than 100 bytes"):
        read(str(path))


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress])
def test_damaged_archives(tmp_path: Path, pack) -> None:
    whole, path = pack(archive()), tmp_path / "damaged"
    chance = random.Random(1)  # noqa: S311 - the same each time
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(data[: chance.choice((len(data), chance.randrange(len(data))))])
        try:
            read(str(path))
        except InputError as error:
            assert error.path == str(path)  # noqa: PT017 - some are whole enough


def test_an_archive_of_nested_long_names(tmp_path: Path) -> None:
    out = io.BytesIO()
    for _ in range(5000):
        member = tarfile.TarInfo("././@LongLink")
        member.type, member.size = tarfile.GNUTYPE_LONGNAME, 1
        out.write(member.tobuf() + b"a".ljust(512, b"\0"))
    path = tmp_path / "nested.tar"
    path.write_bytes(out.getvalue())
    with pytest.raises(InputError, match=r"damaged archive|nothing of"):
        read(str(path))


TREE = """
/dts-v1/;
/ { #address-cells = <1>; #size-cells = <1>;
    leds { compatible = "gpio-leds"; };
    soc { compatible = "simple-bus"; #address-cells = <1>; #size-cells = <1>;
          ranges = <0 0x1000000 0x10000>;
        clock@0 { compatible = "x,clock"; reg = <0 0x10>;
            part { compatible = "x,part"; }; };
        uart@1000 { compatible = "x,uart"; reg = <0x1000 0x10>; };
        far@90000 { compatible = "x,far"; reg = <0x90000 0x10>; };
        twin: a { twin { compatible = "x,twin"; }; }; };
    soc:a { twin { compatible = "x,twin"; }; };
};
"""


def test_names_of_platform_devices() -> None:
    tree = dts.read_text(TREE.replace("soc:a {", "other {"))
    names = {node.path: platform_name(tree, node.index) for node in tree if node.compatible}
    assert names == {
        "/leds": "leds",
        "/soc": "soc",
        "/soc/clock@0": "1000000.clock",
        "/soc/clock@0/part": "1000000.clock:part",
        "/soc/uart@1000": "1001000.uart",
        "/soc/far@90000": "soc:far@90000",
        "/soc/a/twin": "soc:a:twin",
        "/other/twin": "other:twin",
    }


def test_nodes_by_name() -> None:
    tree = dts.read_text(TREE.replace("soc:a {", "other {"))
    names = NodeNames(tree, {})
    assert names.node("platform:1001000.uart") == "/soc/uart@1000"
    assert names.node("amba:1001000.uart") == "/soc/uart@1000"
    assert names.node("1001000.uart") == "/soc/uart@1000"
    assert names.node("platform:soc:a:twin") == "/soc/a/twin"
    assert names.node("soc:a:twin") == "/soc/a/twin"
    assert names.node("i2c:1-0040") is None
    assert names.node("regulator:leds") is None


def test_the_board_knows_better_than_the_rule() -> None:
    tree = dts.read_text(TREE.replace("soc:a {", "other {"))
    devices = {"platform/i2c-1/1-0040": "/soc/a/twin", "platform/x/leds": "/leds"}
    names = NodeNames(tree, devices)
    assert names.node("i2c:1-0040") == "/soc/a/twin"
    assert names.node("x", "platform/x/leds") == "/leds"
    assert names.node("regulator:regulator.0", "platform/reg-dummy/regulator/regulator.0") is None


def test_a_name_of_several_nodes_is_not_guessed() -> None:
    devices = {"platform/a/port.0": "/leds", "platform/b/port.0": "/soc"}
    tree = dts.read_text(TREE.replace("soc:a {", "other {"))
    assert NodeNames(tree, devices).node("port.0") is None


BUSES = """
/dts-v1/;
/ { #address-cells = <1>; #size-cells = <1>;
    aliases { i2c1 = &i2c1; spi0 = &spi; };
    cpus { #address-cells = <1>; #size-cells = <0>;
        cpu@100 { device_type = "cpu"; compatible = "x,cpu"; reg = <0x100>; };
    };
    i2c0: i2c@1000 { compatible = "x,i2c"; reg = <0x1000 0x10>;
        #address-cells = <1>; #size-cells = <0>;
        sensor@40 { compatible = "x,sensor"; reg = <0x40>; };
    };
    i2c1: i2c@2000 { compatible = "x,i2c"; reg = <0x2000 0x10>;
        #address-cells = <1>; #size-cells = <0>;
        sensor@40 { compatible = "x,sensor"; reg = <0x40>; };
    };
    spi: spi@3000 { compatible = "x,spi"; reg = <0x3000 0x10>;
        #address-cells = <1>; #size-cells = <0>;
        flash@0 { compatible = "x,flash"; reg = <0>; };
    };
    pcie@4000 { compatible = "x,pcie"; reg = <0x4000 0x10>; device_type = "pci";
        #address-cells = <3>; #size-cells = <2>; bus-range = <0x20 0x2f>;
        port: pcie@0,0 { reg = <0x0 0 0 0 0>; device_type = "pci"; };
        wifi@1,0 { compatible = "pci17cb,1107"; reg = <0x800 0 0 0 0>; };
    };
};
"""


@pytest.mark.parametrize(
    ("device", "node"),
    [
        ("1-0040", "/i2c@2000/sensor@40"),
        ("i2c:1-0040", "/i2c@2000/sensor@40"),
        ("0-0040", "/i2c@1000/sensor@40"),  # the other bus that has the address is i2c1
        ("spi0.0", "/spi@3000/flash@0"),
        ("spi:spi0.0", "/spi@3000/flash@0"),
        ("cpu0", "/cpus/cpu@100"),
        ("0000:20:01.0", "/pcie@4000/wifi@1,0"),
        ("pci:0000:20:00.0", "/pcie@4000/pcie@0,0"),
        ("0000:21:01.0", None),  # below a bridge
        ("0001:20:01.0", None),  # another segment
    ],
)
def test_devices_of_every_bus_have_one_resolver(device: str, node: str | None) -> None:
    names = NodeNames(dts.read_text(BUSES), hosts={0: "4000.pcie"})
    assert names.node(device) == node


def test_a_report_resolves_the_names_that_a_log_resolves() -> None:
    """What ``devlink --observed`` compares: devices of I2C, SPI and PCI as well."""
    collector = ReportCollector()
    collector.line("x 4000.pcie: PCI host bridge to bus 0000:20")
    collector.line("x 1-0040: Linked as a consumer to spi0.0")
    collector.line("x 0000:20:01.0: Linked as a sync state only consumer to 1-0040")
    board = RunningBoard(collector.found, dts.read_text(BUSES))
    assert list(board.pairs(collector.found.linked)) == [
        ("/i2c@2000/sensor@40", "/spi@3000/flash@0"),
        ("/pcie@4000/wifi@1,0", "/i2c@2000/sensor@40"),
    ]
    assert not board.unmapped
