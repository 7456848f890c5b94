"""What a lint of one devicetree does not import: imports are most of its time."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.cli.conftest import ROOT

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
    "hashlib",
    "heapq",
    "json",
    "pathlib",
    "re",
    "rich",
    "typing",
    "dtlink.boot.devlink.predict",
    "dtlink.firmware.acpi.registry",
    "dtlink.firmware.edits",
    "dtlink.kernel",
    "dtlink.links.id_ranges",
    "dtlink.report.answer",
    "dtlink.rules.acpi",
    "dtlink.rules.aliases",
    "dtlink.rules.module",
    "dtlink.rules.version",
    "dtlink.schema",
}


def test_a_clean_board_needs_few_modules(fixtures: Path, tmp_path: Path) -> None:
    alone = shutil.copy(fixtures / "clean-board.dtb", tmp_path)  # without its source
    done = subprocess.run(
        [sys.executable, "-c", _PROBE, "lint", alone],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    imported = sorted(_NOT_NEEDED & set(done.stderr.split()))
    assert not imported, (
        f"a plain lint imports {imported}: import them where they are needed, or what "
        "imports them (python -X importtime)"
    )
