"""What is not read, or not as it should be, is said, and the exit status is 2."""

from __future__ import annotations

import gzip
import os
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import dtlink
from dtlink import engine
from dtlink.cli.main import cli
from dtlink.firmware.containers import opening
from dtlink.firmware.dts import read_text
from tests.support import images
from tests.support.boards import FIXTURES, SHARED
from tests.support.image_rows import FAULTS, OTHER
from tests.support.images import KERNEL
from tests.support.packing import gzipped

CLEAN = (FIXTURES / "clean-board.dtb").read_bytes()
CASES = SHARED / "cases" / "dt"


def lint(*args: str | Path) -> Result:
    return CliRunner().invoke(cli, ["lint", "-j", "1", *map(str, args)])


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return tmp_path / "image.bin"


UNREAD = {
    "nothing": (b"", "an empty file"),
    "Android sparse": (b"\x3a\xff\x26\xed" + bytes(100), "simg2img"),
    "squashfs": (b"hsqs" + bytes(100), "a squashfs file system"),
    "LUKS": (b"LUKS\xba\xbe" + bytes(100), "a LUKS container, which is encrypted"),
    "GPT": (bytes(512) + b"EFI PART" + bytes(100), "a disk image (GPT)"),
    "ext4": (bytes(1080) + b"\x53\xef" + bytes(100), "an ext file system"),
    "kernel": (KERNEL, "a kernel image (arm64) without a devicetree after it: --search"),
    "kernel.gz": (gzipped(KERNEL), "a kernel image (arm64) without a devicetree after it"),
    "initramfs": (b"070701" + b"0" * 104, "an initramfs: --search"),
    "initramfs.gz": (gzipped(b"070701" + b"0" * 1000), "an initramfs: --search"),
    "binary": (b"\x93\x00\x01\x02" * 50, "not a DTB, DTS or ACPI table (begins with 93 00 01 02)"),
    "somewhere": (b"\x93\0" * 50 + CLEAN + b"\x01" * 50, "1 devicetree somewhere in it"),
    "empty tar": (images.tar({"README": b"text"}), "a tar archive without a devicetree"),
    "empty zip": (images.zipped({"README": b"text"}), "a zip archive without a devicetree"),
    "boot.img": (images.android(0), "an Android boot image without a devicetree: it has kernel"),
    "FIT of kernels": (images.fit({}, {"c": []}, kernel=KERNEL), "a FIT image without a dev"),
    "FIT without data": (
        read_text('/ { images { fdt-1 { type = "flat_dt"; }; }; };').blob,
        "a FIT image without a devicetree: it has fdt-1",
    ),
    "FIT without images": (read_text("/ { images { }; };").blob, "a FIT image without a dev"),
    "zImage": (images.zimage([]), "a zImage without a devicetree"),
    "UKI": (
        images.pe([(".linux", KERNEL)]),
        "a unified kernel image without a devicetree: it has .linux",
    ),
    "not an archive": (b"PK\x03\x04" + bytes(100), "a damaged zip archive"),
    "QCDT 9": (b"QCDT\x09\0\0\0\x01\0\0\0", "version 9 with 1 entries"),
    "dt_table": (b"\xd7\xb7\xab\x1e" + b"\xff" * 60, "not a dt_table image"),
    "vendor_boot 9": (b"VNDRBOOT\x09" + bytes(3000), "header version 9 is not known"),
}


@pytest.mark.parametrize(("data", "what"), UNREAD.values(), ids=UNREAD)
def test_a_file_that_is_not_read(image: Path, data: bytes, what: str) -> None:
    image.write_bytes(data)
    result = lint(image)
    assert what in result.stderr
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


def reported(path: Path, *what: str) -> dtlink.Report:
    """The problems of an image of which everything else is read."""
    report = dtlink.lint(path)
    assert [each.error for each in report.inputs] == [None] * len(report.inputs)
    messages = [each.message for item in report.inputs for each in item.refused]
    assert len(messages) == len(what)
    for message, part in zip(messages, what, strict=True):
        assert part in message
    assert report.status == 2
    return report


