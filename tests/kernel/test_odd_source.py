"""Source that no kernel has: reading it takes time by its size."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtlink.kernel.source.index import SourceIndex
from dtlink.kernel.source.write import make_index
from tests.kernel.test_driver_requests import Tree
from tests.kernel.test_source_index import TREE, grow
from tests.support.limits import at_most

#: C that makes a reader of drivers look again and again over what it has seen, by its size.
SLOW = {
    "nested conditions": lambda n: "#if defined(CONFIG_A)\n" * (n // 44) + "#endif\n" * (n // 44),
    "branches": lambda n: (
        "#if defined(CONFIG_A)\n"
        + "".join(f"#elif defined(CONFIG_B{at})\n" for at in range(n // 28))
        + "#endif\n"
    ),
    "tables without an end": lambda n: "static const struct of_device_id a [ " * (n // 37),
    "brackets": lambda n: "static const struct q " + "a[ " * (n // 3),
    "nested initializers": lambda n: f"static const int x[] = {'{' * (n // 2)}{'}' * (n // 2)};",
}


@pytest.mark.parametrize("name", SLOW)
def test_odd_source_takes_time_by_its_size(tmp_path: Path, name: str) -> None:
    tree = Path(grow(tmp_path / "source"))
    text = TREE["drivers/plain/always.c"] + SLOW[name](400_000)
    (tree / "drivers/plain/always.c").write_text(text, encoding="utf-8")
    with at_most(5):
        found = SourceIndex.parse(make_index(str(tree)), "x")
    assert "plain,always" in set(found)


def test_conditions_that_are_nested_deep_are_not_known(tmp_path: Path) -> None:
    depth = 100
    for number, expected in ((2, "A0 A1"), (depth, "?")):
        opened = "".join(f"#if IS_ENABLED(CONFIG_A{at})\n" for at in range(number))
        tree = Path(grow(tmp_path / str(number)))
        text = opened + TREE["drivers/plain/always.c"] + "#endif\n" * number
        (tree / "drivers/plain/always.c").write_text(text, encoding="utf-8")
        (found,) = SourceIndex.parse(make_index(str(tree)), "x").entries("plain,always")
        assert expected in " ".join(found.also)


#: What a probe function has.
BODIES = {
    "calls": 'c = devm_clk_get(dev, "a"); if (IS_ERR(c)) return PTR_ERR(c);\n' * 4_000,
    "blocks": "if (x->y) { " * 20_000 + 'c = devm_clk_get(dev, "a");' + "}" * 20_000,
}


@pytest.mark.parametrize("name", BODIES)
def test_odd_functions_take_time_by_their_size(tmp_path: Path, name: str) -> None:
    with at_most(5):
        found = Tree(tmp_path).facts(BODIES[name])
    assert {each.name for each in found.asks} == {"a"}
