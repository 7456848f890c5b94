"""Which sources a change reaches."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtlink.firmware.git.commit import commit_of, top_of
from dtlink.firmware.git.tree import GitTree
from dtlink.firmware.source.reach import Reach
from dtlink.firmware.storage import DISK
from tests.support.repositories import commit, needs_git, repository, write

pytestmark = needs_git

DTS = "arch/arm64/boot/dts/v"
FILES = {
    f"{DTS}/a.dts": '/dts-v1/;\n#include "soc.dtsi"\n',
    f"{DTS}/b.dts": "/dts-v1/;\n# include <arm64/v/soc.dtsi>\n#ifdef NEVER\n"
    '#include "x.dtsi"\n#endif\n',
    f"{DTS}/c.dts": '/dts-v1/;\n/include/ "pins.dtsi"\n/ { f = /incbin/ ( "f.bin" ); };\n',
    f"{DTS}/d.dts": "/dts-v1/;\n/ { };\n",
    f"{DTS}/soc.dtsi": '#include <dt-bindings/x.h>\n#include "soc.dtsi"\n',
    f"{DTS}/pins.dtsi": "/ { };\n",
    f"{DTS}/x.dtsi": "/ { };\n",
    f"{DTS}/f.bin": b"\0\1",
    "include/dt-bindings/x.h": '#include "../uapi/y.h"\n',
    "include/uapi/y.h": "#define Y 1\n",
    "scripts/dtc/include-prefixes/README": "",
    "tables/a.dat": b"a",
    "drivers/x.c": "int x;\n",
}


@pytest.fixture
def top(tmp_path: Path) -> Path:
    top = repository(tmp_path / "linux", FILES)
    prefixes = top / "scripts/dtc/include-prefixes"
    (prefixes / "dt-bindings").symlink_to("../../../include/dt-bindings")
    (prefixes / "arm64").symlink_to("../../../arch/arm64/boot/dts")
    commit(top)
    return top


def reached(top: Path, ref: str = "HEAD", new: str = "") -> str:
    old = GitTree(commit_of(ref, top_of(str(top))))
    reach = Reach(old, GitTree(commit_of(new, str(top))) if new else DISK)
    boards = sorted(each.stem for each in (top / DTS).glob("*.dts"))
    return "".join(each for each in boards if reach.reaches(str(top / DTS / f"{each}.dts")))


# What is changed, and the boards that it reaches.
CHANGES = {
    "nothing": ({}, ""),
    "a board": ({f"{DTS}/d.dts": "/dts-v1/;\n/ { a; };\n"}, "d"),
    "an included file": ({f"{DTS}/soc.dtsi": "\n"}, "ab"),
    "a file that a file includes": ({"include/uapi/y.h": "#define Y 2\n"}, "ab"),
    "dtc's directive": ({f"{DTS}/pins.dtsi": "\n"}, "c"),
    "bytes": ({f"{DTS}/f.bin": b"\0\2"}, "c"),
    "under a condition": ({f"{DTS}/x.dtsi": "\n"}, "b"),
    "something else": ({"drivers/x.c": "int y;\n"}, ""),
    "a new file": ({f"{DTS}/new.dtsi": "/ { };\n"}, ""),
    "a file in front of another": ({f"{DTS}/dt-bindings/x.h": "\n"}, ""),
    "a new board": ({f"{DTS}/n.dts": "/dts-v1/;\n/ { };\n"}, "n"),
}


@pytest.mark.parametrize(("files", "boards"), CHANGES.values(), ids=CHANGES)
def test_reached(files, boards, top):
    write(top, files)
    assert reached(top) == boards
    commit(top)
    assert reached(top, "HEAD~", "HEAD") == boards


def test_a_file_in_front_of_one_that_was_found(top):
    write(top, {f"{DTS}/q.dts": '#include "dt-bindings/x.h"\n'})
    commit(top)
    write(top, {f"{DTS}/dt-bindings/x.h": "\n"})
    assert reached(top) == "q"
    commit(top)
    (top / DTS / "dt-bindings/x.h").unlink()
    assert reached(top) == "q"


def test_a_file_that_is_gone(top):
    (top / DTS / "soc.dtsi").unlink()
    (top / DTS / "d.dts").unlink()
    assert reached(top) == "ab"


def test_a_link_that_points_elsewhere(top):
    link = top / "scripts/dtc/include-prefixes/dt-bindings"
    link.unlink()
    link.symlink_to("../../../include/uapi")
    write(top, {"include/uapi/x.h": "\n"})
    assert reached(top) == "ab"


def test_ends_of_lines_are_no_change(top):
    write(top, {f"{DTS}/d.dts": "/dts-v1/;\r\n/ { };\r\n"})
    assert reached(top) == ""


def test_a_macro_may_include_anything(top):
    write(top, {f"{DTS}/m.dts": "/dts-v1/;\n#include MACRO\n"})
    commit(top)
    assert reached(top) == "m"
    write(top, {f"{DTS}/m.dts": "/dts-v1/;\n// see #include MACRO\n/* #include x */\n"})
    commit(top)
    assert reached(top) == ""


def test_include_paths_and_files_outside(top, tmp_path):
    write(tmp_path, {"out/z.dtsi": "/ { };\n"})
    write(top, {f"{DTS}/z.dts": "#include <z.dtsi>\n", "own/w.dtsi": "\n"})
    commit(top)
    path = str(top / DTS / "z.dts")
    for folder, expected in ((tmp_path / "out", False), (top / "own", False)):
        write(tmp_path, {"out/z.dtsi": "/ { z; };\n"})
        old = GitTree(commit_of("HEAD", str(top)))
        assert Reach(old, DISK).reaches(path, [str(folder)]) is expected
    write(top, {"own/z.dtsi": "\n"})
    assert Reach(GitTree(commit_of("HEAD", str(top))), DISK).reaches(path, [str(top / "own")])


def test_a_folder(top):
    folder = str(top / "tables")
    old = GitTree(commit_of("HEAD", str(top)))
    assert not Reach(old, DISK).reaches(folder)
    write(top, {"tables/b.dat": b"b"})
    assert Reach(old, DISK).reaches(folder)
    (top / "tables/b.dat").unlink()
    assert not Reach(old, DISK).reaches(folder)
    (top / "tables/a.dat").rename(top / "a.dat")
    assert Reach(old, DISK).reaches(folder)
