"""The files of a commit are what a checkout of it would have, and nothing else is read or run."""

from __future__ import annotations

import gc
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dtlink.firmware import dts, fdt
from dtlink.firmware.errors import InputError
from dtlink.firmware.fdt_write import SourceNode
from dtlink.firmware.fdt_write import write as write_blob
from dtlink.firmware.git import command
from dtlink.firmware.git.command import GitError
from dtlink.firmware.git.commit import commit_of, forked_from, top_of
from dtlink.firmware.git.tree import GitTree
from dtlink.firmware.source.surroundings import surroundings
from tests.support.repositories import GIT, commit, git, needs_git, repository, write

pytestmark = needs_git

BOARD = '/dts-v1/;\n#include "soc.dtsi"\n/ { model = "board"; };\n'
SOC = "#include <dt-bindings/x.h>\n/ { soc { a = <X>; }; };\n"
LINUX = {
    "arch/arm64/boot/dts/v/board.dts": BOARD,
    "arch/arm64/boot/dts/v/soc.dtsi": SOC,
    "include/dt-bindings/x.h": "#define X 1\n",
    "README": "readme",
}
PATH = "arch/arm64/boot/dts/v/board.dts"


def tree_at(top: Path, ref: str = "HEAD") -> GitTree:
    return GitTree(commit_of(ref, top_of(str(top))))


@pytest.fixture
def linux(tmp_path: Path) -> Path:
    """A tree made as the kernel's is, with its links, of two commits."""
    top = repository(tmp_path / "linux", LINUX)
    prefixes = top / "scripts/dtc/include-prefixes"
    prefixes.mkdir(parents=True)
    (prefixes / "dt-bindings").symlink_to("../../../include/dt-bindings")
    (prefixes / "arm64").symlink_to("../../../arch/arm64/boot/dts")
    commit(top)
    write(top, {"include/dt-bindings/x.h": "#define X 2\n"})
    return top


def cell(tree, path="/soc", name="a"):
    return int.from_bytes(tree.find(path).get(name), "big")


def test_a_source_is_read_with_what_the_commit_has(linux):
    path = str(linux / PATH)
    assert cell(dts.read_file(path)) == 2
    old = tree_at(linux)
    assert cell(dts.read_file(path, storage=old)) == 1
    assert surroundings(path, old) == surroundings(path)
    # As the working folder is, in which a link may be a part of the path.
    (linux.parent / "link").symlink_to(linux)
    assert cell(dts.read_file(str(linux.parent / "link" / PATH), storage=old)) == 1


def test_include_paths_with_any_folder(tmp_path):
    upstream = "dts/upstream/src/arm64/v/s"
    files = {"include/u-boot/x.h": "", f"{upstream}/soc.dtsi": "/ { soc { a = <7>; }; };\n"}
    top = repository(tmp_path / "u-boot", {"arch/arm/dts/board.dts": BOARD, **files})
    path, old = str(top / "arch/arm/dts/board.dts"), tree_at(top)
    assert surroundings(path, old) == surroundings(path)
    assert str(top / upstream) in surroundings(path, old).include
    assert cell(dts.read_file(path, storage=old)) == 7


def test_a_file_that_is_gone_from_the_disk(linux, monkeypatch):
    old = tree_at(linux)
    shutil.rmtree(linux / "arch")
    monkeypatch.chdir(linux)
    assert cell(dts.read_file(PATH, storage=old)) == 1


def test_places_are_those_of_the_commit(linux):
    write(linux, {"arch/arm64/boot/dts/v/soc.dtsi": "\n\n" + SOC})
    new = dts.read_file(str(linux / PATH))
    old = dts.read_file(str(linux / PATH), storage=tree_at(linux))
    assert [each.origins.location("/soc", "a").line for each in (new, old)] == [4, 2]


