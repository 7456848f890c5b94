"""Data files made from a small source tree."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from dtlink.facts.bindings import KERNEL_BINDINGS
from dtlink.facts.early import early_tables as shipped_tables
from dtlink.facts.shipped import SOURCES
from dtlink.kernel.source.index import SourceIndex
from tests.tools.test_suppliers import SOURCE
from tools.early import as_text, early_tables
from tools.facts import main

FILES = {
    "Makefile": "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 7\n",
    "drivers/Makefile": "obj-y += clk.o\n",
    "drivers/clk.h": """
        #define VENDOR "vendor,"
        #define PMU(s, n) IRQCHIP_DECLARE(s, n, pmu_init)
    """,
    "drivers/clk.c": """
        #include "clk.h"
        CLK_OF_DECLARE(one, "vendor,one", one_init);
        CLK_OF_DECLARE_DRIVER(two, VENDOR "two", two_init);
        /* CLK_OF_DECLARE(no, "vendor,comment", no_init); */
        PMU(pmu, "vendor,pmu");
        CLK_OF_DECLARE(odd, name_of_a_variable, odd_init);
        CLK_OF_DECLARE(short);
        IRQCHIP_MATCH("vendor,match", init)
        #ifdef CONFIG_SMP
        CPU_METHOD_OF_DECLARE(smp, "vendor,smp", &ops);
        #endif
        CLK_OF_DECLARE(open, "vendor,open"
    """,
    "arch/arm/Kbuild": "",
    "arch/arm/board.c": 'TIMER_OF_DECLARE(t, "vendor,timer", init);\n',
    "tools/clk.c": 'CLK_OF_DECLARE(no, "vendor,tool", no_init);\n',
    "drivers/of/property.c": SOURCE,
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "linux" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "linux"


def test_early_tables(source: Path) -> None:
    assert early_tables(source) == {
        "CLK_OF_DECLARE": ["vendor,one"],
        "CLK_OF_DECLARE_DRIVER": ["vendor,two"],
        "CPU_METHOD_OF_DECLARE": ["vendor,smp"],
        "IRQCHIP_DECLARE": ["vendor,pmu"],
        "IRQCHIP_MATCH": ["vendor,match"],
        "TIMER_OF_DECLARE": ["vendor,timer"],
    }


def test_a_link_is_not_followed(source: Path, tmp_path: Path) -> None:
    (tmp_path / "out.c").write_text('CLK_OF_DECLARE(a, "vendor,out", b);', encoding="utf-8")
    (source / "drivers" / "link.c").symlink_to(tmp_path / "out.c")
    assert early_tables(source)["CLK_OF_DECLARE"] == ["vendor,one"]


def test_the_shipped_file_has_the_same_form() -> None:
    tables = {kind: sorted(names) for kind, names in shipped_tables().items()}
    rows = [line.split() for line in as_text(tables).splitlines()]
    assert {macro: names for macro, *names in rows} == tables
    assert {"CLK_OF_DECLARE", "CLK_OF_DECLARE_DRIVER", "IRQCHIP_DECLARE"} <= tables.keys()


def test_make(source: Path, tmp_path: Path) -> None:
    command = ["make", str(source), "--into", str(tmp_path)]
    first = CliRunner().invoke(main, command)
    assert first.exit_code == 0, first.output
    assert first.output.count("bytes, new") == 2
    assert "+ broken-over-lines (#line-cells)" in first.output
    assert "IRQCHIP_DECLARE vendor,pmu\n" in (tmp_path / "early-6.12.txt").read_text("utf-8")
    assert _releases(tmp_path) == ["6.12.7"]
    assert CliRunner().invoke(main, command).output.count("bytes, unchanged") == 2


def _releases(folder: Path) -> list[str]:
    return [each.release for each in SourceIndex.every(str(folder / Path(SOURCES).name))]


def test_make_adds_a_version_to_the_indexes(source: Path, tmp_path: Path) -> None:
    command = ["make", str(source), "--into", str(tmp_path)]
    CliRunner().invoke(main, command)
    (source / "Makefile").write_text("VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 3\n")
    CliRunner().invoke(main, command)
    (source / "Makefile").write_text("VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 9\n")
    CliRunner().invoke(main, command)
    assert _releases(tmp_path) == ["6.1.3", "6.12.9"]


def test_a_version_that_is_not_known_yet(source: Path, tmp_path: Path) -> None:
    (source / "Makefile").write_text("VERSION = 99\nPATCHLEVEL = 1\nSUBLEVEL = 0\n")
    result = CliRunner().invoke(main, ["make", str(source), "--into", str(tmp_path)])
    assert "99.1 is not known yet: add it to KNOWN in dtlink/facts/kernels.py" in result.output


def test_two_sources(source: Path, tmp_path: Path) -> None:
    same = CliRunner().invoke(main, ["suppliers", str(source), str(source)])
    assert (same.exit_code, "0 differences" in same.output) == (0, True)
    own = CliRunner().invoke(main, ["suppliers", str(source)])
    assert own.exit_code == 1
    assert sum(f"- {row.name} " in own.output for row in KERNEL_BINDINGS) > 20
    bad = CliRunner().invoke(main, ["suppliers", str(tmp_path)])
    assert (bad.exit_code, "not the source of a Linux kernel" in bad.output) == (2, True)
    (source / "drivers/of/property.c").unlink()
    bare = CliRunner().invoke(main, ["suppliers", str(source)])
    assert (bare.exit_code, "no supplier table in drivers/of" in bare.output) == (2, True)
