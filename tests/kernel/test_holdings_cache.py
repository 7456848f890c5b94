"""What was found out about a kernel is kept, and forgotten when a file changes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from dtlink import cache
from dtlink.kernel.holdings.gather import Gatherer
from dtlink.kernel.holdings.read import read_holdings
from tests.support.kernels import CONFIG, RELEASE, image, modinfo, module, package, table, write


@pytest.fixture
def kept(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("DTLINK_CACHE", str(folder))
    return folder


@pytest.fixture
def gathers(monkeypatch):
    """How often a kernel's files were read."""
    calls = []
    gather = Gatherer.gather

    def count(self):
        calls.append(self)
        return gather(self)

    monkeypatch.setattr(Gatherer, "gather", count)
    return calls


@pytest.fixture
def root(tmp_path):
    return package(tmp_path / "root")


def facts(kernel):
    return {
        **{name: getattr(kernel, name) for name in ("release", "config", "modules", "builtin")},
        **{name: getattr(kernel, name) for name in ("order", "builtin_compatibles", "sources")},
        "notes": kernel.notes,
        "of": kernel.modules_of("vendor,mmsys"),
        "other": kernel.modules_for("pci:v00008086d000010D3sv00000000sd00000000bc02sc00i00"),
        "builtin_for": kernel.builtin_for("platform:clk-vendor"),
        "closure": kernel.closure(["ext4", "mmc_vendor"]),
    }


def test_the_second_time_nothing_is_read(root, kept, gathers):
    first = facts(read_holdings(str(root)))
    assert facts(read_holdings(str(root))) == first
    assert len(gathers) == 1
    assert len(list(kept.iterdir())) == 1


@pytest.mark.parametrize(
    "name",
    [
        f"boot/config-{RELEASE}",
        f"boot/vmlinuz-{RELEASE}",
        *(f"lib/modules/{RELEASE}/modules.{each}" for each in ("alias", "dep", "softdep")),
        *(f"lib/modules/{RELEASE}/modules.{each}" for each in ("order", "builtin")),
        f"lib/modules/{RELEASE}/modules.builtin.modinfo",
    ],
)
def test_a_file_that_changes_is_read_anew(root, kept, gathers, name):
    read_holdings(str(root))
    path = root / name
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 1))
    read_holdings(str(root))
    path.write_bytes(path.read_bytes() + b"\n")
    os.utime(path, ns=(1, 1))
    read_holdings(str(root))
    path.unlink()
    read_holdings(str(root))
    assert len(gathers) == 4
    # One path has one entry.
    assert len(list(kept.iterdir())) == 1


@pytest.mark.usefixtures("kept")
def test_a_file_that_comes_is_read(root, gathers):
    (root / f"boot/vmlinuz-{RELEASE}").unlink()
    assert read_holdings(str(root)).builtin_compatibles is None
    write(root, {f"boot/vmlinuz-{RELEASE}": image(table("vendor,new"))})
    assert read_holdings(str(root)).builtin_compatibles == {"vendor,new"}
    assert len(gathers) == 2


@pytest.mark.usefixtures("kept")
def test_modules_that_change_are_read_anew(tmp_path, gathers):
    pytest.importorskip("elftools")
    root = write(tmp_path / "m", {"modules.order": "a.ko\n", "a.ko": module(modinfo(alias="x"))})
    assert read_holdings(str(root)).modules_for("x") == ("a",)
    assert read_holdings(str(root)).modules_for("x") == ("a",)
    (root / "a.ko").write_bytes(module(modinfo(alias="yy")))
    assert read_holdings(str(root)).modules_for("yy") == ("a",)
    assert len(gathers) == 2


@pytest.mark.usefixtures("kept")
def test_another_version_of_dtlink_reads_anew(root, gathers, monkeypatch):
    read_holdings(str(root))
    monkeypatch.setattr(cache, "__version__", "99")
    read_holdings(str(root))
    read_holdings(str(root))
    assert len(gathers) == 2


def _other_seal(data):
    text = json.dumps([json.loads(data.split(b"\n")[1])[0], {"release": 1}]).encode()
    return cache._seal(text) + b"\n" + text


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:0],
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2],
        lambda data: b"0" + data[1:] if data[:1] != b"0" else b"1" + data[1:],
        lambda data: data.replace(b"vendor,clk", b"vendor,xyz"),
        lambda data: b"\x80\x04\x95" + data,
        _other_seal,
    ],
)
def test_a_broken_entry_is_written_anew(root, kept, gathers, spoil):
    first = facts(read_holdings(str(root)))
    (entry,) = kept.iterdir()
    entry.write_bytes(spoil(entry.read_bytes()))
    assert facts(read_holdings(str(root))) == first
    assert facts(read_holdings(str(root))) == first
    assert len(gathers) == 2


def test_an_empty_setting_keeps_nothing(root, tmp_path, gathers, monkeypatch):
    monkeypatch.setenv("DTLINK_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    read_holdings(str(root))
    read_holdings(str(root))
    assert len(gathers) == 2
    assert not (tmp_path / "xdg").exists()


def test_where_it_is_kept(tmp_path, monkeypatch):
    monkeypatch.delenv("DTLINK_CACHE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", f"{tmp_path}/xdg")
    assert cache.folder() == f"{tmp_path}/xdg/dtlink"
    # What is not absolute does not count (XDG Base Directory Specification).
    monkeypatch.setenv("XDG_CACHE_HOME", "xdg")
    assert cache.folder() == f"{tmp_path}/.cache/dtlink"


def test_a_place_where_nothing_can_be_kept(root, tmp_path, monkeypatch, gathers):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DTLINK_CACHE", f"{tmp_path}/file/below")
    first = facts(read_holdings(str(root)))
    assert facts(read_holdings(str(root))) == first
    assert len(gathers) == 2


@pytest.mark.usefixtures("kept")
def test_what_changes_while_it_is_read_is_not_kept(root, monkeypatch):
    gather = Gatherer.gather

    def change(self):
        found = gather(self)
        write(root, {f"boot/config-{RELEASE}": CONFIG + "CONFIG_NEW=y\n"})
        return found

    monkeypatch.setattr(Gatherer, "gather", change)
    assert "NEW" not in read_holdings(str(root)).config
    monkeypatch.setattr(Gatherer, "gather", gather)
    assert read_holdings(str(root)).config["NEW"] == "y"


READER = """
import sys
from dtlink.kernel.holdings.read import read_holdings
for _ in range(30):
    kernel = read_holdings(sys.argv[1])
    assert kernel.builtin_compatibles == {"vendor,clk", "vendor,clk2", "vendor,Bus"}
    assert kernel.modules_of("vendor,mmc") == ("mmc_vendor",)
"""


def test_many_at_once(root, kept):
    """Some read and write, while somebody breaks the entry again and again."""
    command = [sys.executable, "-c", READER, str(root)]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(3)]
    while any(each.poll() is None for each in running):
        for entry in kept.glob("kernel-*"):
            if len(entry.name) < 30:
                entry.unlink(missing_ok=True)
    for each in running:
        assert each.wait() == 0, each.stderr.read()
        each.stderr.close()
    read_holdings(str(root))
    # Nothing half written is left behind.
    assert len(list(kept.iterdir())) == 1
