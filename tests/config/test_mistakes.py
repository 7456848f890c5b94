"""A configuration that is wrong gives one message, with the file, the key, and what is meant."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dtlink.config.file import MAX_SIZE
from dtlink.config.keys import ENTRY, FOLDER, TOP
from dtlink.config.model import LintSettings
from dtlink.config.resolve import forget, settings_of
from dtlink.firmware.errors import InputError
from tests.config.conftest import Write

ALLOW = '[[allow]]\nrule = "legacy"\nreason = "r"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('kernel-verison = "6.6"', "no key is named kernel-verison: did you mean kernel-version?"),
        ("kernel_version = 1", "no key is named kernel_version: did you mean kernel-version?"),
        ("zzz = 1", "no key is named zzz; there are: kernel-version, against, "),
        ("kernel-version = 6.10", 'kernel-version: a string is needed, as in "6.10": as a number'),
        ("kernel-version = 6", "kernel-version: a string is needed, not a number"),
        ('kernel-version = "six"', "kernel-version: 'six' is not a kernel version, such as 6.12, "),
        ('kernel-version = "4.19"', "kernel-version: 4.19 is not supported: the oldest"),
        ('kernel-version = "99.9"', "kernel-version: 99.9 is not supported: the newest"),
        ('cmdline = "fw_devlink=of"', "cmdline: fw_devlink: of is not a value of it; allowed: off"),
        (
            f'cmdline = "deferred_probe_timeout={"9" * 5000}"',
            "allowed: a number of seconds",
        ),
        (f'cmdline = "{"x " * 40_000}"', "cmdline: longer than 65536 characters"),
        ('select = "legacy"', "select: an array of strings is needed, not a string"),
        ("select = [1]", "select: a string is needed, not a number"),
        (
            'ignore = ["mmu-masters"]',
            "ignore: no rule or family is named mmu-masters: did you mean legacy/mmu-masters or m",
        ),
        ('ignore = [""]', "ignore: no rule or family is named ''"),
        ('fail-on = "off"', "fail-on: off is not one of error, warning, info, never"),
        ('show = "never"', "show: never is not one of error, warning, info"),
        ("root-after = -1", "root-after: a number of seconds is needed, 0 or more"),
        ("root-after = nan", "root-after: a number of seconds is needed, 0 or more"),
        ('root-after = "3"', "root-after: a number is needed, not a string"),
        ("max-boards = -1", "max-boards: a number is needed, 0 or more"),
        ("root-after = true", "root-after: a number is needed, not true or false"),
        ('schema = "yes"', "schema: true or false is needed, not a string"),
        ("schema = 1", "schema: true or false is needed, not a number"),
        ("schema-dir = 1", "schema-dir: a path or an array of paths is needed, not a number"),
        ("root = 1979-05-27", "root: a string is needed, not a date or a time"),
        ('kernel = "a\\u0000b"', "kernel: a path can't have a NUL in it"),
        (
            '[severity]\n"legacy/mmu-master" = "info"',
            "no rule or family is named legacy/mmu-master: did you mean legacy/mmu-masters?",
        ),
        (
            '[severity]\nlegacy = "off"',
            "[severity]: legacy: off is not one of error, warning, info ('ignore' takes a rule out",
        ),
        (
            '[severity]\nlegacy = "info"\nignore = ["cycle"]',
            "[severity]: no rule or family is named ignore; keys of the whole file stand above",
        ),
        (
            '[severity]\nlegacy/old-name = "info"',
            'the name of a rule needs quotes: "legacy/old-name" =',
        ),
        ("[allow]\nrule = 1", "allow: write [[allow]], with two brackets"),
        ("allow = [1]", "[[allow]] number 1: a table is needed, not a number"),
        (
            '[[allow]]\nrule = "legacy"',
            "[[allow]] number 1: reason is missing: why it is acceptable",
        ),
        ('[[allow]]\nreason = "r"', "[[allow]] number 1: rule is missing"),
        (
            ALLOW + '[[allow]]\nrule = "legacy"\nreason = " "',
            "[[allow]] number 2: reason: is empty: say why",
        ),
        (ALLOW + 'nodes = "/x"', "[[allow]] number 1: no key is named nodes: did you mean node?"),
        (ALLOW + 'show = "info"', "[[allow]] number 1: no key is named show here; keys of the wh"),
        (ALLOW + 'file = "/x"', "[[allow]] number 1: file: a path seen from the folder of this"),
        ('[[expect]]\nrule = "x"', "[[expect]] number 1: rule: no rule or family is named x"),
        ('[[folder]]\nkernel = "k"', "[[folder]] number 1: path is missing"),
        (
            '[[folder]]\npath = "a"\nignore = ["cycle"]',
            "[[folder]] number 1: no key is named ignore here",
        ),
        ('initramfs = "i"', "initramfs: needs a kernel beside it"),
        ("x = ", "invalid TOML: "),
        ("x = " + "9" * 5000, "invalid TOML: "),
        ("x" + ".x" * 100_000 + " = 1", "a key of more than 32 parts"),
        ('["x"' + " . 'x' " * 9000 + "]", "a key of more than 32 parts"),
        ("x = " + "[" * 5000, "arrays or tables too deep in each other"),
        ("#" * (MAX_SIZE + 1), f"more than {MAX_SIZE} bytes"),
    ],
)
def test_one_message_says_where_and_what(write: Write, text: str, message: str) -> None:
    write("boards/dtlink.toml", text)
    with pytest.raises(InputError) as caught:
        settings_of("boards/x.dtb", {})
    assert str(caught.value).startswith(f"{Path('boards/dtlink.toml')}: ")
    assert message in str(caught.value)
    assert len(str(caught.value)) < 400


def test_bytes_that_are_no_text(write: Write) -> None:
    write("dtlink.toml").write_bytes(b"x = '\xff'")
    with pytest.raises(InputError, match=r"^dtlink.toml: not UTF-8 \(byte 0x5\)"):
        settings_of("x.dtb", {})


def test_a_byte_order_mark_is_no_mistake(write: Write) -> None:
    write("dtlink.toml", '\ufeffroot = "/x"')
    assert settings_of("x.dtb", {}).board.root == "/x"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.dtlink", "pyproject.toml: invalid TOML: "),
        ("[tool]\ndtlink = 1", r"pyproject.toml: \[tool.dtlink\]: a table is needed"),
        ("[tool.dtlink]\nshoe = 1", r"\[tool.dtlink\]: no key is named shoe: did you mean show\?"),
        ("[tool.dtlink]\nshow = 1", r"\[tool.dtlink\]: show: a string is needed, not a number"),
        ("[[tool.dtlink.allow]]", r"\[\[tool.dtlink.allow\]\] number 1: rule is missing"),
    ],
)
def test_mistakes_in_a_shared_file(write: Write, text: str, message: str) -> None:
    write("pyproject.toml", text)
    with pytest.raises(InputError, match=message):
        settings_of("x.dtb", {})


NAMES = sorted({key.name for key in (*TOP, *ENTRY, *FOLDER)})
WORDS = st.sampled_from(
    ["legacy", "iommu/cells", "6.6", "latest", "error", "never", "info", "running", "a/b", "", "."]
)
SCALARS = (
    st.booleans()
    | st.integers(-(1 << 63), (1 << 63) - 1)
    | st.floats(allow_nan=True)
    | WORDS
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    | st.dates()
    | st.datetimes()
    | st.just(dt.time(1, 2, 3))
)
KEYED = st.sampled_from(NAMES) | WORDS | st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYED, inner, max_size=3),
    max_leaves=8,
)
ENTRIES = st.lists(
    st.fixed_dictionaries(
        {"rule": WORDS, "reason": WORDS}, optional={"node": WORDS, "file": WORDS, "x": VALUES}
    )
    | VALUES,
    max_size=2,
)
FOLDERS = st.lists(
    st.fixed_dictionaries(
        {"path": WORDS | st.text(st.characters(exclude_categories=["Cs"]), max_size=4)},
        optional={"kernel": WORDS, "initramfs": WORDS, "against": VALUES},
    ),
    max_size=2,
)
#: Near enough to what is right that most rows are reached.
NEAR = st.fixed_dictionaries(
    {},
    optional={
        "kernel-version": WORDS | VALUES,
        "select": st.lists(WORDS) | VALUES,
        "cmdline": WORDS | VALUES,
        "kernel": WORDS | VALUES,
        "initramfs": WORDS,
        "fail-on": WORDS,
        "schema-dir": WORDS | st.lists(WORDS),
        "severity": st.dictionaries(WORDS, WORDS) | VALUES,
        "allow": ENTRIES,
        "expect": ENTRIES,
        "folder": FOLDERS,
    },
)


def outcome(folder: Path) -> LintSettings | InputError:
    forget()
    try:
        return settings_of(str(folder / "x.dtb"), {})
    except InputError as error:
        return error


EVERY_EXAMPLE_ITS_FOLDER = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@given(document=NEAR | st.dictionaries(KEYED, VALUES, max_size=4))
@example(document={"folder": [{"path": ".", "kernel": "k"}], "fail-on": "never"})
@settings(max_examples=200, suppress_health_check=EVERY_EXAMPLE_ITS_FOLDER)
def test_any_document_gives_settings_or_one_message(
    tmp_path: Path, document: dict[str, Any]
) -> None:
    (tmp_path / "dtlink.toml").write_text(tomli_w.dumps(document), encoding="utf-8")
    told = outcome(tmp_path)
    if isinstance(told, InputError):
        assert told.path.endswith("dtlink.toml")
        assert told.message.isprintable()
    else:
        assert hash(told) is not None
        assert all(each.reason for each in (*told.allow, *told.expect))


@given(text=st.binary() | st.text().map(lambda x: x.encode("utf-8", "surrogatepass")))
@settings(max_examples=150, suppress_health_check=EVERY_EXAMPLE_ITS_FOLDER)
def test_any_bytes_give_settings_or_one_message(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "dtlink.toml").write_bytes(text)
    (tmp_path / "pyproject.toml").write_bytes(b"[tool.dtlink]\n" + text)
    own = outcome(tmp_path)
    (tmp_path / "dtlink.toml").unlink()
    for told in (own, outcome(tmp_path)):
        assert isinstance(told, LintSettings) or told.message.isprintable()
