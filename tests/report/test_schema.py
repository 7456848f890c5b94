"""Every document that dtlink prints is of the published form."""

import json
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from dtlink.cli.main import COMMANDS, cli
from dtlink.observed.bootlog.model import CauseKind, DeviceEffect
from dtlink.views.modules import GAPS

ROOT = Path(__file__).resolve().parents[2]
BOARDS = sorted((ROOT / "fixtures" / "boards").glob("*.dtb"))
TABLES = ROOT / "fixtures" / "tables"
GUEST = ROOT / "fixtures" / "boards" / "virtio-iommu-guest.dtb"
KERNEL = ROOT / "fixtures" / "kernel"
SCHEMA = json.loads((ROOT / "schemas" / "report-1.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

CALLS = {
    "lint": ["lint", *map(str, BOARDS), str(TABLES), "missing.dtb"],
    "links": ["links", *map(str, BOARDS), str(TABLES), "--disabled"],
    "devlink": ["devlink", str(ROOT / "fixtures/boards/phandle-faults.dtb"), "--against", "5.15"],
    "cycles": ["cycles", str(ROOT / "fixtures/boards/phone-soc.dtb")],
    "order": ["order", str(ROOT / "fixtures/boards/phone-soc.dtb")],
    "why": ["why", str(GUEST), "/pcie@4010000000/ethernet@2,0", "--kernel", str(KERNEL)],
    "graph": ["graph", str(GUEST), "--kernel", str(KERNEL)],
    "iommu": ["iommu", str(TABLES / "guest"), "0000:01:00.0"],
    "iort": ["iort", str(TABLES / "guest"), "--rid", "0000:01:00.0"],
    "diff": ["diff", str(BOARDS[-1]), str(ROOT / "fixtures/boards/phandle-faults.dtb")],
    "drivers": ["drivers", str(GUEST), "--kernel", str(KERNEL)],
    "log": ["log", str(KERNEL / "boot.log"), "--dtb", str(GUEST)],
    "modules": ["modules", str(GUEST), "/pcie@4010000000/iommu@1,0", "--kernel", str(KERNEL)],
    "preprocess": ["preprocess", str(ROOT / "fixtures/boards/phone-soc.dts")],
    "inspect": ["inspect", *map(str, BOARDS), str(TABLES), "missing.dtb"],
    "history": ["history", str(ROOT / "fixtures/reports")],
    "rules": ["rules"],
    "explain": ["explain", "phandle/dangling"],
    "config": ["config", "."],
}

MORE = {
    "graph of a node": ["graph", str(ROOT / "fixtures/boards/phone-soc.dtb"), "/"],
    "graph of tables": ["graph", str(TABLES / "arm-server"), "--kernel", str(KERNEL)],
    "graph of a cycle": ["graph", str(ROOT / "fixtures/boards/phone-soc.dts")],
    "graph of a board that runs": [
        "graph",
        str(GUEST),
        "--kernel",
        str(KERNEL),
        "--observed",
        str(KERNEL / "boot.log"),
    ],
    "graph of a change": [
        "graph",
        str(BOARDS[-1]),
        "--against-input",
        str(ROOT / "fixtures/boards/phandle-faults.dtb"),
    ],
    "iommu of all": ["iommu", str(ROOT / "fixtures/boards/pci-server.dtb")],
    "iommu of an RMRR": ["iommu", str(TABLES / "intel-desktop")],
    "diff --same-machine": ["diff", "--same-machine", str(GUEST), str(TABLES / "guest")],
    "lint of source": ["lint", str(ROOT / "fixtures/boards/phandle-faults.dts")],
    "lint --kernel": ["lint", str(GUEST), "--kernel", str(KERNEL)],
    "lint --expect": [
        "lint",
        str(GUEST),
        "--expect",
        "legacy",
        "--expect",
        "iommu",
        "--expect",
        "cycle",
    ],
}


def test_every_command_is_called() -> None:
    # dtlink kernel writes an index, and prints nothing; dtlink completion prints a script; dtlink
    # lsp speaks another protocol; dtlink report-bug writes a file for people.
    assert {*CALLS, "kernel", "completion", "lsp", "report-bug"} == set(COMMANDS), (
        "call every command in CALLS, so that its JSON is held against the schema"
    )


@pytest.mark.parametrize("call", [*CALLS.values(), *MORE.values()], ids=[*CALLS, *MORE])
def test_documents_are_of_the_schema(call: list[str]) -> None:
    result = CliRunner().invoke(cli, [*call, "--format", "json"])
    document = json.loads(result.stdout)
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []
    assert undescribed(document, SCHEMA, SCHEMA) == []


def test_a_log_that_names_a_device_in_the_line_of_another(tmp_path: Path) -> None:
    log = tmp_path / "boot.log"
    log.write_text(
        "[    0.000000] Linux version 6.12.1-x (a@b) (gcc 12) #1 SMP\n"
        "[    0.400000] platform a.b: deferred probe pending\n"
        "[    0.500000] x-drm engine: failed to bind 2000.hdmi (ops x_hdmi_ops): -517\n"
    )
    result = CliRunner().invoke(cli, ["log", str(log), "--format", "json"])
    document = json.loads(result.stdout)
    causes = document["inputs"][0]["log"]["causes"]
    assert {0, 1} == {victim["lines"] for cause in causes for victim in cause["victims"]}
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []


@pytest.mark.parametrize("words", [DeviceEffect, CauseKind])
def test_the_words_of_a_log_are_of_the_schema(words: type[Enum]) -> None:
    named = {each.name.lower().replace("_", "-") for each in words}
    described = [set(each["enum"]) for each in _all(SCHEMA) if "enum" in each]
    assert [each for each in described if len(each & named) > 3] == [named]


def _all(schema: object) -> Iterator[dict]:
    """All objects of the schema."""
    if isinstance(schema, dict):
        yield schema
    below = schema.values() if isinstance(schema, dict) else schema
    for each in below if isinstance(below, Iterable) and not isinstance(below, str) else ():
        yield from _all(each)


def test_what_does_not_count_is_of_the_schema_too(tmp_path: Path) -> None:
    board, baseline = tmp_path / "board.dtb", tmp_path / "known.json"
    board.write_bytes((ROOT / "fixtures/boards/phone-soc.dtb").read_bytes())
    entry = '[[{}]]\nrule = "{}"\nreason = "a test"\n'
    known = ["lint", str(board), "--baseline", str(baseline), "--write-baseline"]
    CliRunner().invoke(cli, known)
    board.write_bytes((ROOT / "fixtures/boards/phandle-faults.dtb").read_bytes())
    config = entry.format("allow", "phandle/dangling") + entry.format("expect", "cycle")
    (tmp_path / "dtlink.toml").write_text(config)
    result = CliRunner().invoke(cli, [*known[:4], "--format", "jsonl"])
    document = json.loads(result.stdout)
    assert {"fixed", "ignored", "unmet", "findings"} <= document["inputs"][0].keys()
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []
    assert undescribed(document, SCHEMA, SCHEMA) == []


def undescribed(data: object, schema: dict, root: dict, where: str = "") -> list[str]:
    """Members that the schema does not name: it lets them pass, for later versions."""
    schema = resolve(schema, root)
    if isinstance(data, list):
        return [x for item in data for x in undescribed(item, schema["items"], root, where + "[]")]
    if not isinstance(data, dict):
        return []
    choices = [resolve(choice, root) for choice in schema.get("anyOf", [schema])]
    known = next(choice["properties"] for choice in choices if "properties" in choice)
    unknown = [f"{where}.{name}" for name in data if name not in known]
    for name in data.keys() & known.keys():
        unknown += undescribed(data[name], known[name], root, f"{where}.{name}")
    return unknown


def resolve(schema: dict, root: dict) -> dict:
    if "$ref" in schema:
        return root["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema


def test_every_member_has_title_and_description() -> None:
    bare = []

    def visit(schema: dict, where: str) -> None:
        for name, member in schema.get("properties", {}).items():
            if "$ref" not in member and not {"title", "description"} <= member.keys():
                bare.append(f"{where}.{name}")
            visit(member, f"{where}.{name}")
        for choice in schema.get("anyOf", []):
            visit(choice, where)
        if isinstance(schema.get("items"), dict):
            visit(schema["items"], where + "[]")

    visit(SCHEMA, "")
    for name, definition in SCHEMA["$defs"].items():
        visit(definition, name)
    assert bare == []


def test_what_a_device_may_have_instead_of_a_driver_is_of_the_schema() -> None:
    rows = SCHEMA["$defs"]["input"]["properties"]["modules"]["properties"]["without_driver"]
    assert rows["items"]["properties"]["state"]["enum"] == [each.value for each in GAPS]
