"""Files that are read: what is at a path by then, and that they are not what is written."""

from __future__ import annotations

import ast
import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import dtlink
from dtlink import reading
from dtlink.firmware.errors import InputError
from dtlink.firmware.read import load
from dtlink.firmware.storage import DISK

PACKAGE = Path(dtlink.__file__).parent
#: Modules whose files are those of the package, of a folder of their own, or written.
OWN = {
    *("facts/shipped.py", "facts/early.py", "cli/completion.py", "page/embed.py"),
    *("cache.py", "schema/worker.py", "firmware/acpi/namespace.py", "reading.py"),
    *("api/beside.py", "api/replacing.py", "cli/writing.py", "cli/streams.py", "testing/trees.py"),
}


@pytest.fixture(autouse=True)
def watching() -> Iterator[None]:
    yield
    reading.watch(())
    reading._pipes.clear()
    reading._configured.clear()


def opened(path: Path) -> Iterator[int]:
    """The lines on which a module opens a file in another way than by :mod:`dtlink.reading`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        openers = [each.value for each in node.keywords if each.arg == "opener"]
        by_name = name in ("open", "os.open", "io.open") or name.endswith(
            (".read_bytes", ".read_text", ".write_text", ".write_bytes", "mkstemp")
        )
        if by_name and not any(ast.unparse(each).startswith("reading.") for each in openers):
            yield node.lineno


def test_every_file_is_opened_in_one_place() -> None:
    found = {
        str(path.relative_to(PACKAGE)): lines
        for path in PACKAGE.rglob("*.py")
        if (lines := list(opened(path)))
    }
    elsewhere = {name: lines for name, lines in found.items() if name not in OWN}
    # dts.read_text(), and read_text() of columns.
    methods = {
        *("api/fixing_whole.py", "firmware/read.py", "firmware/edit_overlay.py"),
        "kernel/source/kept.py",
    }
    assert set(elsewhere) <= methods, elsewhere


def fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


@pytest.mark.parametrize("opener", [reading.regular, reading.looked_at])
def test_a_pipe_is_not_waited_for(tmp_path: Path, opener: reading.Opener) -> None:
    with (
        pytest.raises(OSError, match="not a regular file"),
        open(fifo(tmp_path / "pipe"), "rb", opener=opener),
    ):
        pass


def test_a_file_that_became_a_pipe_is_one_message(tmp_path: Path) -> None:
    path = tmp_path / "board.dtb"
    path.write_bytes(b"x")
    reading.allow(str(path))
    path.unlink()
    fifo(path)
    with pytest.raises(InputError, match="not a regular file"):
        load(str(path))
    assert "not a regular file" in str(DISK.read(str(path), 100))


def test_a_device_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "zero.dtb").symlink_to("/dev/zero")
    with pytest.raises(InputError, match="not a regular file"):
        load(str(tmp_path / "zero.dtb"))


def test_a_pipe_that_the_user_names_is_waited_for(tmp_path: Path) -> None:
    path = fifo(tmp_path / "pipe")
    reading.allow(str(path))
    writer = threading.Thread(target=path.write_bytes, args=(b"some bytes",))
    writer.start()
    assert load(str(path)) == b"some bytes"
    writer.join()


def test_one_that_a_configuration_names_is_not(tmp_path: Path) -> None:
    path = tmp_path / "iomem"
    reading.refuse_special(str(path))
    fifo(path)
    with pytest.raises(OSError, match="not a regular file"):
        open(path, "rb", opener=reading.named).close()


def test_a_folder_is_told_as_one(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        open(tmp_path, "rb", opener=reading.regular).close()


def test_no_more_is_read_than_there_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that grows as fast as it is read has no end."""
    path = tmp_path / "log"
    path.write_bytes(b"a" * 10)
    sizes = {path: 4}
    stat = os.fstat
    monkeypatch.setattr(os, "fstat", lambda number: _Smaller(stat(number), sizes[path]))
    assert reading.digest(str(path)) == hashlib.sha256(b"aaaa").hexdigest()
    assert len(reading.content(str(path), 100)) == 5


class _Smaller:
    """What is known of a file, from when it was smaller."""

    def __init__(self, found: os.stat_result, size: int) -> None:
        self._found, self.st_size = found, size

    def __getattr__(self, name: str) -> object:
        return getattr(self._found, name)


@pytest.mark.parametrize("how", ["name", "symlink", "hard link", "another spelling"])
def test_what_is_written_is_known_by_whatever_name(tmp_path: Path, how: str) -> None:
    file, other = tmp_path / "soc.dtsi", tmp_path / "report"
    file.write_bytes(b"x")
    if how == "symlink":
        other.symlink_to(file)
    elif how == "hard link":
        os.link(file, other)
    else:
        other = file if how == "name" else tmp_path / ".." / tmp_path.name / "soc.dtsi"
    reading.watch([str(other)])
    assert reading.overwritten() == ""
    open(file, "rb", opener=reading.looked_at).close()
    assert reading.overwritten() == ""
    load(str(file))
    assert reading.overwritten() == str(other)


def test_two_outputs_that_are_one_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("out")
    with pytest.raises(reading.OutputsMeetError, match="one file"):
        reading.watch([str(tmp_path / "out"), str(tmp_path / "link")])
    reading.watch([str(tmp_path / "out"), str(tmp_path / "other")])


def test_two_outputs_that_share_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    reading.watch([str(tmp_path / "pipe"), str(tmp_path / "link")])
    assert reading.output_at(str(tmp_path / "pipe")) == ""
