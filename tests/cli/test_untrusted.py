"""What a repository that need not be trusted can have dtlink do: nothing outside of itself."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

import dtlink
from dtlink.firmware.errors import InputError
from dtlink.firmware.fdt_write import SourceNode, cells, strings, write
from tests.support.hostile.running import Call, Output, run

SOURCE = "/dts-v1/;\n/ { n { clocks = <0x77>; }; };\n"
#: A file with a fault that is fixed.
FIXABLE = """\
/ { audio { compatible = "simple-audio-card"; hp-det-gpio = <&g 1 2>; };
    g: g { compatible = "x,g"; gpio-controller; #gpio-cells = <2>; }; };
"""
Dtlink = Callable[..., Output]


@pytest.fixture
def dtlink_in(tmp_path: Path) -> Dtlink:
    """Run dtlink in the repository ``r``, which lies beside the user's folder ``home``."""
    for name in ("r/.git", "home"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "r" / "a.dts").write_text(SOURCE)
    return lambda *args: run(tmp_path / "r", Call(tuple(map(str, args))))


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a folder."""
    return {each.name: each.read_bytes() for each in sorted(folder.iterdir())}


@pytest.mark.parametrize("name", ["../home/x", "link", "linked/x", "{home}/x"])
@pytest.mark.parametrize("option", ["--write-baseline", "--prune-baseline"])
def test_a_baseline_outside_is_not_written(
    name: str, option: str, tmp_path: Path, dtlink_in: Dtlink
) -> None:
    old = b'{"schema": "baseline-1", "findings": []}\n' if option == "--prune-baseline" else b"old"
    (tmp_path / "home" / "x").write_bytes(old)
    if option == "--write-baseline":
        (tmp_path / "home" / "x").unlink()
    (tmp_path / "r" / "link").symlink_to("../home/x")
    (tmp_path / "r" / "linked").symlink_to("../home")
    before = contents(tmp_path / "home")
    named = name.format(home=tmp_path / "home")
    (tmp_path / "r" / "dtlink.toml").write_text(f'baseline = "{named}"\n')
    made = dtlink_in("lint", "a.dts", option)
    assert made.status == 2
    assert b"outside of that file's folder" in made.stderr
    assert contents(tmp_path / "home") == before
    assert dtlink_in("lint", "a.dts", option, "--baseline", named).status != 2 or before


def test_a_baseline_inside_is_written(tmp_path: Path, dtlink_in: Dtlink) -> None:
    (tmp_path / "r" / "sub").mkdir()
    (tmp_path / "r" / "dtlink.toml").write_text('baseline = "sub/../b.json"\n')
    assert dtlink_in("lint", "a.dts", "--write-baseline").status == 0
    assert (tmp_path / "r" / "b.json").exists()


def test_the_users_own_configuration_may_name_any_baseline(
    tmp_path: Path, dtlink_in: Dtlink
) -> None:
    (tmp_path / "home" / "own.toml").write_text('baseline = "../r/b.json"\n')
    assert (
        dtlink_in("lint", "a.dts", "--config", "../home/own.toml", "--write-baseline").status == 0
    )
    assert (tmp_path / "r" / "b.json").exists()


@pytest.fixture
def shared(tmp_path: Path, dtlink_in: Dtlink) -> Iterator[Path]:
    """A file of the user's, which the repository includes by its configuration."""
    del dtlink_in
    path = tmp_path / "home" / "x.dtsi"
    path.write_text(FIXABLE)
    (tmp_path / "r" / "a.dts").write_text('/dts-v1/;\n#include "../home/x.dtsi"\n')
    (tmp_path / "r" / "dtlink.toml").write_text('allow-include = ["../home"]\n')
    return path


FIX = ("lint", "a.dts", "--select", "legacy", "--fix", "--unsafe-fixes", "--fix-shared")


def test_a_file_outside_is_not_fixed(shared: Path, dtlink_in: Dtlink) -> None:
    made = dtlink_in(*FIX)
    assert made.status == 2
    assert b"only a configuration or a link leads there" in made.stderr
    assert shared.read_text() == FIXABLE
    assert b"1 finding fixed" in dtlink_in(*FIX, "--allow-include", "../home").stderr
    assert shared.read_text() != FIXABLE


def test_the_library_fixes_none_outside_either(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path / "r")
    with pytest.raises(InputError, match="nothing is written"):
        dtlink.fix("a.dts", write=True, unsafe=True, shared=True, select="legacy")
    assert shared.read_text() == FIXABLE
    outcome = dtlink.fix(
        "a.dts", write=True, unsafe=True, shared=True, select="legacy", allow_include="../home"
    )
    assert outcome.contents
    assert shared.read_text() != FIXABLE


@pytest.mark.parametrize("what", ["x.dts", "."])
def test_a_link_to_a_source_outside_is_not_fixed(
    what: str, tmp_path: Path, dtlink_in: Dtlink
) -> None:
    own = tmp_path / "home" / "own.dts"
    own.write_text(f"/dts-v1/;\n{FIXABLE}")
    (tmp_path / "r" / "x.dts").symlink_to(own)
    before = own.read_text()
    assert b"nothing is written" in dtlink_in("lint", what, *FIX[2:]).stderr
    assert own.read_text() == before


def test_a_link_to_a_blob_outside_is_not_fixed(tmp_path: Path, dtlink_in: Dtlink) -> None:
    own = tmp_path / "home" / "own.dtb"
    root = SourceNode()
    root.child("audio").properties |= {"compatible": strings("x"), "hp-det-gpio": cells(1, 2, 3)}
    root.child("g").properties |= {
        "phandle": cells(1),
        "gpio-controller": b"",
        "#gpio-cells": cells(2),
    }
    own.write_bytes(before := write(root))
    (tmp_path / "r" / "x.dtb").symlink_to(own)
    (tmp_path / "r" / "a.dts").unlink()
    made = dtlink_in("lint", ".", *FIX[2:-1], "--in-place")
    assert b"nothing is written" in made.stderr
    assert own.read_bytes() == before
    named = dtlink_in("lint", "../home/own.dtb", *FIX[2:-1], "--in-place")
    assert b"1 finding fixed" in named.stderr, named.stderr


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Stop the body after so long, though it only waits."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


KEYS = ("kernel", "baseline", "include", "overlay", "schema-dir", "iomem", "lspci")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("name", ["pipe", "/dev/zero", "/dev/random", "linked"])
def test_a_configuration_has_no_pipe_or_device_read(
    key: str, name: str, tmp_path: Path, dtlink_in: Dtlink
) -> None:
    os.mkfifo(tmp_path / "r" / "pipe")
    (tmp_path / "r" / "linked").symlink_to("pipe")
    (tmp_path / "r" / "dtlink.toml").write_text(f'{key} = "{name}"\n')
    with time_limit(5):
        made = dtlink_in("lint", "a.dts")
    assert made.status == 2
    assert b"is a pipe or a device, not a file or a folder" in made.stderr


def test_a_source_includes_none_of_them(tmp_path: Path, dtlink_in: Dtlink) -> None:
    os.mkfifo(tmp_path / "r" / "pipe")
    (tmp_path / "r" / "dtlink.toml").write_text('allow-include = ["/"]\ninclude = ["/"]\n')
    for name in ("pipe", "/dev/zero", "/dev/stdin", "/proc/self/environ", "/sys/kernel/uevent"):
        (tmp_path / "r" / "a.dts").write_text(f'/dts-v1/;\n#include "{name}"\n/ {{ }};\n')
        with time_limit(5):
            assert dtlink_in("lint", "a.dts").status == 2


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="there is no /proc here")
@pytest.mark.parametrize("how", ['#include "{}"', '/ {{ x = /incbin/("{}"); }};'])
def test_a_source_gets_at_nothing_of_the_running_system(
    how: str, tmp_path: Path, dtlink_in: Dtlink
) -> None:
    (tmp_path / "r" / "link").symlink_to("/proc/self")
    (tmp_path / "r" / "dtlink.toml").write_text('allow-include = ["/", "/proc"]\n')
    for name in ("/proc/self/environ", "link/environ", "/proc/self/root/proc/self/cmdline"):
        (tmp_path / "r" / "a.dts").write_text(f"/dts-v1/;\n{how.format(name)}\n")
        made = dtlink_in("lint", "a.dts")
        assert made.status == 2
        assert b"is outside the tree of the source" in made.stderr
