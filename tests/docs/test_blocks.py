"""Every block of code in the documentation is run, or is read by the program that is to read it.

A block that no test can run has the reason before it: ``<!-- not run: REASON -->``. Blocks that
users paste into their builds are marked ``<!-- try: NAME -->`` and tried by ``tests/delivery``; the
jobs for clusters by ``test_fleet.py``.
"""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

from dtlink.config.file import load
from tests.delivery.conftest import execute
from tests.delivery.test_snippets import SNIPPETS
from tests.docs.workspace import made, missing
from tests.support.boards import CHECKOUT
from tests.support.repositories import needs_git
from tools.docs.generated import ROOT

MARK = re.compile(
    r"(?:^<!-- (?P<mark>not run|try): (?P<about>[^\n]+) -->\n)?"
    r"^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
#: The pages whose Python tests/test_library_docs.py runs.
START, LIBRARY = "docs/start/library.md", "docs/library.md"
#: The page whose recipes test_fleet.py runs.
FLEET = "docs/fleet.md"


class Block(NamedTuple):
    """A block of code."""

    page: str
    line: int
    language: str
    text: str
    mark: str
    about: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """The README, and all pages that are written by hand."""
    written = (p for p in sorted((ROOT / "docs").rglob("*.md")) if "adr" not in p.parts)
    return [ROOT / "README.md", *written]


def blocks_of(path: Path) -> list[Block]:
    """The blocks of a page, in their order."""
    text = path.read_text(encoding="utf-8")
    name = path.relative_to(ROOT).as_posix()
    return [
        Block(
            name,
            text.count("\n", 0, found.start("text")),
            found["language"],
            found["text"],
            found["mark"] or "",
            found["about"] or "",
        )
        for found in MARK.finditer(text)
    ]


BLOCKS = [block for path in pages() for block in blocks_of(path)]


def of_language(*names: str) -> list[Block]:
    """The blocks in these languages that a test is to run."""
    return [block for block in BLOCKS if not block.mark and block.language in names]


RUN = of_language("sh", "console")


def test_every_block_is_run_by_some_test():
    for block in BLOCKS:
        if block.mark == "try":
            assert block.about in SNIPPETS or block.page == FLEET, (
                f"{block}: neither tests/delivery/test_snippets.py nor test_fleet.py has a test"
            )
        elif block.mark == "not run":
            assert len(block.about) > 10, f"{block}: say why it is not run"
        elif block.language == "python":
            assert block.page in (START, LIBRARY), (
                f"{block}: tests/test_library_docs.py runs others"
            )
        else:
            assert block.language in ("sh", "console", "toml", "dts"), (
                f"{block}: a test has to run it: give it one of these languages, mark it "
                "<!-- try: NAME --> with a test in tests/delivery, or <!-- not run: REASON -->"
            )


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_code_is_fenced(path: Path):
    """Indented blocks have no language, so nobody knows how to run them."""
    markdown = pytest.importorskip("markdown_it")
    tokens = markdown.MarkdownIt().parse(path.read_text(encoding="utf-8"))
    assert [token.content for token in tokens if token.type == "code_block"] == []
    fences = sum(token.type == "fence" for token in tokens)
    assert fences == len(blocks_of(path)), "a fence begins at the first column, with a language"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("docs") / "work")


@needs_git
@pytest.mark.parametrize("block", RUN, ids=str)
def test_the_commands_do_what_the_page_shows(
    block: Block, template: Path, tmp_path: Path, on_path: dict[str, str]
):
    if shutil.which("bash") is None:
        pytest.skip("not installed: bash")
    if absent := missing(block.text):
        pytest.skip(f"only the corpus has {', '.join(absent)}")
    folder = tmp_path / "work"
    shutil.copytree(template, folder, symlinks=True)
    for command, answer in commands(block):
        done = execute("bash", "-ec", command, cwd=folder, env=on_path)
        assert done.status in (0, 1), f"{block}: {command}\n{done.output}"
        assert "Traceback" not in done.output
        if answer.strip():
            shows(done.output, answer)


def commands(block: Block) -> list[tuple[str, str]]:
    """The commands of a block, each with the answer that is shown."""
    if block.language == "sh":
        return [(line, "") for line in block.text.splitlines() if line.strip()]
    parts = re.split(r"^\$ (.*)\n", block.text, flags=re.MULTILINE)
    assert not parts[0].strip(), f"{block}: begin with a command: $ dtlink …"
    return list(zip(parts[1::2], parts[2::2], strict=True))


def shows(output: str, answer: str):
    """The answer is in the output, in its order; ``…`` is anything."""
    rest = " ".join(output.split())
    for line in answer.splitlines():
        for piece in filter(str.strip, line.split("…")):
            wanted = " ".join(piece.split())
            before, found, rest = rest.partition(wanted)
            assert found, f"not there: {wanted}\nin the rest: {before[:2000]}"


@pytest.mark.parametrize("block", of_language("toml"), ids=str)
def test_a_configuration_is_one(block: Block, tmp_path: Path):
    tomllib.loads(block.text)
    file = tmp_path / "dtlink.toml"
    file.write_text(block.text, encoding="utf-8")
    load(str(file))


@pytest.mark.parametrize("block", of_language("dts"), ids=str)
def test_source_can_be_read(block: Block, template: Path, tmp_path: Path, on_path: dict[str, str]):
    folder = tmp_path / "work"
    shutil.copytree(template, folder, symlinks=True)
    (folder / "page.dts").write_text(block.text, encoding="utf-8")
    done = execute("dtlink", "lint", "page.dts", cwd=folder, env=on_path)
    assert done.status == 0, done.output
    assert "source/invalid-comment" not in done.output


def test_there_are_blocks():
    assert len(RUN) > 25
    assert CHECKOUT == ROOT
