"""Whether modules of the root filesystem come before the deferred-probe timeout."""

import pytest

from dtlink.boot.timeline.clock import RootTiming, root_timing
from dtlink.facts.outcomes import Outcome
from dtlink.facts.profile import KernelProfile
from tests.boot.timeline_boards import NOT_BUILT, Board, module

IN_TIME, TOO_LATE, UNKNOWN = RootTiming

#: A master and a consumer of a power domain, both built in, and a disk controller.
SOURCE = """
    dma { compatible = "x,dma"; iommus = <&mmu>; };
    video { compatible = "x,video"; power-domains = <&pd>; };
    disk: mmc { compatible = "x,mmc"; %s };
    mmu: iommu { compatible = "x,mmu"; #iommu-cells = <0>; clocks = <&clk>; };
    pd: power { compatible = "x,pd"; #power-domain-cells = <0>; };
    clk: clk { compatible = "x,clk"; #clock-cells = <0>; };
    own: own-clk { compatible = "x,own"; #clock-cells = <0>; };
"""
ON_ROOT = {"x,mmu": module("mmu"), "x,pd": module("pd")}


def ends(disk="", drivers=None, *, media=(), **options):
    """The outcomes of the master and of the consumer; two where the unknown time decides."""
    made = Board(SOURCE % disk, drivers or ON_ROOT, **options)
    if media:
        made = Board(SOURCE % disk, drivers or ON_ROOT, media=[*map(made.node, media)], **options)
    waits = made.wait("/dma", "/iommu", "iommus"), made.wait("/video", "/power", "power-domains")
    return [
        f"{each.outcome.name}/{each.if_in_time.name}" if each.is_open else each.outcome.name
        for each in waits
    ]


OPEN, LATE, IN = ["DEGRADED/LATE", "LOST/LATE"], ["DEGRADED", "LOST"], ["LATE", "LATE"]


@pytest.mark.parametrize(
    ("version", "cmdline", "root_after", "delay", "timing"),
    [
        ("6.12", "", None, None, UNKNOWN),
        ("6.12", "", 3, None, IN_TIME),
        ("6.12", "", 0, None, IN_TIME),
        ("6.12", "", 10, None, TOO_LATE),
        ("6.12", "", 19, None, TOO_LATE),
        ("6.12", "deferred_probe_timeout=30", None, None, UNKNOWN),
        ("6.12", "deferred_probe_timeout=30", 19, None, IN_TIME),
        ("6.12", "deferred_probe_timeout=0", 3, None, TOO_LATE),
        ("6.12", "deferred_probe_timeout=-1", 3, None, TOO_LATE),
        # While the kernel waits to mount the root, no driver registers.
        ("6.12", "", None, 9, UNKNOWN),
        ("6.12", "", None, 10, TOO_LATE),
        ("6.12", "", 3, 15, IN_TIME),
        # Registrations do not restart the timeout: the initramfs takes its time of it.
        ("5.10", "deferred_probe_timeout=10", 3, None, UNKNOWN),
        ("5.10", "deferred_probe_timeout=10", 19, None, TOO_LATE),
        ("5.10", "", 3, None, TOO_LATE),
    ],
)
def test_what_is_known(version, cmdline, root_after, delay, timing):
    assert root_timing(KernelProfile.of(version, cmdline), root_after, delay) is timing


@pytest.mark.parametrize(
    ("options", "outcomes"),
    [
        ({}, OPEN),
        ({"root_after": 3}, IN),
        ({"root_after": 19}, LATE),
        ({"cmdline": "deferred_probe_timeout=30"}, OPEN),
        ({"cmdline": "deferred_probe_timeout=30", "root_after": 19}, IN),
        ({"cmdline": "deferred_probe_timeout=0"}, ["DEGRADED", "RECOVERS"]),
        ({"cmdline": "deferred_probe_timeout=-1"}, ["RECOVERS", "RECOVERS"]),
        # An initramfs does not wait for a device that is there.
        ({"root_delay": 15}, OPEN),
        ({"root_delay": 15, "image": None}, LATE),
        ({"root_delay": 5, "image": None}, OPEN),
        ({"image": None}, OPEN),
    ],
)
def test_outcomes_that_rest_on_the_time_are_two(options, outcomes):
    assert ends(**options) == outcomes


@pytest.mark.parametrize(
    ("disk", "drivers", "outcomes"),
    [
        ("", {}, OPEN),
        # The disk waits until the timeout: what is on it comes later still.
        ("iommus = <&mmu>;", {}, LATE),
        ("power-domains = <&pd>;", {}, LATE),
        ("clocks = <&own>;", {"x,own": module("own")}, LATE),
        ("clocks = <&own>;", {"x,own": NOT_BUILT}, LATE),
        # Its IOMMU waits itself.
        ("iommus = <&mmu>;", {"x,mmu": module("held"), "x,clk": module("clk")}, LATE),
        # Its own module is there: it never comes.
        ("", {"x,mmc": module("mmc")}, LATE),
        # What it needs is in the initramfs.
        ("clocks = <&own>;", {"x,own": module("held")}, OPEN),
    ],
)
def test_what_is_on_a_disk_that_waits_for_the_timeout_is_too_late(disk, drivers, outcomes):
    drivers = {**ON_ROOT, **drivers}
    found = ends(disk, drivers, media=["/mmc"], image=["held"])
    assert found == outcomes
    # Which disk has it is not known: nothing follows.
    if drivers["x,mmu"] == module("mmu"):
        assert ends(disk, drivers, image=["held"]) == OPEN
        assert ends(disk, drivers, image=["held"], media=["/mmc", "/clk"]) == OPEN


def test_a_disk_that_waits_only_if_its_driver_asks_proves_nothing():
    disk = "clocks = <&own>;"
    drivers = {**ON_ROOT, "x,own": module("own")}
    line = "fw_devlink=permissive"
    assert ends(disk, drivers, media=["/mmc"], cmdline=line) == OPEN


def test_a_cause_has_both_outcomes():
    made = Board(SOURCE % "", ON_ROOT)
    (power,) = (each for each in made.timeline.causes() if each.supplier == made.node("/power"))
    (device,) = power.devices
    assert (device.outcome, device.if_in_time) == (Outcome.LOST, Outcome.LATE)
    assert device.is_open


def test_waiting_longer_is_the_same_effect():
    made = Board(
        'c { compatible = "x,c"; clocks = <&s>; }; s: s { compatible = "x,s"; '
        "#clock-cells = <0>; };",
        {"x,s": module("s")},
    )
    wait = made.wait("/c", "/s", "clocks")
    assert wait.outcome is Outcome.RECOVERS
    assert not wait.is_open
