"""Saved reports that are made up: what each build found on each board."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from dtlink.api.history import history
from dtlink.views.history.view import HistoryView

RULES = ("phandle/dangling", "supplier/disabled", "legacy/old-name")
SEVERITIES = ("error", "warning", "info")


def finding(number: int, **changed: Any) -> dict[str, Any]:
    """One of some findings."""
    return {
        "rule": RULES[number % 3],
        "severity": SEVERITIES[number % 3],
        "subject": f"/soc/device@{number}",
        "property": None if number % 2 else "clocks",
        "message": f"message {number}",
        "consequence": "none",
        "fix": "do it",
        "supplier": "/soc/clock" if number % 2 else None,
        "fingerprint": f"{number:016x}",
    } | changed


def board(path: str, *numbers: int, **changed: Any) -> dict[str, Any]:
    """An input with these findings."""
    found = [finding(each) for each in numbers]
    return {"path": path, "model": "M", "error": None, "findings": found} | changed


def document(*inputs: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
    """A report."""
    return {
        "schema": "report-1",
        "dtlink": "0.1.0",
        "kernel": {"version": "6.12"},
        "summary": {},
        "inputs": list(inputs),
    } | changed


def write(folder: Path, *documents: Any) -> list[Path]:
    """A file for each build."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"build-{number}.json" for number in range(1, len(documents) + 1)]
    for path, each in zip(paths, documents, strict=True):
        path.write_text(json.dumps(each, indent=1))
    return paths


def of_builds(folder: Path, *builds: Sequence[int] | None) -> HistoryView:
    """The history of one board; ``None``: the build did not read it."""
    made = [
        document() if numbers is None else document(board("a.dtb", *numbers)) for numbers in builds
    ]
    return history(write(folder, *made))


_INPUTS = st.lists(
    st.builds(
        lambda path, numbers, known, error, member: board(
            path,
            *numbers,
            known=[finding(each) for each in known],
            error={"message": "damaged"} if error else None,
            **({"member": member} if member else {}),
        ),
        st.sampled_from(["a.dtb", "b/ü.dtb", "/tmp/x/c.dtb", "/tmp/x/d\udcff\\.dtb", "./a.dtb"]),  # noqa: S108
        st.lists(st.integers(0, 5), max_size=5),
        st.lists(st.integers(0, 5), max_size=2),
        st.sampled_from([False, False, False, True]),
        st.sampled_from(["", "", "dtb[1]"]),
    ),
    max_size=4,
)
#: Reports of some builds.
DOCUMENTS = st.lists(
    st.builds(
        lambda inputs, version, kernel: document(*inputs, dtlink=version, kernel=kernel),
        _INPUTS,
        st.sampled_from(["0.1.0", "0.2.0"]),
        st.sampled_from([None, {"version": "6.12"}]),
    ),
    min_size=1,
    max_size=6,
)
