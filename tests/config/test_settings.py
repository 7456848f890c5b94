"""What a file says, and what wins."""

from __future__ import annotations

import pickle
from pathlib import Path

import click
import pytest

from dtlink.cli.lint_command import lint
from dtlink.config.keys import KEYS, TABLES, ConfigKey
from dtlink.config.model import FIELDS, FindingPattern, LintSettings
from dtlink.config.resolve import effective, settings_of
from dtlink.facts.cmdline import CommandLine
from dtlink.facts.kernels import KernelVersion
from dtlink.firmware.errors import InputError
from dtlink.kernel.facts import Paths
from dtlink.rules.model import Severity
from tests.config.conftest import Write

WHOLE = """
kernel-version = "6.6.12-acme"
against = "5.15"
cmdline = "console=ttyS0 fw_devlink=permissive"
root = "/soc/mmc@1"
root-after = 3
kernel = "kernels/acme"
initramfs = "kernels/acme.img"
kernel-index = "kernels/source.gz"
select = ["legacy", "iommu/", "module"]
ignore = ["legacy/old-name"]
fail-on = "never"
show = "info"
baseline = "baseline.json"
schema = true
schema-dir = ["bindings", "more"]

[severity]
legacy = "info"
"legacy/mmu-masters" = "warning"

[[allow]]
rule = "iommu/shared-stream-id"
node = "/soc/dma@*"
reason = "One channel."

[[expect]]
rule = "legacy"
file = "old/*.dtb"
reason = "Shipped."
"""


def test_every_key_is_read(write: Write) -> None:
    write("boards/dtlink.toml", WHOLE)
    told = settings_of("boards/old/x.dtb", {})
    file = str(Path("boards/dtlink.toml"))
    assert told == LintSettings.of(
        {
            "kernel_version": KernelVersion(6, 6),
            "against": KernelVersion(5, 15),
            "cmdline": CommandLine(fw_devlink="permissive"),
            "root": "/soc/mmc@1",
            "root_after": 3.0,
            "kernel": str(Path("boards/kernels/acme")),
            "initramfs": str(Path("boards/kernels/acme.img")),
            "kernel_index": str(Path("boards/kernels/source.gz")),
            "select": ("legacy", "iommu", "module"),
            "ignore": ("legacy/old-name",),
            "fail_on": None,
            "show": Severity.INFO,
            "baseline": str(Path("boards/baseline.json")),
            "schema": True,
            "schema_dir": (str(Path("boards/bindings")), str(Path("boards/more"))),
            "severity": (("legacy", Severity.INFO), ("legacy/mmu-masters", Severity.WARNING)),
            "allow": (
                FindingPattern("iommu/shared-stream-id", "/soc/dma@*", "", "One channel.", file),
            ),
            "expect": (FindingPattern("legacy", "", "old/*.dtb", "Shipped.", file),),
        }
    )
    board = told.board
    assert board.paths == Paths(
        board.kernel, board.initramfs, board.kernel_index, board.kernel_version
    )
    assert pickle.loads(pickle.dumps(told)) == told  # noqa: S301 - our own
    assert hash(told) == hash(told._replace())


def test_there_is_a_row_for_every_setting_and_a_setting_for_every_row() -> None:
    keys, fields = {key.field for key in (*KEYS, *TABLES)}, {*FIELDS, "folder", "variant"}
    assert keys == fields, (
        f"{keys ^ fields}: a key is a row in dtlink/config/keys.py and a field of Settings "
        "(dtlink/board/settings.py) or LintSettings (dtlink/config/model.py)"
    )


def test_the_same_in_a_shared_file(write: Write) -> None:
    write("a/dtlink.toml", WHOLE)
    own = settings_of("a/x.dtb", {})
    (Path("a") / "dtlink.toml").unlink()
    text = WHOLE.replace("[severity]", "[tool.dtlink.severity]")
    for name in ("allow", "expect"):
        text = text.replace(f"[[{name}]]", f"[[tool.dtlink.{name}]]")
    write("b/pyproject.toml", f"[tool.dtlink]\n{text}")
    shared = settings_of("b/x.dtb", {})
    moved = str(own).replace("a/", "b/").replace("dtlink.toml", "pyproject.toml")
    assert str(shared) == moved


def test_a_shared_file_is_told_with_the_names_of_its_tables(write: Write) -> None:
    write("pyproject.toml", '[tool.dtlink.severity]\nlegacy = "bad"')
    with pytest.raises(InputError, match=r"^pyproject.toml: \[tool.dtlink.severity\]: legacy: bad"):
        settings_of("x.dtb", {})


