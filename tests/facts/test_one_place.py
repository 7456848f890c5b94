"""No version of a kernel is written anywhere but in the facts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dtlink.facts.bindings import BINDINGS, followed_since
from dtlink.facts.kernels import DEFAULT, KNOWN, LATEST, OLDEST, KernelVersion, VersionRange, since
from dtlink.facts.shipped import beyond, nearest, shipped

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "dtlink"
_TEXT = re.compile(r"v?[4-9]\.\d{1,2}")
_MAJORS = range(5, 8)

#: Files that may name versions, each with its reason.
ALLOWED = {
    "rules/version/behaviour_change.py": "the examples compare with a second kernel",
}

CURE = (
    "a kernel version belongs in dtlink/facts: import DEFAULT, KNOWN or LATEST from "
    "dtlink/facts/kernels.py, or ask a row of dtlink/facts/behaviours.py, as row.on(version)"
)


def versions(code: str) -> Iterator[tuple[int, str]]:
    """The lines of a file that hold a version: a text, a pair, or one that is made of numbers."""
    nodes = list(ast.walk(ast.parse(code)))
    # Offsets and sizes of fields are values of a dictionary; versions are not.
    fields = {id(value) for node in nodes if isinstance(node, ast.Dict) for value in node.values}
    for node in nodes:
        if id(node) in fields and isinstance(node, ast.Tuple):
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if _TEXT.fullmatch(node.value):
                yield node.lineno, node.value
        elif isinstance(node, ast.Tuple | ast.Call):
            parts = node.elts if isinstance(node, ast.Tuple) else node.args
            numbers = [part.value for part in parts if isinstance(part, ast.Constant)]
            is_call = isinstance(node, ast.Call)
            if is_call and getattr(node.func, "id", "") != "KernelVersion":
                continue
            if len(parts) == len(numbers) == 2 and numbers[0] in _MAJORS:
                yield node.lineno, ast.unparse(node)


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('x = "6.12"', ["6.12"]),
        ("x = version >= (5, 15)", ["(5, 15)"]),
        ("x = KernelVersion(6, 1)", ["KernelVersion(6, 1)"]),
        ('x = ("latest", "6.18")', ["6.18"]),
        ('x = {"sections": (6, 2)}', []),
        ('x = (8, 4), (1, 5), "1.2", f(6, 2), "Linux 6.12 reads it"', []),
    ],
)
def test_what_counts_as_a_version(code, found):
    assert [text for _, text in versions(code)] == found


def test_versions_are_in_the_facts_alone():
    found = [
        f"dtlink/{name}:{line}: {text}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if not (name := path.relative_to(PACKAGE).as_posix()).startswith("facts/")
        and name not in ALLOWED
        for line, text in versions(path.read_text(encoding="utf-8"))
    ]
    assert not found, f"{CURE}\n" + "\n".join(found)


def test_exceptions_are_needed():
    for name in ALLOWED:
        assert list(versions((PACKAGE / name).read_text(encoding="utf-8"))), (
            f"{name} names no version any more: take it out of ALLOWED"
        )


@pytest.mark.parametrize("page", ["README.md", "docs/options.md"])
def test_the_pages_have_the_range_of_known_versions(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    wanted = f"{KNOWN[0]} to {LATEST}"
    assert wanted in text, f"{page}: write {wanted!r} (KNOWN has changed)"


def test_ranges_of_bindings():
    for row in BINDINGS:
        ranges = row.kernel + ((row.optional,) if row.optional else ())
        for each in ranges:
            assert OLDEST < each.first <= LATEST, f"{row.name}: since a version that is not known"
            assert each.until is None or each.first < each.until, f"{row.name}: an empty range"
        pairs = zip(row.kernel, row.kernel[1:], strict=False)
        assert all(one.until and one.until <= two.first for one, two in pairs), row.name


def test_ranges():
    assert since("5.10", until="6.12") == VersionRange(KernelVersion(5, 10), KernelVersion(6, 12))
    assert KernelVersion(6, 11) in since("5.10", until="6.12")
    assert KernelVersion(6, 12) not in since("5.10", until="6.12")
    assert followed_since("post-init-providers") == (6, 9)
    assert followed_since("nvmem-cells") == KNOWN[0]


def test_a_kernel_has_the_nearest_file():
    assert str(DEFAULT) in shipped("early", DEFAULT)
    for version in (OLDEST, *KNOWN, KernelVersion(99, 0)):
        assert Path(shipped("early", version)).is_file()


@pytest.mark.parametrize(
    ("wanted", "found"),
    [((6, 1), "6.1"), ((6, 6), "6.1"), ((6, 7), "6.12"), ((6, 18), "7.2"), ((5, 4), "5.10")],
)
def test_the_nearest_version_has_the_fewest_releases_between(wanted, found):
    versions = [KernelVersion.parse(each) for each in ("5.10", "6.1", "6.12", "7.2")]
    assert str(nearest(versions, KernelVersion(*wanted))) == found


@pytest.mark.parametrize(
    ("wanted", "found"),
    [((6, 6), "6.12"), ((6, 18), "6.12"), ((5, 4), None), ((6, 12), None), ((7, 3), None)],
)
def test_a_version_between_two_has_one_on_each_side(wanted, found):
    versions = [KernelVersion.parse(each) for each in ("5.10", "6.1", "6.12", "7.2")]
    other = beyond(versions, KernelVersion(*wanted))
    assert (None if other is None else str(other)) == found
