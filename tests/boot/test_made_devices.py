"""Devices without a node: what drivers make, and who provides for the consumers of a node."""

import pytest

from dtlink.board.needs import NeededNode
from dtlink.board.settings import Settings
from dtlink.board.tree import TreeBoard
from dtlink.boot.drivers.made import MadeDevice
from dtlink.facts.cmdline import CommandLine
from dtlink.facts.outcomes import Driver, Outcome, State, When
from dtlink.firmware import dts
from dtlink.rules.module import initramfs_lacks_supplier, late_supplier, no_driver
from dtlink.testing.sketch import sketch
from dtlink.views.data import ABSENT
from dtlink.views.drivers import DriversView
from dtlink.views.modules import ModulesView
from dtlink.views.why import WhyView

BOARD = """
/dts-v1/;
/ {
  i2c@1000 {
    compatible = "v,i2c"; reg = <0x1000 0x100>; #address-cells = <1>; #size-cells = <0>;
    pmic: pmic@1b {
      compatible = "v,pmic"; reg = <0x1b>; #clock-cells = <1>;
      interrupt-controller; #interrupt-cells = <1>;
      regulators { vmmc: buck1 { }; };
    };
  };
  mmc@2000 {
    compatible = "v,mmc"; reg = <0x2000 0x100>; vmmc-supply = <&vmmc>;
  };
  rtc@3000 {
    compatible = "v,rtc"; reg = <0x3000 0x100>; clocks = <&pmic 0>; clock-names = "osc";
  };
  key@4000 {
    compatible = "v,key"; reg = <0x4000 0x100>; interrupts-extended = <&pmic 3>;
  };
};
"""
KERNEL = """
built-in I2C drivers/i2c/i2c.c v,i2c
module MFD drivers/mfd/core.c v,pmic initramfs
{reg} REG drivers/regulator/reg.c platform:pmic-reg {held}
module CLK drivers/clk/clk.c platform:pmic-clk
built-in MMC drivers/mmc/host/mmc.c v,mmc
built-in RTC drivers/rtc/rtc.c v,rtc
built-in KEY drivers/input/key.c v,key
facts drivers/mfd/core.c whole offers:interrupt_controller makes:platform:pmic-reg makes:of:v,x {of}
facts drivers/regulator/reg.c whole offers:regulator
facts drivers/mmc/host/mmc.c whole required:regulator:vmmc
facts drivers/rtc/rtc.c whole required:clock:osc
"""


def board_of(text=BOARD, *, root="/dev/mmcblk0p2", **words):
    kernel = KERNEL.format(**({"reg": "module", "held": "", "of": ""} | words))
    settings = Settings(cmdline=CommandLine.read(f"root={root}")[0])
    return TreeBoard(dts.read_text(text), settings, facts=sketch(kernel))


def node(board, path):
    return board.tree.find(path).index


def waits(board, path):
    return {
        (each.binding, each.comes, each.outcome, each.unasked)
        for each in board.timeline.waits_of(node(board, path))
    }


def test_a_made_device_has_the_driver_that_binds_to_its_name():
    board = board_of()
    pmic = node(board, "/i2c@1000/pmic@1b")
    driver = Driver(State.MODULE, ("reg",), "REG", "platform:pmic-reg")
    assert board.made_devices.of(pmic) == (MadeDevice(pmic, "platform:pmic-reg", driver),)
    assert board.made_devices.of(node(board, "/mmc@2000")) == ()


@pytest.mark.parametrize(
    ("reg", "state"),
    [("built-in", State.BUILT_IN), ("module", State.MODULE), ("off", State.NOT_BUILT)],
)
def test_states_of_a_made_devices_driver(reg, state):
    board = board_of(reg=reg)
    (made,) = board.made_devices.of(node(board, "/i2c@1000/pmic@1b"))
    assert (made.driver.state, made.driver.config) == (state, "REG")


@pytest.mark.parametrize(("compatible", "is_made"), [("v,pmic", True), ("v,other", False)])
def test_a_device_made_for_some_of_the_makers_devices(compatible, is_made):
    board = board_of(of=f"makes:platform:pmic-clk@{compatible}")
    made = board.made_devices.of(node(board, "/i2c@1000/pmic@1b"))
    assert ("platform:pmic-clk" in {each.alias for each in made}) == is_made


