"""The man pages: one for each command, with all its options; troff complains of nothing."""

from __future__ import annotations

import re
import shutil
import subprocess

import click
import pytest

from dtlink.cli.main import COMMANDS
from tools.docs.commands import commands
from tools.docs.man import _context, _text, page, pages

PAGES = dict(pages())


def test_each_command_has_a_page():
    assert set(PAGES) == {f"{'-'.join(('dtlink', *words))}.1" for words in commands()}
    for name in COMMANDS:
        assert _text(f"dtlink-{name}(1)") in PAGES["dtlink.1"]


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_each_option_is_described(words: tuple[str, ...]):
    text = page(words)
    context = _context(words)
    for parameter in context.command.get_params(context):
        if isinstance(parameter, click.Option) and not parameter.hidden:
            assert re.search(rf"{re.escape(_text(parameter.opts[-1]))}\b", text), parameter.opts


@pytest.mark.parametrize("name", PAGES)
def test_troff_complains_of_nothing(name: str):
    if shutil.which("groff") is None:
        pytest.skip("not installed: groff")
    command = ["groff", "-man", "-Tutf8", "-ww", "-z"]
    done = subprocess.run(command, input=PAGES[name].encode(), capture_output=True, check=False)
    assert (done.returncode, done.stderr.decode()) == (0, "")


@pytest.mark.parametrize("name", PAGES)
def test_whatis_finds_the_summary(name: str):
    wanted = re.escape(_text(name.removesuffix(".1")))
    assert re.search(rf"^\.SH NAME\n{wanted} \\- [^.\n]+[^.]$", PAGES[name], re.MULTILINE), name


def test_text_is_no_request():
    assert _text(".SH x") == "\\&.SH x"
    assert _text("'x") == "\\&'x"
    assert _text("a\\b-c") == "a\\eb\\-c"
    assert _text("→") == "\\[u2192]"


def test_the_same_source_gives_the_same_pages():
    assert dict(pages()) == PAGES
