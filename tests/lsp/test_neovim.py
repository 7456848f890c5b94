"""A session of Neovim without a screen: the server with a client that is not ours."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lsp.boards import write

SESSION = r"""
local function say(text) io.stdout:write(text .. "\n") end
local id = (vim.lsp.start_client or vim.lsp.start)({
  name = "dtlink",
  cmd = { vim.env.DTLINK_PYTHON, "-m", "dtlink", "lsp" },
  root_dir = vim.env.DTLINK_FOLDER,
  init_options = { isolated = true, select = { "default", "legacy" }, show = "info" },
})
local buffer
local function open(name)
  vim.cmd("edit " .. vim.env.DTLINK_FOLDER .. "/" .. name)
  buffer = vim.api.nvim_get_current_buf()
  vim.lsp.buf_attach_client(buffer, id)
end
local function settle(number)
  vim.wait(30000, function() return #vim.diagnostic.get(buffer) == number end, 20)
  for _, each in ipairs(vim.diagnostic.get(buffer)) do
    say(("%d:%d %s"):format(each.lnum + 1, each.col + 1, each.message:match("[^\n]*")))
  end
end
local function ask(method, params)
  params.textDocument = { uri = vim.uri_from_bufnr(buffer) }
  return vim.lsp.buf_request_sync(buffer, method, params, 30000)[id].result
end
local function at(line, character) return { position = { line = line, character = character } } end
open("board.dts")
settle(1)
local found = ask("textDocument/definition", at(6, 13))
say(("defined in line %d, %d"):format(found.range.start.line + 1, found.range.start.character + 1))
local start = vim.diagnostic.get(buffer)[1]
local place = { line = start.lnum, character = start.col }
local range = { start = place, ["end"] = place }
local actions = ask("textDocument/codeAction", { range = range, context = { diagnostics = {} } })
vim.lsp.util.apply_workspace_edit(actions[1].edit, "utf-16")
say(vim.trim(vim.api.nvim_buf_get_lines(buffer, 7, 8, false)[1]))
settle(0)
vim.api.nvim_buf_set_lines(buffer, -1, -1, false, { "&nope { };" })
settle(1)
open("soc.dtsi")
for _, each in ipairs(ask("textDocument/codeLens", {})) do say(each.command.title) end
vim.cmd("qa!")
"""


def test_a_session_of_neovim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pygls", reason="pygls is not installed: no server to try")
    program = shutil.which("nvim")
    if program is None:
        pytest.skip("Neovim is not installed")
    write(tmp_path)
    script = tmp_path / "session.lua"
    script.write_text(SESSION, encoding="utf-8")
    monkeypatch.setenv("DTLINK_PYTHON", sys.executable)
    monkeypatch.setenv("DTLINK_FOLDER", str(tmp_path))
    command = [program, "--headless", "-u", "NONE", "-i", "NONE", "-n", "-c", f"luafile {script}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.splitlines() == [
        "8:3 mmc@5000: deprecated -gpio suffix in cd-gpio, use -gpios",
        # In UTF-16: the comment before it has a character of two units.
        "defined in line 5, 21",
        "cd-gpios = <&gpio 1 0>;\t/* card */",
        "12:1 no node &nope",
        "2 consumers",
        "1 consumer",
    ], done.stderr
