"""CONTRIBUTING says where things are, and how a rule is written: both are tried."""

from __future__ import annotations

import re
import tomllib
from types import ModuleType

import pytest

from dtlink.board.tree import TreeBoard
from dtlink.firmware import dts
from dtlink.firmware.apply import apply
from dtlink.rules.model import Dts, Rule
from tests.support.boards import CHECKOUT

TEXT = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")
DECISIONS = "".join(
    path.read_text(encoding="utf-8") for path in sorted((CHECKOUT / "docs/adr").glob("*.md"))
)
#: What the worked example adds.
NEW = "dtlink/rules/legacy/linux_phandle.py"


def paths(text: str) -> list[str]:
    """The files that a text names in code font, seen from the checkout or dtlink."""
    found = re.findall(r"`((?:\w+/)+\w+\.(?:py|json|md|toml))`", text)
    return sorted({path for path in found if path != NEW})


@pytest.mark.parametrize("path", paths(TEXT + DECISIONS))
def test_the_files_that_are_named_exist(path: str) -> None:
    homes = (CHECKOUT, CHECKOUT / "dtlink")
    assert any((home / path).exists() for home in homes), (
        f"{path} is gone: write its new place in CONTRIBUTING.md and docs/adr/"
    )


def test_the_map_has_every_package_in_the_order_of_the_layers() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = project["tool"]["importlinter"]["contracts"]
    folders = [name for name in contract["layers"] if (CHECKOUT / "dtlink" / name).is_dir()]
    listed = re.findall(r"^\| `dtlink/(\w+)/` \|", TEXT, re.MULTILINE)
    assert listed == folders[folders.index("cli") :][::-1] + folders[: folders.index("cli")], (
        "CONTRIBUTING.md, Packages: a row for each layer of pyproject.toml, the lowest first"
    )


@pytest.fixture
def worked() -> Rule:
    """The rule of the worked example."""
    indented = re.search(r"^   ```python\n(.*?)^   ```$", TEXT, re.DOTALL | re.MULTILINE)
    assert indented, "CONTRIBUTING.md, A worked example: the rule is the first block of Python"
    module = ModuleType("dtlink.rules.legacy.linux_phandle")
    code = re.sub("^   ", "", indented[1], flags=re.MULTILINE)
    exec(compile(code, NEW, "exec"), module.__dict__)  # noqa: S102 - our own
    found: Rule = module.linux_phandle
    return found


def test_the_worked_example_is_a_rule(worked: Rule) -> None:
    assert worked.id == "legacy/linux-phandle"
    example = worked.examples[0]
    assert isinstance(example.bad, Dts)
    tree = dts.read_text(example.bad.source)
    (finding,) = worked.check(TreeBoard(tree))
    assert f"{finding.subject.path}:{finding.property_name}" == example.bad.finds[0]
    assert not list(worked.check(TreeBoard(apply(tree, finding.fix.edits))))
    assert not list(worked.check(TreeBoard(dts.read_text(example.good.source))))
