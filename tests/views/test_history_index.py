"""The index over reports: the same answers, each report once, and nothing from a file that lies."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtlink.api.history import history
from dtlink.firmware.errors import InputError
from dtlink.views.history.index import Index
from tests.views.history_reports import DOCUMENTS, board, document, finding, write


@settings(max_examples=60)
@given(DOCUMENTS, st.data())
def test_the_answers_are_those_of_the_files(
    tmp_path_factory: pytest.TempPathFactory, documents: list[Any], data: st.DataObject
) -> None:
    """However the reports are added: at once, in parts, again."""
    folder = tmp_path_factory.mktemp("reports")
    paths = write(folder, *documents)
    db = folder / "history.db"
    options: dict[str, Any] = {
        "sort": data.draw(st.sampled_from(["given", "name", "time"])),
        "by_folder": data.draw(st.booleans()),
        "rules": data.draw(st.sampled_from([(), ("legacy",)])),
    }
    parts = data.draw(st.lists(st.integers(1, len(paths)), max_size=3))
    for end in sorted(parts):
        history(paths[:end], db=db)
    expected = history(paths, **options).to_json()
    assert history(paths, db=db, **options).to_json() == expected
    assert history(db=db, **options).to_json() == expected


def test_a_report_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths, db = write(tmp_path, document(board("a", 0)), document(board("a"))), tmp_path / "h.db"
    added = []
    add = Index.add

    def counted(self: Index, *args: Any) -> bool:
        added.append(add(self, *args))
        return added[-1]

    monkeypatch.setattr(Index, "add", counted)
    history(paths, db=db)
    history(paths, db=db)
    assert added == [True, True]
    # Of a file that was only touched the hash is made, and is known.
    os.utime(paths[0], (1, 1))
    assert len(history(paths, db=db).builds) == 2
    assert added == [True, True, False]
    history(paths, db=db)
    assert len(added) == 3


def test_a_file_that_is_written_again_is_another_build(tmp_path: Path) -> None:
    latest, db = tmp_path / "latest.json", tmp_path / "h.db"
    for found in ([0], [0, 1], [1]):
        latest.write_text(json.dumps(document(board("a", *found))))
        view = history(latest, db=db)
    assert [each.name for each in view.builds] == ["latest", "latest (2)", "latest (3)"]
    assert [each.fixed for each in view.builds] == [0, 0, 1]


def test_equal_reports_at_two_paths_are_two_builds(tmp_path: Path) -> None:
    paths = write(tmp_path, *[document(board("a", 0))] * 3)
    assert len(history(paths, db=tmp_path / "h.db").builds) == 3


def test_a_damaged_report_adds_nothing(tmp_path: Path) -> None:
    paths, db = write(tmp_path, document(board("a", 0)), {}, document(board("a"))), tmp_path / "h"
    paths[1].write_text(json.dumps(document(board("a", 0)))[:-5])
    lines = [json.dumps(document(board(name, 0))) for name in "abc"]
    broken = tmp_path / "broken.jsonl"
    broken.write_text("\n".join([*lines, "{"]))
    view = history([*paths, broken], db=db)
    assert [Path(each.path).name for each in view.unread] == ["build-2.json", "broken.jsonl"]
    assert len(view.builds) == 2
    assert history(db=db).to_json()["builds"] == view.to_json()["builds"]


def test_without_reports_the_index_is_only_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such index"):
        history(db=tmp_path / "none.db")
    db = tmp_path / "h.db"
    history(write(tmp_path, document(board("a", 0))), db=db)
    before = db.read_bytes()
    history(db=db)
    assert db.read_bytes() == before


def _made(tmp_path: Path) -> Path:
    db = tmp_path / "h.db"
    many = [board(f"{n}", *range(6), known=[finding(7)]) for n in range(40)]
    history(write(tmp_path, document(*many), document(*many[:20])), db=db)
    return db


@pytest.mark.parametrize(
    "content",
    [b"not a database at all, but a text of some length" * 40, b"SQLite format 3\0", b"{}"],
    ids=["text", "cut", "json"],
)
def test_another_file_is_refused_and_stays(tmp_path: Path, content: bytes) -> None:
    db = tmp_path / "h.db"
    db.write_bytes(content)
    paths = write(tmp_path / "r", document(board("a")))
    with pytest.raises(InputError, match="not an index of dtlink history"):
        history(paths, db=db)
    assert db.read_bytes() == content


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    db = tmp_path / "h.db"
    with sqlite3.connect(db) as base:
        base.execute("CREATE TABLE report (id)")
    base.close()
    with pytest.raises(InputError, match="not an index of dtlink history"):
        history(write(tmp_path / "r", document(board("a"))), db=db)


@pytest.mark.parametrize(
    "change",
    [
        "CREATE VIEW v AS SELECT 1",
        "CREATE TRIGGER t AFTER INSERT ON report BEGIN DELETE FROM report; END",
        "DROP TABLE finding",
        "UPDATE finding SET data = '[1, 2]'",
        "UPDATE finding SET data = 'x'",
        """UPDATE finding SET data = '["r","f","fatal",false,"s",null,null,"m","e","f"]'""",
        """UPDATE finding SET data = '["r","f","error",0,"s",null,null,"m","e","f"]'""",
        "UPDATE findings SET data = '[999]'",
        "UPDATE findings SET data = '{}'",
        """UPDATE findings SET data = '["a"]'""",
        "UPDATE input SET failed = '7'",
        "UPDATE input SET path = x'00ff'",
        "UPDATE input SET path = '\\'",
        "UPDATE input SET findings = 'x'",
        "UPDATE document SET dtlink = x'00'",
        "UPDATE report SET path = x'00'",
        "UPDATE report SET time = 'x'",
        "PRAGMA application_id = 1",
    ],
)
def test_an_index_that_was_changed_is_refused(tmp_path: Path, change: str) -> None:
    db = _made(tmp_path)
    base = sqlite3.connect(db, isolation_level=None)
    base.execute("PRAGMA writable_schema = ON")
    base.execute("PRAGMA ignore_check_constraints = ON")
    one = change.replace("UPDATE findings SET", "UPDATE OR REPLACE findings SET")
    base.execute(one.replace("UPDATE finding SET", "UPDATE OR REPLACE finding SET"))
    base.close()
    with pytest.raises(InputError, match="not an index of dtlink history, or a damaged one"):
        history(db=db)


def test_an_index_of_a_later_version_is_named_so(tmp_path: Path) -> None:
    db = _made(tmp_path)
    with sqlite3.connect(db) as base:
        base.execute("PRAGMA user_version = 2")
    base.close()
    with pytest.raises(InputError, match="an index of version 2; this dtlink reads version 1"):
        history(db=db)


@settings(max_examples=150)
@given(st.data())
def test_bytes_that_are_wrong_are_an_answer_or_a_message(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    db = _made(folder)
    content = bytearray(db.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    db.write_bytes(content[: data.draw(st.sampled_from([len(content), len(content) // 2, 5000]))])
    with suppress(InputError):
        assert history(db=db).builds is not None
