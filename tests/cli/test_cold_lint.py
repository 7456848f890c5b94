"""What a lint of one devicetree does not import: imports are most of its time."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dtlink.firmware import dts
from tests.cli.conftest import ROOT
from tests.support.kernels import package

_PROBE = """
import os, sys
from dtlink.__main__ import main
def leave(status):
    print(*sys.modules, file=sys.stderr, flush=True)
    leave_at_once(0)
leave_at_once, os._exit = os._exit, leave
main()
"""

#: For other inputs, for options that are not given, and for findings of other kinds.
_NOT_NEEDED = {
    "click",
    "dataclasses",
    "enum",
    "hashlib",
    "heapq",
    "json",
    "pathlib",
    "re",
    "rich",
    "typing",
    "dtlink.board.cycle_breaks",
    "dtlink.boot.devlink.predict",
    "dtlink.boot.drivers.requests",
    "dtlink.engine.written",
    "dtlink.firmware.acpi.registry",
    "dtlink.firmware.edits",
    "dtlink.hints",
    "dtlink.kernel",
    "dtlink.links.id_ranges",
    "dtlink.report.answer",
    "dtlink.report.entries",
    "dtlink.rules.acpi",
    "dtlink.rules.aliases",
    "dtlink.rules.cycle",
    "dtlink.rules.module",
    "dtlink.rules.tree",
    "dtlink.rules.version",
    "dtlink.schema",
}


#: Modules of the standard library that a finding about a disabled supplier needs for its driver.
_NOT_FOR_DRIVERS = {"click", "dataclasses", "hashlib", "inspect", "json", "typing"}

#: And of those, and of dtlink's own, one with a kernel of which everything is in the cache.
_NOT_WITH_KERNELS = {
    *("click", "dataclasses", "enum", "hashlib", "inspect", "json", "pathlib", "re", "typing"),
    *(
        "dtlink.boot.devlink.direct",
        "dtlink.kernel.holdings.gather",
        "dtlink.kernel.initramfs.image",
    ),
}

_DISABLED = """/dts-v1/;
/ {
    supply: regulator { compatible = "regulator-fixed"; status = "disabled"; };
    mmc { compatible = "vendor,mmc"; vmmc-supply = <&supply>; };
};
"""


def _imported(*arguments: object) -> set[str]:
    """The modules that a lint imports."""
    done = subprocess.run(
        [sys.executable, "-c", _PROBE, "lint", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.split())


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_clean_board_needs_few_modules(form: str, fixtures: Path, tmp_path: Path) -> None:
    alone = shutil.copy(fixtures / "clean-board.dtb", tmp_path)  # without its source
    imported = sorted(_imported("--format", form, alone) & _NOT_NEEDED)
    assert not imported, (
        f"a plain lint imports {imported}: import them where they are needed, or what "
        "imports them (python -X importtime)"
    )


def test_a_disabled_supplier_needs_few_more(tmp_path: Path) -> None:
    board = tmp_path / "board.dtb"
    board.write_bytes(dts.read_text(_DISABLED).blob)
    imported = _imported("--fail-on", "never", board)
    assert "dtlink.kernel.source.index" in imported
    assert not imported & _NOT_FOR_DRIVERS


def test_a_lint_with_a_kernel_that_is_known_needs_few_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DTLINK_CACHE", str(tmp_path / "cache"))
    board = tmp_path / "board.dtb"
    board.write_bytes(dts.read_text(_DISABLED).blob)
    initramfs = tmp_path / "list"
    initramfs.write_text("kernel/drivers/x.ko\n")
    kernel = "--kernel", package(tmp_path / "root"), "--initramfs", initramfs
    _imported("--fail-on", "never", *kernel, board)
    imported = _imported("--fail-on", "never", *kernel, board)
    assert "dtlink.boot.devlink.predict" in imported
    assert sorted(imported & _NOT_WITH_KERNELS) == []