def test_a_path_alone_will_do_for_schemas(write: Write) -> None:
    write("dtlink.toml", 'schema-dir = "bindings"')
    assert settings_of("x.dtb", {}).board.schema_dir == ("bindings",)


def test_paths_may_be_absolute_above_or_the_running_kernel(write: Write, tmp_path: Path) -> None:
    write("a/dtlink.toml", f'kernel = "running"\ninitramfs = "../i"\nbaseline = "{tmp_path}/b"')
    told = settings_of("a/x.dtb", {})
    assert (told.board.kernel, told.board.initramfs, told.baseline) == ("running", "i", "b")
    write("b/dtlink.toml", 'baseline = "/etc/dtlink-baseline.json"')
    assert settings_of("b/x.dtb", {}).baseline == "/etc/dtlink-baseline.json"


def test_the_command_line_wins(write: Write) -> None:
    write("dtlink.toml", WHOLE)
    given = {
        "kernel_version": KernelVersion(6, 1),
        "cmdline": CommandLine(fw_devlink="on"),
        "ignore": ("cycle,iort", "viot"),
        "fail_on": "error",
        "schema": False,
        "root": "",
    }
    told = effective("x.dtb", given)
    assert told.settings.board.kernel_version == (6, 1)
    assert told.settings.board.cmdline == CommandLine(fw_devlink="on")
    assert told.settings.ignore == ("cycle", "iort", "viot")
    assert told.settings.fail_on is Severity.ERROR
    assert told.settings.board.schema is False
    assert told.settings.board.root == ""
    assert {name for name, each in told.origins.items() if str(each) == "command line"} == {*given}
    assert told.settings.select == ("legacy", "iommu", "module")


def test_what_the_command_line_names_is_seen_from_the_working_folder(write: Write) -> None:
    write("boards/dtlink.toml", 'baseline = "b.json"')
    assert settings_of("boards/x.dtb", {"baseline": "b.json"}).baseline == "b.json"


def test_what_the_command_line_expects_is_added(write: Write) -> None:
    write("dtlink.toml", WHOLE)
    told = settings_of("old/x.dtb", {"expect": ("phandle/dangling:/soc/uart@*", "cycle")})
    assert [(each.rule, each.node, each.source) for each in told.expect] == [
        ("legacy", "", "dtlink.toml"),
        ("phandle/dangling", "/soc/uart@*", "--expect"),
        ("cycle", "", "--expect"),
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"select": ("mmu-masters",)}, "--select: no rule or family is named mmu-masters"),
        ({"expect": ("legacy/mmu-master:/x",)}, "--expect: no rule .* legacy/mmu-masters"),
        ({"kernel_version": "99.1"}, "--kernel-version: 99.1 is not supported: the newest"),
        ({"initramfs": "i"}, "--initramfs: needs a kernel"),
        ({"fail_on": "bad"}, "--fail-on: bad is not one of error, warning, info, never"),
    ],
)
def test_mistakes_of_the_command_line_are_told_as_such(
    write: Write, given: dict[str, object], message: str
) -> None:
    write("x.dtb")
    with pytest.raises(InputError, match=f"^command line: {message}"):
        settings_of("x.dtb", given)


FOLDERS = """
kernel = "kernels/default"
initramfs = "default.img"
kernel-version = "6.6"

[[folder]]
path = "acme"
kernel = "kernels/acme"
cmdline = "fw_devlink=off"

[[folder]]
path = "acme/rev*"
initramfs = "rev.img"
root = "/mmc"

[[folder]]
path = "**/*-eval.dtb"
kernel-version = "6.12"
kernel = ""
"""


@pytest.mark.parametrize(
    ("path", "version", "kernel", "initramfs", "root"),
    [
        ("x.dtb", (6, 6), "kernels/default", "default.img", ""),
        ("acme-old/x.dtb", (6, 6), "kernels/default", "default.img", ""),
        ("acme/x.dtb", None, "kernels/acme", "", ""),
        ("acme/rev2/x.dtb", None, "kernels/acme", "rev.img", "/mmc"),
        ("acme/rev2/x-eval.dtb", (6, 12), "", "", "/mmc"),
        ("x-eval.dtb", (6, 12), "", "", ""),
    ],
)
def test_kernels_by_folder(
    write: Write, path: str, version: tuple[int, int] | None, kernel: str, initramfs: str, root: str
) -> None:
    """The initramfs and the version go with the kernel: those of another one do not hold."""
    write("boards/dtlink.toml", FOLDERS)
    told = settings_of(f"boards/{path}", {})
    below = {name and str(Path("boards") / name) for name in (kernel, initramfs)}
    assert (told.board.kernel_version, told.board.root) == (version, root)
    assert {told.board.kernel, told.board.initramfs} == below
    assert (told.board.paths is None) == (kernel == "")


