"""Images that the real tools make of devicetrees."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

import dtlink
from tests.support.image_rows import FAULTS, OTHER
from tests.support.images import KERNEL, RAMDISK

PACKERS = (
    ("gzip", "-k", ".gz"),
    ("xz", "-k", ".xz"),
    ("xz", "-kFlzma", ".lzma"),
    ("zstd", "-kq", ".zst"),
    ("lz4", "-kqm", ".lz4"),
    ("lz4", "-lkqm", ".lz4"),
    ("bzip2", "-k", ".bz2"),
)
ITS = """/dts-v1/;
/ { description = "boards"; #address-cells = <1>;
  images {
    kernel-1 { data = /incbin/("kernel.gz"); type = "kernel"; arch = "arm64"; os = "linux";
      compression = "gzip"; load = <0x80000>; entry = <0x80000>; hash-1 { algo = "sha1"; }; };
    fdt-1 { data = /incbin/("one.dtb"); type = "flat_dt"; arch = "arm64"; compression = "none";
      hash-1 { algo = "crc32"; }; hash-2 { algo = "md5"; }; hash-3 { algo = "sha512"; }; };
    fdt-2 { data = /incbin/("two.dtb.gz"); type = "flat_dt"; arch = "arm64"; compression = "gzip";
      hash-1 { algo = "sha256"; }; };
  };
  configurations { default = "conf-1";
    conf-1 { kernel = "kernel-1"; fdt = "fdt-1"; };
    conf-2 { kernel = "kernel-1"; fdt = "fdt-2"; }; };
};
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, data in {
        "one.dtb": FAULTS,
        "two.dtb": OTHER,
        "kernel": KERNEL,
        "ramdisk": RAMDISK,
        "image.its": ITS.encode(),
    }.items():
        Path(name).write_bytes(data)


def run(*command: str) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    subprocess.run(command, check=True, capture_output=True)


def same(path: str, members: Sequence[str]) -> None:
    """The members of an image are the two boards, and say the same."""
    image = dtlink.lint(path)
    assert [each.member for each in image.inputs] == list(members)
    boards = dtlink.lint(["one.dtb", "two.dtb"][: len(members)])
    for member, board in zip(image.inputs, boards.inputs, strict=True):
        assert not member.refused
        assert member.sha256 == board.sha256
        assert [each.message for each in member.findings] == [
            each.message for each in board.findings
        ]


@pytest.mark.parametrize("options", [[], ["-E"], ["-E", "-p", "0x4000"]], ids=" ".join)
def test_mkimage(options: list[str]) -> None:
    run("gzip", "-k", "kernel", "two.dtb")
    run("mkimage", "-q", *options, "-f", "image.its", "image.itb")
    same("image.itb", ["fdt-1", "fdt-2"])
    (one, _) = dtlink.lint("image.itb").inputs
    assert one.container["configurations"] == ["conf-1"]


def test_mkimage_of_the_older_format() -> None:
    run(
        *("mkimage", "-A", "arm64", "-O", "linux", "-T", "multi", "-C", "none"),
        *("-d", "kernel:one.dtb:two.dtb", "image.ub"),
    )
    same("image.ub", ["image[1]", "image[2]"])


# The package of Debian 12 makes no version 4.
@pytest.mark.parametrize("version", range(4))
def test_mkbootimg(version: int) -> None:
    run("gzip", "-k", "kernel")
    kernel = Path("kernel.gz").read_bytes()
    Path("kernel-dtb").write_bytes(kernel + FAULTS + OTHER)
    options = ["--header_version", str(version), "--kernel", "kernel-dtb", "--ramdisk", "ramdisk"]
    members = ["kernel!dtb[0]", "kernel!dtb[1]"]
    if version == 2:
        options[3] = "kernel"
        Path("both.dtb").write_bytes(FAULTS + OTHER)
        options += ["--dtb", "both.dtb"]
        members = ["dtb!dtb[0]", "dtb!dtb[1]"]
    run("mkbootimg", *options, "--output", "boot.img")
    same("boot.img", members)


@pytest.mark.parametrize("version", [3, 4])
def test_mkbootimg_vendor_boot(version: int) -> None:
    Path("both.dtb").write_bytes(FAULTS + OTHER)
    run(
        *("mkbootimg", "--header_version", str(version), "--vendor_ramdisk", "ramdisk"),
        *("--dtb", "both.dtb", "--vendor_boot", "vendor_boot.img"),
    )
    same("vendor_boot.img", ["dtb!dtb[0]", "dtb!dtb[1]"])


@pytest.mark.parametrize(("tool", "options", "suffix"), PACKERS)
def test_compressions(tool: str, options: str, suffix: str) -> None:
    run(tool, options, "one.dtb")
    same("one.dtb" + suffix, [""])


def test_objcopy() -> None:
    """A unified kernel image, made as ukify makes it: sections added to a stub."""
    stub = "/usr/lib/systemd/boot/efi/linuxx64.efi.stub"
    if not Path(stub).exists():
        pytest.skip(f"no stub in {stub} (package systemd-boot-efi)")
    run(
        *("objcopy", "--add-section", ".dtb=one.dtb", "--change-section-vma", ".dtb=0x14000000"),
        *("--add-section", ".dtbauto=two.dtb", "--change-section-vma", ".dtbauto=0x15000000"),
        *(stub, "uki.efi"),
    )
    same("uki.efi", [".dtb", ".dtbauto"])


def test_tar_and_zip() -> None:
    run("tar", "-czf", "boards.tar.gz", "one.dtb", "two.dtb")
    same("boards.tar.gz", ["one.dtb", "two.dtb"])
    run("tar", "-cf", "boards.tar", "--format=gnu", "./one.dtb", "./two.dtb")
    same("boards.tar", ["one.dtb", "two.dtb"])
    run("zip", "-q", "boards.zip", "one.dtb", "two.dtb")
    same("boards.zip", ["one.dtb", "two.dtb"])


def test_img2simg() -> None:
    """A sparse image is named, with what to do."""
    Path("plain.img").write_bytes(FAULTS.ljust(65536, b"\0"))
    run("img2simg", "plain.img", "sparse.img")
    (item,) = dtlink.lint("sparse.img").inputs
    assert item.error is not None
    assert "an Android sparse image: simg2img" in item.error.message
