"""Reading PCI functions: lspci's output, hex dumps, /sys/bus/pci, and what is damaged."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtlink.firmware.errors import InputError
from dtlink.firmware.pci.config_space import needed_parts, with_config
from dtlink.firmware.pci.functions import Acs, Buses, Function, PortType, VirtualFunctions
from dtlink.firmware.pci.lspci import functions_of
from dtlink.firmware.pci.read import read_functions
from tests.support.limits import at_most
from tests.support.pci import LISTING, config, hexdump, listing


def test_a_listing() -> None:
    host, port, bridge = functions_of(LISTING).values()
    assert (host.name, host.vendor, host.device, host.class_code) == (
        "0000:00:00.0",
        0x8086,
        0x0100,
        0x0600,
    )
    assert (host.subsystem, host.group, host.buses) == ((0x1043, 0x84CA), 0, None)
    assert (port.vendor, port.device, port.buses) == (0x8086, 0x1E18, Buses(0, 4, 5))
    assert (port.port, port.hotplug, port.acs) == (PortType.ROOT_PORT, True, Acs(0x1F, 0x1D))
    assert (port.group, port.line, port.header_type) == (12, 6, 1)
    assert (bridge.port, bridge.acs, bridge.has_capabilities) == (None, None, True)
    assert bridge.multifunction is None


def test_other_options_of_lspci() -> None:
    """``-n``, no ``-v``, old names of unknown classes, and other output around."""
    text = """\
$ lspci -n
0001:81:1f.7 0604: 8086:1e18 (rev c4)
0001:82:00.0 Class 0200: 8086:10fb

