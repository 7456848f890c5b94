"""Devices whose log lines say no reason end in what they have in common."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtlink.firmware import dts, read
from dtlink.firmware.tree import Tree
from dtlink.observed.bootlog.explain import explain
from dtlink.observed.bootlog.model import CauseKind, Explanation
from dtlink.observed.bootlog.read import parse

HEAD = "[    0.000000] Linux version 6.12.0 (a@b) (gcc 12) #1 SMP\n"
TREE = dts.read_text("""
/dts-v1/;
/ { #address-cells = <1>; #size-cells = <1>;
    clk: clock@1000 { compatible = "x,clk"; reg = <0x1000 0x100>; #clock-cells = <0>; };
    rst: reset@1100 { compatible = "x,rst"; reg = <0x1100 0x100>; #reset-cells = <0>; };
    aux: clock@1200 { compatible = "x,aux"; reg = <0x1200 0x100>; #clock-cells = <0>;
        clocks = <&clk>; };
    gpio: gpio@1300 { compatible = "x,gpio"; reg = <0x1300 0x100>; gpio-controller;
        #gpio-cells = <2>; };
    mmc@2000 { compatible = "x,mmc"; reg = <0x2000 0x100>; clocks = <&clk>;
        cd-gpios = <&gpio 1 0>; };
    uart@3000 { compatible = "x,uart"; reg = <0x3000 0x100>; clocks = <&clk>; resets = <&rst>; };
    spi@4000 { compatible = "x,spi"; reg = <0x4000 0x100>; clocks = <&aux>; resets = <&rst>; };
    can@5000 { compatible = "x,can"; reg = <0x5000 0x100>; clocks = <&clk>;
        cd-gpios = <&gpio 2 0>; };
    eth@6000 { compatible = "x,eth"; reg = <0x6000 0x100>; clocks = <&clk>; };
};
""")


def pending(device: str, reason: str = "(reason unknown)") -> str:
    return f"[   13.000000] platform {device}: deferred probe pending: {reason}\n"


def told(*lines: str, tree: Tree = TREE) -> Explanation:
    return explain(parse((HEAD + "".join(lines)).encode()), tree)


def victims(found: Explanation, subject: str) -> dict[str | None, tuple[str, ...]]:
    (cause,) = (cause for cause in found.causes if cause.origin.subject == subject)
    return {victim.node: victim.via for victim in cause.victims}


def test_the_supplier_that_most_share_is_likely() -> None:
    found = told(pending("2000.mmc"), pending("3000.uart"))
    assert victims(found, "/clock@1000") == {"/mmc@2000": (), "/uart@3000": ()}
    assert len(found.causes) == 1
    assert not found.causes[0].sure


def test_a_supplier_that_the_log_names_explains_the_others() -> None:
    reason = "platform: supplier 1100.reset not ready"
    found = told(pending("2000.mmc"), pending("3000.uart", reason), pending("4000.spi"))
    assert victims(found, "/reset@1100") == {"/uart@3000": (), "/spi@4000": ()}
    unclear = [each for each in found.causes if each.origin.root is CauseKind.UNCLEAR]
    assert [cause.origin.subject for cause in unclear] == ["/mmc@2000"]


def test_what_needs_a_supplier_that_is_down_is_down_itself() -> None:
    reason = "platform: supplier 1000.clock not ready"
    found = told(pending("6000.eth", reason), pending("4000.spi"))
    assert victims(found, "/clock@1000") == {"/eth@6000": (), "/spi@4000": ("/clock@1200",)}


def test_what_is_shared_by_as_many_is_not_chosen() -> None:
    """Both devices share the clock and the GPIO controller."""
    found = told(pending("2000.mmc"), pending("5000.can"))
    assert [cause.origin.root for cause in found.causes] == [CauseKind.UNCLEAR, CauseKind.UNCLEAR]


def test_a_supplier_of_a_device_that_runs_is_not_down() -> None:
    runs = "[    2.000000] x-eth 6000.eth: 1 Gbit/s, revision 3\n"
    found = told(runs, pending("2000.mmc"), pending("5000.can"))
    assert victims(found, "/gpio@1300") == {"/mmc@2000": (), "/can@5000": ()}
    alone = told(runs, pending("2000.mmc"))
    assert victims(alone, "/gpio@1300") == {"/mmc@2000": ()}
    late = told(pending("2000.mmc"), pending("5000.can"), runs.replace("2.0", "19.0"))
    assert CauseKind.UNCLEAR in {cause.origin.root for cause in late.causes}


@pytest.mark.parametrize("named", [True, False])
def test_raspberry_pi_4_without_its_clock_controller(shared: Path, named: bool) -> None:  # noqa: FBT001
    tree = read.read(shared / "corpus" / "arm64" / "broadcom" / "bcm2711-rpi-4-b.dtb")
    lines = [pending(each) for each in ("fe340000.mmc", "fe215040.serial", "fe20c800.pwm")]
    reason = "platform: supplier fe101000.cprman not ready"
    lines += [pending("fe804000.i2c", reason)] if named else []
    found = told(*lines, tree=tree)
    (cause,) = found.causes
    assert cause.origin.subject == "/soc/cprman@7e101000"
    vias = victims(found, cause.origin.subject)
    assert vias["/soc/serial@7e215040"] == ("/soc/aux@7e215000",)
    assert vias["/emmc2bus/mmc@7e340000"] == ()
    assert len(vias) == 3 + named


def test_nodes_that_lack_one_driver_are_one_root(shared: Path) -> None:
    """The GPIO banks of RK3399 have one driver, for which PCIe and the SDIO power sequence wait."""
    tree = read.read(shared / "corpus" / "arm64" / "rockchip" / "rk3399-nanopc-t4.dtb")
    (cause,) = told(pending("f8000000.pcie"), pending("sdio-pwrseq"), tree=tree).causes
    banks = {cause.origin.subject, *cause.also}
    assert banks == {"/pinctrl/gpio@ff780000", "/pinctrl/gpio@ff720000"}
    assert {victim.node for victim in cause.victims} == {"/pcie@f8000000", "/sdio-pwrseq"}
    assert 'the driver for "rockchip,gpio-bank"' in cause.origin.cure