def test_a_folder_is_named_as_the_origin(write: Write) -> None:
    write("dtlink.toml", FOLDERS)
    told = effective("acme/x.dtb", {})
    assert str(told.origins["kernel"]) == "dtlink.toml, [[folder]] acme"
    assert str(told.origins["kernel_version"]) == "default"
    assert str(told.origins["initramfs"]) == "default"


def test_a_kernel_on_the_command_line_takes_no_initramfs_of_another(write: Write) -> None:
    write("dtlink.toml", FOLDERS)
    assert settings_of("x.dtb", {"kernel": "mine"}).board.paths == Paths("mine")
    assert settings_of("x.dtb", {"initramfs": "mine"}).board.paths == Paths(
        "kernels/default", "mine", version=KernelVersion(6, 6)
    )


def test_an_initramfs_needs_a_kernel(write: Write) -> None:
    write("dtlink.toml", '[[folder]]\npath = "a"\ninitramfs = "i"')
    assert settings_of("b/x.dtb", {}).board.paths is None
    with pytest.raises(InputError, match=r"^dtlink.toml: \[\[folder\]\] a: initramfs: needs"):
        settings_of("a/x.dtb", {})
    assert settings_of("a/x.dtb", {"kernel": "k"}).board.paths == Paths("k")


@pytest.mark.parametrize(
    ("pattern", "path", "hit"),
    [
        ("x.dtb", "x.dtb", True),
        ("x.dtb", "a/x.dtb", False),
        ("./x.dtb", "x.dtb", True),
        ("*.dtb", "a/b/x.dtb", True),
        ("**/x.dtb", "x.dtb", True),
        ("**/x.dtb", "a/b/x.dtb", True),
        ("a", "a/b/x.dtb", True),
        ("a/", "a/b/x.dtb", True),
        ("a", "ab/x.dtb", False),
        ("a/*/x.dtb", "a/x.dtb", False),
        ("a/**/x.dtb", "a/x.dtb", True),
        ("X.dtb", "x.dtb", False),
        (".", "a/x.dtb", True),
        ("x-[12].dtb", "x-2.dtb", True),
    ],
)
def test_patterns_of_files(write: Write, pattern: str, path: str, *, hit: bool) -> None:
    write("dtlink.toml", f'[[allow]]\nrule = "cycle"\nfile = "{pattern}"\nreason = "r"')
    assert bool(settings_of(path, {}).allow) is hit


def test_a_file_elsewhere_is_seen_from_the_configuration(write: Write) -> None:
    write("ci/dtlink.toml", '[[folder]]\npath = "../boards"\nroot = "/mmc"')
    assert settings_of("boards/x.dtb", {}, file="ci/dtlink.toml").board.root == "/mmc"
    assert settings_of("other/x.dtb", {}, file="ci/dtlink.toml").board.root == ""


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_an_option_of_lint_says_what_its_key_says(key: ConfigKey) -> None:
    options = {each.name: each for each in lint.params if isinstance(each, click.Option)}
    assert key.field in options, f"give lint an option --{key.name} (dtlink/cli/)"
    option = options[key.field]
    said = (option.help or "").partition(" [default")[0]
    assert said == key.help.replace("`", ""), (
        f"write the same help for --{key.name} (dtlink/cli/) and its key (dtlink/config/keys.py)"
    )
    if option.show_default and isinstance(option.type, click.Choice):
        assert option.default == key.default.value, (
            f"correct the default of --{key.name}: it is in LintSettings (dtlink/config/model.py)"
        )
        missing = [choice for choice in option.type.choices if f'"{choice}"' not in key.takes]
        assert not missing, f"add {missing} to what {key.name} takes (dtlink/config/keys.py)"


def test_further_schemas_of_the_command_line_are_used() -> None:
    assert settings_of("x.dtb", {"schema_dir": ["bindings"]}).board.schema
    assert not settings_of("x.dtb", {"schema_dir": ["bindings"], "schema": False}).board.schema
    assert not settings_of("x.dtb", {}).board.schema
