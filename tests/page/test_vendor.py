"""The vendored JavaScript is what was fetched, with its licences."""

from __future__ import annotations

import json

import pytest

from tools import vendor_js

ROWS = json.loads(vendor_js.VERSIONS.read_text(encoding="utf-8"))


def test_scripts_are_as_they_were_fetched():
    assert vendor_js.rows() == ROWS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_each_script_has_its_licence_and_no_map(row):
    stem = row["file"].removesuffix(".min.js")
    licence = (vendor_js.VENDOR / f"{stem}.LICENSE.txt").read_text(encoding="utf-8")
    assert "Permission is hereby granted" in licence
    assert "sourceMappingURL" not in (vendor_js.VENDOR / row["file"]).read_text(encoding="utf-8")


def test_nothing_else_is_vendored():
    known = {row["file"] for row in ROWS} | {"versions.json"}
    known |= {row["file"].replace(".min.js", ".LICENSE.txt") for row in ROWS}
    assert {path.name for path in vendor_js.VENDOR.iterdir()} == known