def test_an_include_path_outside_is_on_the_disk(linux, tmp_path):
    from dtlink.firmware.source.options import SourceOptions

    write(tmp_path, {"more/y.dtsi": "/ { y = <7>; };\n"})
    write(linux, {PATH: BOARD + "#include <y.dtsi>\n", "own/y.dtsi": "/ { y = <8>; };\n"})
    commit(linux)
    write(linux, {"own/y.dtsi": "/ { y = <9>; };\n"})
    for folder, value in (("../more", 7), ("own", 8)):
        options = SourceOptions(include=(str(linux / folder),))
        tree = dts.read_file(str(linux / PATH), sources=options, storage=tree_at(linux))
        assert cell(tree, "/", "y") == value


def test_links_out_of_the_repository_are_refused(linux, tmp_path):
    write(tmp_path, {"secret.dtsi": "/ { secret = <1>; };\n"})
    (linux / "arch/arm64/boot/dts/v/out.dtsi").symlink_to("../../../../../../secret.dtsi")
    write(linux, {PATH: BOARD + '#include "out.dtsi"\n'})
    (linux / "out.dts").symlink_to(tmp_path / "secret.dtsi")
    (linux / "ring.dts").symlink_to("ring.dts")
    commit(linux)
    old = tree_at(linux)
    with pytest.raises(InputError, match="outside the tree of the source"):
        dts.read_file(str(linux / PATH), storage=old)
    with pytest.raises(InputError, match="outside of the repository"):
        old.load(str(linux / "out.dts"), 1000)
    with pytest.raises(InputError, match="not a regular file"):
        old.load(str(linux / "ring.dts"), 1000)
    assert old.read(str(linux / "ring.dts/x"), 9).endswith(f"not in commit {old.commit.short}")


def test_what_a_file_is(linux):
    old = tree_at(linux)
    (linux / "README").unlink()
    write(linux, {"new": "new"})
    top = str(linux)
    assert [old.exists(f"{top}/{name}") for name in ("README", "arch", "new", "arch/..")] == [
        True, True, False, True,
    ]  # fmt: skip
    assert [old.is_file(f"{top}/{name}") for name in ("README", "arch", "new")] == [1, 0, 0]
    assert [old.is_folder(f"{top}/{name}") for name in ("README", "arch", "arch/arm64/")] == [
        False, True, True,
    ]  # fmt: skip
    links = [f"{top}/scripts/dtc/include-prefixes/arm64/{name}" for name in ("", "v/soc.dtsi")]
    assert [old.exists(path) for path in links] == [True, True]
    assert [old.real(path) for path in links] == [os.path.realpath(path) for path in links]
    assert old.read(f"{top}/README", 100) == b"readme"
    assert old.read(f"{top}/arch", 100) == "is not a regular file"
    assert [os.path.relpath(path, top) for path in old.files_below(f"{top}/arch")] == [
        PATH, "arch/arm64/boot/dts/v/soc.dtsi",
    ]  # fmt: skip


def test_a_large_file_is_not_read_and_the_next_one_is(tmp_path):
    files = {"large.dts": b"x" * (17 << 20), "small.dts": "/dts-v1/; / { };"}
    top = repository(tmp_path, files)
    old = tree_at(top)
    for _ in range(2):
        with pytest.raises(InputError, match="is too large: 17825792 bytes"):
            dts.read_file(str(top / "large.dts"), storage=old)
        assert len(dts.read_file(str(top / "small.dts"), storage=old)) == 1


def test_a_blob(tmp_path):
    data = write_blob(SourceNode("", {"model": b"x\0"}))
    top = repository(tmp_path, {"a.dtb": data})
    write(top, {"a.dtb": b"damaged"})
    assert fdt.read(tree_at(top).load(str(top / "a.dtb"), 1 << 20)).root.strings("model") == ("x",)


@pytest.fixture
def module(linux, tmp_path):
    """A board that includes a file of a submodule."""
    sub = repository(tmp_path / "sub", {"s.dtsi": "/ { s = <1>; };\n"})
    git(linux, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(sub), "sub")
    write(linux, {PATH: BOARD + '#include "../../../../../sub/s.dtsi"\n'})
    commit(linux)
    return linux / "sub"


