"""The bases of overlays may change between the runs of a process, and of its workers."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

import dtlink
from dtlink.firmware.dts import read_text
from dtlink.firmware.source.options import SourceOptions
from tests.lsp.boards import session, settle

OVERLAY = "/dts-v1/; /plugin/;\n&foo { x; };\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "o.dtso").write_text(OVERLAY)
    return tmp_path


def write_base(folder: Path, label: str, *, is_source: bool) -> str:
    """A base that has a label, as a source or a blob, with the time of the last one."""
    source = folder / "base.dts"
    source.write_text('/dts-v1/;\n#include "inc.dtsi"\n')
    (folder / "inc.dtsi").write_text(f"/ {{ {label}: n {{ }}; }};\n")
    os.utime(folder / "inc.dtsi", (1, 1))
    if is_source:
        return str(source)
    blob = folder / "base.dtb"
    text = f"/dts-v1/; / {{ {label}: n {{ }}; }};"
    blob.write_bytes(read_text(text, sources=SourceOptions(symbols=True)).blob)
    os.utime(blob, (1, 1))
    return str(blob)


@pytest.mark.parametrize("is_source", [True, False])
def test_in_one_process(folder: Path, is_source: bool) -> None:  # noqa: FBT001
    found = []
    for label in ("foo", "bar", "foo"):
        base = write_base(folder, label, is_source=is_source)
        report = dtlink.lint("o.dtso", bases=[base], cache=False, config=False)
        found.append([each.rule for each in report.inputs[0].findings])
    assert found == [[], ["overlay/unknown-label"], []]


@pytest.mark.parametrize("kind", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_in_workers_that_live_longer_than_a_run(folder: Path, kind: type) -> None:
    found = []
    with kind(1) as executor:
        for label in ("foo", "bar", "foo"):
            base = write_base(folder, label, is_source=False)
            reports = dtlink.lint_iter(["o.dtso"], bases=[base], config=False, executor=executor)
            found += [[each.rule for each in report.findings] for report in reports]
    assert found == [[], ["overlay/unknown-label"], []]


def test_in_an_editor_that_reports_no_change(folder: Path) -> None:
    """What is outside of the folder of an editor is not watched."""
    base = write_base(folder, "foo", is_source=False)
    made = session(folder, "o.dtso", given={"bases": (base,)})
    overlay = str(folder / "o.dtso")
    assert made.published()[overlay] == []
    write_base(folder, "bar", is_source=False)
    made.save(overlay)
    settle(made)
    assert [each.code for each in made.published()[overlay]] == ["overlay/unknown-label"]
