"""initializationOptions: settings of a lint, and the server's own."""

from __future__ import annotations

import pytest

from dtlink.lsp.options import ServerOptions, read_options


def test_settings_of_a_lint_are_given() -> None:
    found = read_options(
        {"select": ["legacy"], "kernel-version": "6.12", "board": "a.dts", "delay": 5}
    )
    assert found.given == {"select": ("legacy",), "kernel_version": "6.12"}
    assert (found.board, found.delay, found.problems) == ("a.dts", 5, ())


@pytest.mark.parametrize("value", [None, {}])
def test_nothing_is_the_default(value: object) -> None:
    assert read_options(value) == ServerOptions()


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ([], "not an object"),
        ({"nope": 1}, "nope: not a setting"),
        ({"delay": "5"}, "delay: int"),
        ({"select": ["legacy/nope"]}, "legacy/nope"),
        ({"select": 1}, "select"),
        ({"kernel-version": "1.0"}, "1.0"),
    ],
)
def test_what_is_not_understood_is_reported_and_left_out(value: object, named: str) -> None:
    found = read_options(value)
    assert not found.given
    assert len(found.problems) == 1
    assert named in found.problems[0]
