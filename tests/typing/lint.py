"""Linting, and what a report has."""
# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import assert_type

import dtlink

report = dtlink.lint("board.dtb")
assert_type(report, dtlink.Report)
assert_type(report.status, int)
assert_type(report.counts(), dict[str, int])

dtlink.lint(Path("board.dtb"), select="phandle", fail_on="never")
dtlink.lint(["a.dtb", Path("b.dtb")], ignore=["cycle", "legacy"], config=False, jobs=0)
dtlink.lint("boards/", config="dtlink.toml", baseline=Path("baseline.json"))
dtlink.lint(
    "board.dtb",
    expect=("phandle/dangling:/soc/*",),
    severity={"legacy": "info", "cycle": dtlink.Severity.ERROR},
    kernel_version="6.12",
    against=dtlink.KernelVersion(6, 18),
    cmdline="fw_devlink=off",
    root="/soc/mmc@0",
    root_after=3.5,
    kernel="running",
    initramfs=Path("initrd.img"),
    kernel_index="index.gz",
    lspci=Path("lspci.txt"),
    iomem="iomem.txt",
    schema=True,
    schema_dir=["bindings", Path("more")],
)

with ThreadPoolExecutor() as pool:
    dtlink.lint("boards/", executor=pool)
    for item in dtlink.lint_iter([Path("a.dtb"), b"", ("b", b"")], executor=pool, batch=1):
        assert_type(item, dtlink.InputReport)

for item in report.inputs:
    assert_type(item.path, str)
    assert_type(item.findings, Sequence[dtlink.Finding])
for finding in report.findings():
    assert_type(finding, dtlink.Finding)
    assert_type(finding.rule, str)
    assert_type(finding.severity, dtlink.Severity)
    assert_type(finding.index, int | None)
    assert_type(finding.subject.path, str)
    assert_type(finding.fix.text, str)
    assert_type(finding.to_dict()["fingerprint"], str)
assert_type(report.to_dict()["schema"], str)

(rule, *_) = dtlink.explain("phandle/dangling")
assert_type(rule, dtlink.Rule)
assert_type(rule.page, str)

dtlink.lint("board.dtb", nonsense=True)  # type: ignore[call-arg]
dtlink.lint("board.dtb", schema="yes")  # type: ignore[arg-type]
dtlink.lint(b"board.dtb")  # type: ignore[arg-type]

view = dtlink.inspect(Path("boot.img"), search=True)
assert_type(view, dtlink.InspectView)
