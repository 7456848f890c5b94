"""Which modules an initramfs holds: images of every packing, listings, lists, folders, bombs."""

from __future__ import annotations

import bz2
import io
import lzma
import os
import shutil
import stat
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dtlink.firmware.errors import InputError
from dtlink.firmware.packing import source
from dtlink.kernel.initramfs import read_initramfs
from tests.support.boards import SHARED
from tests.support.limits import at_most
from tests.support.packing import gzipped

VERSION = "6.12.0-test"
BELOW = f"usr/lib/modules/{VERSION}"
MIB = 1 << 20

Pack = Callable[[bytes], bytes]


def member(name: str | bytes, data: bytes = b"", mode: int = stat.S_IFREG, **numbers: int) -> bytes:
    """A member as the kernel's documentation has it; ``numbers`` lie about its sizes."""
    path = name if isinstance(name, bytes) else name.encode()
    path += b"\0"
    size, name_size = numbers.get("size", len(data)), numbers.get("name_size", len(path))
    checksum = sum(data) & 0xFFFFFFFF if numbers.get("magic") == 70702 else 0
    fields = (
        1,
        mode | 0o644,
        0,
        0,
        numbers.get("links", 1),
        0,
        size,
        0,
        0,
        0,
        0,
        name_size,
        checksum,
    )
    magic = f"{numbers.get('magic', 70701):06}".encode()
    header = magic + b"".join(b"%08x" % field for field in fields)
    return _padded(_padded(header + path) + data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def cpio(*members: bytes) -> bytes:
    return b"".join(members) + member("TRAILER!!!")


def of_names(*names: str) -> bytes:
    return cpio(*(member(name) for name in names))


INIT = member("init", b"#!/bin/sh\n")
IMAGE = cpio(
    member(".", mode=stat.S_IFDIR),
    INIT,
    member(f"{BELOW}/kernel/drivers/mmc/host/sdhci-msm.ko", b"\x7fELF" * 1000),
    member(f"{BELOW}/kernel/fs/ext4/ext4.ko.xz", b"."),
    member(f"{BELOW}/updates/dkms/new_one.ko.zst"),
    member(f"{BELOW}/extra/old.ko.gz"),
    member(f"{BELOW}/modules.dep", b"kernel/drivers/not-there.ko:\n"),
)
MODULES = {"sdhci_msm", "ext4", "new_one", "old"}


def zstd(data: bytes) -> bytes:
    return bytes(pytest.importorskip("zstandard").ZstdCompressor().compress(data))


def lz4_frame(data: bytes) -> bytes:
    return bytes(pytest.importorskip("lz4.frame").compress(data))


def lz4_legacy(data: bytes, magic: bytes = b"\x02\x21\x4c\x18") -> bytes:
    block = pytest.importorskip("lz4.block")
    step = 8 * MIB
    packed = [
        block.compress(data[at : at + step], store_size=False) for at in range(0, len(data), step)
    ]
    return magic + b"".join(struct.pack("<I", len(each)) + each for each in packed)


PACKS: dict[str, Pack] = {
    "cpio": bytes,
    "gzip": lambda data: gzipped(data, 1),
    "xz": lambda data: lzma.compress(data, check=lzma.CHECK_CRC32, preset=0),
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE, preset=0),
    "bzip2": bz2.compress,
    "zstd": zstd,
    "lz4": lz4_legacy,
    "lz4 frame": lz4_frame,
}
COMPRESSED = [name for name in PACKS if name != "cpio"]


@pytest.fixture
def file(tmp_path: Path) -> Callable[[bytes | str], str]:
    def write(data: bytes | str) -> str:
        path = tmp_path / "initrd"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return str(path)

    return write


