"""The table: what becomes of a consumer, by the kind of supplier, the kernel and its time."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtlink.boot.timeline.acpi import AcpiTimeline
from dtlink.boot.timeline.loading import Loading
from dtlink.boot.timeline.model import PARENT
from dtlink.facts.outcomes import Driver, Outcome, State, Wait, When
from dtlink.facts.profile import KernelProfile
from dtlink.firmware.acpi.machine import Machine
from dtlink.kernel.holdings.model import Holdings, Module
from tests.boot.boot_cases import initramfs
from tests.boot.timeline_boards import BUILT_IN, EARLY, NOT_BUILT, UNKNOWN, Board, module
from tests.support.tables import machine

#: The properties of each row, of a consumer ``c`` of a supplier ``s``.
REQUESTED = [
    ("clocks", "clocks = <&s>;"),
    ("*-supply", "vcc-supply = <&s>;"),
    ("gpios", "gpios = <&s>;"),
    ("*-gpios", "reset-gpios = <&s>;"),
    ("phys", "phys = <&s>;"),
    ("resets", "resets = <&s>;"),
    ("interconnects", "interconnects = <&s>;"),
    ("mboxes", "mboxes = <&s>;"),
    ("nvmem-cells", "nvmem-cells = <&s>;"),
    ("pwms", "pwms = <&s>;"),
    ("hwlocks", "hwlocks = <&s>;"),
    ("io-channels", "io-channels = <&s>;"),
]
POWER = ("power-domains", "power-domains = <&s>;")
IOMMU = ("iommus", "iommus = <&s>;")
DMA = ("dmas", "dmas = <&s>;")
PINS = ("pinctrl-0", "pinctrl-0 = <&s>;")

CELLS = "".join(
    f"#{kind}-cells = <0>; "
    for kind in (
        *("clock", "gpio", "phy", "reset", "interconnect", "mbox", "nvmem-cell", "pwm", "hwlock"),
        *("io-channel", "power-domain", "iommu", "dma"),
    )
)
SUPPLIES = f"{CELLS} #interrupt-cells = <1>; interrupt-controller; #address-cells = <0>;"


def board(prop, supplier, **kernel):
    """A consumer whose driver is built in, and a supplier that is a device from the start."""
    source = f'c {{ compatible = "x,c"; {prop} }}; s: s {{ compatible = "x,s"; {CELLS} }};'
    return Board(source, {"x,s": supplier}, **kernel)


def told(row, supplier, **kernel):
    """The grade, the outcome, and the outcome if the driver never asks."""
    wait = board(row[1], supplier, **kernel).wait("/c", "/s", row[0])
    return wait.wait.name, wait.outcome.name, wait.unasked.name


@pytest.mark.parametrize("row", REQUESTED, ids=lambda row: row[0])
def test_what_the_driver_asks_for_it_waits_for(row):
    late = module("late")
    assert told(row, BUILT_IN) == ("NONE", "OK", "OK")
    assert told(row, late, image=["late"]) == ("DEVICE_LINK", "LATE", "LATE")
    assert told(row, late, root_after=3) == ("DEVICE_LINK", "LATE", "LATE")
    assert told(row, late, root_after=19) == ("DEVICE_LINK", "RECOVERS", "LATE")
    assert told(row, NOT_BUILT) == ("DEVICE_LINK", "NEVER", "LATE")
    assert told(row, UNKNOWN) == ("DEVICE_LINK", "UNKNOWN", "UNKNOWN")
    assert told(row, EARLY) == ("NONE", "OK", "OK")
    assert told(row, late, cmdline="fw_devlink=off") == ("DRIVER", "RECOVERS", "OK")
    assert told(row, NOT_BUILT, cmdline="fw_devlink=permissive") == ("DRIVER", "NEVER", "OK")


@pytest.mark.parametrize(
    ("row", "supplier", "kernel", "wait", "outcome"),
    [
        # Given up on at the timeout, and then lost: nothing tries again.
        (POWER, module("late"), {"image": ["late"]}, "DEVICE_LINK", "LATE"),
        (POWER, module("late"), {"root_after": 3}, "DEVICE_LINK", "LATE"),
        (POWER, module("late"), {"root_after": 19}, "DEVICE_LINK", "LOST"),
        (POWER, NOT_BUILT, {}, "DEVICE_LINK", "LOST"),
        (POWER, module("late"), {"root": []}, "DEVICE_LINK", "LOST"),
        # Longer than the root file system takes.
        (
            POWER,
            module("late"),
            {"cmdline": "deferred_probe_timeout=60", "root_after": 19},
            "DEVICE_LINK",
            "LATE",
        ),
        # 0 does not relax links, so that the request is never made.
        (POWER, module("late"), {"cmdline": "deferred_probe_timeout=0"}, "DEVICE_LINK", "RECOVERS"),
        (POWER, NOT_BUILT, {"cmdline": "deferred_probe_timeout=0"}, "DEVICE_LINK", "NEVER"),
        (
            POWER,
            module("late"),
            {"cmdline": "deferred_probe_timeout=-1"},
            "DEVICE_LINK",
            "RECOVERS",
        ),
        # Without links it is made, and ended with the initcalls.
        (
            POWER,
            module("late"),
            {"image": ["late"], "cmdline": "fw_devlink=off deferred_probe_timeout=0"},
            "DRIVER",
            "LOST",
        ),
        (POWER, NOT_BUILT, {"cmdline": "fw_devlink=off"}, "DRIVER", "LOST"),
        (POWER, NOT_BUILT, {"modules": False}, "DEVICE_LINK", "LOST"),
        # IOMMUs are no links but with strict=1; given up on, the consumer goes on.
        (IOMMU, module("late"), {"image": ["late"]}, "IOMMU_DT", "LATE"),
        (IOMMU, module("late"), {"root_after": 19}, "IOMMU_DT", "DEGRADED"),
        (IOMMU, NOT_BUILT, {}, "IOMMU_DT", "DEGRADED"),
        (IOMMU, NOT_BUILT, {"modules": False}, "IOMMU_DT", "DEGRADED"),
        (
            IOMMU,
            module("late"),
            {"image": ["late"], "cmdline": "deferred_probe_timeout=0"},
            "IOMMU_DT",
            "DEGRADED",
        ),
        (IOMMU, module("late"), {"cmdline": "deferred_probe_timeout=-1"}, "IOMMU_DT", "RECOVERS"),
        (IOMMU, NOT_BUILT, {"cmdline": "deferred_probe_timeout=-1"}, "IOMMU_DT", "NEVER"),
        (IOMMU, NOT_BUILT, {"cmdline": "fw_devlink=off"}, "IOMMU_DT", "DEGRADED"),
        (IOMMU, NOT_BUILT, {"cmdline": "fw_devlink.strict=1"}, "DEVICE_LINK", "DEGRADED"),
        (
            IOMMU,
            NOT_BUILT,
            {"cmdline": "fw_devlink.strict=1 deferred_probe_timeout=0"},
            "DEVICE_LINK",
            "NEVER",
        ),
        # No link, and a driver that does without.
        (DMA, module("late"), {"root_after": 3}, "DRIVER", "DEGRADED"),
        (DMA, NOT_BUILT, {}, "DRIVER", "DEGRADED"),
        # The core asks for pins, without a limit; without modules it does without them.
        (PINS, module("late"), {}, "DEVICE_LINK", "RECOVERS"),
        (PINS, NOT_BUILT, {}, "DEVICE_LINK", "NEVER"),
        (PINS, NOT_BUILT, {"modules": False}, "DEVICE_LINK", "DEGRADED"),
        # Older kernels: nothing is linked, or nobody waits for it.
        (POWER, module("late"), {"version": "5.10"}, "DRIVER", "LOST"),
        (POWER, module("late"), {"version": "5.15"}, "DEVICE_LINK", "RECOVERS"),
        (IOMMU, module("late"), {"version": "5.4"}, "IOMMU_DT", "DEGRADED"),
        # What is not known is not claimed.
        (POWER, UNKNOWN, {}, "DEVICE_LINK", "UNKNOWN"),
        (IOMMU, UNKNOWN, {}, "IOMMU_DT", "UNKNOWN"),
        (DMA, UNKNOWN, {}, "DRIVER", "UNKNOWN"),
    ],
)
def test_what_the_kernel_asks_for_itself(row, supplier, kernel, wait, outcome):
    assert told(row, supplier, **kernel)[:2] == (wait, outcome)


HOST = 'device_type = "pci"; '
MSI = ("msi-parent", f"{HOST} msi-parent = <&s>;")
_MAP = "#address-cells = <0>; interrupt-map-mask = <7>; interrupt-map = <1 &s 5>;"
ROUTE = ("interrupt-map", f"{HOST} #interrupt-cells = <1>; {_MAP}")


@pytest.mark.parametrize(
    ("row", "kernel", "wait", "outcome"),
    [
        # The host waits for the device, and then scans its bus whether or not it is there.
        (MSI, {"root_after": 19}, "DEVICE_LINK", "DEGRADED"),
        (MSI, {"root_after": 3}, "DEVICE_LINK", "LATE"),
        (MSI, {"image": ["late"]}, "DEVICE_LINK", "LATE"),
        (ROUTE, {"root_after": 19}, "DEVICE_LINK", "DEGRADED"),
        # Older kernels do not wait.
        (MSI, {"root_after": 3, "version": "6.1"}, "DRIVER", "DEGRADED"),
        (ROUTE, {"image": ["late"], "version": "6.6"}, "DRIVER", "DEGRADED"),
        # Without a limit it waits until the module comes.
        (MSI, {"cmdline": "deferred_probe_timeout=-1"}, "DEVICE_LINK", "RECOVERS"),
    ],
)
def test_the_pci_core_asks_once(row, kernel, wait, outcome):
    source = f'c {{ compatible = "x,c"; {row[1]} }}; s: s {{ compatible = "x,s"; {SUPPLIES} }};'
    found = Board(source, {"x,s": module("late")}, **kernel).wait("/c", "/s", row[0])
    assert (found.wait.name, found.outcome.name, found.unasked.name) == (wait, outcome, outcome)


def test_another_device_has_its_own_way_with_msis():
    found = board(("msi-parent", "msi-parent = <&s>;")[1], module("late"), root_after=19)
    assert found.wait("/c", "/s", "msi-parent").outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("props", "asked"),
    [
        ("assigned-clocks = <&s>; assigned-clock-rates = <5>;", True),
        ("assigned-clocks = <&s>; assigned-clock-rates-u64 = <1 0>;", True),
        ("assigned-clocks = <&t>, <&s>; assigned-clock-rates = <5>, <7>;", True),
        ("assigned-clocks = <&s>; assigned-clock-parents = <&t>;", True),
        # Nothing is set.
        ("assigned-clocks = <&s>;", False),
        ("assigned-clocks = <&s>, <&t>; assigned-clock-rates = <0>, <5>;", False),
        ("assigned-clocks = <&s>; assigned-clock-parents = <0>;", False),
        # The entries from one for a clock of its own on are for later.
        ("assigned-clocks = <&c>, <&s>; assigned-clock-rates = <5>, <5>;", False),
    ],
)
def test_assigned_clocks_are_asked_for_before_the_probe(props, asked):
    source = f"""c: c {{ compatible = "x,c"; #clock-cells = <0>; {props} }};
                 t: t {{ compatible = "x,t"; #clock-cells = <0>; }};
                 s: s {{ compatible = "x,s"; #clock-cells = <0>; }};"""
    found = Board(source, {"x,s": NOT_BUILT}).wait("/c", "/s", "assigned-clocks")
    end = Outcome.NEVER if asked else Outcome.UNKNOWN
    assert (found.outcome, found.unasked) == (end, end)


def test_gpiolib_asks_for_the_pin_controller_of_a_range():
    source = """c { compatible = "x,c"; gpio-ranges = <&s 0 0 8>; };
                s: s { compatible = "x,s"; };"""
    found = Board(source, {"x,s": NOT_BUILT}).wait("/c", "/s", "gpio-ranges")
    assert (found.wait, found.outcome, found.unasked) == (
        Wait.DRIVER,
        Outcome.NEVER,
        Outcome.NEVER,
    )


PART = 'c { compatible = "x,c"; %s }; d { compatible = "x,d"; s: s { %s }; };'


@pytest.mark.parametrize("row", [*REQUESTED, POWER, PINS], ids=lambda row: row[0])
def test_for_what_is_no_device_the_wait_has_no_limit(row):
    def ends(driver, **kernel):
        made = Board(PART % (row[1], CELLS), {"x,d": driver}, **kernel)
        wait = made.wait("/c", "/d/s", row[0])
        return wait.wait.name, wait.outcome.name, wait.unasked.name

    assert ends(BUILT_IN) == ("NONE", "OK", "OK")
    assert ends(module("late")) == ("FWNODE_LINK", "RECOVERS", "RECOVERS")
    assert ends(NOT_BUILT) == ("FWNODE_LINK", "NEVER", "NEVER")
    assert ends(UNKNOWN) == ("FWNODE_LINK", "UNKNOWN", "UNKNOWN")
    assert ends(NOT_BUILT, modules=False) == ("FWNODE_LINK", "NEVER", "NEVER")


def test_a_node_that_nobody_speaks_for_is_waited_for_for_ever():
    source = 'c { compatible = "x,c"; clocks = <&s>; }; s: s { #clock-cells = <0>; };'
    made = Board(source, {})
    wait = made.wait("/c", "/s", "clocks")
    assert (wait.wait, wait.outcome, wait.unasked) == (
        Wait.FWNODE_LINK,
        Outcome.NEVER,
        Outcome.NEVER,
    )
    assert wait.provider == -1
    assert made.causes() == {"/s": {"/c": "NEVER"}}


def test_a_part_that_a_bus_speaks_for_is_served_by_nobody_that_is_known():
    source = """bus { compatible = "simple-bus"; s: s { #clock-cells = <0>; }; };
                c { compatible = "x,c"; clocks = <&s>; };"""
    made = Board(source, {"simple-bus": EARLY})
    assert made.wait("/c", "/bus/s", "clocks").outcome is Outcome.UNKNOWN


def test_a_part_may_need_a_module_of_its_own_that_is_bound_by_name():
    drivers = {"x,d": BUILT_IN, "/d/s": Driver(State.SERVED, ("as3722_regulator",))}
    made = Board(PART % ("vcc-supply = <&s>;", ""), drivers)
    wait = made.wait("/c", "/d/s", "*-supply")
    # The link is met by the device; what the driver asks for comes later.
    assert (wait.wait, wait.outcome) == (Wait.DRIVER, Outcome.RECOVERS)
    assert made.causes() == {"/d/s": {"/c": "RECOVERS"}}


def test_a_link_to_a_device_with_a_driver_that_waits_itself_is_not_relaxed():
    """So that its consumer is not lost: it never gets to ask for its power domain."""
    source = """c { compatible = "x,c"; power-domains = <&pd>; };
                pd: pd { compatible = "x,pd"; #power-domain-cells = <0>; clocks = <&clk>; };
                clk: clk { compatible = "x,clk"; #clock-cells = <0>; };"""
    made = Board(source, {"x,clk": module("clk")})
    wait = made.wait("/c", "/pd", "power-domains")
    assert (wait.wait, wait.outcome) == (Wait.DEVICE_LINK, Outcome.RECOVERS)
    absent = Board(source, {"x,clk": module("clk"), "x,pd": module("pd")})
    assert absent.wait("/c", "/pd", "power-domains").outcome is Outcome.LOST


def test_a_wait_without_limit_comes_before_the_request_for_a_power_domain():
    source = """c { compatible = "x,c"; power-domains = <&pd>; pinctrl-0 = <&pins>; };
                pd: pd { compatible = "x,pd"; #power-domain-cells = <0>; };
                pinctrl { compatible = "x,pins"; pins: pins { }; };"""
    power = ("/c", "/pd", "power-domains")
    # Both come with the root file system: the order of the two modules decides.
    both = Board(source, {"x,pd": module("pd"), "x,pins": module("pins")})
    assert both.wait(*power).outcome is Outcome.UNKNOWN
    assert both.when("/c") is When.UNKNOWN
    # A link without limit holds it as well as the pins do.
    supply = Board(
        source.replace("pinctrl-0", "vcc-supply"), {"x,pd": module("pd"), "x,pins": module("pins")}
    )
    assert supply.wait(*power).outcome is Outcome.UNKNOWN
    # It is still waiting for its pins when its power domain comes.
    held = Board(source, {"x,pd": module("pd"), "x,pins": module("pins")}, ["pd"])
    assert held.wait(*power).outcome is Outcome.OK
    assert held.when("/c") is When.ROOT
    # It never gets there: that is not the power domain's doing.
    never = Board(source, {"x,pd": NOT_BUILT, "x,pins": NOT_BUILT})
    assert never.when("/c") is When.NEVER
    assert never.causes() == {"/pinctrl": {"/c": "NEVER"}}


def test_modules_of_one_time_race_once_nobody_waits_any_more():
    drivers = {"x,c": module("c"), "x,s": module("s")}
    source = f'c {{ compatible = "x,c"; {POWER[1]} }}; s: s {{ compatible = "x,s"; {CELLS} }};'
    end = ("/c", "/s", "power-domains")
    assert Board(source, drivers).wait(*end).outcome is Outcome.UNKNOWN
    assert Board(source, drivers, ["c", "s"]).wait(*end).outcome is Outcome.OK
    assert Board(source, drivers, root_after=3).wait(*end).outcome is Outcome.OK


def test_whoever_comes_after_the_timeout_has_not_waited():
    source = f'c {{ compatible = "x,c"; {IOMMU[1]} }}; s: s {{ compatible = "x,s"; {CELLS} }};'
    made = Board(source, {"x,c": module("c"), "x,s": NOT_BUILT})
    wait = made.wait("/c", "/s", "iommus")
    assert (wait.wait, wait.outcome) == (Wait.NONE, Outcome.DEGRADED)
    assert made.when("/c") is When.ROOT


def test_a_link_that_was_relaxed_before_holds_nobody():
    source = f'c {{ compatible = "x,c"; clocks = <&s>; }}; s: s {{ compatible = "x,s"; {CELLS} }};'
    drivers = {"x,c": module("c"), "x,s": NOT_BUILT}
    after = Board(source, drivers).wait("/c", "/s", "clocks")
    assert (after.wait, after.outcome, after.unasked) == (Wait.DRIVER, Outcome.NEVER, Outcome.OK)
    before = Board(source, drivers, ["c"]).wait("/c", "/s", "clocks")
    assert (before.wait, before.unasked) == (Wait.DEVICE_LINK, Outcome.LATE)


def test_without_modules_a_timeout_on_the_command_line_changes_nothing():
    made = board(IOMMU[1], NOT_BUILT, modules=False, cmdline="deferred_probe_timeout=30")
    assert made.when("/c") is When.INITCALL
    assert board(IOMMU[1], NOT_BUILT).when("/c") is When.INITRAMFS


def test_kernels_before_6_1_link_to_what_names_a_driver():
    made = Board(PART % ("clocks = <&s>;", CELLS), {"x,d": NOT_BUILT}, version="5.15")
    assert made.wait("/c", "/d/s", "clocks").wait is Wait.DEVICE_LINK


def test_what_early_code_serves_in_part_makes_nobody_wait_and_nothing_sure():
    source = """c { compatible = "x,c"; power-domains = <&gpc>; interrupts-extended = <&gpc 1>; };
                gpc: gpc { compatible = "fsl,imx6q-gpc"; #power-domain-cells = <0>;
                  interrupt-controller; #interrupt-cells = <1>; };"""
    wait = Board(source, {"fsl,imx6q-gpc": NOT_BUILT}).wait("/c", "/gpc", "power-domains")
    assert (wait.wait, wait.outcome) == (Wait.NONE, Outcome.UNKNOWN)
    there = Board(source, {}).wait("/c", "/gpc", "power-domains")
    assert there.outcome is Outcome.OK


def test_a_node_with_a_driver_of_none_is_spoken_for_from_above():
    source = """c { compatible = "x,c"; nvmem-cells = <&s>; };
                d { compatible = "x,d"; s: s { compatible = "x,layout"; }; };"""
    drivers = {"x,layout": Driver(State.NO_DEVICE), "x,d": module("d")}
    made = Board(source, drivers)
    wait = made.wait("/c", "/d/s", "nvmem-cells")
    assert (wait.wait, wait.provider) == (Wait.FWNODE_LINK, made.node("/d"))
    assert made.node("/d/s") not in made.timeline.devices


def test_the_children_of_a_plain_bus_need_nobody_to_make_them():
    source = 'bus { compatible = "simple-bus"; c { compatible = "x,c"; }; };'
    assert Board(source, {"simple-bus": UNKNOWN}).when("/bus/c") is When.INITCALL


def test_masters_that_an_iommu_lists_wait_for_nothing():
    source = """c: c { compatible = "x,c"; #stream-id-cells = <1>; };
                s { compatible = "x,s"; mmu-masters = <&c 1>; };"""
    made = Board(source, {"x,s": NOT_BUILT})
    assert made.timeline.waits == []


def test_a_device_with_several_power_domains_asks_for_them_itself():
    source = """c { compatible = "x,c"; power-domains = <&a>, <&b>; };
                a: a { compatible = "x,a"; #power-domain-cells = <0>; };
                b: b { compatible = "x,b"; #power-domain-cells = <0>; };"""
    wait = Board(source, {"x,b": NOT_BUILT}).wait("/c", "/b", "power-domains")
    assert (wait.outcome, wait.unasked) == (Outcome.LOST, Outcome.LATE)


def test_the_interrupt_of_a_phy_is_polled():
    source = """mac { compatible = "x,mac"; mdio { ethernet-phy {
                  interrupts-extended = <&irq 1>; }; }; };
                irq: irq { compatible = "x,irq"; #interrupt-cells = <1>; interrupt-controller; };"""
    made = Board(source, {"x,irq": NOT_BUILT})
    wait = made.wait("/mac", "/irq", "interrupts-extended")
    assert (wait.wait, wait.outcome) == (Wait.DRIVER, Outcome.DEGRADED)
    assert made.when("/mac") is When.INITRAMFS


def test_what_a_node_below_declares_is_no_claim_on_the_device_above():
    source = """keys { compatible = "x,keys"; power { gpios = <&s>; }; };
                s: s { compatible = "x,s"; #gpio-cells = <0>; };"""
    made = Board(source, {"x,s": NOT_BUILT})
    assert made.wait("/keys", "/s", "gpios").outcome is Outcome.UNKNOWN
    assert made.when("/keys") is When.INITCALL
    assert made.causes() == {}


def test_a_cycle_that_the_kernel_relaxes_blocks_nobody():
    source = """a: a { compatible = "x,a"; #clock-cells = <0>; resets = <&b>; };
                b: b { compatible = "x,b"; #reset-cells = <0>; clocks = <&a>; };"""
    made = Board(source, {"x,b": module("b")})
    assert made.wait("/a", "/b", "resets").wait is Wait.NONE
    assert made.when("/a") is When.INITCALL
    assert made.causes() == {}
    # With fw_devlink=off nothing is relaxed, and the two requests can't both be meant.
    off = Board(source, {"x,b": module("b")}, cmdline="fw_devlink=off")
    assert off.when("/a") is When.INITCALL


def test_graph_ends_block_nobody():
    source = """d { compatible = "x,d"; port { de: endpoint { remote-endpoint = <&pe>; }; }; };
                p { compatible = "x,p"; port { pe: endpoint { remote-endpoint = <&de>; }; }; };"""
    made = Board(source, {"x,p": NOT_BUILT})
    assert made.when("/d") is When.INITCALL
    assert made.causes() == {}


def test_post_init_providers_take_a_wait_away():
    source = """c { compatible = "x,c"; clocks = <&s>; post-init-providers = <&s>; };
                s: s { compatible = "x,s"; #clock-cells = <0>; };"""
    made = Board(source, {"x,s": NOT_BUILT})
    assert made.wait("/c", "/s", "clocks").wait is Wait.NONE
    assert made.when("/c") is When.INITCALL


def test_a_disabled_supplier_is_not_linked_and_not_told_of():
    source = """c { compatible = "x,c"; vcc-supply = <&s>; };
                s: s { compatible = "x,s"; status = "disabled"; };"""
    assert Board(source, {"x,s": NOT_BUILT}).waits("/c") == []


def test_the_console_is_not_held_by_what_has_no_driver():
    source = """chosen { stdout-path = "/c:115200"; };
                c { compatible = "x,c"; clocks = <&s>; };
                s: s { compatible = "x,s"; #clock-cells = <0>; };"""
    wait = Board(source, {"x,s": module("s")}).wait("/c", "/s", "clocks")
    # Its driver still asks.
    assert (wait.wait, wait.outcome, wait.unasked) == (Wait.DRIVER, Outcome.RECOVERS, Outcome.OK)


EXPANDER = """c { compatible = "x,c"; reset-gpios = <&s>; };
              i2c { compatible = "x,i2c"; #address-cells = <1>; #size-cells = <0>;
                s: gpio@20 { compatible = "x,gpio"; reg = <0x20>; #gpio-cells = <0>; }; };"""


@pytest.mark.parametrize(
    ("drivers", "image", "wait", "outcome", "roots"),
    [
        # The expander is a device as soon as its bus is there.
        ({"x,gpio": NOT_BUILT}, (), "DEVICE_LINK", "NEVER", {"/i2c/gpio@20"}),
        ({"x,gpio": module("gpio")}, (), "DEVICE_LINK", "RECOVERS", {"/i2c/gpio@20"}),
        ({"x,i2c": module("i2c")}, ["i2c"], "FWNODE_LINK", "LATE", {"/i2c"}),
        # Without its bus it is none, and nothing ends the wait for it.
        ({"x,i2c": module("i2c")}, (), "FWNODE_LINK", "RECOVERS", {"/i2c"}),
        ({"x,i2c": NOT_BUILT}, (), "FWNODE_LINK", "NEVER", {"/i2c"}),
        (
            {"x,i2c": NOT_BUILT, "x,gpio": NOT_BUILT},
            (),
            "FWNODE_LINK",
            "NEVER",
            {"/i2c", "/i2c/gpio@20"},
        ),
    ],
)
def test_a_device_on_a_bus_that_comes_late(drivers, image, wait, outcome, roots):
    made = Board(EXPANDER, drivers, image)
    found = made.wait("/c", "/i2c/gpio@20", "*-gpios")
    assert (found.wait.name, found.outcome.name) == (wait, outcome)
    assert {root for root, devices in made.causes().items() if "/c" in devices} == roots


def test_a_device_is_not_made_before_the_one_above_it_is_bound():
    made = Board(EXPANDER, {"x,i2c": module("i2c")})
    assert made.when("/i2c/gpio@20") is When.ROOT
    (cause,) = made.timeline.causes()
    below = {made.tree.path(each.node): each for each in cause.devices}["/i2c/gpio@20"]
    assert (below.binding, below.wait, below.outcome) == (PARENT, Wait.NONE, Outcome.RECOVERS)


def test_chains_are_followed_to_the_end_and_told_once():
    source = """disk { compatible = "x,disk"; phys = <&phy>; clocks = <&clk>; };
                net { compatible = "x,net"; phys = <&phy>; };
                phy: phy { compatible = "x,phy"; #phy-cells = <0>; vcc-supply = <&reg>; };
                reg: reg { compatible = "x,reg"; clocks = <&clk>; };
                clk: clk { compatible = "x,clk"; #clock-cells = <0>; };"""
    made = Board(source, {"x,clk": module("clk"), "x,net": module("net")}, ["net"])
    assert made.causes() == {"/clk": dict.fromkeys(("/disk", "/net", "/phy", "/reg"), "RECOVERS")}
    (cause,) = made.timeline.causes()
    assert (cause.comes, cause.driver, cause.outcome) == (
        When.ROOT,
        module("clk"),
        Outcome.RECOVERS,
    )
    assert {made.when(each) for each in ("/disk", "/net", "/phy", "/reg")} == {When.ROOT}


def test_of_two_causes_that_keep_a_device_each_has_its_own_finding():
    source = """c { compatible = "x,c"; clocks = <&a>; resets = <&b>; };
                a: a { compatible = "x,a"; #clock-cells = <0>; };
                b: b { compatible = "x,b"; #reset-cells = <0>; };"""
    made = Board(source, {"x,a": NOT_BUILT, "x,b": module("b")})
    assert made.causes() == {"/a": {"/c": "NEVER"}, "/b": {"/c": "RECOVERS"}}


def test_what_a_device_without_a_driver_needs_besides_is_not_to_blame():
    source = """c { compatible = "x,c"; clocks = <&s>; };
                s: s { compatible = "x,s"; #clock-cells = <0>; resets = <&r>; };
                r: r { #reset-cells = <0>; };"""
    assert Board(source, {"x,s": NOT_BUILT}).causes() == {"/s": {"/c": "NEVER"}}


def test_what_one_option_leaves_out_at_two_levels_is_one_cause():
    lacking = Driver(State.NOT_BUILT, config="BOTH")
    made = Board(EXPANDER, {"x,i2c": lacking, "x,gpio": lacking})
    assert list(made.causes()) == ["/i2c"]


def test_a_consumer_without_a_driver_is_nobodys_victim():
    source = f'c {{ compatible = "x,c"; clocks = <&s>; }}; s: s {{ compatible = "x,s"; {CELLS} }};'
    made = Board(source, {"x,c": NOT_BUILT, "x,s": module("late")})
    assert made.wait("/c", "/s", "clocks").outcome is Outcome.NEVER
    assert made.causes() == {}


@pytest.mark.parametrize(
    ("driver", "image", "root", "when"),
    [
        (BUILT_IN, (), None, When.INITCALL),
        (module("m"), ["m"], None, When.INITRAMFS),
        (module("m"), (), None, When.ROOT),
        (module("m"), None, None, When.ROOT),
        (module("m"), (), [], When.NEVER),
        (module("m", "other"), ["other"], None, When.INITRAMFS),
        (NOT_BUILT, (), None, When.NEVER),
        (UNKNOWN, (), None, When.UNKNOWN),
    ],
)
def test_when_a_driver_is_there(driver, image, root, when):
    made = Board('c { compatible = "x,c"; };', {"x,c": driver}, image, root=root)
    assert made.when("/c") is when


def test_what_an_incomplete_initramfs_lacks_is_not_known_to_be_late():
    part = initramfs(frozenset({"a"}))._replace(complete=False)
    assert Loading(part).loaded("a") is When.INITRAMFS
    assert Loading(part).loaded("b") is When.UNKNOWN
    quiet = initramfs(frozenset({"a", "b"}))._replace(udev=False, order=("a",))
    assert Loading(quiet).loaded("a") is When.INITRAMFS
    assert Loading(quiet).loaded("b") is When.UNKNOWN


def test_of_several_modules_the_first_counts_if_it_is_sure():
    quiet = initramfs(frozenset({"a", "b"}))._replace(udev=False, order=("a",))
    assert Loading(quiet).comes(module("a", "b")) is When.INITRAMFS
    assert Loading(quiet).comes(module("b", "elsewhere")) is When.UNKNOWN
    assert Loading(quiet).comes(module("elsewhere")) is When.ROOT
    assert Loading(quiet).comes(Driver(State.MODULE)) is When.UNKNOWN


def test_a_module_comes_no_earlier_than_what_it_depends_on():
    build = Holdings(
        release="6.12-x",
        config={},
        modules={"a": Module("a", "a.ko", depends=("core",)), "core": Module("core", "core.ko")},
        builtin=frozenset(),
        order={},
        builtin_compatibles=None,
    )
    both, alone = initramfs(frozenset({"a", "core"})), initramfs(frozenset({"a"}))
    assert Loading(both, build=build).loaded("a") is When.INITRAMFS
    assert Loading(alone, build=build).loaded("a") is When.ROOT
    # Another kernel's modules in the same initramfs are of no use.
    other = both._replace(by_version={"6.1-x": frozenset({"a", "core"})})
    assert Loading(other, build=build).loaded("a") is When.ROOT


# ACPI


VIOT = (
    "VIOT\n iommu: virtio-iommu-pci segment=0 function=0x8\n pci-range output=iommu bdf_end=0xff\n"
)
MODULE = {"VIRTIO_IOMMU": "m", "VIRTIO_PCI": "y"}


def viot() -> Machine:
    """A machine whose VIOT puts the first bus behind a virtio-iommu."""
    return machine(VIOT)


@pytest.mark.parametrize(
    ("config", "kernel", "driver", "wait", "outcome"),
    [
        (MODULE, {"image": ["virtio_iommu"]}, BUILT_IN, "IOMMU_ACPI", "LATE"),
        (MODULE, {"image": ["virtio_iommu", "nvme"]}, module("nvme"), "NONE", "OK"),
        (MODULE, {"root_after": 3}, BUILT_IN, "IOMMU_ACPI", "LATE"),
        (MODULE, {"root_after": 19}, BUILT_IN, "IOMMU_ACPI", "RECOVERS"),
        (MODULE, {"root": []}, BUILT_IN, "IOMMU_ACPI", "NEVER"),
        (
            MODULE,
            {"root": [], "cmdline": "deferred_probe_timeout=0"},
            BUILT_IN,
            "IOMMU_ACPI",
            "NEVER",
        ),
        ({**MODULE, "VIRTIO_IOMMU": "y"}, {}, BUILT_IN, "NONE", "OK"),
        # Its transport is a module that is nowhere.
        ({"VIRTIO_IOMMU": "y", "VIRTIO_PCI": "m"}, {"root": []}, BUILT_IN, "IOMMU_ACPI", "NEVER"),
        # A kernel that has no such driver asks for none.
        ({"VIRTIO_PCI": "y"}, {}, BUILT_IN, "NONE", "DEGRADED"),
        (None, {}, BUILT_IN, "NONE", "UNKNOWN"),
        (
            {**MODULE, "VIRTIO_IOMMU": "y"},
            {"blacklist": ["virtio_iommu_drv_init"]},
            BUILT_IN,
            "IOMMU_ACPI",
            "NEVER",
        ),
    ],
)
def test_behind_an_iommu_of_acpi_the_wait_has_no_limit(config, kernel, driver, wait, outcome):
    image = initramfs(frozenset(kernel.pop("image", ())))
    profile = KernelProfile.of("6.12", kernel.pop("cmdline", ""))
    made = AcpiTimeline(viot(), profile, config, initramfs=image, **kernel)
    (found,) = made.behind(driver)
    assert (found.wait.name, found.outcome.name) == (wait, outcome)


@pytest.mark.parametrize(
    ("kernel", "wait", "outcome"),
    [
        ({"image": ["virtio_iommu"]}, "IOMMU_ACPI_TIMEOUT", "LATE"),
        ({"root_after": 3}, "IOMMU_ACPI_TIMEOUT", "LATE"),
        ({"root_after": 19}, "IOMMU_ACPI_TIMEOUT", "DEGRADED"),
        ({"root": []}, "IOMMU_ACPI_TIMEOUT", "DEGRADED"),
        ({"root": [], "cmdline": "deferred_probe_timeout=0"}, "IOMMU_ACPI_TIMEOUT", "DEGRADED"),
        ({"root": [], "cmdline": "deferred_probe_timeout=-1"}, "IOMMU_ACPI_TIMEOUT", "NEVER"),
    ],
)
def test_since_6_15_the_wait_ends_with_the_timeout(kernel, wait, outcome):
    """Measured with 7.2.13: no virtio_iommu, VIOT; the disk is there after 20.8 s, untranslated."""
    image = initramfs(frozenset(kernel.pop("image", ())))
    profile = KernelProfile.of("7.2", kernel.pop("cmdline", ""))
    made = AcpiTimeline(viot(), profile, MODULE, initramfs=image, **kernel)
    (found,) = made.waits
    assert (found.wait.name, found.outcome.name) == (wait, outcome)


def test_a_consumer_that_asks_after_the_timeout_has_not_waited():
    made = AcpiTimeline(viot(), KernelProfile.of("7.2"), MODULE, root=["nvme"])
    (found,) = made.behind(module("nvme"))
    assert (found.wait, found.outcome) == (Wait.NONE, Outcome.DEGRADED)


@pytest.mark.parametrize(
    ("version", "ends"),
    [
        ("6.12", []),  # which does not read the table
        ("6.18", [("IOMMU_ACPI", "NEVER")]),
        ("7.2", [("IOMMU_ACPI_TIMEOUT", "DEGRADED")]),
    ],
)
def test_a_riscv_iommu_without_a_driver_is_waited_for(version, ends):
    text = "RIMT\n iommu: iommu base=0x3010000\n root-complex\n  map count=0x100 output=iommu\n"
    made = AcpiTimeline(machine(text), KernelProfile.of(version), {"PCI": "y"})
    assert [(each.wait.name, each.outcome.name) for each in made.waits] == ends


def test_an_initramfs_that_is_not_whole_leaves_the_outcome_open():
    part = initramfs(frozenset())._replace(complete=False)
    made = AcpiTimeline(viot(), KernelProfile.of("6.12"), MODULE, initramfs=part)
    assert [each.outcome for each in made.waits] == [Outcome.UNKNOWN]


def test_entries_that_linux_does_not_use_are_not_told_of():
    text = VIOT.replace("bdf_end=0xff", "bdf_start=0x8 bdf_end=0x8")
    assert AcpiTimeline(machine(text), KernelProfile.of("6.12"), MODULE).waits == []


# What holds of every board.


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_more_in_the_initramfs_makes_nobody_later(data):
    count = data.draw(st.integers(2, 6))
    kinds = ("clocks", "power-domains", "iommus", "resets", "phys")
    cells = "".join(
        f"#{kind}-cells = <0>; " for kind in ("clock", "power-domain", "iommu", "reset", "phy")
    )
    source, drivers = "", {}
    choices = [BUILT_IN, NOT_BUILT, *(module(f"m{n}") for n in range(3))]
    for n in range(count):
        # Only to earlier nodes, so that nothing is a cycle.
        own = data.draw(st.sets(st.sampled_from(kinds), max_size=2)) if n else set()
        props = "".join(
            f"{kind} = <&n{data.draw(st.integers(0, n - 1))}>; " for kind in sorted(own)
        )
        source += f'n{n}: n{n} {{ compatible = "x,{n}"; {cells} {props} }};'
        drivers[f"x,{n}"] = data.draw(st.sampled_from(choices))
    ranks = [When.INITCALL, When.INITRAMFS, When.ROOT, When.UNKNOWN, When.NEVER]
    after = data.draw(st.sampled_from([3, 19]))
    all_there = Board(source, drivers, ["m0", "m1", "m2"], root_after=after)
    none_there = Board(source, drivers, root_after=after)
    for n in range(count):
        early, late = all_there.when(f"/n{n}"), none_there.when(f"/n{n}")
        assert ranks.index(early) <= ranks.index(late) or late is When.UNKNOWN
        # A device whose driver and suppliers are there in time is never blamed on anything.
        own = all_there.timeline.comes(all_there.node(f"/n{n}"))
        assert ranks.index(own) <= ranks.index(early)
    blamed = {node for devices in none_there.causes().values() for node in devices}
    for n in range(count):
        if none_there.when(f"/n{n}") is When.INITCALL:
            assert f"/n{n}" not in blamed
