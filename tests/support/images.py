"""Writers of the containers that dtlink reads: as their specifications say, without the tools."""

from __future__ import annotations

import binascii
import hashlib
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Mapping, Sequence

from dtlink.firmware.fdt_write import SourceNode, cells, strings, write

PAGE = 2048
KERNEL = bytes(56) + b"ARMd" + bytes(5000)
RAMDISK = b"070701" + b"0" * 200


def padded(data: bytes, step: int) -> bytes:
    return data + bytes(-len(data) % step)


def fit(
    images: Mapping[str, bytes],
    configurations: Mapping[str, Sequence[str]] | None = None,
    *,
    hashes: Sequence[str] = ("sha256",),
    external: str = "",
    compression: str = "none",
    kernel: bytes = b"",
) -> bytes:
    """A FIT image; ``external``: ``data-offset`` or ``data-position`` with the data after it."""
    root = SourceNode()
    root.properties["description"] = strings("two boards")
    root.properties["#address-cells"] = cells(1)
    top = root.child("images")
    after: list[tuple[SourceNode, bytes]] = []
    types = {**dict.fromkeys(images, "flat_dt"), "kernel-1": "kernel"}
    for name, data in {**({"kernel-1": kernel} if kernel else {}), **images}.items():
        node = top.child(name)
        node.properties["type"] = strings(types[name])
        node.properties["arch"] = strings("arm64")
        node.properties["compression"] = strings(compression)
        if external:
            after.append((node, data))
            node.properties[external] = cells(0)
            node.properties["data-size"] = cells(len(data))
        else:
            node.properties["data"] = data
        for algorithm in hashes:
            _hash(node.child(f"hash-{algorithm}"), algorithm, data)
    found = root.child("configurations")
    found.properties["default"] = strings("conf-1")
    for name, trees in (configurations or {"conf-1": list(images)[:1]}).items():
        found.child(name).properties["fdt"] = strings(*trees)
    return _with_external(root, after, external)


def _hash(node: SourceNode, algorithm: str, data: bytes) -> None:
    node.properties["algo"] = strings(algorithm)
    node.properties["value"] = (
        binascii.crc32(data).to_bytes(4, "big")
        if algorithm == "crc32"
        else hashlib.new(algorithm, data).digest()
    )


def _with_external(root: SourceNode, after: list[tuple[SourceNode, bytes]], name: str) -> bytes:
    start = len(padded(write(root), 4))
    at = 0
    for node, data in after:
        node.properties[name] = cells(at if name == "data-offset" else start + at)
        at += len(padded(data, 4))
    return padded(write(root), 4) + b"".join(padded(data, 4) for _, data in after)


def android(
    version: int,
    *,
    kernel: bytes = KERNEL,
    dtb: bytes = b"",
    recovery_dtbo: bytes = b"",
    dt: bytes = b"",
    second: bytes = b"",
) -> bytes:
    """A boot image of a header version; ``dt``: Qualcomm's section, of version 0."""
    if version >= 3:
        head = struct.pack("<8s4I16xI", b"ANDROID!", len(kernel), len(RAMDISK), 0, 1580, version)
        return b"".join(padded(each, 4096) for each in (head, kernel, RAMDISK))
    head = struct.pack(
        "<8s10I16s512s32s1024s",
        b"ANDROID!",
        *(len(kernel), 0x8000, len(RAMDISK), 0, len(second), 0, 0, PAGE),
        *(len(dt) if dt else version, 0),
        *(b"board", b"console=ttyS0", bytes(32), b""),
    )
    if version >= 1:
        head += struct.pack("<IQI", len(recovery_dtbo), 0, 1648 if version == 1 else 1660)
    if version == 2:
        head += struct.pack("<IQ", len(dtb), 0)
    parts = (head, kernel, RAMDISK, second, dt, recovery_dtbo, dtb)
    return b"".join(padded(each, PAGE) for each in parts)


def vendor_boot(version: int, dtb: bytes, ramdisk: bytes = RAMDISK) -> bytes:
    head = struct.pack(
        "<8s5I2048sI16s2IQ",
        b"VNDRBOOT",
        *(version, PAGE, 0, 0, len(ramdisk), b"console=ttyS0", 0, b"board"),
        *(2112 if version == 3 else 2128, len(dtb), 0),
    )
    if version == 4:
        head += struct.pack("<4I", 0, 0, 108, 0)
    return b"".join(padded(each, PAGE) for each in (head, ramdisk, dtb))


def dt_table(trees: Sequence[bytes], *, version: int = 0, packed: bool = False) -> bytes:
    contents = [zlib.compress(tree) if packed else tree for tree in trees]
    at = 32 + 32 * len(contents)
    entries = b""
    for number, content in enumerate(contents):
        custom = (int(packed), 0, 0, 0)
        entries += struct.pack(">8I", len(content), at, number + 0x10, number, *custom)
        at += len(content)
    head = (at, 32, 32, len(contents), 32, 2048, version)
    return b"\xd7\xb7\xab\x1e" + struct.pack(">7I", *head) + entries + b"".join(contents)


def qcdt(trees: Sequence[bytes], version: int) -> bytes:
    numbers = {1: 3, 2: 4, 3: 8}[version]
    at = PAGE
    entries, contents = b"", b""
    for number, tree in enumerate(trees):
        entries += struct.pack(
            f"<{numbers + 2}I", *range(number, number + numbers), at, len(padded(tree, PAGE))
        )
        contents += padded(tree, PAGE)
        at += len(padded(tree, PAGE))
    head = b"QCDT" + struct.pack("<2I", version, len(trees)) + entries + bytes(4)
    return padded(head, PAGE) + contents


def uimage(data: bytes, kind: int = 2) -> bytes:
    fields = (0, len(data), 0x8000, 0x8000, binascii.crc32(data), 5, 2, kind, 0, b"Linux")
    head = bytearray(struct.pack(">7I4B32s", 0x27051956, 0, *fields))
    head[4:8] = binascii.crc32(head).to_bytes(4, "big")
    return bytes(head) + data


def multi(files: Sequence[bytes]) -> bytes:
    sizes = struct.pack(f">{len(files) + 1}I", *map(len, files), 0)
    return uimage(sizes + b"".join(padded(each, 4) for each in files), 4)


def pe(sections: Sequence[tuple[str, bytes]]) -> bytes:
    table, contents = b"", b""
    at = 512
    for name, data in sections:
        table += struct.pack("<8s6I2HI", name.encode(), len(data), 0, len(data), at, 0, 0, 0, 0, 0)
        contents += padded(data, 512)
        at += len(padded(data, 512))
    head = b"MZ" + bytes(58) + (64).to_bytes(4, "little")
    head += b"PE\0\0" + struct.pack("<2H3I2H", 0xAA64, len(sections), 0, 0, 0, 0, 0)
    return padded(head + table, 512) + contents


def zimage(trees: Sequence[bytes], size: int = 4096) -> bytes:
    head = bytes(0x24) + struct.pack("<4I", 0x016F2818, 0, size, 0x04030201)
    return head.ljust(size, b"\x01") + b"".join(trees)


def tar(files: Mapping[str, bytes]) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for name, data in files.items():
            about = tarfile.TarInfo(name)
            about.size = len(data)
            archive.addfile(about, io.BytesIO(data))
    return held.getvalue()


def zipped(files: Mapping[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return held.getvalue()