class TestImages:
    @pytest.mark.parametrize("name", PACKS)
    def test_every_packing(self, name, file):
        found = read_initramfs(file(PACKS[name](IMAGE)))
        assert found.modules == MODULES
        assert (found.form, found.parts, found.versions) == ("image", (name,), (VERSION,))
        assert found.complete
        assert found.modules_for(VERSION) == MODULES
        assert not found.modules_for("6.1.0")

    @pytest.mark.parametrize("last", COMPRESSED)
    @pytest.mark.parametrize("first", COMPRESSED)
    def test_parts_one_after_another(self, first, last, file):
        early = of_names("kernel/x86/microcode/GenuineIntel.bin")
        middle = PACKS[first](of_names(f"{BELOW}/kernel/early.ko"))
        data = early + bytes(512) + middle + bytes(1024 - len(middle) % 4) + PACKS[last](IMAGE)
        found = read_initramfs(file(data + bytes(2048)))
        assert found.modules == {*MODULES, "early"}
        assert found.parts == ("cpio", first, last)

    @pytest.mark.parametrize("name", sorted(set(COMPRESSED) - {"lz4"}))
    def test_parts_without_padding(self, name, file):
        """An LZ4 legacy frame has no end mark: the kernel needs zero bytes behind it."""
        data = PACKS[name](of_names(f"{BELOW}/a.ko"))
        assert read_initramfs(file(data + data + gzipped(IMAGE))).modules == {*MODULES, "a"}

    def test_lz4_of_several_frames_and_blocks(self, file):
        big = cpio(member("big", bytes(9 * MIB)), member(f"{BELOW}/a.ko"))
        found = read_initramfs(file(lz4_legacy(big) + lz4_legacy(IMAGE)))
        assert found.modules == {*MODULES, "a"}
        assert found.parts == ("lz4",)

    def test_plain_cpio_after_a_compressed_part(self, file):
        first = gzipped(of_names(f"{BELOW}/a.ko"))
        data = first + bytes(-len(first) % 4) + IMAGE
        assert read_initramfs(file(data)).parts == ("gzip", "cpio")
        with pytest.raises(InputError, match="neither cpio nor a compression"):
            read_initramfs(file(first + bytes(-len(first) % 4 + 1) + IMAGE))

    def test_checksums_hard_links_and_long_names(self, file):
        long = "/".join(["x" * 200] * 19)
        data = cpio(
            member(f"{BELOW}/a.ko", b"data", magic=70702),
            member(f"{BELOW}/b.ko", links=2),
            member(f"{BELOW}/c.ko", b"both", links=2),
            member(f"{BELOW}/{long}/d.ko"),
        )
        assert read_initramfs(file(data)).modules == {"a", "b", "c", "d"}

    def test_what_is_no_module(self, file):
        """A folder or a link so named, a file elsewhere, and what stands in contents."""
        data = cpio(
            member(f"{BELOW}/folder.ko", mode=stat.S_IFDIR),
            member(f"{BELOW}/link.ko", b"/lib/modules/other/real.ko", mode=stat.S_IFLNK),
            member("root/elsewhere.ko"),
            member(f"mylib/modules/{VERSION}/prefix.ko"),
            member(f"{BELOW}/notes.ko.txt"),
            member("content", member(f"{BELOW}/inside.ko")),
        )
        assert not read_initramfs(file(data)).modules

    @pytest.mark.parametrize("prefix", ["", "/", "./", "usr/", "nix/store/abc-modules/"])
    def test_wherever_lib_modules_is(self, prefix, file):
        found = read_initramfs(file(of_names(f"{prefix}lib/modules/6.1/kernel/a-b.ko")))
        assert (found.modules, found.versions) == ({"a_b"}, ("6.1",))

    def test_two_releases(self, file):
        found = read_initramfs(file(of_names("lib/modules/6.1/a.ko", "lib/modules/6.2/x/b.ko")))
        assert found.versions == ("6.1", "6.2")
        assert (found.modules_for("6.1"), found.modules_for("6.2")) == ({"a"}, {"b"})

    def test_a_version_without_its_local_version(self, file):
        names = (
            "lib/modules/6.1.2-distro/a.ko",
            "lib/modules/6.1.20/b.ko",
            "lib/modules/6.1.2-rc1/c.ko",
        )
        found = read_initramfs(file(of_names(*names)))
        assert found.modules_for("6.1.2") == frozenset()
        assert found.modules_for("6.1.2", is_whole=False) == {"a"}
        assert found.modules_for("6.1.20", is_whole=False) == {"b"}
        assert (found.is_for("6.1.2"), found.is_for("6.1.2", is_whole=False)) == (False, True)
        assert not found.is_for("6.2.0", is_whole=False)

    def test_uboots_wrapper_and_bootconfig(self, file):
        wrapper = b"\x27\x05\x19\x56" + bytes(60)
        text = b"kernel.console = ttyS0\n"
        config = text + struct.pack("<II", len(text), sum(text)) + b"#BOOTCONFIG\n"
        data = wrapper + gzipped(IMAGE) + config
        assert read_initramfs(file(data)).modules == MODULES
        with pytest.raises(InputError, match="neither cpio"):
            read_initramfs(file(gzipped(IMAGE) + text))

    def test_what_hides_modules(self, file):
        assert not read_initramfs(file(of_names(f"{BELOW}/a.ko"))).complete, "no init"
        squashed = cpio(INIT, member("squash-root.img", b"hsqs"))
        assert not read_initramfs(file(squashed)).complete

    def test_standard_input(self, monkeypatch):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzipped(IMAGE))))
        assert read_initramfs("-").modules == MODULES

    @given(
        names=st.sets(st.from_regex(r"[a-z0-9_]{1,20}", fullmatch=True), max_size=20),
        contents=st.binary(max_size=50),
        padding=st.integers(0, 9),
        step=st.integers(1, 300),
        name=st.sampled_from(sorted(set(PACKS) - {"lz4"})),
    )
    @settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_however_it_is_cut_into_chunks(
        self, names, contents, padding, step, name, tmp_path_factory
    ):
        members = [member(f"{BELOW}/{each}.ko", contents) + bytes(4 * padding) for each in names]
        path = tmp_path_factory.mktemp("image") / "initrd"
        path.write_bytes(bytes(4 * padding) + PACKS[name](cpio(INIT, *members)) + bytes(padding))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(source, "CHUNK", step)
            assert read_initramfs(str(path)).modules == names


