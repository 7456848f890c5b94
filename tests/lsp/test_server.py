"""The server as an editor meets it: messages over standard input and output."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dtlink.cli.main import cli
from dtlink.lsp.positions import uri_of
from tests.lsp.boards import BOARD, GIVEN, SOC, at, write

#: What a session with the server may take, in seconds: a machine may be slow.
TIMEOUT = 60


class Editor:
    """A client of the protocol, as small as it can be."""

    def __init__(self, folder: Path, options: object = None, **capabilities: object) -> None:
        pytest.importorskip("pygls", reason="pygls is not installed: no server to try")
        self._server = subprocess.Popen(
            [sys.executable, "-m", "dtlink", "lsp", "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path.cwd(),
        )
        # A server that says nothing would be waited for.
        self._timer = threading.Timer(TIMEOUT, self._server.kill)
        self._timer.start()
        self._number = 0
        self._later: list[Any] = []
        self.told: list[str] = []
        params = {
            "processId": None,
            "rootUri": uri_of(str(folder)),
            "capabilities": capabilities,
            "initializationOptions": options,
        }
        self.offers = self.ask("initialize", params)["capabilities"]
        self.say("initialized", {})

    def say(self, method: str, params: object) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    def ask(self, method: str, params: object) -> Any:
        """Send a request, and wait for its answer."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        while True:
            message = self._receive()
            if message.get("id") == self._number and "method" not in message:
                assert "error" not in message, message
                return message["result"]
            self._later.append(message)

    def diagnostics(self, path: Path, version: int | None) -> list[Any]:
        """The diagnostics of a version of a file; ``None``: of one that is closed."""
        while True:
            message = self._later.pop(0) if self._later else self._receive()
            params = message.get("params") or {}
            if message.get("method") == "window/showMessage":
                self.told.append(params["message"])
            named = params.get("uri"), params.get("version")
            if named == (uri_of(str(path)), version):
                found: list[Any] = params["diagnostics"]
                return found

    def open(self, path: Path) -> list[Any]:
        """Open a file; its diagnostics."""
        text = path.read_text(encoding="utf-8")
        item = {"uri": uri_of(str(path)), "languageId": "dts", "version": 1, "text": text}
        self.say("textDocument/didOpen", {"textDocument": item})
        return self.diagnostics(path, 1)

    def change(self, path: Path, version: int, *changes: object) -> list[Any]:
        """Change a file; its diagnostics."""
        item = {"uri": uri_of(str(path)), "version": version}
        params = {"textDocument": item, "contentChanges": list(changes)}
        self.say("textDocument/didChange", params)
        return self.diagnostics(path, version)

    def end(self) -> int:
        """End the server; its exit status."""
        self.ask("shutdown", None)
        self.say("exit", None)
        return self._server.wait(TIMEOUT)

    def kill(self) -> None:
        """End it whatever it does."""
        self._timer.cancel()
        self._server.kill()
        self._server.communicate()

    def _send(self, message: Mapping[str, object]) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._server.stdin
        self._server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
        self._server.stdin.flush()

    def _receive(self) -> Any:
        assert self._server.stdout
        size = 0
        while line := self._server.stdout.readline().strip():
            name, _, value = line.partition(b":")
            size = int(value) if name.lower() == b"content-length" else size
        assert size, "the server has ended"
        return json.loads(self._server.stdout.read(size))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Editor]]:
    editors: list[Editor] = []
    write(tmp_path)

    def made(options: object = None, **capabilities: object) -> Editor:
        editors.append(Editor(tmp_path, options or GIVEN, **capabilities))
        return editors[-1]

    yield made
    for each in editors:
        each.kill()


def place(text: str, needle: str, number: int = 0) -> dict[str, int]:
    """A position in UTF-16."""
    offset = at(text, needle, number)
    line = text[text.rfind("\n", 0, offset) + 1 : offset]
    units = len(line.encode("utf-16-le")) // 2
    return {"line": text.count("\n", 0, offset), "character": units}


def asked(path: Path, text: str, needle: str, number: int = 0) -> dict[str, object]:
    document = {"uri": uri_of(str(path))}
    return {"textDocument": document, "position": place(text, needle, number)}


