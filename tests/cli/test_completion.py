"""Completion in bash, zsh and fish: by the protocol, and in the shells themselves."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from dtlink.cli.completion import VARIABLE
from dtlink.cli.main import COMMANDS, cli
from dtlink.cli.shells import register
from dtlink.facts.kernels import KNOWN
from dtlink.firmware.fdt_write import SourceNode, write
from dtlink.rules.aliases import rules_of
from dtlink.rules.catalogue import find, ids
from tests.cli.conftest import ROOT, Run
from tests.support.images import zipped

SHELLS = ("bash", "zsh", "fish")
FAMILIES = sorted({"all", "default", *(each.partition("/")[0] for each in ids())})
BOARD = ROOT / "fixtures" / "boards" / "phone-soc.dtb"

Tab = Callable[..., list[tuple[str, str, str]]]


@pytest.fixture(autouse=True)
def _registered() -> None:
    """As the program does when a shell asks."""
    register()


def environment(words: Sequence[str], shell: str) -> dict[str, str]:
    """What the scripts of the shells set: all words, the last of which is at the cursor."""
    current = str(len(words) - 1) if shell != "fish" else words[-1]
    line = ("\n" if shell == "bash" else " ").join(words)
    return {"COMP_WORDS": line, "COMP_CWORD": current, VARIABLE: f"{shell}_complete"}


@pytest.fixture
def tab() -> Tab:
    """What a shell is offered for the last of these words: type, value and help."""

    def ask(*words: str, by: str = "fish") -> list[tuple[str, str, str]]:
        env = environment(words, by)
        result = CliRunner().invoke(cli, [], prog_name="dtlink", env=env)
        assert (result.exit_code, result.stderr) == (0, "")
        rows = result.stdout.removesuffix("\n").split("\n") if result.stdout.strip("\n") else []
        if by == "zsh":
            return list(zip(rows[::3], rows[1::3], rows[2::3], strict=True))
        cut = [row.partition(",") for row in rows]
        return [(kind, *value.partition("\t")[::2]) for kind, _, value in cut]

    return ask


def values(offered: list[tuple[str, str, str]]) -> list[str]:
    return [value for _, value, _ in offered]


@pytest.mark.parametrize("shell", SHELLS)
def test_commands(tab: Tab, shell: str) -> None:
    assert values(tab("dtlink", "", by=shell)) == list(COMMANDS)
    assert values(tab("dtlink", "exp", by=shell)) == ["explain"]
    assert values(tab("dtlink", "--v", by=shell)) == ["--version"]


def test_options_and_their_choices(tab: Tab) -> None:
    assert "--format" in values(tab("dtlink", "rules", "--"))
    assert values(tab("dtlink", "rules", "--format", "")) == ["text", "json", "markdown"]
    assert values(tab("dtlink", "completion", "")) == ["bash", "zsh", "fish"]


def test_families_come_first_and_the_rules_of_one_when_it_is_sure(tab: Tab) -> None:
    assert values(tab("dtlink", "explain", "")) == FAMILIES
    assert values(tab("dtlink", "explain", "io")) == ["iommu", "iort"]
    rules = [each for each in ids() if each.startswith("legacy/")]
    # With the family among them no shell takes the word for finished.
    assert values(tab("dtlink", "explain", "le")) == ["legacy", *rules]
    assert values(tab("dtlink", "explain", "legacy/")) == rules
    assert values(tab("dtlink", "explain", "iort/off-")) == ["iort/off-by-one"]
    assert tab("dtlink", "explain", "nonsense") == []


def test_of_words_with_commas_the_last_is_completed(tab: Tab) -> None:
    told = values(tab("dtlink", "rules", "cycle,legacy/o"))
    assert told == ["cycle,legacy/old-name"]
    assert "iort,iort" not in values(tab("dtlink", "rules", "iort,"))
    assert "iort,viot" in values(tab("dtlink", "rules", "iort,"))


def test_summaries_are_those_of_the_rules(tab: Tab) -> None:
    for family in FAMILIES:
        for _, name, about in tab("dtlink", "explain", f"{family}/"):
            rule = find(next(iter(rules_of(name)), name))
            assert rule is not None
            assert about == rule.summary


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_value_behind_an_equals_sign_comes_back_with_the_option(tab: Tab, shell: str) -> None:
    assert values(tab("dtlink", "rules", "--format=ma", by=shell)) == ["--format=markdown"]


def test_bash_breaks_words_at_the_equals_sign_and_gets_the_rest_back(tab: Tab) -> None:
    assert values(tab("dtlink", "rules", "--format", "=", "ma", by="bash")) == ["markdown"]
    told = values(tab("dtlink", "rules", "--format", "=", by="bash"))
    assert told == ["text", "json", "markdown"]


@pytest.mark.parametrize("option", ["--select", "--ignore"])
def test_rules_of_lint(tab: Tab, option: str) -> None:
    assert values(tab("dtlink", "lint", option, "")) == FAMILIES
    assert values(tab("dtlink", "lint", option, "cycle,iort/off")) == ["cycle,iort/off-by-one"]
    assert values(tab("dtlink", "lint", f"{option}=iort/off", by="zsh")) == [
        f"{option}=iort/off-by-one"
    ]


@pytest.mark.parametrize("command", ["lint", "links", "devlink", "why"])
def test_files_are_left_to_the_shell(tab: Tab, command: str) -> None:
    assert tab("dtlink", command, "boa") == [("file", "boa", "")]
    assert tab("dtlink", "lint", "--initramfs", "ini") == [("file", "ini", "")]


def test_kernel_versions(tab: Tab) -> None:
    known = [str(each) for each in reversed(KNOWN)]
    assert values(tab("dtlink", "lint", "--kernel-version", "")) == ["latest", *known]
    wanted = [each for each in known if each.startswith("6.1")]
    assert values(tab("dtlink", "lint", "--kernel-version", "6.1")) == wanted


def test_an_old_kernel_in_the_line_says_nothing_at_a_tab(tab: Tab) -> None:
    assert values(tab("dtlink", "lint", "--kernel-version", "5.4", "--fail-on", "w")) == ["warning"]


def test_nodes_one_level_at_a_time(tab: Tab) -> None:
    told = values(tab("dtlink", "why", str(BOARD), ""))
    assert "/soc@0" in told
    assert all(path.count("/") == 1 for path in told)
    assert values(tab("dtlink", "why", str(BOARD), "/soc@0/mmc")) == ["/soc@0/mmc@8804000"]
    told = values(tab("dtlink", "why", str(BOARD), "/so"))
    assert told[0] == "/soc@0"
    assert "/soc@0/mmc@8804000" in told


def test_after_a_board_come_its_nodes_and_other_files(tab: Tab) -> None:
    told = values(tab("dtlink", "modules", str(BOARD), "/soc@0/mmc"))
    assert "/soc@0/mmc@8804000" in told
    assert tab("dtlink", "modules", "") == tab("dtlink", "lint", "")
    assert values(tab("dtlink", "modules", str(BOARD), "--format", "mk")) == ["mkinitcpio"]


def test_bash_breaks_nodes_at_the_unit_address(tab: Tab) -> None:
    board = str(BOARD)
    # readline replaces from the last @ on.
    told = values(tab("dtlink", "why", board, "/soc", "@", "0/mm", by="bash"))
    assert told == ["@0/mmc@8804000"]
    told = values(tab("dtlink", "why", board, "/soc", "@", "0/mmc", "@", "88", by="bash"))
    assert told == ["@8804000"]
    assert values(tab("dtlink", "why", board, "/soc", "@", "0/mmc", "@", by="bash")) == ["@8804000"]


def test_nodes_of_what_is_no_devicetree_are_none(tab: Tab, tmp_path: Path) -> None:
    bad = tmp_path / "bad.dtb"
    bad.write_bytes(b"\xd0\x0d\xfe\xed" + bytes(60))
    for path in (bad, tmp_path, tmp_path / "none.dtb"):
        assert tab("dtlink", "why", str(path), "/") == []


def program(tmp_path: Path) -> dict[str, str]:
    """An environment whose PATH has this dtlink."""
    path = tmp_path / "bin" / "dtlink"
    path.parent.mkdir()
    path.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m dtlink "$@"\n')
    path.chmod(0o755)
    env = {name: value for name, value in os.environ.items() if not name.startswith("COMP_")}
    return {
        **env,
        "PATH": f"{path.parent}{os.pathsep}{env['PATH']}",
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path),
    }


def shell_of(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def said(shell: str, script: str, env: dict[str, str]) -> list[str]:
    done = subprocess.run(
        [shell_of(shell), "-c", script], env=env, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("dtlink", "exp"), ["explain"]),
        (("dtlink", "explain", "iort/off"), ["iort/off-by-one"]),
        (("dtlink", "rules", "cycle,legacy/ol"), ["cycle,legacy/old-name"]),
        (("dtlink", "rules", "--format", "=", "ma"), ["markdown"]),
        (("dtlink", "why", str(BOARD), "/soc", "@", "0/mm"), ["@0/mmc@8804000"]),
        (("dtlink", "lint", "fix"), ["compopt -o default"]),
    ],
    ids=lambda value: value[-1],
)
def test_in_bash(tmp_path: Path, words: tuple[str, ...], expected: list[str]) -> None:
    script = f"""
        eval "$(dtlink completion bash)"
        compopt() {{ echo "compopt $*"; }}
        COMP_WORDS=({shlex.join(words)}) COMP_CWORD={len(words) - 1}
        _dtlink_completion dtlink
        for word in "${{COMPREPLY[@]}}"; do echo "$word"; done
    """
    told = said("bash", script, program(tmp_path))
    assert " ".join(told).split() == " ".join(expected).split()


def test_bash_calls_it_for_dtlink(tmp_path: Path) -> None:
    told = said("bash", 'eval "$(dtlink completion bash)"; complete -p dtlink', program(tmp_path))
    assert told == ["complete -o nosort -F _dtlink_completion dtlink"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("dtlink", "exp"), [f"explain:{COMMANDS['explain']}"]),
        (
            ("dtlink", "explain", "viot/no"),
            ["viot/no-iommu:The table describes no IOMMU."],
        ),
        (("dtlink", "rules", "--format=ma"), ["--format=markdown"]),
    ],
    ids=lambda value: value[-1],
)
def test_in_zsh(tmp_path: Path, words: tuple[str, ...], expected: list[str]) -> None:
    # What zsh itself shows takes a terminal: these stand for what it is handed.
    script = f"""
        compdef() {{ : }}
        _describe() {{ print -rl -- "${{(@P)3}}" }}
        compadd() {{ print -rl -- "${{(@P)@[-1]}}" }}
        eval "$(dtlink completion zsh)"
        words=({shlex.join(words)}) CURRENT={len(words)}
        _dtlink_completion
    """
    assert said("zsh", script, program(tmp_path)) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("dtlink exp", f"explain\t{COMMANDS['explain']}"),
        ("dtlink explain viot/no", "viot/no-iommu\tThe table describes no IOMMU."),
        ("dtlink rules cycle,legacy/ol", "cycle,legacy/old-name"),
        ("dtlink rules --format=ma", "--format=markdown"),
    ],
)
def test_in_fish(tmp_path: Path, line: str, expected: str) -> None:
    script = f"dtlink completion fish | source; complete -C {shlex.quote(line)}"
    (told,) = said("fish", script, program(tmp_path))
    assert told.startswith(expected)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_the_one_of_the_variable(run: Run, tmp_path: Path, shell: str) -> None:
    env = {**program(tmp_path), VARIABLE: f"{shell}_source"}
    done = subprocess.run(
        [sys.executable, "-m", "dtlink"], env=env, capture_output=True, text=True, check=True
    )
    # Old clicks end it with an empty line.
    assert done.stdout.rstrip() == run("completion", shell).stdout.rstrip()
    assert "_dtlink_completion" in done.stdout


def test_an_unknown_shell_is_refused(run: Run) -> None:
    assert run("completion", "csh").exit_code == 2


#: Every module that a command brings with it, and none that the first word needs.
_PROBE = """
import os, sys
os.environ.update({env!r})
from dtlink.cli.main import cli
try:
    cli(prog_name="dtlink")