class TestExplicitModules:
    def order(self, file, *members: bytes) -> tuple[str, ...]:
        return read_initramfs(file(cpio(INIT, *members))).order

    def test_initramfs_tools(self, file):
        text = b"# first\nphy-x\n\n  sdhci_msm debug_quirks=1 \nnvme\nphy_x\n"
        assert self.order(file, member("conf/modules", text)) == ("phy_x", "sdhci_msm", "nvme")

    def test_modules_load_d(self, file):
        """By name whatever the folder; /etc replaces what /usr has."""
        order = self.order(
            file,
            member("usr/lib/modules-load.d/10-b.conf", b"replaced\n"),
            member("usr/lib/modules-load.d/30-c.conf", b"third\n; no\n# no\n"),
            member("etc/modules-load.d/20-a.conf", b"second\n"),
            member("etc/modules-load.d/10-b.conf", b"first\n"),
            member("etc/modules-load.d/README", b"no-list\n"),
        )
        assert order == ("first", "second", "third")

    def test_dracut_without_systemd_reads_no_modules_load_d(self, file):
        load = member("etc/modules-load.d/a.conf", b"from_list\n")
        force = member("etc/cmdline.d/20-force_drivers.conf", b"rd.driver.pre=vfio-pci,b\n")
        quoted = member("etc/cmdline.d/30-x.conf", b'ro rd.driver.pre="wd1,wd2"\n#rd.driver.pre=no')
        dracut = member("usr/lib/dracut/hooks/cmdline/01-x.sh")
        systemd = member("usr/lib/systemd/systemd-modules-load")
        forced = ("vfio_pci", "b", "wd1", "wd2")
        assert self.order(file, load, force, quoted, dracut) == forced
        assert self.order(file, load, force, quoted, dracut, systemd) == ("from_list", *forced)

    def test_android_and_mkinitcpio(self, file):
        load = b"kernel/drivers/clk/gcc-x.ko\nufs-qcom.ko\n"
        found = read_initramfs(
            file(cpio(member("lib/modules/modules.load", load), member("lib/modules/gcc-x.ko")))
        )
        assert found.order == ("gcc_x", "ufs_qcom")
        assert found.modules == found.modules_for("5.10") == {"gcc_x"}
        assert found.versions == ()
        config = b'EARLYHOOKS="udev"\nMODULES="usb-storage btrfs"\nHOOKS="x"\n'
        assert self.order(file, member("config", config)) == ("usb_storage", "btrfs")

    def test_later_parts_replace_files(self, file):
        first, second = (
            gzipped(cpio(INIT, member("conf/modules", text))) for text in (b"a\n", b"b\n")
        )
        assert read_initramfs(file(first + second)).order == ("b",)

    @pytest.mark.parametrize("text", [b"\xff\xfe\0\n", b"../../x/\x1b[2J.ko y\n", b"a" * 5000])
    def test_words_that_name_no_module(self, text, file):
        assert self.order(file, member("conf/modules", text)) == ()

    def test_a_list_of_unlikely_size(self, file):
        with pytest.raises(InputError, match="no list of modules"):
            self.order(file, member("conf/modules", bytes(2 * MIB)))


@pytest.mark.parametrize(
    ("names", "by_alias"),
    [
        (["usr/lib/systemd/systemd-udevd", "usr/lib/udev/rules.d/80-drivers.rules"], True),
        (["sbin/udevd", "sbin/modprobe"], True),
        (["sbin/mdev", "sbin/modprobe", "etc/mdev.conf"], True),
        (["sbin/mdev", "sbin/modprobe"], False),
        (["usr/lib/systemd/systemd-udevd"], False),
        (["sbin/modprobe"], False),
        ([], False),
    ],
)
def test_who_loads_by_alias(names, by_alias, file):
    assert read_initramfs(file(of_names("init", *names))).udev is by_alias