def test_a_session(start: Callable[..., Editor], tmp_path: Path) -> None:
    editor = start()
    board, soc = tmp_path / "board.dts", tmp_path / "soc.dtsi"
    (found,) = editor.open(board)
    assert found["code"] == "legacy/singular-gpio"
    assert found["range"]["start"] == place(BOARD, "cd-gpio")
    context = {"diagnostics": [found], "only": ["quickfix"]}
    params = {"textDocument": {"uri": uri_of(str(board))}, "range": found["range"]}
    (action,) = editor.ask("textDocument/codeAction", {**params, "context": context})
    assert action["isPreferred"]
    (edit,) = action["edit"]["changes"][uri_of(str(board))]
    assert edit["newText"].startswith("cd-gpios")
    assert editor.change(board, 2, {"range": edit["range"], "text": edit["newText"]}) == []

    assert editor.open(soc) == []
    definition = editor.ask("textDocument/definition", asked(board, BOARD, "&clk"))
    assert definition["uri"] == uri_of(str(soc))
    assert definition["range"]["start"] == place(SOC, "clk: clock")
    hover = editor.ask("textDocument/hover", asked(soc, SOC, "clk: clock"))
    assert "2 consumers" in hover["contents"]["value"]
    context = {"includeDeclaration": False}
    params = {**asked(soc, SOC, "clk: clock"), "context": context}
    assert len(editor.ask("textDocument/references", params)) == 2
    document = {"textDocument": {"uri": uri_of(str(soc))}}
    (root,) = editor.ask("textDocument/documentSymbol", document)
    assert [each["name"] for each in root["children"]][:2] == [
        "clock-controller@1000",
        "serial@2000",
    ]
    lenses = editor.ask("textDocument/codeLens", document)
    assert [each["command"]["title"] for each in lenses] == [
        "2 consumers",
        "1 consumer",
    ]
    (error,) = editor.change(soc, 2, {"text": SOC + "&nope { };\n"})
    assert error["source"] == "dtlink"
    assert editor.change(soc, 3, {"text": SOC}) == []
    assert editor.end() == 0


def test_what_is_not_understood_is_said_once(start: Callable[..., Editor], tmp_path: Path) -> None:
    editor = start({"nope": 1})
    editor.open(tmp_path / "board.dts")
    assert editor.told == ["dtlink: initializationOptions: nope: not a setting"]


def test_the_encoding_is_that_which_the_editor_prefers(
    start: Callable[..., Editor], tmp_path: Path
) -> None:
    editor = start(general={"positionEncodings": ["utf-8", "utf-16"]})
    assert editor.offers["positionEncoding"] == "utf-8"
    board = tmp_path / "board.dts"
    editor.open(board)
    definition = editor.ask("textDocument/definition", asked(board, BOARD, "&clk"))
    line = next(line for line in SOC.split("\n") if "clk:" in line)
    column = len(line[: line.index("clk:")].encode())
    assert definition["range"]["start"]["character"] == column


@pytest.mark.parametrize("method", ["hover", "definition", "documentSymbol", "codeLens"])
def test_documents_that_are_no_files_have_no_answers(
    start: Callable[..., Editor], tmp_path: Path, method: str
) -> None:
    editor = start()
    params = {"textDocument": {"uri": "untitled:1"}, "position": {"line": 0, "character": 0}}
    item = {"uri": "untitled:1", "languageId": "dts", "version": 1, "text": BOARD}
    editor.say("textDocument/didOpen", {"textDocument": item})
    assert not editor.ask(f"textDocument/{method}", params)
    assert editor.open(tmp_path / "board.dts")


def test_changes_on_the_disk_count(start: Callable[..., Editor], tmp_path: Path) -> None:
    watching = {"didChangeWatchedFiles": {"dynamicRegistration": True}}
    editor = start(workspace=watching)
    board, soc = tmp_path / "board.dts", tmp_path / "soc.dtsi"
    assert len(editor.open(board)) == 1
    soc.write_text(SOC.replace("#gpio-cells", "x,y"), encoding="utf-8")
    changes = [{"uri": uri_of(str(soc)), "type": 2}]
    editor.say("workspace/didChangeWatchedFiles", {"changes": changes})
    assert "phandle/missing-cells" in [each["code"] for each in editor.diagnostics(board, 1)]
    editor.say("textDocument/didClose", {"textDocument": {"uri": uri_of(str(board))}})
    assert editor.diagnostics(board, None) == []


def test_names_that_a_uri_escapes(start: Callable[..., Editor], tmp_path: Path) -> None:
    folder = tmp_path / "a b#é"
    folder.mkdir()
    write(folder)
    assert len(start().open(folder / "board.dts")) == 1


def test_without_pygls_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dtlink.cli.lsp.find_spec", lambda _: None)
    result = CliRunner().invoke(cli, ["lsp"])
    assert result.exit_code == 2
    assert result.stderr == (
        "dtlink: dtlink lsp needs pygls: install dtlink[lsp] (pip install 'dtlink[lsp]')\n"
    )


def test_the_answers_need_no_pygls() -> None:
    code = (
        "import sys; sys.modules['pygls'] = sys.modules['lsprotocol'] = None;"
        "from dtlink.lsp import actions, hover, lenses, session, symbols, targets"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
