"""``dtlink modules``: what an initramfs needs for a device."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner, Result

from dtlink.board.tree import TreeBoard
from dtlink.cli.modules import modules
from dtlink.firmware import dts
from dtlink.kernel.facts import Facts
from dtlink.kernel.holdings.model import Module
from dtlink.testing.sketch import sketch
from dtlink.views.module_formats import FORMS
from dtlink.views.modules import ModulesView
from tests.support.boards import SHARED, need_corpus

DEBIAN = SHARED / "kernel" / "debian-6.12-arm64"

SOURCE = """
/dts-v1/;
/ {
  #address-cells = <1>; #size-cells = <0>;
  clk: clock-controller@1 {
    compatible = "v,clk"; reg = <1>; #clock-cells = <0>; power-domains = <&pd>;
  };
  pd: power@2 { compatible = "v,pd"; reg = <2>; #power-domain-cells = <0>; };
  unused@3 { compatible = "v,unused"; reg = <3>; };
  bus@4 {
    compatible = "v,bus"; reg = <4>; #address-cells = <1>; #size-cells = <0>;
    mmc@10 { compatible = "v,mmc"; reg = <0x10>; clocks = <&clk>; vmmc-supply = <&reg>; };
  };
  reg: regulator { compatible = "v,reg"; };
};
"""
KERNEL = """
module CLK drivers/clk/clk-v.c v,clk initramfs
module PD drivers/pmdomain/pd.c v,pd
module UNUSED drivers/misc/unused.c v,unused
module BUS drivers/bus/bus.c v,bus
module MMC drivers/mmc/host/v-mmc.c v,mmc
off REG drivers/regulator/reg.c v,reg
config MMC_BLOCK=y EXT4_FS=y
"""


def facts() -> Facts:
    """The kernel of the sketch, with a library that the disk's driver is built upon."""
    found = sketch(KERNEL)
    own = {"v_mmc": Module("v_mmc", "v-mmc.ko", depends=("mmc_lib",))}
    own |= {"mmc_lib": Module("mmc_lib", "mmc-lib.ko")}
    found.build.modules.update(own)  # type: ignore[attr-defined]
    return found


def needed(*, missing: bool = False) -> ModulesView:
    board = TreeBoard(dts.read_text(SOURCE), facts=facts())
    return ModulesView.of(board, ["/bus@4/mmc@10"], missing=missing)


def names(view: ModulesView) -> list[str]:
    return [row.name for row in view.modules]


def text(view: ModulesView, form: str) -> str:
    return "".join(f"{row}\n" for row in view.lines(form))


def test_suppliers_ancestors_and_dependencies_come_before_what_needs_them() -> None:
    found = names(needed())
    assert sorted(found) == ["bus", "clk_v", "mmc_lib", "pd", "v_mmc"]
    assert found.index("pd") < found.index("clk_v") < found.index("v_mmc")
    assert found.index("mmc_lib") < found.index("v_mmc")
    assert found.index("bus") < found.index("v_mmc")


def test_each_says_who_needs_it() -> None:
    by_name = {row.name: row for row in needed().modules}
    assert by_name["pd"].consumer == "/clock-controller@1"
    assert by_name["pd"].binding == "power-domains"
    assert by_name["pd"].config == "PD"
    assert by_name["bus"].binding == "parent"
    assert by_name["mmc_lib"].consumer == "v_mmc"


def test_only_what_the_initramfs_lacks() -> None:
    assert sorted(names(needed(missing=True))) == ["bus", "mmc_lib", "pd", "v_mmc"]


def test_a_supplier_that_is_not_built_is_told() -> None:
    (gap,) = needed().without_driver
    assert (gap.node, gap.config, gap.state.value) == ("/regulator", "REG", "not built")
    assert "CONFIG_REG is not set" in text(needed(), "list")


def bare(text: str) -> list[str]:
    """The lines without comments."""
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_formats_name_the_same_modules() -> None:
    part = needed()
    plain = [row.file_name for row in part.modules]
    assert "v-mmc" in plain
    assert bare(text(part, "modules.load")) == plain
    assert bare(text(part, "initramfs-tools")) == plain
    assert bare(text(part, "dracut")) == [f'add_drivers+=" {" ".join(plain)} "']
    assert bare(text(part, "mkinitcpio")) == [f"MODULES=({' '.join(plain)})"]
    (nixos,) = bare(text(part, "nixos"))
    assert [word.strip('"') for word in nixos.split()[3:-1]] == plain
    assert [row.partition("#")[0].strip() for row in bare(text(part, "list"))] == plain


@pytest.mark.parametrize("form", FORMS)
def test_nothing_needed_is_a_comment_that_says_so(form: str) -> None:
    nothing = replace(needed(), modules=(), without_driver=(), remark="none is needed")
    assert text(nothing, form) == "# none is needed\n"


def test_every_format_of_the_command_is_known() -> None:
    (option,) = (each for each in modules.params if each.name == "form")
    assert set(option.type.choices) == {*FORMS, "json"}  # type: ignore[attr-defined]


def test_a_cycle_of_suppliers_ends() -> None:
    text = SOURCE.replace('"v,pd"; reg = <2>;', '"v,pd"; reg = <2>; clocks = <&clk>;')
    tree = dts.read_text(text)
    part = ModulesView.of(TreeBoard(tree, facts=facts()), [node.path for node in tree][1:])
    assert set(names(part)) == {"bus", "clk_v", "mmc_lib", "pd", "v_mmc", "unused"}


def test_what_a_cycle_relaxes_is_needed_all_the_same() -> None:
    """The kernel does not wait for it, and the driver asks for it."""
    text = SOURCE.replace('"v,pd"; reg = <2>;', '"v,pd"; reg = <2>; clocks = <&clk>;')
    tree = dts.read_text(text)
    part = ModulesView.of(TreeBoard(tree, facts=facts()), ["/clock-controller@1"])
    assert names(part) == ["pd", "clk_v"]


def run(*args: object) -> Result:
    return CliRunner().invoke(modules, [str(arg) for arg in args])


def test_wrong_usage(bad_dts: Path) -> None:
    assert "--kernel is needed" in run(bad_dts).output
    result = run(bad_dts, "--kernel", "/nowhere", "--missing")
    assert result.exit_code == 2
    assert "--missing needs --initramfs" in result.output


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / ".config"
    path.write_text("CONFIG_MODULES=y\nCONFIG_ARM64=y\n")
    return path


def test_a_node_that_is_not_there(bad_dts: Path, config: Path) -> None:
    result = run(bad_dts, "/nothing", "--kernel", config)
    assert result.exit_code == 2
    assert "no node, label or alias '/nothing'" in result.output


def test_a_real_board_on_a_real_kernel() -> None:
    paths = {path.name: path for path in need_corpus()}
    board = paths.get("msm8998-sony-xperia-yoshino-poplar.dtb")
    listing = DEBIAN / "boot" / "initrd.img-most.lsinitramfs"
    if board is None or not listing.exists():
        pytest.skip(f"no such board, or no kernel, in {SHARED}")
    options = ("--kernel", DEBIAN, "--initramfs", listing, "--format", "modules.load")
    lacking = run(board, *options, "--missing")
    assert lacking.exit_code == 0, lacking.output
    # Its disk needs a clock of the resource manager, which is behind two modules that Debian's
    # initramfs leaves out.
    assert {"rpm-proc", "qcom_glink_rpm"} <= set(bare(lacking.stdout))
    full = bare(run(board, *options).stdout)
    assert {"sdhci-msm", *bare(lacking.stdout)} <= set(full)
    assert full.index("rpm-proc") < full.index("sdhci-msm")


class NamedName(NamedTuple):
    """A module of any name."""

    file_name: str
    reason: str


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["$(touch x)", "`x`", 'a" "b', "a;b", "a b", "-a", "a\nb", ""])
def test_what_no_module_can_be_called_is_in_no_list(form: str, name: str) -> None:
    """dracut and mkinitcpio run these files as shell, as root."""
    modules = needed().modules
    odd = NamedName(name, "what needs it")
    remark = "# 1 module left out: no module can be called that (--format json names all)"
    plain = list(FORMS[form].lines(modules, ()))
    assert [*FORMS[form].lines((odd, *modules), ())] == [remark, *plain]