SHORT = f"""\
.
init
usr/lib/modules/{VERSION}
usr/lib/modules/{VERSION}/kernel/drivers/sdhci-msm.ko
usr/lib/modules/{VERSION}/kernel/fs/ext4.ko.xz
usr/lib/modules/{VERSION}/modules.dep
usr/lib/systemd/systemd-udevd
usr/lib/udev/rules.d/80-drivers.rules
"""
LSINITRD = f"""\
Image: /boot/initramfs.img: 30M
========================================================================
Early CPIO image
========================================================================
drwxr-xr-x   3 root     root            0 Nov 22 17:29 .
-rw-r--r--   1 root     root            2 Nov 22 17:29 early_cpio
========================================================================
Version: dracut-059

Arguments: --force --add-drivers 'lib/modules/x/never.ko'

dracut modules:
bash
udev-rules
========================================================================
crw-r--r--   1 root     root       5,   1 Nov 22 17:29 dev/console
-rwxr-xr-x   1 root     root         1024 Nov 22  2024 init
-rw-r--r--   1 root     root         2022 Nov 22 17:29 usr/lib/modules/{VERSION}/a/sdhci-msm.ko
-rw-r--r--   2 1000     1000            0 Nov  2  2024 usr/lib/modules/{VERSION}/a/ext4.ko.xz
lrwxrwxrwx   1 root     root           17 Nov 22 17:29 usr/lib/modules/{VERSION}/b.ko -> a/other.ko
drwxr-xr-x   2 root     root            0 Nov 22 17:29 usr/lib/modules/{VERSION}/c.ko
========================================================================
"""
SQUASHED = f"""\
-rw-r--r--   1 root     root         2022 Nov 22 17:29 squash-root.img
========================================================================
Squashed content (squash-root.img):
========================================================================
-rwxr-xr-x root/root               111 2024-11-22 17:29 squashfs-root/init
-rw-r--r-- root/root              2222 2024-11-22 17:29 squashfs-root/{BELOW}/sdhci-msm.ko
-rw-r--r-- root/root              2222 2024-11-22 17:29 squashfs-root/{BELOW}/ext4.ko.xz
========================================================================
"""


class TestTexts:
    listed = frozenset({"sdhci_msm", "ext4"})

    @pytest.mark.parametrize("text", [SHORT, SHORT.replace("\n", "\r\n"), LSINITRD])
    def test_listings(self, text, file):
        found = read_initramfs(file(text))
        assert (found.modules, found.versions) == (self.listed, (VERSION,))
        assert (found.form, found.complete, found.order) == ("listing", True, ())
        assert found.udev is ("udevd" in text)

    @pytest.mark.parametrize(
        "text",
        [
            SHORT[:-1],
            SHORT[: SHORT.index("usr/lib/systemd")].replace("modules.dep\n", ""),
            "\n".join(SHORT.splitlines()[:2]) + "\n",
            "".join(line + "\n" for line in SHORT.splitlines() if ".ko" in line),
            LSINITRD[: LSINITRD.index("lrwx")],
            LSINITRD.replace(" init\n", " other\n"),
        ],
        ids=["no-newline", "no-index", "first-lines", "grep", "no-rule", "no-init"],
    )
    def test_cut_or_filtered_listings(self, text, file):
        assert not read_initramfs(file(text)).complete

    def test_a_listing_without_an_index_that_goes_on_after_the_modules(self, file):
        below = f"{BELOW}/a.ko\n"
        assert read_initramfs(file(f".\n{below}usr/bin/modprobe\ninit\n")).complete
        assert not read_initramfs(file(f"{below}usr/bin/modprobe\ninit\n")).complete, "no top"
        assert not read_initramfs(file(f".\ninit\n{below}")).complete, "perhaps cut"

    def test_squashed_content(self, file):
        text = LSINITRD + SQUASHED
        assert read_initramfs(file(text)).complete
        alone = "Image: x: 1M\n" + SQUASHED
        assert read_initramfs(file(alone)).modules == self.listed
        hidden = LSINITRD + SQUASHED.splitlines()[0] + "\n" + "=" * 72 + "\n"
        assert not read_initramfs(file(hidden)).complete

    @pytest.mark.parametrize(
        ("text", "order"),
        [
            ("kernel/drivers/clk/gcc-x.ko\nkernel/ufs-qcom.ko.xz\n", ("gcc_x", "ufs_qcom")),
            ("# list\n\nphy-x\nsdhci-msm debug=1\nphy_x\n", ("phy_x", "sdhci_msm")),
            ("virtio_blk.ko", ("virtio_blk",)),
        ],
    )
    def test_lists_of_modules(self, text, order, file):
        found = read_initramfs(file(text))
        assert (found.order, found.modules) == (order, set(order))
        assert (found.form, found.complete, found.udev) == ("list", False, False)
        assert found.modules_for("any release") == set(order)

    @pytest.mark.parametrize(
        "text",
        [
            "Module                  Size  Used by\next4 1000 0\n",
            "CONFIG_MMC=y\n",
            "[    0.000000] Linux version 6.12\n",
            "kernel/a.ko: kernel/b.ko\n",
            "# nothing\n",
            "\n",
            "a line\0with a zero byte",
            "lib/modules/" * 1000 + "\n",
            "x\n" * 500_000,
        ],
    )
    def test_texts_that_are_neither(self, text, file):
        with pytest.raises(InputError) as raised:
            read_initramfs(file(text))
        assert raised.value.path.endswith("initrd")


