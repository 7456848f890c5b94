"""The picture of a terminal in the README: what a real run prints on a (pseudo) terminal.

``python -m tools.docs.picture`` writes ``docs/assets/lint.svg``. The window is dark with bright
text, so it can be read on light and on dark pages; it loads no fonts.
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docs" / "assets" / "lint.svg"
COLUMNS = 100
COMMAND = ("dtlink", "lint", "fixtures/boards/phone-soc.dts")

#: rich names fonts of another host.
_FONTS = re.compile(r"@font-face \{\{.*?\}\}\s*", re.DOTALL)


def printed() -> str:
    """What the command prints on a terminal, with colours."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 200, COLUMNS, 0, 0))
    unset = ("NO_COLOR", "COLUMNS", "FORCE_COLOR")
    environment = {name: text for name, text in os.environ.items() if name not in unset}
    environment |= {"TERM": "xterm-256color", "FORCE_HYPERLINK": "0", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", *COMMAND]
    with subprocess.Popen(  # noqa: S603 - this program
        command, cwd=ROOT, env=environment, stdout=theirs, stderr=theirs
    ):
        os.close(theirs)
        output = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    return output.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    """Bytes from a terminal; none when the program at its other end is done."""
    try:
        return os.read(terminal, 1 << 16)
    except OSError:
        return b""


def render() -> str:
    """The picture as SVG."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.assemble(("$ ", "bold green"), " ".join(COMMAND)))
    console.print(Text.from_ansi(printed()), soft_wrap=True)
    form = _FONTS.sub("", CONSOLE_SVG_FORMAT)
    return console.export_svg(title="dtlink", code_format=form, unique_id="dtlink")


def text_of(picture: str) -> str:
    """The text in a picture, without what rich adds to place it."""
    from html import unescape

    rows = re.findall(r"<text[^>]*>(.*?)</text>", picture)
    return unescape(" ".join(rows)).replace("\xa0", " ")


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(render(), encoding="utf-8")
