"""The address of the documentation is written once, and everything else has that one."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from dtlink.rules.catalogue import all_rules
from dtlink.version import SITE, page_url

ROOT = Path(__file__).resolve().parents[1]


def test_a_rule_has_a_page():
    assert SITE.endswith("/")
    for rule in all_rules():
        assert page_url(rule.id) == f"{SITE}rules/{rule.id}/"


def test_the_metadata_has_the_same_address():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["urls"]["Documentation"] == SITE


def test_no_other_module_has_the_address():
    host = re.escape(SITE.removeprefix("https://").rstrip("/"))
    found = [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "dtlink").rglob("*.py"))
        if re.search(host, path.read_text(encoding="utf-8"))
    ]
    assert found == ["dtlink/version.py"], "import SITE or page_url from dtlink/version.py"
