"""The modules of the graph's page are joined in an order in which each finds what it imports."""

from __future__ import annotations

import re

import pytest

from dtlink.page.embed import asset
from dtlink.page.graph import MODULES, script

IMPORT = re.compile(r'^import \{([^}]*)\} from "\./(\w+)\.js";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?:const|let|function) (\w+)", re.MULTILINE)


@pytest.mark.parametrize("name", MODULES)
def test_what_a_module_imports_is_exported_before(name: str):
    for names, home in IMPORT.findall(asset(f"graph/{name}.js")):
        assert home in MODULES[: MODULES.index(name)]
        wanted = {each.strip() for each in names.split(",") if each.strip()}
        assert wanted <= set(EXPORT.findall(asset(f"graph/{home}.js")))


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_what_it_is_for(name: str):
    assert asset(f"graph/{name}.js").startswith("/* ")


def test_nothing_of_modules_is_left_in_the_script():
    assert not re.search(r"^(?:import|export)\b", script(), re.MULTILINE)


def test_what_is_exported_is_used():
    used = {
        each.strip()
        for name in MODULES
        for names, _ in IMPORT.findall(asset(f"graph/{name}.js"))
        for each in names.split(",")
    }
    made = {each for name in MODULES for each in EXPORT.findall(asset(f"graph/{name}.js"))}
    assert made - used == set()
