"""``dtlink config``."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dtlink.cli.config import config
from dtlink.config.keys import KEYS
from dtlink.config.resolve import forget, settings_of
from dtlink.config.show import table

FILE = r"""
kernel-version = "6.6"
ignore = ["cycle", "legacy/old-name"]
cmdline = "quiet fw_devlink.strict=1 driver_async_probe=a,b"
fail-on = "never"

[severity]
"legacy/hidden-link" = "info"
iommu = "warning"

[[allow]]
rule = "supplier/never-probes"
node = "/soc/dsp@*"
file = "boards/acme"
reason = "Not \"fitted\" \u007f\\ here."

[[expect]]
rule = "legacy/mmu-masters"
reason = "In the field."

[[folder]]
path = "boards/acme"
kernel = "kernels/acme"
initramfs = "kernels/acme.img"
kernel-version = "6.12"
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A working folder with a configuration."""
    monkeypatch.chdir(tmp_path)
    Path("dtlink.toml").write_text(FILE, encoding="utf-8")
    Path("boards/acme").mkdir(parents=True)
    for name in ("boards/x.dtb", "boards/acme/x.dtb"):
        Path(name).touch()
    yield
    forget()


def run(*args: str) -> Result:
    return CliRunner().invoke(config, args)


def origin(text: str, key: str) -> str:
    (row,) = (row for row in text.splitlines() if row.startswith(f"{key} = "))
    return row.rpartition("# ")[2]


def test_each_value_is_told_with_where_it_comes_from() -> None:
    told = run("boards/acme/x.dtb", "--ignore", "viot", "--ignore", "iort,dmar").stdout
    assert told.startswith("# boards/acme/x.dtb: dtlink.toml\n")
    assert origin(told, "fail-on") == "dtlink.toml"
    assert origin(told, "show") == "default"
    assert origin(told, "kernel") == "dtlink.toml, [[folder]] boards/acme"
    assert origin(told, "ignore") == "command line"
    assert tomllib.loads(told)["ignore"] == ["viot", "iort", "dmar"]
    assert "# root is not set: by root= of bootargs\n" in told


def test_a_folder_is_told_the_whole_file_a_file_what_is_for_it() -> None:
    whole, file = tomllib.loads(run().stdout), tomllib.loads(run("boards/x.dtb").stdout)
    assert {"allow", "expect", "folder", "severity"} <= whole.keys()
    assert {"expect", "severity"} <= file.keys()
    assert not {"allow", "folder"} & file.keys()


def test_what_is_told_can_be_configured() -> None:
    """The text is a configuration that says the same, where the working folder's is read."""
    before = [settings_of(name, {}) for name in ("x.dtb", "boards/acme/x.dtb")]
    text = run().stdout
    Path("dtlink.toml").write_text(text, encoding="utf-8")
    forget()
    assert [settings_of(name, {}) for name in ("x.dtb", "boards/acme/x.dtb")] == before
    assert before[1].allow[0].reason == 'Not "fitted" \x7f\\ here.'


def test_json_says_the_same() -> None:
    document = json.loads(run("boards/acme/x.dtb", "--format", "json").stdout)
    assert document["schema"] == "report-1"
    told = document["configuration"]
    assert (told["path"], told["file"]) == ("boards/acme/x.dtb", "dtlink.toml")
    values = {row["key"]: row for row in told["values"]}
    assert [*values] == [key.name for key in KEYS]
    assert values["kernel"]["origin"] == {
        "from": "folder",
        "file": "dtlink.toml",
        "folder": "boards/acme",
    }
    assert values["kernel-version"]["value"] == "6.12"
    assert values["cmdline"]["value"] == "fw_devlink.strict=1 driver_async_probe=a,b"
    assert values["root"] == {
        "key": "root",
        "value": None,
        "origin": {"from": "default", "file": None, "folder": None},
    }
    assert told["severity"][0] == {"rule": "legacy/hidden-link", "severity": "info"}
    assert told["allow"][0]["node"] == "/soc/dsp@*"
    assert told["expect"][0]["source"] == "dtlink.toml"
    assert told["folders"] == []
    whole = json.loads(run("--format", "json").stdout)["configuration"]
    assert whole["folders"][0]["path"] == "boards/acme"
    assert {"key": "kernel", "value": "kernels/acme"} in whole["folders"][0]["values"]


def test_another_file_and_none() -> None:
    Path("other.toml").write_text('root = "/mmc"', encoding="utf-8")
    assert tomllib.loads(run("--config", "other.toml").stdout)["root"] == "/mmc"
    alone = run("--no-config")
    assert "no configuration file" in alone.stdout
    assert tomllib.loads(alone.stdout)["fail-on"] == "error"
    both = run("--config", "other.toml", "--no-config")
    assert (both.exit_code, both.stdout) == (2, "")


@pytest.mark.parametrize(
    ("text", "args", "message"),
    [
        ("shoe = 1", (), "dtlink: dtlink.toml: no key is named shoe: did you mean show?"),
        ("", ("--select", "legacie"), "dtlink: command line: --select: no rule or family"),
        ("", ("--config", "missing.toml"), "dtlink: missing.toml: No such file"),
    ],
)
def test_mistakes_are_one_line_and_status_2(text: str, args: tuple[str, ...], message: str) -> None:
    Path("dtlink.toml").write_text(text, encoding="utf-8")
    result = run(*args)
    assert result.exit_code == 2
    assert result.stderr.startswith(message)
    assert result.stderr.count("\n") == 1


def test_every_option_that_is_told_is_taken_and_wins() -> None:
    asked = {
        "kernel-version": "6.1",
        "against": "5.15",
        "cmdline": "fw_devlink=off",
        "root": "/mmc",
        "root-after": "3.5",
        "kernel": "running",
        "initramfs": "i",
        "kernel-index": "x",
        "lspci": "p",
        "iomem": "m",
        "select": "cycle",
        "ignore": "legacy",
        "fail-on": "info",
        "show": "error",
        "baseline": "b.json",
        "schema-dir": "s",
        "include": "i",
        "define": "D=1,2",
        "allow-include": "a",
        "max-boards": "7",
        "overlay": "o.dtbo",
        "bases": "b",
        "exclude": "x",
    }
    flags = {"schema", "force-exclude", "respect-gitignore"}
    assert asked.keys() | flags == {key.name for key in KEYS}
    args = [word for name, value in asked.items() for word in (f"--{name}", value)]
    told = json.loads(run(*args, *(f"--{name}" for name in flags), "--format", "json").stdout)[
        "configuration"
    ]
    assert {row["origin"]["from"] for row in told["values"]} == {"command-line"}


def test_the_table_of_the_keys_has_a_row_for_each() -> None:
    rows = table().splitlines()
    for key in KEYS:
        (row,) = (each for each in rows if each.startswith(f"| `{key.name}` |"))
        assert row.count("|") == 5
    assert any(row.startswith("| `[[expect]]` | entries | none |") for row in rows)