class TestFolders:
    def test_an_unpacked_image(self, tmp_path):
        for name, text in {
            "init": "",
            "conf/modules": "ext4\n",
            f"{BELOW}/kernel/ext4.ko": "",
            f"{BELOW}/kernel/sdhci-msm.ko.xz": "",
        }.items():
            path = tmp_path / "main" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (tmp_path / "main" / BELOW / "link.ko").symlink_to("kernel/ext4.ko")
        (tmp_path / "main/lib").symlink_to("/usr/lib")
        (tmp_path / "early").mkdir()
        for top in (tmp_path, tmp_path / "main"):
            found = read_initramfs(str(top))
            assert (found.modules, found.order) == ({"ext4", "sdhci_msm"}, ("ext4",))
            assert (found.form, found.complete) == ("folder", True)

    def test_a_folder_without_init(self, tmp_path):
        (tmp_path / "lib/modules/6.1").mkdir(parents=True)
        with pytest.raises(InputError, match="no unpacked initramfs"):
            read_initramfs(str(tmp_path))
        (tmp_path / "lib/modules/6.1/a.ko").touch()
        assert not read_initramfs(str(tmp_path)).complete

    def test_a_link_or_pipe_is_not_opened(self, tmp_path):
        (tmp_path / "conf").mkdir()
        (tmp_path / "init").touch()
        (tmp_path / "conf/modules").symlink_to("/dev/zero")
        os.mkfifo(tmp_path / "config")
        with at_most(5):
            assert read_initramfs(str(tmp_path)).order == ()

    def test_what_is_not_there(self, tmp_path):
        with pytest.raises(InputError, match="No such file"):
            read_initramfs(str(tmp_path / "missing"))


class TestDamage:
    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (b"", "empty"),
            (bytes(5000), "nothing but zero bytes"),
            (INIT[:60], "13 hexadecimal numbers"),
            (INIT.replace(b"00000001", b" 0000001"), "13 hexadecimal numbers"),
            (INIT[:112], "ends too early: 5 bytes expected, 2 left"),
            (member("a", size=0xFFFFFFFF), "ends too early: 4294967295 bytes expected"),
            (member("a", name_size=0xFFFFFFFF), "name has 4294967295 bytes"),
            (member("a", name_size=0), "name has 0 bytes"),
            (member("a" * 5000), "name has 5001 bytes"),
            (INIT + b"junk", "neither cpio nor a compression: 6a 75"),
            (gzipped(INIT + b"junk"), "not a cpio archive"),
            (gzipped(INIT + b"\0" + INIT), "not at a multiple of 4"),
            (gzipped(INIT[:-1]), "ends too early: .* of the unpacked gzip data"),
            (gzipped(b"no cpio at all"), "not a cpio archive"),
            (gzipped(IMAGE)[:-9], "cannot unpack the gzip data: it ends too early"),
            (b"\x28\xb5\x2f\xfd" + b"\xff" * 60, "cannot unpack the zstd data"),
            (b"\x04\x22\x4d\x18" + b"\0" * 60, "cannot unpack"),
            (b"\x02\x21\x4c\x18" + b"\x09\0\0\0" + b"\xff" * 60, "cannot unpack"),
            (b"\xfd7zXZ\0" + bytes(60), "cannot unpack"),
            (b"BZh9" + bytes(60), "cannot unpack"),
            (b"070707" + b"0" * 70 + b"\0", "old portable format"),
            (b"MZ" + bytes(600), "a PE file without an initramfs in it"),
            (b"\x89LZO\0\r\n\x1a\n", "lzop"),
        ],
    )
    def test_one_clear_message(self, data, message, file):
        path = file(data)
        with pytest.raises(InputError, match=message) as raised:
            read_initramfs(path)
        assert raised.value.path == path

    def test_the_offset_is_that_of_the_fault(self, file):
        with pytest.raises(InputError) as raised:
            read_initramfs(file(IMAGE + bytes(512) + b"junk"))
        assert raised.value.offset == len(IMAGE) + 512

    @pytest.mark.parametrize("library", ["zstandard", "lz4"])
    def test_a_missing_library_is_named(self, library, file, monkeypatch):
        data = zstd(IMAGE) if library == "zstandard" else lz4_legacy(IMAGE)
        for name in (library, "lz4.block", "compression.zstd"):
            monkeypatch.setitem(sys.modules, name, None)
        with pytest.raises(InputError, match=rf"needs the Python package {library} \(pip install"):
            read_initramfs(file(data))

    @given(
        name=st.sampled_from(sorted(PACKS)),
        flips=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=8),
        length=st.integers(0, 10_000),
    )
    @settings(deadline=None, max_examples=300)
    def test_damage_is_an_input_error_or_harmless(self, name, flips, length, tmp_path_factory):
        data = bytearray(PACKS[name](IMAGE))
        for at, value in flips:
            data[at % len(data)] = value
        path = tmp_path_factory.mktemp("damage") / "initrd"
        path.write_bytes(data[: max(length, 1)])
        with at_most(5):
            try:
                found = read_initramfs(str(path), limit=32 * MIB)
            except InputError:
                return
        assert all(name.isidentifier() or name[0].isdigit() for name in found.modules)


