"""Schemas are compared with their files in each run of a process."""

from __future__ import annotations

from pathlib import Path

import pytest

import dtlink
from dtlink.schema import process as process_module
from dtlink.schema.source import SchemaSource

BOARD = '/dts-v1/;\n/ { compatible = "v,b"; model = "b"; a { compatible = "v,a"; x = <1>; }; };\n'
SCHEMA = """%YAML 1.2
---
$id: http://devicetree.org/schemas/v,a.yaml#
$schema: http://devicetree.org/meta-schemas/core.yaml#
title: A device
maintainers:
  - A <a@example.org>
properties:
  compatible:
    const: v,a
  x:
    $ref: /schemas/types.yaml#/definitions/uint32
    const: VALUE
additionalProperties: false
"""


@pytest.fixture
def schemas(own: SchemaSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    del own
    monkeypatch.chdir(tmp_path)
    Path("b.dts").write_text(BOARD, encoding="utf-8")
    Path("schemas").mkdir()
    return Path("schemas/v,a.yaml")


def write(path: Path, value: int) -> None:
    path.write_text(SCHEMA.replace("VALUE", str(value)), encoding="utf-8")


def notes() -> tuple[str, ...]:
    """What a run says of the schemas: errors that are not about suppliers are counted."""
    settings = {"schema": True, "schema_dir": ["schemas"], "select": "schema"}
    return tuple(dtlink.lint("b.dts", config=False, cache=False, **settings).inputs[0].notes)


def test_a_schema_that_changes_is_read_again(schemas: Path) -> None:
    write(schemas, 1)
    sound = notes()
    write(schemas, 2)
    wrong = notes()
    assert wrong != sound
    started = list(process_module._STARTED)
    assert notes() == wrong
    assert started == process_module._STARTED, "what has not changed is loaded once"
    write(schemas, 1)
    assert notes() == sound
    assert len(process_module._STARTED) == len(started), "the process of the old ones has ended"