@pytest.mark.parametrize(
    ("line", "state"),
    [
        ("built-in OLD drivers/old.c i2c:pmic", State.BUILT_IN),
        ("module OLD drivers/old.c i2c:pmic", State.MODULE),
        ("off OLD drivers/old.c i2c:pmic", State.NOT_BUILT),
        ("off OLD drivers/old.c spi:pmic", State.NO_DRIVER),
    ],
)
def test_a_node_without_a_matching_string_is_bound_by_its_name(line, state):
    kernel = f"built-in I2C drivers/i2c/i2c.c v,i2c\n{line}\nfacts drivers/i2c/i2c.c whole"
    board = TreeBoard(dts.read_text(BOARD), facts=sketch(kernel))
    assert board.drivers.of(node(board, "/i2c@1000/pmic@1b")).state is state


def test_what_a_made_device_provides_comes_with_its_driver():
    assert waits(board_of(), "/mmc@2000") == {
        ("*-supply", When.ROOT, Outcome.RECOVERS, Outcome.RECOVERS)
    }
    assert waits(board_of(held="initramfs"), "/mmc@2000") == {
        ("*-supply", When.INITRAMFS, Outcome.LATE, Outcome.LATE)
    }
    assert waits(board_of(reg="off"), "/mmc@2000") == {
        ("*-supply", When.NEVER, Outcome.NEVER, Outcome.NEVER)
    }


def test_what_the_maker_provides_itself_comes_with_the_maker():
    ((_, comes, *_),) = waits(board_of(reg="off"), "/key@4000")
    assert comes is When.INITRAMFS


def test_no_device_without_a_node_provides_where_it_is_not_known():
    # No facts of the clock's driver: it may provide, and changes no outcome.
    board = board_of(of="makes:platform:pmic-clk")
    ((_, comes, *_),) = waits(board, "/rtc@3000")
    assert comes is When.INITRAMFS
    steps = board.needs.follow([node(board, "/rtc@3000")])
    assert [(s.made.alias, s.is_sure) for s in steps if s.made] == [("platform:pmic-clk", False)]


def test_needs_name_the_made_device_after_its_maker():
    board = board_of()
    mmc, pmic = node(board, "/mmc@2000"), node(board, "/i2c@1000/pmic@1b")
    steps = board.needs.follow([mmc])
    (made,) = board.made_devices.of(pmic)
    assert steps[-3:] == [
        NeededNode(pmic, mmc, "*-supply"),
        NeededNode(pmic, mmc, "*-supply", made),
        NeededNode(mmc, -1, ""),
    ]
    assert [board.needs.driver(each).modules for each in steps[-3:]] == [("core",), ("reg",), ()]


def test_an_initramfs_that_lacks_the_made_devices_driver():
    (found,) = initramfs_lacks_supplier.initramfs_lacks_supplier.check(board_of())
    assert found.subject.path == "/i2c@1000/pmic@1b"
    assert "lacks reg (CONFIG_REG), so /mmc@2000 cannot probe" in found.message
    assert (
        "which pmic-reg (a device that the driver of /i2c@1000/pmic@1b creates) provides"
        in found.effect
    )
    assert not list(
        initramfs_lacks_supplier.initramfs_lacks_supplier.check(board_of(held="initramfs"))
    )


def test_a_kernel_without_the_made_devices_driver():
    (found,) = no_driver.no_driver.check(board_of(reg="off"))
    assert found.message.startswith(
        "this kernel has no driver for pmic-reg (a device that the driver of /i2c@1000/pmic@1b "
        "creates): CONFIG_REG is not set, so /mmc@2000 cannot probe"
    )


