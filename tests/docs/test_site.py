"""The site is built without a dead link, has a page for each rule, and asks no other host."""

from __future__ import annotations

import re
import sys
from html import unescape
from importlib.util import find_spec
from pathlib import Path

import pytest

from dtlink.rules.catalogue import all_rules
from dtlink.version import SITE
from tests.delivery.conftest import execute
from tools.docs.generated import PARTS, ROOT, SCHEMAS, filled

NEEDED = ("mkdocs", "material", "mkdocstrings")
#: Loads from elsewhere: scripts, styles, fonts, pictures.
LOADED = re.compile(r'(?:<(?:script|img|iframe)[^>]*\ssrc|<link[^>]*\shref)="?(https?://[^" >]+)')


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if absent := [name for name in NEEDED if find_spec(name) is None]:
        pytest.skip(f"not installed: {', '.join(absent)} (pip install '.[docs]')")
    folder = tmp_path_factory.mktemp("site")
    command = ("-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder)
    environment = {"PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"}
    done = execute(sys.executable, *command, cwd=ROOT, env=environment)
    assert done.status == 0, done.output
    return folder


def test_each_rule_has_its_page(site: Path):
    for rule in all_rules():
        page = (site / "rules" / rule.id / "index.html").read_text(encoding="utf-8")
        text = unescape(re.sub(r"<[^>]+>", "", page))
        assert rule.id in text
        assert f"dtlink {rule.since}" in text
        assert all(word in text for word in ("severity", "default", "kernels", "fixed by"))
        assert "What dtlink prints" in text or rule.family == "schema"


def test_each_rule_is_in_the_index(site: Path):
    index = (site / "rules" / "index.html").read_text(encoding="utf-8")
    for rule in all_rules():
        assert re.search(rf'href="?{rule.id}/?[" >]', index), rule.id


def test_schemas_are_published_where_files_point(site: Path):
    for schema in SCHEMAS.glob("*.json"):
        assert (site / "schemas" / schema.name).read_bytes() == schema.read_bytes()


def test_no_page_loads_from_elsewhere(site: Path):
    for page in site.rglob("*.html"):
        found = set(LOADED.findall(page.read_text(encoding="utf-8")))
        assert {each for each in found if not each.startswith(SITE)} == set(), page


def test_a_part_that_does_not_exist_is_an_error():
    with pytest.raises(KeyError, match="nothing"):
        filled("<!-- generated: nothing -->\n")


def test_the_address_is_the_constant():
    assert f"site_url: {SITE}\n" in (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    host = SITE.removeprefix("https://").rstrip("/")
    for page in (ROOT / "docs").rglob("*.md"):
        for address in re.findall(rf"https?://{re.escape(host)}[^\s)]*", page.read_text("utf-8")):
            assert address.startswith(SITE), page


@pytest.mark.parametrize("name", PARTS)
def test_each_part_is_used(name: str):
    pages = (path.read_text(encoding="utf-8") for path in (ROOT / "docs").rglob("*.md"))
    assert any(f"<!-- generated: {name} -->" in text for text in pages)
