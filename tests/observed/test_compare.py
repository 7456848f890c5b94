"""A prediction beside what a board reports: each reason for a difference, and booted boards."""

from __future__ import annotations

from collections import Counter

import pytest

from dtlink.facts.profile import KernelProfile
from dtlink.firmware import dts, fdt
from dtlink.observed.compare import compare
from dtlink.observed.comparison import BoardComparison, ComparedPairs, DifferenceReason
from dtlink.observed.observation import ReportCollector
from tests.support.boards import SHARED, predicted
from tests.support.boots import BOOTS, blob, boot, text_list

TREE = """
/dts-v1/;
/ { model = "A Board";
    osc: osc { compatible = "x,osc"; #clock-cells = <0>; };
    pins { compatible = "x,pins"; state: state { }; };
    ring1: ring1 { compatible = "x,ring"; #clock-cells = <0>; clocks = <&ring2>; };
    ring2: ring2 { compatible = "x,ring"; #clock-cells = <0>; clocks = <&ring1>; };
    part: part { };
    stuck { compatible = "x,stuck"; phys = <&part>; };
    uart { compatible = "x,uart"; clocks = <&osc>; pinctrl-0 = <&state>; };
};
"""
TREE = TREE.replace("part: part { }", "part: part { #phy-cells = <0>; }")
DEVICES = ("osc", "pins", "ring1", "ring2", "stuck", "uart")


class Told:
    """A board's report, by the names of devices that are named as their nodes."""

    def __init__(self, devices=DEVICES, bound=(), log=()):
        self.collector = ReportCollector()
        for name in devices:
            at = f"devices/platform/{name}"
            self.collector.link(f"{at}/of_node", f"../../../firmware/devicetree/base/{name}")
            if name in bound:
                self.collector.link(f"{at}/driver", "../../../bus/platform/drivers/x")
            else:
                self.collector.attribute(f"{at}/waiting_for_supplier", "0\n")
        for line in log:
            self.collector.line(line)

    def link(self, consumer, supplier, sync="0", status="active", removed="never"):
        at = f"devices/virtual/devlink/platform:{supplier}--platform:{consumer}"
        self.collector.attribute(f"{at}/sync_state_only", sync)
        self.collector.attribute(f"{at}/status", status)
        self.collector.attribute(f"{at}/auto_remove_on", removed)
        return self

    def deferred(self, name, reason):
        self.collector.attribute("devices_deferred", f"{name}\t{reason}\n")
        return self

    def waiting(self, name):
        self.collector.attribute(f"devices/platform/{name}/waiting_for_supplier", "1\n")
        return self

    def compared(self, source=TREE, view="full", version="6.12") -> BoardComparison:
        tree = dts.read_text(source)
        prediction = predicted(tree, KernelProfile.of(version), view)
        return compare(prediction, self.collector.found, tree)


def why(items):
    return {(item.consumer, item.supplier): item.why for item in items}


def pairs(items):
    return {(item.consumer, item.supplier) for item in items}


ALL = ("osc", "pins", "ring1", "ring2", "uart")


def test_what_agrees() -> None:
    told = Told(bound=ALL).link("uart", "osc").link("uart", "pins").waiting("stuck")
    found = told.compared()
    assert pairs(found.links.agreed) == {("/uart", "/osc"), ("/uart", "/pins")}
    assert found.links.missing == found.links.unforeseen == []
    assert [(x.consumer, x.supplier) for x in found.held_back.agreed] == [("/stuck", "/part")]
    assert found.held_back.missing == found.held_back.unforeseen == []
    assert found.links.observed
    assert not found.unmapped
    assert not found.notes


@pytest.mark.parametrize(
    ("told", "supplier", "reason"),
    [
        (Told(devices=("osc", "pins")), "osc", DifferenceReason.NO_CONSUMER),
        (Told(devices=("uart", "pins")), "osc", DifferenceReason.NO_SUPPLIER),
        (Told(bound=("uart",)).link("uart", "osc", sync="1"), "osc", DifferenceReason.RELAXED),
        (Told(bound=("osc",)), "pins", DifferenceReason.UNBOUND_SUPPLIER),
        (Told(bound=("osc", "uart")), "osc", DifferenceReason.BOUND_WITHOUT),
        (
            Told(log=["platform uart: Not linking /osc - might never become dev"]),
            "osc",
            DifferenceReason.NOT_LINKED,
        ),
        (Told(log=["platform uart: Linked as a consumer to osc"]), "osc", DifferenceReason.GONE),
        (Told(), "osc", DifferenceReason.UNKNOWN),
    ],
)
def test_links_that_did_not_come(told: Told, supplier: str, reason: DifferenceReason) -> None:
    missing = why(told.compared().links.missing)
    assert missing["/uart", f"/{supplier}"] is reason