def test_a_submodule_is_read_at_the_commit_that_it_has_there(linux, module):
    write(module, {"s.dtsi": "/ { s = <2>; };\n"})
    commit(module)
    write(module, {"s.dtsi": "/ { s = <3>; };\n"})
    path = str(linux / PATH)
    assert cell(dts.read_file(path), "/", "s") == 3
    assert cell(dts.read_file(path, storage=tree_at(linux)), "/", "s") == 1
    commit(linux)
    assert cell(dts.read_file(path, storage=tree_at(linux)), "/", "s") == 2
    assert tree_at(linux).named(str(module / "s.dtsi")).endswith(":sub/s.dtsi")


@pytest.mark.parametrize("how", ["not there", "another repository", "a link"])
def test_a_submodule_without_a_clone_is_named(how, linux, module, tmp_path):
    other = repository(tmp_path / "other", {"s.dtsi": "/ { s = <9>; };\n"})
    shutil.rmtree(module)
    if how == "another repository":
        shutil.copytree(other, module)
    elif how == "a link":
        module.symlink_to(tmp_path / "sub")
    name = git(linux, "rev-parse", "HEAD:sub")[:12]
    with pytest.raises(InputError, match=f"sub is a submodule, and its commit {name} is not in"):
        dts.read_file(str(linux / PATH), storage=tree_at(linux))


# Names that are options, other kinds of objects, several commits, or nothing.
NO_COMMITS = (
    *("", "-", "--output=x", "-h", "--all", "^HEAD", "HEAD..HEAD", "HEAD^{tree}", "HEAD:README"),
    *("nothing", "HEAD~99", "@{-1}", ":/", ":/no such", ":README", "a\nb", "a\0b", "\x1b[31m"),
    *("HEAD^{/", "0" * 40, "HEAD HEAD", "../x", "\udcff"),
)


@pytest.mark.parametrize("ref", NO_COMMITS)
def test_names_of_no_commit(ref, linux):
    before = sorted(each.name for each in linux.iterdir())
    with pytest.raises(GitError) as caught:
        commit_of(ref, str(linux))
    assert str(caught.value).isprintable()
    assert sorted(each.name for each in linux.iterdir()) == before


def test_names_of_commits(linux):
    name = git(linux, "rev-parse", "HEAD")
    git(linux, "tag", "-a", "-m", "x", "v1")
    git(linux, "branch", "-q", "--", "a-b/c")
    for ref in ("HEAD", "v1", "a-b/c", name, name[:8], "@", ":/x", "HEAD^{}", "main@{0}"):
        assert commit_of(ref, str(linux)).name == name


def test_where_two_branches_part(linux):
    name = git(linux, "rev-parse", "HEAD")
    git(linux, "checkout", "-q", "-b", "other")
    other = commit(linux)
    git(linux, "checkout", "-q", "main")
    commit(linux)
    assert forked_from(commit_of("other", str(linux))).name == name
    git(linux, "checkout", "-q", "--orphan", "alone")
    commit(linux)
    assert forked_from(commit_of(other, str(linux))) is None


def test_a_shallow_clone_says_what_is_missing(linux, tmp_path):
    commit(linux)
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{linux}", "clone")
    clone = tmp_path / "clone"
    assert commit_of("HEAD", str(clone))
    with pytest.raises(GitError, match=r"no commit HEAD~1 .* the clone is shallow: fetch more"):
        commit_of("HEAD~1", str(clone))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid(), reason="chown needs root")
def test_a_repository_of_another_user(linux, monkeypatch):
    os.chown(linux, 65534, 65534)
    os.chown(linux / ".git", 65534, 65534)
    monkeypatch.setenv("HOME", str(linux.parent))
    with pytest.raises(GitError, match=r"dubious ownership .* --add safe.directory"):
        top_of(str(linux))


def test_a_partial_clone_fetches_nothing(linux, tmp_path):
    git(linux, "config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{linux}", "clone")
    with pytest.raises(InputError, match=r"README: (is missing from|could not be read)"):
        tree_at(clone).load(str(clone / "README"), 100)
    git(clone, "cat-file", "-p", "HEAD:README")  # which fetches it
    assert tree_at(clone).load(str(clone / "README"), 100) == b"readme"