#: Reads an image and tells by how many MiB that made the process grow.
GROWTH = """
import resource, sys
from dtlink.firmware.errors import InputError
from dtlink.kernel.initramfs import read_initramfs
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
read_initramfs(sys.argv[1])  # imports what it needs
before = peak()
try:
    read_initramfs(sys.argv[2], limit=int(sys.argv[3]))
    print(peak() - before, "read")
except InputError as error:
    print(peak() - before, error.message)
"""


def growth(small: Path, large: Path, limit: int) -> tuple[int, str]:
    """How many MiB reading an image takes beside what a small one took, and what came of it."""
    command = [sys.executable, "-c", GROWTH, str(small), str(large), str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    mib, _, outcome = done.stdout.partition(" ")
    return int(mib), outcome.strip()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="measures memory as Linux does")
class TestBombs:
    @pytest.mark.parametrize("name", PACKS)
    @pytest.mark.parametrize("kind", ["content", "padding"])
    def test_a_bomb_of_every_packing(self, name, kind, tmp_path):
        """A large member, and zero bytes without end."""
        large = member("big", size=0x7FFFFFFF) if kind == "content" else INIT
        (tmp_path / "small").write_bytes(PACKS[name](IMAGE))
        (tmp_path / "bomb").write_bytes(PACKS[name](large + bytes(80 * MIB)))
        mib, outcome = growth(tmp_path / "small", tmp_path / "bomb", 64 * MIB)
        assert "more than 64 MiB" in outcome
        assert mib < 32

    def test_zstd_blocks_of_one_byte(self, tmp_path):
        """Four bytes of input unpack to 128 KiB: one read of the file holds 8 GiB."""
        block = struct.pack("<I", (128 << 10) << 3 | 1 << 1)[:3] + b"\0"
        frame = b"\x28\xb5\x2f\xfd\x00\x58"  # a window of 2 MiB
        (tmp_path / "small").write_bytes(zstd(IMAGE))
        (tmp_path / "bomb").write_bytes(frame + block * 200_000)
        mib, outcome = growth(tmp_path / "small", tmp_path / "bomb", 512 * MIB)
        assert "more than 512 MiB" in outcome
        assert mib < 64

    @pytest.mark.parametrize("name", ["xz", "lzma"])
    def test_a_dictionary_of_gigabytes(self, name, tmp_path):
        filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 20}]
        data = bytearray(lzma.compress(IMAGE, filters=filters))
        if name == "lzma":
            data = bytearray(PACKS["lzma"](IMAGE))
            data[1:5] = b"\0\0\0\xe0"
        else:
            at = data.index(b"\x21\x01", 12) + 2
            data[at] = 39
            header = 12
            size = (data[header] + 1) * 4
            crc = lzma_crc(bytes(data[header : header + size - 4]))
            data[header + size - 4 : header + size] = crc
        path = tmp_path / "initrd"
        path.write_bytes(data)
        with pytest.raises(InputError, match=r"[Mm]emory"):
            read_initramfs(str(path))

    def test_more_files_than_an_initramfs_has(self, file):
        path = file(gzipped(member("x") * 200_001, 1))
        with at_most(20), pytest.raises(InputError, match="more than 200000 files"):
            read_initramfs(path)

    @pytest.mark.parametrize(
        "data",
        [
            gzipped(b"") * 5000,
            b"\x02\x21\x4c\x18\x01\0\0\0\0" * 100_000,
            (b"\x02\x21\x4c\x18" + bytes(4)) * 5000,
        ],
        ids=["members", "blocks", "frames"],
    )
    def test_parts_without_content(self, data, file):
        pytest.importorskip("lz4.block")
        path = file(data)
        with at_most(5), pytest.raises(InputError, match=r"more than \d+ (parts|blocks)"):
            read_initramfs(path)

    def test_names_that_are_all_separators(self, file):
        path = file(gzipped(member("/lib/modules" * 340) * 20_000, 1))
        with at_most(20):
            assert not read_initramfs(path).modules

    def test_files_without_an_end(self):
        with at_most(20), pytest.raises(InputError, match="more than 64 MiB"):
            read_initramfs("/dev/zero", limit=64 * MIB)


def lzma_crc(data: bytes) -> bytes:
    return struct.pack("<I", zlib.crc32(data))