81:00.0 PCI bridge: Some Vendor A port (rev c4)
12:30 up 3 days, load average: 0.1
"""
    port, card, named = functions_of(text).values()
    assert (port.segment, port.rid, port.class_code) == (1, 0x81FF, 0x0604)
    assert (card.class_code, card.vendor, card.device) == (0x0200, 0x8086, 0x10FB)
    assert (named.class_code, named.vendor) == (0x0604, None)
    assert not any((port.has_capabilities, card.has_capabilities, named.has_capabilities))


def test_a_listing_in_a_mail() -> None:
    """Quoted, its tabs spaces, and its long lines wrapped."""
    rows = [f"> {row}".expandtabs().rstrip() for row in LISTING.split("\n")]
    wrapped = "\n".join(rows).replace(" UpstreamFwd", "\n> UpstreamFwd")
    assert wrapped.count("\n> UpstreamFwd") == 2
    assert [each._replace(line=0) for each in functions_of(wrapped).values()] == [
        each._replace(line=0) for each in functions_of(LISTING).values()
    ]


def test_paths_of_bridges(tmp_path: Path) -> None:
    """``lspci -PP`` prints them with the bus of each function, ``-P`` without."""
    whole = LISTING.replace("\n04:00.0", "\n00:1c.4/04:00.0")
    assert list(functions_of(whole)) == list(functions_of(LISTING))
    short = tmp_path / "lspci.txt"
    short.write_text(LISTING.replace("\n04:00.0", "\n00:1c.4/00.0"))
    with pytest.raises(InputError, match=r"lspci\.txt: line 16: .*use lspci without -P"):
        read_functions(str(short))


def test_the_words_of_old_versions() -> None:
    new = "Express (v2) Root Port (Slot+), MSI 00"
    old = LISTING.replace(new, "Express Root Port (Slot+) IRQ 0")
    assert functions_of(old)[0, 0xE4].port is PortType.ROOT_PORT
    old = LISTING.replace(new, "Express Endpoint IRQ 0")
    assert functions_of(old)[0, 0xE4].port is PortType.ENDPOINT


def test_nodes_of_the_devicetree(tmp_path: Path) -> None:
    node = "/soc@0/pcie@1c00000/pcie@0"
    row = f"\n\tDevice tree node: /sys/firmware/devicetree/base{node}\n\tBus: primary=00"
    assert functions_of(LISTING.replace("\n\tBus: primary=00", row))[0, 0xE4].node == node
    top = sysfs(tmp_path / "sys", SOME)
    link = top / "pci0000:00" / SOME[1].name / "of_node"
    link.symlink_to(f"../../../firmware/devicetree/base{node}")
    assert [each.node for each in read_functions(str(top))] == ["", node]


def test_without_root_the_capabilities_are_unknown() -> None:
    denied = LISTING.replace("[40] Express (v2) Root Port (Slot+), MSI 00", "<access denied>")
    port = functions_of(denied)[0, 0xE4]
    assert (port.has_capabilities, port.port) == (False, None)
    assert port.buses == Buses(0, 4, 5)


def test_with_one_v_the_registers_are_unknown() -> None:
    """lspci -v names the capability and prints no bits of it."""
    text = "".join(line for line in LISTING.splitlines(keepends=True) if "ACSC" not in line)
    assert not functions_of(text)[0, 0xE4].has_capabilities


def test_the_more_talkative_listing_counts() -> None:
    short = "00:1c.4 PCI bridge: Some Vendor A port\n"
    for text in (short + "\n" + LISTING, LISTING + "\n" + short):
        assert functions_of(text)[0, 0xE4].port is PortType.ROOT_PORT


def test_two_machines_are_not_one(tmp_path: Path) -> None:
    other = tmp_path / "lspci.txt"
    other.write_text(LISTING + "\n" + LISTING.replace("8086:1e18", "1022:1453"))
    with pytest.raises(InputError) as caught:
        read_functions(str(other))
    assert str(caught.value).startswith(f"{other}: line 24: 0000:00:1c.4 is another device")


@pytest.mark.parametrize(
    "text", ["", "nothing\n", "00:20.0 no: device 32\n", "00:00.8 no: eight\n"]
)
def test_nothing_in_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "lspci.txt"
    path.write_text(text)
    with pytest.raises(InputError, match=r"lspci\.txt: no PCI function in it: the output of lspci"):
        read_functions(str(path))


def test_a_missing_file() -> None:
    with pytest.raises(InputError, match="/nowhere/lspci: No such file or directory"):
        read_functions("/nowhere/lspci")


ports = st.sampled_from([None, *PortType])
words = st.integers(0, 0xFFFF)


@st.composite
def functions(draw: st.DrawFn) -> Function:
    """A function of which all is known that both forms can say."""
    bridge = draw(st.booleans())
    byte = st.integers(0, 0xFF)
    port = draw(ports)
    express = port is not None
    return Function(
        segment=draw(st.integers(0, 0x1_0002)),
        rid=draw(words),
        vendor=draw(st.integers(0, 0xFFFE)),
        device=draw(words),
        subsystem=None if bridge else (draw(words), draw(words)),
        class_code=draw(words),
        header_type=int(bridge),
        multifunction=draw(st.booleans()),
        buses=Buses(draw(byte), draw(byte), draw(byte)) if bridge else None,
        has_capabilities=True,
        port=port,
        acs=draw(st.none() | st.builds(Acs, st.integers(0, 0x7F), st.integers(0, 0x7F)))
        if express
        else None,
        ari=draw(st.booleans()) if express else False,
        virtual=draw(st.none() | st.builds(VirtualFunctions, st.integers(1, 0xFF), words, words))
        if express
        else None,
        hotplug=draw(st.booleans()) if express else False,
        group=draw(st.none() | st.integers(0, 999)),
    )


machines = st.lists(functions(), min_size=1, max_size=3, unique_by=lambda each: each[:2])


@given(machines)
def test_a_listing_says_all_but_the_header(some: list[Function]) -> None:
    found = functions_of(listing(*some))
    assert {key: each._replace(line=0) for key, each in found.items()} == {
        each[:2]: each._replace(multifunction=None) for each in some
    }


@given(machines)
def test_a_hex_dump_says_all_but_the_group(some: list[Function]) -> None:
    found = functions_of("".join(hexdump(each, config(each)) for each in some))
    assert {key: each._replace(line=0) for key, each in found.items()} == {
        each[:2]: each._replace(group=None) for each in some
    }


@given(machines, st.sampled_from([64, 256]))
def test_a_short_dump_adds_the_header_to_the_text(some: list[Function], size: int) -> None:
    """``-x`` and ``-xxx`` beside ``-vv`` have less than the text, but for the header."""
    entries = [
        listing(each).rstrip("\n") + hexdump(each, config(each)[:size]).partition("vendor")[2]
        for each in some
    ]
    found = functions_of("".join(entries))
    assert {key: each._replace(line=0) for key, each in found.items()} == {
        each[:2]: each for each in some
    }


@given(machines)
def test_without_root_only_the_header_is_read(some: list[Function]) -> None:
    by_listing = functions_of(listing(*some, root=False))
    by_dump = functions_of("".join(hexdump(each, config(each, root=False)) for each in some))
    for each in some:
        for found in (by_listing[each[:2]], by_dump[each[:2]]):
            assert (found.buses, found.port, found.acs) == (each.buses, None, None)
        assert not by_listing[each[:2]].has_capabilities
        assert by_dump[each[:2]].has_capabilities == (each.port is None)


def sysfs(top: Path, some: list[Function]) -> Path:
    """A copy of /sys/bus/pci with the devices where sysfs has them."""
    below = top / "devices"
    below.mkdir(parents=True)
    for each in some:
        real = top / "pci0000:00" / each.name
        real.mkdir(parents=True)
        (real / "config").write_bytes(config(each))
        (real / "vendor").write_text(f"{each.vendor:#06x}\n")
        (real / "class").write_text(f"{each.class_code or 0:#06x}00\n")
        if each.group is not None:
            (real / "iommu_group").symlink_to(f"../../../kernel/iommu_groups/{each.group}")
        (below / each.name).symlink_to(f"../pci0000:00/{each.name}")
    return top


@given(functions(), st.sampled_from([64, 256, 4096]))
def test_the_needed_parts_say_the_same_as_the_whole(some: Function, size: int) -> None:
    data = config(some)[:size]
    read: list[range] = []

    def part(at: int, length: int) -> bytes:
        read.append(range(at, at + length))
        return data[at : at + length]

    bare = Function(some.segment, some.rid)
    assert with_config(bare, needed_parts(part)) == with_config(bare, data)
    assert sum(map(len, read)) < 256


@given(st.binary(max_size=4096))
def test_the_needed_parts_of_any_bytes(data: bytes) -> None:
    found = needed_parts(lambda at, length: data[at : at + length])
    with_config(Function(0, 0), found)
    with_config(Function(0, 0), data)
    assert len(found) <= 4096


SOME = [
    Function(0, 0x0000, 0x8086, 0x100, (1, 2), 0x600, 0, False, None, True, group=0),
    Function(
        *(0, 0xE0, 0x8086, 0x1E10, None, 0x604, 1, True, Buses(0, 1, 2), True),
        port=PortType.ROOT_PORT,
        acs=Acs(0x1F, 0x1D),
        group=3,
    ),
]


def test_a_copy_of_sysfs(tmp_path: Path) -> None:
    top = sysfs(tmp_path / "sys", SOME)
    assert list(read_functions(str(top))) == SOME
    assert list(read_functions(str(top / "devices"))) == SOME


def test_an_archive_of_sysfs(tmp_path: Path) -> None:
    """Archivers pad attributes with zeros: they say that all have 4,096 bytes."""
    top = sysfs(tmp_path / "sys", SOME)
    for each in top.rglob("vendor"):
        each.write_bytes(each.read_bytes().ljust(4096, b"\0"))
    path = tmp_path / "sys.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(top, "sys/bus/pci")
    assert list(read_functions(str(path))) == SOME


def test_links_elsewhere_are_not_followed(tmp_path: Path) -> None:
    top = sysfs(tmp_path / "sys", SOME)
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "config").write_bytes(config(SOME[0]))
    (top / "devices" / "0000:07:00.0").symlink_to(tmp_path / "secret")
    (top / "pci0000:00" / "0000:00:00.0" / "device").symlink_to("/etc/hostname")
    assert list(read_functions(str(top))) == SOME


def test_a_dead_function_is_listed(tmp_path: Path) -> None:
    """One that no longer answers reads as all ones."""
    top = sysfs(tmp_path / "sys", SOME)
    (top / "pci0000:00" / SOME[1].name / "config").write_bytes(b"\xff" * 256)
    dead = read_functions(str(top)).find(0, 0xE0)
    assert dead is not None
    assert (dead.vendor, dead.class_code, dead.buses) == (0x8086, 0x604, None)


@given(st.binary(max_size=512))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "file"
    path.write_bytes(data)
    try:
        read_functions(str(path))
    except InputError as error:
        assert str(path) in str(error)  # noqa: PT017 - some bytes are a listing


def test_damaged_input_is_read_or_refused(tmp_path: Path) -> None:
    """Bytes of good input changed, cut and repeated."""
    chance = Random(7)  # noqa: S311 - repeatable is what it must be
    path = tmp_path / "file"
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(sysfs(tmp_path / "sys", SOME), "sys")
    dump = "".join(hexdump(each, config(each)) for each in SOME)
    for good in (LISTING.encode(), dump.encode(), archive.getvalue()):
        for _ in range(150):
            data = bytearray(good)
            for _ in range(chance.randrange(1, 8)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            at = chance.randrange(len(data))
            path.write_bytes(chance.choice([data, data[:at], data[at:], data + data]))
            try:
                assert len(read_functions(str(path)))
            except InputError as error:
                assert str(path) in str(error)  # noqa: PT017 - much damage is harmless


def test_work_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "many"
    path.write_text(
        "".join(f"{at >> 8:02x}:{at >> 3 & 31:02x}.{at & 7} 0200: 1:2\n" for at in range(65536))
    )
    with at_most():
        assert len(read_functions(str(path))) == 65536
    path.write_text(
        "".join(f"{at:04x}:00:00.{number} 0200: 1:2\n" for at in range(8200) for number in range(8))
    )
    with pytest.raises(InputError, match="line 65537: more than 65,536 PCI functions"):
        read_functions(str(path))
    path.write_text("\t" + "[8086:" * 200000)
    with at_most(), pytest.raises(InputError, match="no PCI function"):
        read_functions(str(path))
