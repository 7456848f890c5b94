"""What is printed controls nothing: hostile texts at every place, in every format."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.support.hostile.judges import JUDGES
from tests.support.hostile.oracles import text
from tests.support.hostile.places import PLACES
from tests.support.hostile.running import Call, run
from tests.support.hostile.texts import MIXED, TEXTS


def judge(folder: Path, call: Call) -> None:
    """Run a call, and judge both streams."""
    made = run(folder, call)
    assert made.status in (0, 1, 2), made.stderr
    text(made.stderr)
    if made.stdout:
        JUDGES[call.form](made.stdout)


def sweep(name: str, folder: Path, texts: Iterable[str]) -> int:
    """Run the calls of a place; how many there were."""
    before = set(folder.parent.iterdir())
    number = 0
    for number, call in enumerate(PLACES[name](folder, [*texts]), 1):  # noqa: B007 - the count
        judge(folder, call)
    assert not list(folder.rglob("FORGED"))
    assert set(folder.parent.iterdir()) == before
    return number


@pytest.mark.parametrize("name", PLACES)
def test_hostile_texts_control_nothing(name: str, tmp_path: Path) -> None:
    assert sweep(name, tmp_path, MIXED.values())


@pytest.mark.corpus
@pytest.mark.parametrize("name", PLACES)
def test_each_hostile_text_controls_nothing(name: str, tmp_path: Path) -> None:
    assert sweep(name, tmp_path, TEXTS.values())


#: What precedes a command that a message suggests, and what follows it.
SUGGESTED = re.compile(r"(?:To lint it: |see what it adds with: |begin at .*?: )(.*)")


@pytest.mark.parametrize("name", ["a b", "$(touch FORGED)", "a;touch FORGED", "-o", "a'b", "`x`"])
def test_a_suggested_command_has_each_name_as_one_word(name: str, tmp_path: Path) -> None:
    """Whoever pastes it into a shell runs dtlink, on that file."""
    root = tmp_path / "r" / name
    root.mkdir(parents=True)
    (root / "a.dts").write_text("/dts-v1/;\n/ { n { a-gpio = <0>; }; };\n")
    (root / "o.dtso").write_text("/dts-v1/;\n/plugin/;\n&{/} { x = <1>; };\n")
    calls = {
        Call((name,)): ["dtlink", "lint", name],
        Call(("diff", f"./{name}/a.dts", f"./{name}/o.dtso")): [
            *("dtlink", "diff", f"./{name}/a.dts", f"./{name}/a.dts+./{name}/o.dtso")
        ],
    }
    for call, words in calls.items():
        if call.args[0].startswith("-"):
            continue  # it is an option, wherever it stands
        found = SUGGESTED.search(run(root.parent, call).stderr.decode())
        assert found, call
        assert shlex.split(found[1]) == words