def test_links_that_came_unforeseen() -> None:
    told = (
        Told(devices=(*DEVICES, "new"), bound=ALL)
        .link("ring1", "osc")
        .link("osc", "pins", sync="1")
        .link("stuck", "pins", sync="1")
        .link("uart", "new")
        .link("ring2", "pins", removed="consumer unbind")
        .link("ring2", "osc", status="not tracked")
    )
    found = told.compared()
    assert why(found.links.unforeseen) == {
        ("/ring1", "/osc"): DifferenceReason.UNKNOWN,
        ("/uart", "/new"): DifferenceReason.NOT_IN_TREE,
    }
    assert why(found.sync_state_links.unforeseen) == {
        ("/osc", "/pins"): DifferenceReason.UNKNOWN,
        ("/stuck", "/pins"): DifferenceReason.NOT_BOUND_YET,
    }
    assert found.by_driver == 2


def test_a_driver_may_speak_for_a_node() -> None:
    found = Told(bound=ALL).link("uart", "pins").compared(view="bare")
    assert why(found.links.unforeseen) == {("/uart", "/pins"): DifferenceReason.SPOKEN_FOR}


def test_a_device_that_a_driver_made() -> None:
    told = Told(devices=(*DEVICES, "part"), bound=ALL).link("stuck", "part")
    assert why(told.compared().links.unforeseen) == {
        ("/stuck", "/part"): DifferenceReason.MADE_DEVICE
    }


def test_a_link_that_orders_more_than_predicted() -> None:
    told = Told(bound=ALL).link("ring1", "ring2").link("ring2", "ring1", sync="1")
    found = told.compared(view="bare")
    assert why(found.sync_state_links.missing)["/ring1", "/ring2"] is DifferenceReason.TIGHTER
    assert pairs(found.sync_state_links.agreed) == {("/ring2", "/ring1")}
    assert not found.links.unforeseen
    ended = Told(bound=ALL).compared(view="bare").sync_state_links.missing
    assert set(why(ended).values()) == {DifferenceReason.ENDED}


START = "Linux version 6.12.3 (x)"


def test_cycles() -> None:
    cycle = "/ring2: Fixed dependency cycle(s) with /ring1"
    found = Told(log=[START, cycle]).compared().cycles
    assert len(found.agreed) == 1
    assert not found.missing
    assert why(Told(log=[START]).compared().cycles.missing) == {
        ("/ring2", "/ring1"): DifferenceReason.OTHER_ORDER
    }
    other = ["/uart: Fixed dependency cycle(s) with /osc", "/a: Fixed dependency cycle(s) with /b"]
    assert why(Told(log=[START, *other]).compared().cycles.unforeseen) == {
        ("/uart", "/osc"): DifferenceReason.OTHER_ORDER,
        ("/a", "/b"): DifferenceReason.NOT_IN_TREE,
    }


def test_a_log_that_begins_late_says_nothing_of_what_it_lacks() -> None:
    found = Told(log=["/uart: Fixed dependency cycle(s) with /osc"]).compared().cycles
    assert not found.observed
    assert not found.missing
    assert len(found.unforeseen) == 1


def test_devices_that_are_held_back() -> None:
    told = (
        Told(bound=("stuck", "osc"))
        .deferred("uart", "platform: supplier osc not ready")
        .deferred("ring1", "x: no clock")
        .deferred("ring2", "")
        .deferred("1-0040", "")
        .waiting("pins")
    )
    found = told.compared()
    assert why(found.held_back.missing) == {("/stuck", "/part"): DifferenceReason.BOUND}
    assert why(found.held_back.unforeseen) == {
        ("/uart", "/osc"): DifferenceReason.NOT_READY,
        ("/ring1", ""): DifferenceReason.DRIVER_DEFERS,
        ("/ring2", ""): DifferenceReason.NO_REASON,
        ("/pins", ""): DifferenceReason.NO_NODE,
    }
    assert found.unmapped == ["1-0040"]