@pytest.mark.parametrize("algorithm", ["crc32", "md5", "sha1", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("external", ["", "data-offset"], ids=["inside", "external"])
def test_a_wrong_hash(image: Path, algorithm: str, external: str) -> None:
    data = images.fit({"fdt-1": CLEAN, "fdt-2": OTHER}, hashes=[algorithm], external=external)
    image.write_bytes(data)
    assert not any(item.refused for item in dtlink.lint(image).inputs)
    image.write_bytes(data.replace(b"clean", b"blean"))
    reported(image, f"fdt-1/hash-{algorithm}: the {algorithm} is not that of the data: U-Boot")


def test_a_wrong_hash_of_a_kernel(image: Path) -> None:
    data = images.fit({"fdt-1": CLEAN}, kernel=KERNEL)
    image.write_bytes(data.replace(b"ARMd", b"ARMe"))
    (item,) = reported(image, "kernel-1/hash-sha256").inputs
    assert item.refused[0].path == f"{image}!kernel-1"


def test_a_wrong_checksum_of_a_uimage(image: Path) -> None:
    data = bytearray(images.uimage(gzipped(KERNEL) + CLEAN))
    data[80] ^= 1
    image.write_bytes(data)
    assert "checksum" not in str(dtlink.lint(image).inputs[0].error)
    data = bytearray(images.uimage(images.zimage([CLEAN])))
    data[200] ^= 1
    image.write_bytes(data)
    reported(image, "the checksum of the data is wrong")


def test_bytes_after_the_blob(image: Path) -> None:
    image.write_bytes(CLEAN + bytes(99) + b"hidden" + bytes(99) + OTHER + b"end")
    first, last = reported(image, "105 bytes after", "3 bytes after").inputs
    assert [first.member, last.member] == ["dtb[0]", "dtb[1]"]
    assert first.refused[0].offset == len(CLEAN) + 99
    image.write_bytes(CLEAN + b"end")
    (item,) = reported(image, "3 bytes after the devicetree").inputs
    assert item.member == ""


@pytest.mark.parametrize("padding", [b"", bytes(4000), b"\xff" * 4000, bytes(9) + b"\xff" * 9])
def test_padding_is_not_a_blob(image: Path, padding: bytes) -> None:
    image.write_bytes(CLEAN + padding)
    (item,) = dtlink.lint(image).inputs
    assert (item.member, item.refused, item.error) == ("", (), None)


def test_what_verified_boot_appends(image: Path) -> None:
    image.write_bytes(CLEAN.ljust(8192, b"\0") + b"AVB0" + b"\x01" * 500 + b"AVBf" + b"\x01" * 60)
    (item,) = dtlink.lint(image).inputs
    assert item.refused == ()


def test_an_encrypted_image(image: Path) -> None:
    source = f"""/ {{ images {{ fdt-1 {{ type = "flat_dt"; data = [{OTHER.hex()}]; cipher {{ }}; }};
        fdt-2 {{ type = "flat_dt"; data = [{CLEAN.hex()}]; compression = "none"; }}; }}; }};"""
    image.write_bytes(read_text(source).blob)
    (item,) = reported(image, "fdt-1 is not read: its data are encrypted").inputs
    assert item.member == "fdt-2"


def test_a_configuration_without_its_image(image: Path) -> None:
    image.write_bytes(images.fit({"fdt-1": CLEAN}, {"conf-1": ["fdt-1"], "conf-2": ["fdt-9"]}))
    reported(image, "configuration conf-2 needs fdt-9, which is not an image")


def test_external_data_that_end_after_the_file(image: Path) -> None:
    data = images.fit({"fdt-1": CLEAN, "fdt-2": CLEAN}, external="data-offset")
    image.write_bytes(data[:-500])
    (item,) = reported(image, "fdt-2: its data").inputs
    assert item.member == "fdt-1"


def test_an_encrypted_archive(image: Path) -> None:
    image.write_bytes(
        images.zipped({"one.dtb": CLEAN}).replace(
            b"PK\x01\x02\x14\x03\x14\0\0", b"PK\x01\x02\x14\x03\x14\0\1"
        )
    )
    assert "one.dtb is encrypted" in lint(image).stderr


def test_sources_in_an_archive(image: Path) -> None:
    image.write_bytes(images.tar({"a.dts": b"/dts-v1/; / { };", "b.dts": b"", "c.dtb": CLEAN}))
    (item,) = dtlink.lint(image).inputs
    assert item.notes == (
        "2 sources (.dts) passed over: unpack the archive, so that includes are found",
    )


def test_what_macos_puts_beside_a_file(image: Path) -> None:
    beside = b"\0\x05\x16\x07" + bytes(200)
    image.write_bytes(images.zipped({"a.dtb": OTHER, "__MACOSX/._a.dtb": beside}))
    assert [each.member for each in dtlink.lint(image).inputs] == ["a.dtb"]


def test_a_damaged_member_does_not_hide_the_others(image: Path) -> None:
    image.write_bytes(
        images.tar({"a.dtb": FAULTS[:100], "b.itb.gz": b"\x1f\x8b\x08", "c.dtb": OTHER})
    )
    one, two, three = dtlink.lint(image).inputs
    assert one.error is not None
    assert two.error is not None
    assert three.error is None
    assert three.findings


def test_a_devicetree_of_images_in_a_file_that_is_named_as_a_blob(tmp_path: Path) -> None:
    """With so many properties that its block of strings is that of a board."""
    names = "".join(f'vendor-property-{number} = "x"; ' for number in range(200))
    source = (
        f'/ {{ {names} images {{ fdt-1 {{ type = "flat_dt"; data = [{OTHER.hex()}]; }}; }}; }};'
    )
    (tmp_path / "board.dtb").write_bytes(read_text(source).blob)
    (item,) = dtlink.lint(tmp_path).inputs
    assert item.findings
    assert item.model == dtlink.read_tree(OTHER).root.strings("model")[0]


def test_strict(tmp_path: Path) -> None:
    """What is passed over is status 2, whatever the findings."""
    archive = tmp_path / "boards.tar"
    archive.write_bytes(images.tar({"a.dts": b"/dts-v1/; / { };", "c.dtb": CLEAN}))
    for path in (archive, tmp_path):
        (tmp_path / "board.dtb").write_bytes(CLEAN)
        assert lint(path).exit_code == 0
        result = lint("--strict", path)
        assert result.exit_code == 2
        assert "passed over" in result.stderr
    assert lint("--strict", tmp_path / "board.dtb").exit_code == 0
    (tmp_path / "board.dtb").write_bytes(OTHER)
    assert lint("--strict", tmp_path / "board.dtb").exit_code == 1


class TestFolders:
    def test_an_empty_one(self, tmp_path: Path) -> None:
        result = lint(tmp_path)
        assert result.exit_code == 2
        assert "no inputs" in result.stderr

    def test_one_without_inputs(self, tmp_path: Path) -> None:
        (tmp_path / "README").write_text("nothing here")
        (tmp_path / "boards.tar").write_bytes(images.tar({"a.dtb": CLEAN}))
        (tmp_path / "disk.img").write_bytes(bytes(512) + b"EFI PART" + bytes(1000))
        result = lint(tmp_path)
        assert result.exit_code == 2
        assert "boards.tar" in result.stderr

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
    def test_a_fifo_is_passed_over(self, tmp_path: Path) -> None:
        (tmp_path / "board.dtb").write_bytes(OTHER)
        for name in ("fifo.dtb", "fifo.img", "fifo.dts", "IORT", "fifo.bin", "fifo.itb"):
            os.mkfifo(tmp_path / name)
        result = lint(tmp_path)
        assert "fifo.dtb is passed over: it is not a regular file" in result.stderr
        assert result.exit_code == 1
        report = dtlink.lint(tmp_path)
        assert len(report.inputs) == 1
        assert [Path(note.split()[0]).name for note in report.notes] == ["fifo.dtb", "fifo.dts"]
        assert report.to_dict()["notes"] == list(report.notes)

    def test_links_in_circles(self, tmp_path: Path) -> None:
        (tmp_path / "here").symlink_to(".")
        (tmp_path / "loop.dtb").symlink_to("loop.dtb")
        (tmp_path / "board.dtb").write_bytes(OTHER)
        found = [item.path for item in engine.expand([str(tmp_path)])]
        assert found == [str(tmp_path / "board.dtb"), str(tmp_path / "loop.dtb")]
        assert "oo many" in lint(tmp_path).stderr


class TestSearch:
    def test_an_initramfs(self, image: Path) -> None:
        cpio = b"070701" + b"0" * 104 + b"x" * 1000 + OTHER + b"y" * 300 + CLEAN + b"z" * 300
        for data, names in {
            cpio: [f"dtb@{1110:#x}", f"dtb@{1110 + len(OTHER) + 300:#x}"],
            gzipped(cpio): [f"dtb@{1110:#x}", f"dtb@{1110 + len(OTHER) + 300:#x}"],
            b"070701" + b"0" * 500 + gzipped(cpio): [
                f"gzip@0x1fa!dtb@{1110:#x}",
                f"gzip@0x1fa!dtb@{1110 + len(OTHER) + 300:#x}",
            ],
        }.items():
            image.write_bytes(data)
            result = lint("--search", image)
            assert f"{image.name}!{names[0]} · " in result.stdout
            (one, two) = dtlink.lint(image, search=True).inputs
            assert [one.member, two.member] == names
            assert one.findings
            assert [each.member for each in dtlink.lint(f"{image}!{names[0]}").inputs] == names[:1]

    @pytest.mark.parametrize("kind", ["xz", "zstd", "lz4", "lz4 frame", "bzip2", "lzma"])
    def test_a_firmware_image(self, image: Path, kind: str) -> None:
        """A header, then a kernel in some compression, which has the tree inside."""
        from tests.firmware.test_packing import PACK

        kernel = KERNEL + CLEAN + bytes(2000)
        image.write_bytes(b"\x93\x01" * 500 + PACK[kind](kernel) + b"\xff" * 1000)
        (item,) = dtlink.lint(image, search=True).inputs
        assert item.member == f"{kind.replace(' ', '-')}@0x3e8!dtb@{len(KERNEL):#x}"

    def test_the_ramdisk_of_a_boot_image(self, image: Path) -> None:
        image.write_bytes(images.vendor_boot(3, CLEAN, ramdisk=b"070701" + OTHER + b"x" * 99))
        assert [each.member for each in dtlink.lint(image).inputs] == ["dtb"]
        found = [each.member for each in dtlink.lint(image, search=True).inputs]
        assert found == ["ramdisk!dtb@0x6", "dtb"]

    def test_nothing(self, image: Path) -> None:
        """An empty devicetree, which a kernel image has, is nothing."""
        for data in (b"\x93\x01" * 500, KERNEL + read_text("/ { };").blob + b"\x01" * 99):
            image.write_bytes(data)
            result = lint("--search", image)
            assert result.exit_code == 2
            assert "searched; there is no devicetree in it" in result.stderr


class TestBounds:
    @pytest.fixture(autouse=True)
    def _little(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(opening, "MAX_UNPACKED", 1 << 20)
        monkeypatch.setattr(opening, "MAX_ENTRIES", 100)

    @pytest.mark.parametrize(
        "data",
        [
            gzipped(CLEAN + bytes(2 << 20)),
            gzipped(KERNEL + bytes(2 << 20)),
            gzipped(images.tar({"a.dtb": CLEAN, "b": bytes(2 << 20)})),
            images.tar(
                {f"{number}.dtb.gz": gzipped(CLEAN.ljust(300 << 10, b"\0")) for number in range(9)}
            ),
            images.fit(
                {f"fdt-{number}": gzipped(CLEAN.ljust(300 << 10, b"\0")) for number in range(9)}
            ),
        ],
        ids=["blob", "kernel", "tar", "in a tar", "in a FIT"],
    )
    def test_what_unpacks_to_too_much(self, image: Path, data: bytes) -> None:
        image.write_bytes(data)
        (item,) = dtlink.lint(image).inputs
        assert item.error is not None
        assert "unpacks to more than 1 MiB" in item.error.message

    def test_a_zip_of_large_files(self, image: Path) -> None:
        with zipfile.ZipFile(image, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(9):
                archive.writestr(f"{number}.dtb", CLEAN.ljust(300 << 10, b"\0"))
        (item,) = dtlink.lint(image).inputs
        assert item.error is not None
        assert "more than 1 MiB of devicetrees" in item.error.message

    def test_too_many_members(self, image: Path) -> None:
        image.write_bytes(CLEAN[:0] + images.tar({f"{number}.dtb": OTHER for number in range(101)}))
        (item,) = dtlink.lint(image).inputs
        assert item.error is not None
        assert "more than 100 members" in item.error.message

    def test_too_deep(self, image: Path) -> None:
        data = CLEAN
        for _ in range(20):
            data = gzip.compress(data)
        image.write_bytes(data)
        (item,) = dtlink.lint(image).inputs
        assert item.error is not None
        assert "deeper than 8 levels" in item.error.message


@pytest.mark.skipif(not CASES.exists(), reason=f"no cases in {SHARED}")
class TestCases:
    def test_a_fit_image(self) -> None:
        bad, good = dtlink.lint(CASES / "r06.itb").inputs
        assert [(each.rule, each.subject.path) for each in bad.findings] == [
            ("phandle/dangling", "/uart@1000")
        ]
        assert (bad.member, good.member) == ("fdt-1", "fdt-2")
        alone = dtlink.lint(CASES / "r06-bad.dtb").inputs[0]
        assert [each.fingerprint for each in alone.findings] == [
            each.fingerprint for each in bad.findings
        ]

    def test_two_blobs(self) -> None:
        one, two = dtlink.lint(CASES / "r07-two-blobs.img").inputs
        assert (one.findings, len(two.findings)) == ([], 1)

    def test_a_padded_blob(self) -> None:
        (item,) = dtlink.lint(CASES / "r07-padded.dtb").inputs
        assert (item.error, list(item.refused), list(item.notes)) == (None, [], [])


def test_a_fit_image_that_is_larger_than_a_devicetree_may_be(image: Path) -> None:
    """With its kernel and root file system inside."""
    image.write_bytes(images.fit({"fdt-1": OTHER}, kernel=bytes(range(256)) * (66 << 12)))
    assert image.stat().st_size > 64 << 20
    (item,) = dtlink.lint(image).inputs
    assert (item.member, item.error) == ("fdt-1", None)
    assert item.findings
