"""A report of thousands of findings of one rule."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from dtlink.cli.main import cli
from dtlink.firmware import dts


def _printed(path: Path, *options: str) -> str:
    return CliRunner().invoke(cli, ["lint", "--no-config", *options, str(path)]).output


def test_the_findings_of_one_rule_are_counted_after_the_first_hundred(tmp_path):
    nodes = "".join(f"c{n}: c{n} {{ }}; d{n} {{ clocks = <&c{n}>; }};" for n in range(150))
    path = tmp_path / "many.dtb"
    path.write_bytes(dts.read_text(f"/ {{ {nodes} }};").blob)
    text = _printed(path)
    assert text.count("phandle/missing-cells  ") == 100
    assert "50 more findings of phandle/missing-cells: --verbose shows all" in text
    assert _printed(path, "--verbose").count("phandle/missing-cells  ") == 150
