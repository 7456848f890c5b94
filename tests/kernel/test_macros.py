"""Macros that hide match tables: how far they are expanded."""

from __future__ import annotations

from dtlink.kernel.source.macros import Macro, expand
from tests.support.limits import at_most


def test_macros_in_macros() -> None:
    macros = {
        "A": Macro(("x",), "{ .compatible = x }, B"),
        "B": Macro(None, "{ .compatible = C }"),
        "C": Macro(None, '"v,c"'),
    }
    assert expand('A("v,a");', macros) == '{ .compatible = "v,a" }, { .compatible = "v,c" };'


def test_a_macro_that_contains_itself_is_bounded() -> None:
    macros = {"A": Macro(("x",), "of_device_id a[] = { " + "A(x) " * 30)}
    with at_most(2):
        found = expand("A(1);\n" * 3, macros)
    assert found.startswith("of_device_id a[] = { of_device_id a[] = {")
    assert len(found) < 1 << 20


def test_many_macros_that_contain_each_other_are_bounded() -> None:
    macros = {f"A{n}": Macro(None, f"A{n + 1} " * 30) for n in range(7)}
    with at_most(2):
        assert len(expand("A0", macros)) < 1 << 20


def test_long_code_is_expanded_whole() -> None:
    macros = {"A": Macro(None, '{ .compatible = "v,a" },')}
    assert expand("A x;\n" * 50_000, macros) == '{ .compatible = "v,a" }, x;\n' * 50_000
