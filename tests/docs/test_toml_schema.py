"""The JSON schema of dtlink.toml says what the reader of configurations says."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from dtlink.config.file import load
from dtlink.config.keys import ENTRY, KEYS, VARIANT
from dtlink.firmware.errors import InputError
from tests.docs.test_blocks import of_language
from tools.docs.toml_schema import ACCEPTED, FILE, render, schema

jsonschema = pytest.importorskip("jsonschema")

CONFIGURATIONS = of_language("toml")

#: A value for each key that a reader accepts, and one that none does.
GOOD = """\
kernel-version = "6.12"
against = "latest"
cmdline = "root=/dev/vda1 ro"
root = "/soc/mmc@1000"
root-after = 2.5
kernel = "running"
initramfs = "initrd.img"
kernel-index = "index.json"
lspci = "lspci.txt"
iomem = "iomem.txt"
select = ["default", "bsa"]
ignore = ["cycle", "legacy/old-name"]
fail-on = "never"
show = "info"
baseline = "baseline.json"
exclude = ["build/", "*.bad.dts"]
force-exclude = true
respect-gitignore = false
max-boards = 0
schema = false
schema-dir = "bindings"
include = ["include", "../include"]
define = ["A", "B=1, 2"]
allow-include = "/usr/include"
overlay = ["a.dtbo"]
bases = "boards"

[severity]
"iort/node-frame" = "warning"
legacy = "info"

[[allow]]
rule = "supplier/never-probes"
reason = "not fitted"

[[expect]]
rule = "legacy"
node = "/soc*"
file = "a/*.dtb"
reason = "goes with 2.0"

[[folder]]
path = "boards/**"
kernel-version = "6.6"

[[variant]]
name = "camera"
base = "a.dtb"
overlays = ["a.dtbo"]
"""
MISTAKES = (
    'kernel-versoin = "6.12"',
    "kernel-version = 6.12",
    'kernel-version = "new"',
    'ignore = "cycle"',
    'ignore = ["cylce"]',
    'fail-on = "off"',
    'show = "never"',
    "force-exclude = 1",
    "max-boards = -1",
    "max-boards = 1.5",
    "root-after = -2",
    'define = ["1A"]',
    'schema = "yes"',
    "include = [1]",
    '[severity]\nlegacy = "bad"',
    '[severity]\nlegasy = "info"',
    '[[allow]]\nrule = "legacy"',
    '[[allow]]\nrule = "legacy"\nreason = " "',
    '[[allow]]\nrule = "legacy"\nreason = "x"\nfile = "/boards"',
    '[[folder]]\nkernel-version = "6.6"',
    '[[folder]]\npath = "a"\nselect = ["all"]',
    '[[variant]]\nname = "a"\nbase = "b"',
    "[allow]\nrule = 1",
)


def problems(text: str) -> list[str]:
    """What the schema says against a configuration."""
    validator = jsonschema.Draft7Validator(schema())
    return [error.message for error in validator.iter_errors(tomllib.loads(text))]


def is_read(text: str, folder: Path) -> bool:
    """Whether dtlink reads the configuration."""
    file = folder / "dtlink.toml"
    file.write_text(text, encoding="utf-8")
    try:
        load(str(file))
    except InputError:
        return False
    return True


def test_the_file_is_current():
    assert FILE.read_text(encoding="utf-8") == render(), "run: python -m tools.docs.toml_schema"


def test_the_schema_is_one():
    jsonschema.Draft7Validator.check_schema(json.loads(render()))


def test_every_key_has_a_value_in_the_test():
    assert [key.name for key in KEYS] == [
        name
        for name, value in tomllib.loads(GOOD).items()
        if not isinstance(value, (dict, list)) or name in {key.name for key in KEYS}
    ]


def test_every_reader_is_described():
    readers = {key.read for key in (*KEYS, *ENTRY, *VARIANT)}
    assert readers <= ACCEPTED.keys(), "tools/docs/toml_schema.py: say what the reader accepts"


def test_what_is_read_is_valid(tmp_path: Path):
    assert is_read(GOOD, tmp_path)
    assert problems(GOOD) == []


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_one_for_both(text: str, tmp_path: Path):
    assert not is_read(text, tmp_path)
    assert problems(text)


@pytest.mark.parametrize("block", CONFIGURATIONS, ids=str)
def test_the_examples_are_valid(block):
    assert problems(block.text) == []