def tool(*names: str) -> None:
    for name in names:
        if shutil.which(name) is None:
            pytest.skip(f"no {name} here")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The files of a small initramfs."""
    top = tmp_path / "tree"
    folder = top / BELOW / "kernel/drivers"
    folder.mkdir(parents=True)
    (top / "conf").mkdir()
    (top / "conf/modules").write_text("sdhci-msm\n")
    (top / "init").write_text("#!/bin/sh\n")
    (folder / "sdhci-msm.ko").write_bytes(os.urandom(5000))
    (folder / "hard.ko").hardlink_to(folder / "sdhci-msm.ko")
    (folder / f"{'n' * 200}.ko.xz").write_bytes(bytes(9999))
    (folder / "soft.ko").symlink_to("hard.ko")
    (top / BELOW / "modules.dep").touch()
    return top


TREE_MODULES = {"sdhci_msm", "hard", "n" * 200}


def archive(tree: Path, form: str = "newc") -> bytes:
    tool("cpio", "find")
    command = f"find . | cpio --quiet -o -H {form}"
    return subprocess.run(command, shell=True, cwd=tree, capture_output=True, check=True).stdout  # noqa: S602


class TestRealTools:
    @pytest.mark.parametrize("form", ["newc", "crc"])
    def test_cpio(self, form, tree, file):
        found = read_initramfs(file(archive(tree, form)))
        assert (found.modules, found.order) == (TREE_MODULES, ("sdhci_msm",))

    @pytest.mark.parametrize("form", ["odc", "bin"])
    def test_cpio_formats_that_the_kernel_does_not_read(self, form, tree, file):
        with pytest.raises(InputError, match="newc alone"):
            read_initramfs(file(archive(tree, form)))

    @pytest.mark.parametrize("options", ["-it", "-itv"])
    def test_what_cpio_lists(self, options, tree, file):
        listed = subprocess.run(
            ["cpio", "--quiet", options],  # noqa: S607
            input=archive(tree),
            capture_output=True,
            check=True,
        )
        found = read_initramfs(file(listed.stdout))
        # A list without modes does not tell links from files.
        assert found.modules == (TREE_MODULES if "v" in options else {*TREE_MODULES, "soft"})
        assert found.complete

    @pytest.mark.parametrize(
        ("command", "part"),
        [
            ("gzip -9n", "gzip"),
            ("xz --check=crc32 -9", "xz"),
            ("xz --format=lzma", "lzma"),
            ("zstd -q -19", "zstd"),
            ("zstd -q --ultra -22 --no-check", "zstd"),
            ("lz4 -q -l -9", "lz4"),
            ("lz4 -q", "lz4 frame"),
            ("bzip2", "bzip2"),
        ],
    )
    def test_compressors(self, command, part, tree, file):
        tool(command.split()[0])
        for library in {"zstd": ["zstandard"], "lz4": ["lz4"]}.get(command.split()[0], []):
            pytest.importorskip(library)
        packed = subprocess.run(
            command.split(), input=archive(tree), capture_output=True, check=True
        ).stdout
        early = archive(tree)
        found = read_initramfs(file(early + packed + bytes(8) + packed))
        assert (found.modules, found.parts) == (TREE_MODULES, ("cpio", part, part))

    @pytest.mark.corpus
    @pytest.mark.parametrize("compress", ["gzip", "zstd", "lz4"])
    def test_mkinitramfs(self, compress, tmp_path):
        """With an early part, modules put in by a hook, and explicit ones."""
        tool("mkinitramfs", "unshare", "cpio", compress)
        for library in {"zstd": ["zstandard"], "lz4": ["lz4"]}.get(compress, []):
            pytest.importorskip(library)
        image = make_with_initramfs_tools(tmp_path, compress)
        found = read_initramfs(str(image))
        assert found.modules == {"sdhci_msm", "ext4"}
        assert found.order == ("sdhci_msm", "ext4")
        assert found.parts == ("cpio", compress)
        assert (found.versions, found.complete) == ((VERSION,), True)
        for options in ((), ("-l",)):
            command = ["lsinitramfs", *options, str(image)]
            listing = subprocess.run(command, capture_output=True, check=True).stdout
            (tmp_path / "listing").write_bytes(listing)
            told = read_initramfs(str(tmp_path / "listing"))
            assert (told.modules, told.udev) == (found.modules, found.udev)

    @pytest.mark.corpus
    def test_dracut(self, tmp_path):
        tool("dracut", "depmod", "lsinitrd")
        image = make_with_dracut(tmp_path)
        found = read_initramfs(str(image))
        assert {"sdhci_msm", "virtio_blk"} <= found.modules
        assert (found.order, found.versions) == (("virtio_blk",), (VERSION,))
        assert found.complete
        listing = subprocess.run(["lsinitrd", str(image)], capture_output=True, check=True).stdout  # noqa: S607
        (tmp_path / "listing").write_bytes(listing)
        told = read_initramfs(str(tmp_path / "listing"))
        assert (told.modules, told.udev, told.complete) == (found.modules, found.udev, True)


HOOK = f"""#!/bin/sh
[ "$1" = prereqs ] && exit 0
. /usr/share/initramfs-tools/hook-functions
mkdir -p "$DESTDIR/usr/lib/modules/{VERSION}/kernel"
for name in sdhci-msm ext4; do
    echo x > "$DESTDIR/usr/lib/modules/{VERSION}/kernel/$name.ko"
    echo "$name" >> "$DESTDIR/conf/modules"