def test_no_repository_and_no_git(tmp_path, linux, monkeypatch):
    with pytest.raises(GitError, match="is not in a git repository"):
        top_of(str(tmp_path))
    assert top_of(str(linux / "not" / "there")) == str(linux)
    write(linux, {"git": "#!/bin/sh\ntouch ran\n"})
    (linux / "git").chmod(0o755)
    monkeypatch.chdir(linux)
    monkeypatch.setenv("PATH", os.pathsep.join(["", "."]))
    with pytest.raises(GitError, match="not found in PATH"):
        top_of(str(linux))
    assert not (linux / "ran").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="a shell's script")
def test_nothing_that_a_repository_names_is_run(linux, tmp_path, monkeypatch):
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho $0 >> {ran}\nexit 1\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    write(linux, {".gitattributes": "* filter=f diff=d merge=m\n"})
    commit(linux)
    hooks = linux / ".git" / "hooks"
    for hook in ("post-index-change", "reference-transaction", "post-checkout", "pre-auto-gc"):
        shutil.copy(program, hooks / hook)
    named = ("core.fsmonitor", "core.pager", "core.sshCommand", "core.gitProxy", "diff.external",
             "diff.d.textconv", "diff.d.command", "filter.f.clean", "filter.f.smudge",
             "filter.f.process", "alias.cat-file", "pager.cat-file", "pager.ls-tree",
             "remote.origin.uploadpack", "core.alternateRefsCommand")  # fmt: skip
    for name in named:
        git(linux, "config", name, f"!{program}" if name.startswith("alias") else str(program))
    # A partial clone, from which the board is missing: git would fetch it.
    git(linux, "config", "core.repositoryFormatVersion", "1")
    git(linux, "config", "extensions.partialClone", "origin")
    git(linux, "config", "remote.origin.url", f"ext::{program}")
    git(linux, "config", "remote.origin.promisor", "true")
    git(linux, "config", "protocol.ext.allow", "always")
    blob = git(linux, "--no-optional-locks", "rev-parse", f"HEAD:{PATH}")
    loose = linux / ".git/objects" / blob[:2] / blob[2:]
    ran.unlink(missing_ok=True)
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(program))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path))
    old = tree_at(linux)
    assert cell(dts.read_file(str(linux / PATH), storage=old)) == 2
    loose.unlink()
    with pytest.raises(InputError, match="missing from this clone"):
        tree_at(linux).load(str(linux / PATH), 1000)
    assert not ran.exists()
    # The test is worth something: git alone runs the program.
    subprocess.run([str(GIT), "cat-file", "-p", blob], cwd=linux, check=False)
    assert ran.exists()


def test_a_tree_without_end_is_bounded(tmp_path, monkeypatch):
    top = repository(tmp_path, {"f": "x"})
    name = git(top, "rev-parse", "HEAD:f")
    for _ in range(12):
        kind = "blob" if len(name) == 40 and git(top, "cat-file", "-t", name) == "blob" else "tree"
        mode = "100644" if kind == "blob" else "040000"
        rows = "".join(f"{mode} {kind} {name}\tf{number}\n" for number in range(10))
        name = git(top, "mktree", data=rows.encode())
    bomb = git(top, "commit-tree", "-m", "x", name)
    monkeypatch.setattr(command, "MAX_OUTPUT", 1 << 20)
    with pytest.raises(GitError, match="printed more than"):
        tree_at(top, bomb).load(str(top / "f"), 10)


def test_a_git_that_hangs_is_ended(tmp_path, monkeypatch):
    fake = tmp_path / "bin"
    write(fake, {"git": "#!/bin/sh\nexec sleep 60\n"})
    (fake / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(command, "LIMIT", 0.2)
    with pytest.raises(GitError, match="git rev-parse took more than"):
        top_of(str(tmp_path))


def test_the_object_reader_ends_and_starts_again(linux):
    old = tree_at(linux)
    assert old.read(str(linux / "README"), 100) == b"readme"
    (blobs,) = old._blobs.values()
    blobs._process.kill()
    assert old.read(str(linux / "README"), 100).startswith("could not be read from git")
    assert old.read(str(linux / "README"), 100) == b"readme"
    process = blobs._process
    del old, blobs
    gc.collect()
    assert process.returncode is not None