except SystemExit:
    pass
print(*sorted(name for name in sys.modules if name.startswith("dtlink.")), file=sys.stderr)
"""


_FIRST = {
    *("dtlink.version", "dtlink.typed", "dtlink.process"),
    *("dtlink.cli", "dtlink.cli.main", "dtlink.cli.groups", "dtlink.cli.completion"),
}


def test_the_first_word_imports_no_command() -> None:
    env = environment(("dtlink", ""), "zsh")
    done = subprocess.run(
        [sys.executable, "-c", _PROBE.format(env=env)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split("\n")[1] == next(iter(COMMANDS))
    more = set(done.stderr.split()) - _FIRST
    assert not more, f"completing a command imports {more}: import it in the function that needs it"


def test_a_familys_rules_are_offered_without_importing_them() -> None:
    env = environment(("dtlink", "explain", "iort/"), "zsh")
    done = subprocess.run(
        [sys.executable, "-c", _PROBE.format(env=env)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "iort/off-by-one" in done.stdout
    assert "dtlink.rules.iort.off_by_one" not in done.stderr.split()


def test_members_of_a_container_and_their_nodes(tab: Tab, tmp_path: Path) -> None:
    from tests.support import images

    image = tmp_path / "fit.itb"
    blob = BOARD.read_bytes()
    image.write_bytes(images.fit({"fdt-1": blob, "fdt-2": blob, "other": blob}))
    assert values(tab("dtlink", "lint", f"{image}!f")) == [f"{image}!fdt-1", f"{image}!fdt-2"]
    assert values(tab("dtlink", "lint", f"{image}!other")) == [f"{image}!other"]
    assert values(tab("dtlink", "lint", f"{tmp_path}/absent!")) == []
    whole = values(tab("dtlink", "why", str(BOARD), "/s"))
    assert whole
    assert values(tab("dtlink", "why", f"{image}!fdt-2", "/s")) == whole


@pytest.mark.parametrize("by", SHELLS)
def test_names_that_mean_something_to_a_shell_are_not_offered(
    by: str, tab: Tab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shells insert what they are offered as it is."""
    monkeypatch.chdir(tmp_path)
    odd = ("$(touch&x)", "`x`", "a;b", "a|b", "a'b", 'a"b', "a>b", "a*", "a\\b", "~a", "{a,b}")
    root = SourceNode()
    for name in (*odd, "serial@1000", "snps,dw-apb"):
        root.child(name)
    Path("a.dtb").write_bytes(write(root))
    members = {f"x{name}\nplain,y.dtb": b"" for name in odd} | {"x-1.dtb": b"", "x\x1b[2J": b""}
    Path("a.zip").write_bytes(zipped(members))
    nodes = tab("dtlink", "why", "a.dtb", "/s", by=by)
    assert sorted(value.rpartition("/")[2] for value in values(nodes)) == [
        "serial@1000",
        "snps,dw-apb",
    ]
    everything = tab("dtlink", "why", "a.dtb", "/", by=by)
    assert len(everything) == 2
    found = values(tab("dtlink", "lint", "a.zip!x", by=by))
    assert found == ["a.zip!x-1.dtb"]