done
mkdir -p "$DESTDIR/../early.$$/kernel/x86/microcode"
cd "$DESTDIR/../early.$$" && echo x > kernel/x86/microcode/GenuineIntel.bin
find . | cpio -o -H newc --quiet > ../early.$$.cpio
prepend_earlyinitramfs "$DESTDIR/../early.$$.cpio"
"""


def make_with_initramfs_tools(folder: Path, compress: str) -> Path:
    conf, image = folder / "conf", folder / "initrd.img"
    for name in ("conf.d", "hooks", "scripts"):
        (conf / name).mkdir(parents=True)
    (conf / "initramfs.conf").write_text(f"MODULES=list\nBUSYBOX=n\nCOMPRESS={compress}\n")
    (conf / "modules").touch()
    (conf / "hooks/some").write_text(HOOK)
    (conf / "hooks/some").chmod(0o755)
    (folder / "tmp").mkdir()
    boot = folder / "boot"
    boot.mkdir()
    (boot / f"config-{VERSION}").write_text(f"CONFIG_RD_{compress.upper()}=y\n")
    # mkinitramfs looks for the config in /boot alone: it gets a /boot of its own.
    within = ["unshare", "--map-root-user", "--mount", "sh", "-c", 'mount --bind "$0" /boot; "$@"']
    command = [*within, str(boot), "mkinitramfs", "-d", str(conf), "-o", str(image), VERSION]
    environment = {**os.environ, "TMPDIR": str(folder / "tmp")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode or not image.exists():
        pytest.skip(f"mkinitramfs makes no image here: {done.stderr[-300:]}")
    return image


def make_with_dracut(folder: Path) -> Path:
    modules, image = folder / "root/lib/modules" / VERSION, folder / "initrd.img"
    (modules / "kernel").mkdir(parents=True)
    for name in ("kernel/sdhci-msm.ko", "kernel/virtio_blk.ko", "modules.order", "modules.builtin"):
        (modules / name).write_text("x\n" if name.endswith(".ko") else "")
    subprocess.run(["depmod", "-b", str(folder / "root"), VERSION], check=False)  # noqa: S607
    options = ["--force", "--no-hostonly", "--no-early-microcode", "--gzip", "-m", "base"]
    options += ["--add-drivers", "sdhci_msm", "--force-drivers", "virtio_blk"]
    options += ["--kmoddir", str(modules), "--kver", VERSION, "--tmpdir", str(folder)]
    command = ["dracut", *options, str(image)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not image.exists():
        pytest.skip(f"dracut makes no image here: {done.stderr[-300:]}")
    return image


BOOT = SHARED / "kernel/debian-6.12-arm64/boot"
RELEASE = "6.12.117+deb12-arm64"


@pytest.fixture
def boot() -> Path:
    if not BOOT.is_dir():
        pytest.skip(f"no real initramfs in {SHARED} (set DTLINK_SHARED)")
    return BOOT


class TestRealOnes:
    def test_the_image(self, boot):
        pytest.importorskip("zstandard")
        found = read_initramfs(str(boot / "initrd.img-list"))
        assert (len(found.modules), found.versions) == (25, (RELEASE,))
        assert {"sdhci_msm", "nvme_core", "dm_mod", "virtio_blk"} <= found.modules
        assert found.order[:3] == ("dw_mmc_rockchip", "sdhci_of_dwcmshc", "ufs_qcom")
        assert found.order[-1] == "ext4"
        assert (found.complete, found.udev, found.parts) == (True, True, ("zstd",))

    def test_the_listing(self, boot):
        path = boot / "initrd.img-most.lsinitramfs"
        found = read_initramfs(str(path))
        named = {
            Path(line).name.partition(".")[0].replace("-", "_")
            for line in path.read_text().splitlines()
            if line.endswith(".ko")
        }
        assert found.modules == named
        assert (found.complete, found.udev, found.versions) == (True, True, (RELEASE,))

    def test_the_tools_list_the_same(self, boot, tmp_path):
        pytest.importorskip("zstandard")
        tool("lsinitramfs", "zstd")
        image = boot / "initrd.img-list"
        listing = subprocess.run(
            ["lsinitramfs", "-l", str(image)],  # noqa: S607
            capture_output=True,
            check=True,
        )
        (tmp_path / "listing").write_bytes(listing.stdout)
        assert (
            read_initramfs(str(tmp_path / "listing")).modules == read_initramfs(str(image)).modules
        )
