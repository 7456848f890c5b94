"""What programs read of the lists that ``dtlink modules`` writes: with the real ones, if they are
installed, and by the syntax that each documents."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from dtlink.views.module_formats import FORMS

HOOKS = Path("/usr/share/initramfs-tools/hook-functions")


class Listed(NamedTuple):
    """A module of a list, as the formats see it."""

    file_name: str
    reason: str


#: Dashes, underscores and digits; reasons with all that a shell, or Nix, could take for its own.
MODULES = (
    Listed("phy-v-pcie", "/soc/phy@1, for /soc/pcie@2 (phys); $(touch gone) `x` \"y\" 'z' ${w}"),
    Listed("dw_mmc-rockchip", "/mmc@3 # parent of [...] */"),
    Listed("8021q", "a disk behind /a b"),
)
REMARKS = ("no module for /clk (not built: CONFIG_CLK is not set)", 'a "remark" $(x) \\')
NAMES = [each.file_name for each in MODULES]


def written(folder: Path, form: str, modules: tuple[Listed, ...] = MODULES) -> Path:
    path = folder / "list.conf"
    path.write_text("".join(f"{row}\n" for row in FORMS[form].lines(modules, REMARKS)))
    return path


def shell(*command: object, cwd: Path) -> str:
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (cwd / "gone").exists()
    return done.stdout


def need(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found


def test_initramfs_tools_takes_no_word_for_a_parameter(tmp_path: Path) -> None:
    """Its own function puts modules, each with its parameters, into the image's list."""
    if not HOOKS.exists():
        pytest.skip("initramfs-tools-core is not installed")
    (tmp_path / "conf").mkdir()
    path = written(tmp_path, "initramfs-tools")
    script = (
        f'. {HOOKS}; manual_add_modules() {{ :; }}; DESTDIR="$1"; add_modules_from_file "$2"; '
        'cat "$1/conf/modules"'
    )
    found = shell("sh", "-c", script, "sh", tmp_path, path, cwd=tmp_path)
    assert [row.split() for row in found.splitlines()] == [[name] for name in NAMES]


def test_a_comment_behind_a_module_would_be_its_parameter(tmp_path: Path) -> None:
    """Why the list to read is not the one for initramfs-tools."""
    if not HOOKS.exists():
        pytest.skip("initramfs-tools-core is not installed")
    (tmp_path / "conf").mkdir()
    path = written(tmp_path, "list")
    script = f'. {HOOKS}; manual_add_modules() {{ :; }}; DESTDIR="$1"; add_modules_from_file "$2"'
    shell("sh", "-c", script, "sh", tmp_path, path, cwd=tmp_path)
    assert "8021q # a disk" in (tmp_path / "conf" / "modules").read_text()


@pytest.mark.parametrize(
    ("form", "script"),
    [
        # dracut and mkinitcpio run their configuration as bash.
        ("dracut", 'add_drivers=" first "; . "$1"; set -f; printf "%s\\n" $add_drivers'),
        ("mkinitcpio", 'MODULES=(); . "$1"; printf "%s\\n" first "${MODULES[@]}"'),
    ],
)
def test_bash_reads_the_modules_and_runs_nothing(tmp_path: Path, form: str, script: str) -> None:
    bash = need("bash")
    path = written(tmp_path, form)
    found = shell(bash, "-euc", script, "bash", path, cwd=tmp_path)
    assert found.split() == ["first", *NAMES]
    empty = written(tmp_path, form, ())
    assert shell(bash, "-euc", script, "bash", empty, cwd=tmp_path).split() == ["first"]


def test_dracut_takes_the_configuration(tmp_path: Path) -> None:
    dracut = need("dracut")
    (tmp_path / "conf.d").mkdir()
    path = written(tmp_path, "dracut")
    options = ("--conf", path, "--confdir", tmp_path / "conf.d", "--tmpdir", tmp_path)
    done = subprocess.run(
        [dracut, *map(str, options), "--list-modules", "--no-kernel"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "list.conf: line" not in done.stderr


def test_nix_reads_a_list_of_names(tmp_path: Path) -> None:
    nix = need("nix-instantiate")
    path = written(tmp_path, "nixos")
    text = f"let c = {{\n{path.read_text()}}}; in c.boot.initrd.availableKernelModules"
    path.write_text(text)
    done = subprocess.run(
        [nix, "--eval", "--strict", "--json", "--readonly-mode", str(path)],
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": str(tmp_path), "NIX_STATE_DIR": str(tmp_path), "NIX_STORE_DIR": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == NAMES


@pytest.mark.parametrize("form", FORMS)
def test_comments_have_their_own_lines(tmp_path: Path, form: str) -> None:
    """But for the list that a person reads."""
    rows = written(tmp_path, form).read_text().splitlines()
    assert rows[: len(REMARKS)] == [f"# {remark}" for remark in REMARKS]
    bare = [row for row in rows if not row.startswith("#")]
    syntax = {
        "list": r"[\w-]+ +# .+",
        "initramfs-tools": r"[\w-]+",
        "modules.load": r"[\w-]+",
        "dracut": r'add_drivers\+=" [\w -]+ "',
        "mkinitcpio": r"MODULES=\([\w -]+\)",
        "nixos": r'boot\.initrd\.availableKernelModules = \[( "[\w-]+")+ \];',
    }[form]
    assert bare
    assert all(re.fullmatch(syntax, row) for row in bare)


@pytest.mark.parametrize("form", ["initramfs-tools", "modules.load"])
def test_a_name_a_line(tmp_path: Path, form: str) -> None:
    """modules-load.d(5): lines that begin with # or ; are comments, others a name each."""
    rows = written(tmp_path, form).read_text().splitlines()
    assert [row for row in rows if row[0] not in "#;"] == NAMES