FIRMWARE = """
/dts-v1/;
/ {
  firmware {
    scmi {
      compatible = "v,scmi"; #address-cells = <1>; #size-cells = <0>;
      clks: protocol@14 { reg = <0x14>; #clock-cells = <1>; };
      perf: protocol@13 { reg = <0x13>; #clock-cells = <1>; };
    };
  };
  mmc@1000 { compatible = "v,mmc"; reg = <0x1000 0x100>; clocks = <&clks 1>; };
  cpu-clock@2000 { compatible = "v,rtc"; reg = <0x2000 0x100>; clocks = <&perf 0>; };
};
"""
PROTOCOLS = """
built-in SMC drivers/firmware/smc.c v,scmi
built-in CORE drivers/firmware/core.c platform:arm-scmi
module CLK drivers/clk/clk-scmi.c scmi:clocks
{} FREQ drivers/cpufreq/scmi-cpufreq.c scmi:cpufreq
built-in MMC drivers/mmc/mmc.c v,mmc
built-in RTC drivers/rtc/rtc.c v,rtc
facts drivers/firmware/smc.c whole makes:platform:arm-scmi
facts drivers/firmware/core.c whole makes:scmi:clocks makes:scmi:cpufreq
facts drivers/clk/clk-scmi.c whole offers:clock
facts drivers/cpufreq/scmi-cpufreq.c whole offers:clock
"""


@pytest.mark.parametrize("state", ["off", "module"])
def test_a_protocol_of_firmware_is_served_by_its_own_driver(state):
    board = TreeBoard(dts.read_text(FIRMWARE), facts=sketch(PROTOCOLS.format(state)))

    def made(path):
        return [each.made.name for each in board.needs.follow([node(board, path)]) if each.made]

    # What makes devices is made itself: the transport makes the core.
    assert made("/mmc@1000") == ["clocks"]
    assert made("/cpu-clock@2000") == ["cpufreq"]


def test_of_several_devices_that_provide_one_with_a_driver_is_enough():
    kernel = KERNEL.format(reg="module", held="", of="makes:platform:other-reg")
    more = """
    off OTHER drivers/regulator/other.c platform:other-reg
    facts drivers/regulator/other.c whole offers:regulator
    """
    board = TreeBoard(dts.read_text(BOARD), facts=sketch(kernel + more))
    steps = board.needs.follow([node(board, "/mmc@2000")])
    assert [each.made.name for each in steps if each.made] == ["pmic-reg"]
    assert not list(no_driver.no_driver.check(board))


def test_drivers_lists_what_a_driver_makes():
    view = DriversView.of(board_of())
    (row,) = [each for each in view.nodes if each.creates]
    assert [(each.by, each.modules, each.in_initramfs) for each in row.creates] == [
        ("platform:pmic-reg", ("reg",), False)
    ]
    (line,) = [each for each in str(view).splitlines() if "creates" in each]
    assert line == (
        "/i2c@1000/pmic@1b creates pmic-reg  module reg  CONFIG_REG  (not in the initramfs)"
    )


def test_modules_lists_the_made_devices_driver_with_its_maker():
    view = ModulesView.of(board_of(), ["/mmc@2000"])
    (row,) = [each for each in view.modules if each.made]
    assert (row.name, row.node, row.made, row.optional) == (
        "reg",
        "/i2c@1000/pmic@1b",
        "pmic-reg",
        False,
    )
    assert row.reason == (
        "pmic-reg, created by the driver of /i2c@1000/pmic@1b, for /mmc@2000 (*-supply)"
    )
    view = ModulesView.of(board_of(of="makes:platform:pmic-clk"), ["/rtc@3000"])
    (row,) = [each for each in view.modules if each.made]
    assert (row.name, row.optional) == ("clk", True)
    assert row.reason.startswith("perhaps pmic-clk, created by")


def test_modules_names_the_made_device_without_a_driver():
    view = ModulesView.of(board_of(reg="off"), ["/mmc@2000"])
    assert [each for each in view.gaps() if "pmic" in each] == [
        "pmic-reg, created by the driver of /i2c@1000/pmic@1b (not built: CONFIG_REG is not set)"
    ]


def test_why_names_the_device_that_provides():
    view = WhyView.of(board_of(), "/mmc@2000")
    (supply,) = [each for each in view.suppliers if each.property_name == "vmmc-supply"]
    assert [each.by for each in supply.provided_by] == ["platform:pmic-reg"]
    (told,) = [each for each in str(view).splitlines() if "vmmc-supply" in each]
    assert told.endswith(" + pmic-reg:  reg, module, NOT IN THE INITRAMFS  ← missing")
    view = WhyView.of(board_of(), "/key@4000")
    assert all(each.provided_by is ABSENT for each in view.suppliers)


def test_nothing_is_late_where_all_is_there():
    board = board_of(held="initramfs")
    for rule in (late_supplier.late_supplier, no_driver.no_driver):
        assert not list(rule.check(board))
