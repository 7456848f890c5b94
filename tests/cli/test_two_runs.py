"""Files that are written: by two runs at once, while others write them, where there is no room."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dtlink.api import unchanged
from dtlink.api.replacing import replace
from dtlink.cli.writing import opened, write_file
from tests.cli.conftest import ROOT, Run

FOUND = 6
GPIOS = "".join(
    f'd{at} {{ compatible = "v,d"; cd-gpio = <&gpio {at} 0>; }};\n' for at in range(FOUND)
)
STATES = "".join(f'e{at} {{ compatible = "v,e"; status = "okey"; }};\n' for at in range(FOUND))
GPIO = 'gpio: gpio { compatible = "v,gpio"; gpio-controller; #gpio-cells = <2>; };\n'
SOURCE = f'/dts-v1/; / {{ compatible = "v,b"; {GPIO}{GPIOS}{STATES} }};\n'
#: Each rule, and what its fixes write.
RULES = {"legacy/singular-gpio": "cd-gpios = ", "tree/status": '"okay"'}


def _stream(path: Path) -> None:
    with opened(str(path)) as stream:
        stream.write("new")


WRITE: dict[str, Callable[[Path], None]] = {
    "stream": _stream,
    "bytes": lambda path: write_file(b"new", str(path)),
}


def started(folder: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "dtlink", "lint", "--no-cache", "--no-config", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_no_fix_of_one_run_is_lost_to_another(tmp_path: Path) -> None:
    """Both write the file, one after the other, or one says that it has changed."""
    (tmp_path / "b.dts").write_text(SOURCE)
    words = ("b.dts", "--fix", "--unsafe-fixes", "--select")
    runs = {rule: started(tmp_path, *words, rule) for rule in RULES}
    told = {rule: run.communicate(timeout=120)[1] for rule, run in runs.items()}
    text = (tmp_path / "b.dts").read_text()
    for rule, written in RULES.items():
        is_fixed = text.count(written) == FOUND
        assert is_fixed == ("fixed in 1 file" in told[rule]), told
        assert is_fixed or "has changed while it was linted" in told[rule]
    assert {each.name for each in tmp_path.iterdir()} == {"b.dts"}


def test_a_file_that_is_not_as_expected_stays(tmp_path: Path) -> None:
    one, other = tmp_path / "a", tmp_path / "b"
    one.write_bytes(b"as it was")
    other.write_bytes(b"changed")
    with pytest.raises(unchanged.ChangedError) as raised:
        replace({one: b"new", other: b"new"}, {one: b"as it was", other: b"as it was"})
    assert raised.value.filename == str(other)
    assert (one.read_bytes(), other.read_bytes()) == (b"as it was", b"changed")
    assert len(list(tmp_path.iterdir())) == 2


def test_one_that_another_run_holds_is_waited_for_so_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fcntl = pytest.importorskip("fcntl")
    monkeypatch.setattr(unchanged, "_PATIENCE", 0.1)
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(OSError, match="another process holds it"):
            replace({path: b"new"}, {path: b"old"})
    assert path.read_bytes() == b"old"
    replace({path: b"new"}, {path: b"old"})
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("how", ["stream", "bytes"])
def test_a_planted_link_is_not_followed(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if its name were known, nothing is made where something is."""
    import click

    (tmp_path / "precious").write_text("precious")
    monkeypatch.setattr(os, "urandom", bytes)
    name = f".dtlink-{bytes(8).hex()}.part"
    (tmp_path / name).symlink_to("precious")
    with pytest.raises(click.UsageError, match="File exists"):
        WRITE[how](tmp_path / "out")
    assert (tmp_path / "precious").read_text() == "precious"
    assert {each.name for each in tmp_path.iterdir()} == {"precious", name}


@pytest.mark.parametrize("how", ["stream", "bytes"])
@pytest.mark.parametrize(("before", "mode"), [(0o640, 0o640), (0o4755, 0o755), (None, 0o644)])
def test_the_mode_stays_without_what_makes_another_user(
    how: str, before: int | None, mode: int, tmp_path: Path
) -> None:
    file = tmp_path / "out"
    if before is not None:
        file.write_text("old")
        file.chmod(before)
    mask = os.umask(0o022)
    try:
        WRITE[how](file)
    finally:
        os.umask(mask)
    assert (stat.S_IMODE(file.stat().st_mode), file.read_text()) == (mode, "new")


def test_a_folder_that_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import click

    def refused(path: object, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_CREAT:
            raise PermissionError(13, "Permission denied", str(path))
        return whole(path, flags, mode)  # type: ignore[arg-type]

    whole = os.open
    monkeypatch.setattr(os, "open", refused)
    with (
        pytest.raises(click.UsageError, match="out: Permission denied"),
        opened(str(tmp_path / "out")),
    ):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="ulimit is of POSIX shells")
@pytest.mark.parametrize(
    "words",
    [
        "lint b.dts --format json -o out",
        "lint b.dts --format jsonl -o out",
        "graph b.dts --format json -o out",
        "lint b.dts --fix --unsafe-fixes",
        "lint b.dts --select all --baseline out --write-baseline",
        "history r.json --db h.db -o out",
    ],
)
def test_without_room_all_is_as_it_was(words: str, run: Run, tmp_path: Path) -> None:
    """A file may have one block: what is written is larger."""
    source = SOURCE.replace("};\n", "};\n" + " " * 100)
    (tmp_path / "b.dts").write_text(source)
    if "baseline" not in words:
        (tmp_path / "out").write_text("old")
    run("lint", str(tmp_path / "b.dts"), "--format", f"json={tmp_path / 'r.json'}")
    before = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    command = f'ulimit -f 1; exec "{sys.executable}" -m dtlink {words}'
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=tmp_path,
        # Python itself would leave a part of what it compiles.
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "DTLINK_CACHE": "",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    after = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    # SQLite's own file may be there, as far as it came.
    after = {name: data for name, data in after.items() if not name.startswith("h.db")}
    assert after == before
