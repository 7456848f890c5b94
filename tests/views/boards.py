"""Boards that the tests of the views are made of."""

import json
from collections.abc import Iterable
from typing import Any

from click.testing import CliRunner

from dtlink.board.settings import DEFAULTS, Settings
from dtlink.board.tables import TablesBoard
from dtlink.board.tree import TreeBoard
from dtlink.cli.main import cli
from dtlink.firmware import dts
from dtlink.firmware.acpi.read import read_folder
from dtlink.report.layout import Line, plain
from tests.support.boards import FIXTURES

TABLES = FIXTURES.parent / "tables"


def board(source: str, settings: Settings = DEFAULTS) -> TreeBoard:
    """A board of the nodes of a source."""
    return TreeBoard(dts.read_text(f"/ {{ {source} }};"), settings)


def server(name: str = "arm-server") -> TablesBoard:
    """The board of one of the project's own machines."""
    return TablesBoard(read_folder(str(TABLES / name)))


def shown(lines: Iterable[Line]) -> list[str]:
    """Text, line by line."""
    return plain(lines).splitlines()


def command(name: str, *args: object) -> Any:
    """What a command prints of its one input as JSON data, without what every command prints."""
    result = CliRunner().invoke(cli, [name, *map(str, args), "--format", "json"])
    return json.loads(result.stdout)["inputs"][0]


def data(value: object) -> Any:
    """JSON data as it is read again."""
    return json.loads(json.dumps(value))
