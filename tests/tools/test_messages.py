"""Rows for lines of a log, compared with the messages of kernel sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtlink.facts.kernels import KernelVersion
from dtlink.facts.loglines import LOG_MESSAGES, Harm, LogMessage, Topic
from tests.support.boards import SHARED
from tools import messages
from tools.messages import covers, formats, reworded, rows, unprinted

VERSIONS = ("5.10", "6.1", "6.12", "7.2")

SOURCE = r"""
/* "a comment with a string %d" */
void f(void) {
	pr_err(FW_BUG "[map %p] conflicting mapping for input ID 0x%x\n", m, id); // "more"
	dev_warn(dev, "supplier %s is not \
there\n" "and %s\n", a, b);
	dev_info(dev, PREFIX "100%% of \"%s\" done: %s");
	pr_info("%s%s\n", a, b);
}
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "drivers").mkdir()
    (tmp_path / "drivers" / "x.c").write_text(SOURCE)
    return tmp_path


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        ("ACPI: IORT: [Firmware Bug]: [map 1] conflicting mapping for input ID 0x100", True),
        ("[Firmware Bug]: [map (ptrval)] conflicting mapping", True),
        ("[Firmware Bug]: [map 1] conflicting entries for input ID 0x100", False),
        ("[map 1] conflicting mapping for input ID 0x100", False),
        ("[Firmware Bug]: [map 1] conflicting mapping for input ID 0x100 of a map", False),
        ('x 1.y: 100% of "a b" done: whatever it says of that', True),
        ("a comment with a string 5", False),
        ("anything", False),
    ],
)
def test_which_lines_a_source_can_print(source: Path, line: str, printed: bool) -> None:  # noqa: FBT001
    found = formats(source / "drivers" / "x.c")
    assert any(each.prints(line) for each in found) is printed


def test_strings_are_joined_as_the_compiler_does(source: Path) -> None:
    assert [each.parts for each in formats(source / "drivers" / "x.c")] == [
        ("[Firmware Bug]: [map ", "] conflicting mapping for input ID 0x", ""),
        ("supplier ", " is not thereand ", ""),
        ('100% of "', '" done: ', ""),
        ("", "", ""),
    ]
    assert not formats(source / "drivers" / "none.c")


def row(sample: str, **more: str) -> LogMessage:
    return LogMessage(
        kind="k",
        topic=Topic.LINKS,
        needles=("map",),
        pattern="map",
        harm=Harm.HARMLESS,
        meaning="It is so.",
        source="drivers/x.c, f()",
        sample=sample,
        **more,  # type: ignore[arg-type]
    )


def test_a_reworded_message_is_found(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = row("[map 1] opposing entries for input ID 0x100")
    monkeypatch.setattr(messages, "rows", lambda: [old])
    version = KernelVersion(6, 12)
    assert [each.sample for each in reworded(source, version)] == [old.sample]
    assert len(unprinted([source])) == 1
    ended = row(old.sample, until="6.1")
    monkeypatch.setattr(messages, "rows", lambda: [ended])
    assert not reworded(source, version)
    assert not covers(ended, version)


def test_every_row_of_the_kernel_names_its_file() -> None:
    bare = [
        each.kind for each in LOG_MESSAGES if each not in rows() and each.harm is not Harm.HARMLESS
    ]
    assert set(bare) <= {
        "error-defer",
        *(each.kind for each in LOG_MESSAGES if each.kind.startswith("no-root-")),
    }


def _source(version: str) -> Path:
    path = SHARED.parent / f"src-{version}"
    if not (path / "drivers" / "base" / "dd.c").is_file():
        pytest.skip(f"no source of Linux {version} in {path}")
    return path


@pytest.mark.parametrize("version", VERSIONS)
def test_rows_have_the_words_of_each_kernel(version: str) -> None:
    wrong = reworded(_source(version), KernelVersion.parse(version))
    assert not wrong, (
        "reworded, or not in this version: correct pattern, forms, since or until of these rows: "
        + "; ".join(map(str, wrong))
    )


def test_no_sample_is_of_no_kernel() -> None:
    assert not unprinted([_source(version) for version in VERSIONS])


def test_no_range_is_narrower_than_the_sources() -> None:
    """A version outside of a row's range does not have its message."""
    found = [
        f"{each.kind}: {version} has it"
        for version in VERSIONS
        for each in rows()
        if not covers(each, KernelVersion.parse(version))
        and messages.prints_any(_source(version), each)
    ]
    assert not found