@pytest.mark.parametrize("name", ["/pins/state", "state"])
def test_a_device_that_waits_for_a_node(name: str) -> None:
    told = Told().deferred("uart", f"platform: wait for supplier {name}")
    assert why(told.compared().held_back.unforeseen) == {
        ("/uart", "/pins/state"): DifferenceReason.NO_NODE
    }
    assert why(told.compared().held_back.missing) == {
        ("/stuck", "/part"): DifferenceReason.NO_DRIVER
    }
    told = Told(devices=("osc", "pins", "uart")).waiting("uart")
    assert why(told.compared().held_back.unforeseen) == {
        ("/uart", "/pins/state"): DifferenceReason.NO_NODE
    }
    assert why(told.compared().held_back.missing) == {
        ("/stuck", "/part"): DifferenceReason.NO_CONSUMER
    }


def test_a_log_alone() -> None:
    log = [
        START,
        "platform uart: Linked as a consumer to osc",
        "platform ring1: Linked as a sync state only consumer to osc",
        "platform stuck: error -EPROBE_DEFER: wait for supplier /part",
        "platform pins: sync_state() pending due to uart",
    ]
    found = Told(devices=(), log=log).compared()
    assert pairs(found.links.agreed) == {("/uart", "/osc"), ("/uart", "/pins")}
    assert why(found.sync_state_links.unforeseen) == {
        ("/ring1", "/osc"): DifferenceReason.SINCE_ENDED
    }
    assert pairs(found.held_back.agreed) == {("/stuck", "/part")}
    assert not found.held_back.observed
    found = Told(devices=(), log=[START, log[1]]).compared()
    assert why(found.links.missing) == {("/uart", "/pins"): DifferenceReason.NOT_LOGGED}
    found = Told(devices=(), log=[START]).compared()
    assert not found.links.observed
    assert not found.links.missing


def test_what_makes_it_doubtful() -> None:
    log = [START, "Machine model: Another"]
    first, second = Told(log=log).compared(version="6.1").notes
    assert "runs 6.12.3, the prediction is for 6.1" in first
    assert 'calls itself "Another"' in second
    assert not Told(log=[START, "Machine model: A Board"]).compared().notes


def table(comparison: BoardComparison) -> str:
    """One line a section: what agrees, and why the rest does not."""
    names = ("links", "sync_state_links", "cycles", "held_back")
    return "; ".join(f"{name} {_row(getattr(comparison, name))}" for name in names)


def _row(section: ComparedPairs) -> str:
    kinds = [Counter(x.why.name for x in items) for items in (section.missing, section.unforeseen)]
    return f"{len(section.agreed)} -{dict(kinds[0])} +{dict(kinds[1])}"


@pytest.mark.corpus
def test_booted_boards() -> None:
    """With all modules nearly all agrees; without, what differs is explained, all of it."""
    agreed = predicted = reported = 0
    for board in BOOTS:
        for state in ("mods", "nomods"):
            answer = boot(f"b-{board}-{state}")
            if answer is None:
                pytest.skip(f"no boots in {SHARED / 'boots'} (set DTLINK_SHARED)")
            found = _compared(board, answer)
            sections = found.links, found.sync_state_links, found.cycles, found.held_back
            rest = [x for section in sections for x in (*section.missing, *section.unforeseen)]
            assert all(x.why is not DifferenceReason.UNKNOWN for x in rest), (
                f"{board}: {table(found)}"
            )
            assert not found.cycles.missing, f"{board}: {table(found)}"
            assert not found.cycles.unforeseen, f"{board}: {table(found)}"
            assert not found.notes
            if state == "mods":
                agreed += len(found.links.agreed)
                predicted += found.links.predicted
                reported += found.links.reported
    assert agreed >= 0.98 * predicted
    assert agreed >= 0.99 * reported


def _compared(board: str, answer: dict) -> BoardComparison:
    tree = fdt.read(blob(board, answer).read_bytes())
    version = answer["kernel"].removeprefix("vmlinuz-")
    collector = ReportCollector()
    for line in text_list(answer).split("\n"):
        _take(collector, line)
    return compare(predicted(tree, KernelProfile.of(version), "full"), collector.found, tree)


def _take(collector: ReportCollector, line: str) -> None:
    from dtlink.observed import sysfs

    sysfs._lines(line, collector)
