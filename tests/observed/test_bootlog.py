"""Boot logs: what each kind of line is, whom it is about, and what lies behind it."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtlink.facts.kernels import LATEST, KernelVersion
from dtlink.facts.loglines import LOG_MESSAGES
from dtlink.firmware import dts, read
from dtlink.firmware.errors import InputError
from dtlink.firmware.tree import Tree
from dtlink.observed.bootlog.explain import explain
from dtlink.observed.bootlog.history import History
from dtlink.observed.bootlog.model import CauseKind, DeviceEffect, Explanation, RootCause, Victim
from dtlink.observed.bootlog.read import MAX_LINE, parse, read_log
from dtlink.testing.sketch import sketch
from tests.support.boards import FIXTURES
from tests.support.boots import BOOTS, blob, boot
from tests.support.limits import at_most

SAMPLES = {row.kind: row.sample for row in LOG_MESSAGES}
HEAD = """\
[    0.000000] Linux version 6.12.1-x (a@b) (gcc 12) #1 SMP
[    0.000000] Machine model: dtlink fixture: phone SoC
[    0.000000] Kernel command line: console=ttyS0
"""
DEBUG = HEAD.replace("ttyS0", 'ttyS0 "dyndbg=file drivers/base/dd.c +p"')


def told(text: str, tree: Tree | None = None, head: str = HEAD) -> Explanation:
    return explain(parse((head + text).encode()), tree)


def by_device(found: Explanation) -> dict[str, tuple[RootCause, Victim]]:
    return {victim.device: (cause, victim) for cause in found.causes for victim in cause.victims}


@pytest.fixture(scope="module")
def phone() -> Tree:
    return read.read(FIXTURES / "phone-soc.dtb")


# --- the text


LINE = "platform 9000.mmc: deferred probe pending: (reason unknown)"
CARRIERS = {
    "plain": LINE,
    "dmesg": f"[   13.921094] {LINE}",
    "delta": f"[   13.921094 <    0.000012>] {LINE}",
    "caller": f"[   13.921094][   T11] {LINE}",
    "caller apart": f"[   13.921094] [    T11] {LINE}",
    "level": f"<4>[   13.921094] {LINE}",
    "level alone": f"<4>{LINE}",
    "clock": f"[Fri Nov 22 18:30:22 2024] {LINE}",
    "iso": f"2024-11-22T18:30:22,123456+01:00 {LINE}",
    "facility": f"kern  :warn  : [   13.921094] {LINE}",
    "journal": f"Nov 22 18:30:22 board kernel: {LINE}",
    "journal iso": f"2024-11-22T18:30:22+0100 board kernel: {LINE}",
    "journal monotonic": f"[   13.921094] board kernel: {LINE}",
    "kmsg": f"4,339,13921094,-;{LINE}",
    "netconsole": f"4,416,13921094,-,ncfrag=0/33;{LINE}",
    "capture": f"[2024-01-01 12:00:00.123] [   13.921094] {LINE}",
    "lab": f"2024-01-01T12:00:00.000000  [   13.921094] {LINE}",
    "noise": f"\x00\x1b[0m\xc3\x28[   13.921094] {LINE}",
    "carriage return": f"[   13.921094] {LINE}\r",
}


@pytest.mark.parametrize("carrier", CARRIERS)
def test_every_carrier(carrier: str) -> None:
    (line,) = parse(CARRIERS[carrier].encode("latin-1") + b"\r\n")
    assert line.text == LINE
    assert line.time in (None, 13.921094)
    assert (line.time is None) == (
        "13.921094" not in CARRIERS[carrier].replace("13921094", "13.921094")
    )
    assert "9000.mmc" in by_device(explain([line]))


def test_lines_are_numbered_as_an_editor_does() -> None:
    lines = parse(b"[ 1.000] a: b\r\n\r\n[ 2.000] c: d\n[ 3.000] e: f\r[ 4.000] g: h\n")
    assert [(line.number, line.text) for line in lines] == [
        (1, "a: b"),
        (3, "c: d"),
        (4, "e: f"),
        (4, "g: h"),
    ]


def test_other_bytes_than_utf8_and_utf16() -> None:
    assert parse(b"[ 1.000] usb \xff\xfe 1-1: new\n")[0].text == "usb  1-1: new"
    assert parse(f"[ 1.000] {LINE}\r\n".encode("utf-16"))[0].text == LINE


@pytest.mark.parametrize("data", [b"", b"\n\n", b"hello\nworld\n", bytes(range(256)) * 8])
def test_what_is_no_log(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "thing"
    path.write_bytes(data)
    with pytest.raises(InputError) as raised:
        read_log(str(path))
    assert raised.value.path == str(path)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "dmesg.0.gz"
    path.write_bytes(gzip.compress(f"{HEAD}{LINE}\n".encode()))
    assert read_log(str(path))[-1].text == LINE
    path.write_bytes(gzip.compress(HEAD.encode())[:-6])
    with pytest.raises(InputError, match="cannot unpack the gzip data"):
        read_log(str(path))
    with pytest.raises(InputError, match="No such file"):
        read_log(str(tmp_path / "none"))


def test_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dtlink.observed.bootlog.read.MAX_BYTES", 4096)
    path = tmp_path / "flood.gz"
    path.write_bytes(gzip.compress(b"[ 1.000] a: b\n" * 10_000))
    with pytest.raises(InputError, match="more than"):
        read_log(str(path))


def test_more_lines_than_a_boot_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dtlink.observed.bootlog.read.MAX_LINES", 10)
    assert len(parse((HEAD + "a\r\n" * 7).encode())) == 10
    with pytest.raises(InputError, match="more than 10 lines"):
        parse((HEAD + "a\n" * 30).encode())


def test_a_log_of_very_many_lines_is_refused_at_once(shared: Path) -> None:
    with at_most(), pytest.raises(InputError, match="unpacks to more than 10 MiB"):
        read_log(str(shared / "cases" / "slow" / "log-bomb-short.gz"))


def test_more_devices_than_there_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dtlink.observed.bootlog.history.MAX_DEVICES", 2)
    assert told(pending("a.b") + pending("c.d")).harmful
    with pytest.raises(InputError, match="more than 2 devices"):
        told(pending("a.b") + pending("c.d") + pending("e.f"))


def test_long_lines_are_cut() -> None:
    lines = parse(b"[ 1.000] " + b"a" * 100_000 + b": deferred probe pending\n")
    assert len(lines[0].text) <= MAX_LINE


@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    try:
        found = explain(parse(HEAD.encode() + data))
    except InputError:
        pytest.fail("a log with a kernel's line in it")
    assert found.kernel == "6.12.1-x"


PIECES = (
    "platform a.b: ",
    "c.d e.f: ",
    "deferred probe pending: ",
    "wait for supplier /x",
    "error -EPROBE_DEFER: ",
    "supplier a.b not ready",
    "Added to deferred list",
    "sync_state() pending due to a.b",
    "event 0x02 received:",
    "Blocked unknown Stream ID 0x1",
    "probe with driver c failed with error -110",
    "driver: 'c': driver_bound: bound to device",
    "deferred probe timeout, ignoring dependency",
    "\n",
    " ",
)


@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_order_of_pieces(pieces: list[str]) -> None:
    """Whatever a log says, it is read, and every harmful line of a device has a cause."""
    found = told("".join(pieces), TREE_AB)
    assert sum(found.told.values()) <= len(pieces) + 3
    assert all(cause.victims for cause in found.causes)


TREE_AB = dts.read_text("""
/dts-v1/;
/ { #address-cells = <1>; #size-cells = <1>;
    b@a { compatible = "x,b"; reg = <0xa 1>; clocks = <&d>; };
    d: d@c { compatible = "x,d"; reg = <0xc 1>; #clock-cells = <0>; };
    x { };
};
""")


# --- the table


#: One line of each kind, and what it names.


# --- what lies behind a wait


def test_a_chain_ends_at_one_root(phone: Tree) -> None:
    found = told(
        "[   13.100] platform 1d80000.ufshc: deferred probe pending: platform: supplier "
        "1d87000.phy not ready\n"
        "[   13.100] platform 1d87000.phy: deferred probe pending: platform: wait for supplier "
        f"{_path(phone, 'ldo2')}\n",
        phone,
    )
    (cause,) = found.causes
    owner = phone.by_path[_path(phone, "ldo2")].parent
    assert owner is not None
    assert (cause.origin.root, cause.origin.subject) == (CauseKind.NO_DRIVER, owner.path)
    assert not cause.sure
    assert {victim.device: victim.via for victim in cause.victims} == {
        "1d80000.ufshc": ("1d87000.phy",),
        "1d87000.phy": (),
    }
    assert all(victim.effect is DeviceEffect.PENDING for victim in cause.victims)
    assert owner.compatible[0] in cause.origin.cure
    assert any("dyndbg" in hint for hint in found.look_at)


def _path(tree: Tree, label: str) -> str:
    (found,) = [path for path, name in tree.labels.items() if name == label] or [""]
    if found:
        return found
    (path,) = [path for path in tree.by_path if path.endswith(f"/{label}")]
    return path


SMALL = """
/dts-v1/;
/ { #address-cells = <1>; #size-cells = <1>;
    aliases { i2c1 = &bus1; };
    vcc: regulator { compatible = "regulator-fixed"; };
    bare: bare { #clock-cells = <0>; };
    clk: clock@1000 { compatible = "x,clock"; reg = <0x1000 16>; #clock-cells = <0>; };
    pd: power@1100 { compatible = "x,power"; reg = <0x1100 16>; #power-domain-cells = <0>; };
    iommu: iommu@1200 { compatible = "arm,mmu-500"; reg = <0x1200 16>; #iommu-cells = <1>;
                        clocks = <&clk>; };
    uart@2000 { compatible = "x,uart"; reg = <0x2000 16>; clocks = <&clk>; vdd-supply = <&vcc>; };
    gpu@3000 { compatible = "x,gpu"; reg = <0x3000 16>; power-domains = <&pd>; };
    dma@4000 { compatible = "x,dma"; reg = <0x4000 16>; iommus = <&iommu 7>; };
    stuck@5000 { compatible = "x,stuck"; reg = <0x5000 16>; clocks = <&bare>; };
    two@6000 { compatible = "x,two"; reg = <0x6000 16>; clocks = <&clk>; power-domains = <&pd>; };
    off: off { compatible = "x,off"; status = "disabled"; #clock-cells = <0>; };
    i2c@7000 { compatible = "x,i2c"; reg = <0x7000 16>; #address-cells = <1>; #size-cells = <0>;
        pmic@1b { compatible = "x,pmic"; reg = <0x1b>; }; };
    bus1: i2c@8000 { compatible = "x,i2c"; reg = <0x8000 16>; #address-cells = <1>;
        #size-cells = <0>; clocks = <&clk>;
        pmic@1b { compatible = "x,pmic"; reg = <0x1b>; rail: ldo { }; }; };
    sd@9000 { compatible = "x,sd"; reg = <0x9000 16>; vmmc-supply = <&rail>; };
    amba@a000 { compatible = "arm,pl011", "arm,primecell"; reg = <0xa000 16>; clocks = <&clk>; };
};
"""


@pytest.fixture(scope="module")
def small() -> Tree:
    return dts.read_text(SMALL)


def one(found: Explanation) -> tuple[CauseKind, str, DeviceEffect]:
    (cause,) = found.causes
    (victim,) = cause.victims
    return cause.origin.root, cause.origin.subject, victim.effect


BOUND = "{driver} {device}: driver: '{driver}': driver_bound: bound to device\n"


def bound(device: str, driver: str = "x") -> str:
    return BOUND.format(device=device, driver=driver)


def pending(device: str, reason: str = "(reason unknown)") -> str:
    return f"[ 13.000] platform {device}: deferred probe pending: {reason}\n"


def test_a_node_that_is_no_device(small: Tree) -> None:
    found = told(pending("5000.stuck", "platform: wait for supplier /bare"), small)
    assert one(found) == (CauseKind.NO_DEVICE, "/bare", DeviceEffect.PENDING)
    assert found.causes[0].sure
    assert found.causes[0].origin.rule == "supplier/no-device"
    assert found.causes[0].victims[0].note == "no timeout ends this wait"


def test_nodes_by_name_alone(small: Tree) -> None:
    """Before 6.2 the log names nodes without their path."""
    found = told("[ 1.000] platform 5000.stuck: probe deferral - wait for supplier bare\n", small)
    assert not found.causes
    assert [item.node for item in found.open] == ["/stuck@5000"]
    found = told(pending("5000.stuck", "platform: wait for supplier bare"), small)
    assert one(found)[1] == "/bare"


def test_what_the_tree_does_not_have(small: Tree) -> None:
    found = told(pending("5000.stuck", "platform: wait for supplier /gone"), small)
    assert one(found)[:2] == (CauseKind.NOT_IN_TREE, "/gone")
    found = told(pending("5000.stuck", "platform: wait for supplier /off"), small)
    assert one(found)[:2] == (CauseKind.SWITCHED_OFF, "/off")
    found = told(pending("5000.stuck", "platform: wait for supplier /bare"))
    assert one(found)[:2] == (CauseKind.NAMED, "/bare")
    assert any("--dtb" in hint for hint in found.look_at)


def test_a_supplier_on_a_bus_that_waits(small: Tree) -> None:
    """sd waits for a rail of a PMIC, whose bus waits for a clock."""
    text = pending("9000.sd", "platform: wait for supplier /i2c@8000/pmic@1b/ldo")
    found = told(text + pending("8000.i2c", "platform: supplier 1000.clock not ready"), small)
    (cause,) = found.causes
    assert cause.origin.subject == "/clock@1000"
    via = {victim.device: victim.via for victim in cause.victims}
    assert via == {"9000.sd": ("/i2c@8000/pmic@1b", "8000.i2c"), "8000.i2c": ()}


def test_a_supplier_that_failed(small: Tree) -> None:
    text = pending("9000.sd", "platform: wait for supplier /i2c@8000/pmic@1b/ldo")
    text += "[ 2.000] x-pmic 1-001b: probe with driver x-pmic failed with error -6\n"
    found = told(text, small)
    assert one(found)[:2] == (CauseKind.FAILED, "/i2c@8000/pmic@1b")
    assert "-6 (ENXIO)" in found.causes[0].origin.detail
    assert not found.own_failures


def test_failures_of_their_own_are_not_about_dependencies(small: Tree) -> None:
    found = told("[ 2.000] x 1-001b: probe with driver x failed with error -110\n", small)
    assert not found.harmful
    assert [item.node for item in found.own_failures] == ["/i2c@8000/pmic@1b"]


def test_an_address_on_two_buses_is_not_guessed() -> None:
    tree = dts.read_text(SMALL.replace("aliases { i2c1 = &bus1; };", ""))
    found = told("[ 2.000] x 1-001b: probe with driver x failed with error -110\n", tree)
    assert [item.node for item in found.own_failures] == [None]


def test_the_drivers_words_pick_the_supplier(small: Tree) -> None:
    for words, subject in (
        ("x-uart: failed to get clock", "/clock@1000"),
        ("x-uart: Cannot get vdd", "/regulator"),
    ):
        assert one(told(pending("2000.uart", words), small))[:2] == (CauseKind.NO_DRIVER, subject)


ASKING = """
/ {
    #address-cells = <1>; #size-cells = <1>;
    clk: clock@1000 { compatible = "x,clk"; reg = <0x1000 1>; #clock-cells = <0>; };
    two@6000 {
        compatible = "x,two"; reg = <0x6000 1>; #address-cells = <1>; #size-cells = <0>;
        clocks = <&clk>; vcc-supply = <&vcc>;
        port@1 { compatible = "x,port"; reg = <1>; phys = <&phy>; };
    };
    vcc: regulator { compatible = "x,vcc"; };
    phy: phy@7000 { compatible = "x,phy"; reg = <0x7000 1>; #phy-cells = <0>; };
};
"""


NAMED = dts.read_text(
    """
    / {
        v12: regulator-12v { compatible = "regulator-fixed"; };
        v33: regulator-3v3 { compatible = "regulator-fixed"; };
        clk: clock-a { compatible = "vendor,clk"; #clock-cells = <1>; };
        clk2: clock-b { compatible = "vendor,clk2"; #clock-cells = <1>; };
        pcie {
            compatible = "vendor,pcie";
            vpcie-supply = <&v12>; vpcie3v3-supply = <&v33>;
            clocks = <&clk 0>, <&clk2 0>; clock-names = "aux", "pipe";
        };
    };
    """
)


@pytest.mark.parametrize(
    ("words", "supplier"),
    [
        ("failed to get vpcie regulator", "/regulator-12v"),
        ("failed to get vpcie3v3 regulator", "/regulator-3v3"),
        ("no vpcie3v3-supply yet", "/regulator-3v3"),
        ("cannot get pipe clock", "/clock-b"),
        ("failed to get 'AUX' clk", "/clock-a"),
    ],
)
def test_the_supplier_that_the_words_name(words: str, supplier: str) -> None:
    (cause,) = told(pending("pcie", f"pcie-x: {words}"), NAMED).causes
    assert cause.origin.subject == supplier


@pytest.mark.parametrize(
    ("facts", "suppliers"),
    [
        ("populates", {"/clock@1000", "/regulator"}),
        ("required:clock: required:regulator:a whole", {"/clock@1000"}),
        ("required:regulator:vcc required:clock:a whole", {"/regulator"}),
        ("child-required:PHY: required:regulator:a whole", {"/clock@1000", "/phy@7000"}),
        ("whole", {"/clock@1000", "/regulator"}),
    ],
)
def test_what_a_driver_does_not_request_is_not_what_it_waits_for(
    facts: str, suppliers: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    index = sketch(f"built-in TWO two.c x,two\nfacts two.c {facts}").source_index
    monkeypatch.setattr("dtlink.kernel.facts.index_of", lambda *_: index)
    reason = "x-two: wait for it"
    (cause,) = told(pending("6000.two", reason), dts.read_text(ASKING)).causes
    assert {*cause.origin.candidates, cause.origin.subject} - {"/two@6000"} == suppliers


def test_a_reason_that_nobody_says(small: Tree) -> None:
    found = told(pending("6000.two"), small)
    (cause,) = found.causes
    assert cause.origin.root is CauseKind.UNCLEAR
    assert set(cause.origin.candidates) == {"/clock@1000", "/power@1100"}
    assert found.told == {"explained": 0, "unclear": 1, "harmless": 0, "open": 0}
    assert any("devices_deferred" in hint for hint in found.look_at)
    complete = told(bound("1100.power") + pending("6000.two"), small, DEBUG)
    assert one(complete)[:2] == (CauseKind.NO_DRIVER, "/clock@1000")
    assert complete.causes[0].sure


def test_a_log_that_lost_lines_is_not_complete(small: Tree) -> None:
    text = bound("1100.power") + "[ 3.000] ** 12 printk messages dropped **\n" + pending("6000.two")
    assert not told(text, small, DEBUG).causes[0].sure


def test_a_device_that_its_driver_declined(small: Tree) -> None:
    text = "[ 2.000] x 1000.clock: probe with driver x rejects match -19\n"
    text += bound("1100.power") + pending("6000.two")
    found = told(text, small, DEBUG)
    assert one(found)[:2] == (CauseKind.DECLINED, "/clock@1000")


def test_a_supplier_that_is_bound_and_does_not_serve(small: Tree) -> None:
    text = (
        bound("1100.power") + IGNORED.format("gpu", "3000.gpu") + FAILED.format("gpu", "3000.gpu")
    )
    assert one(told(text, small, DEBUG)) == (CauseKind.NOT_SERVED, "/power@1100", DeviceEffect.LOST)


IGNORED = "[ 13.000] {} {}: deferred probe timeout, ignoring dependency\n"
FAILED = "[ 13.000] {0} {1}: probe with driver {0} failed with error -110\n"


def test_a_power_domain_that_is_given_up(small: Tree) -> None:
    found = told(IGNORED.format("gpu", "3000.gpu") + FAILED.format("gpu", "3000.gpu"), small)
    assert one(found) == (CauseKind.NO_DRIVER, "/power@1100", DeviceEffect.LOST)
    assert "echo 3000.gpu > /sys/bus/platform/drivers/gpu/bind" in found.causes[0].origin.cure


def test_a_power_domain_that_came_late(small: Tree) -> None:
    text = IGNORED.format("gpu", "3000.gpu") + FAILED.format("gpu", "3000.gpu")
    text += "[ 22.500] " + bound("1100.power")
    assert one(told(text, small, DEBUG))[:2] == (CauseKind.LATE, "/power@1100")
    text += "[ 30.000] " + bound("3000.gpu")
    assert not told(text, small, DEBUG).harmful


def test_an_iommu_that_is_given_up(small: Tree) -> None:
    """The root is what the IOMMU waits for."""
    text = pending("1200.iommu", "platform: supplier 1000.clock not ready")
    found = by_device(told(IGNORED.format("dma", "4000.dma") + text, small))
    cause, victim = found["4000.dma"]
    assert (cause.origin.subject, victim.effect) == ("/clock@1000", DeviceEffect.UNTRANSLATED)
    assert victim.via == ("1200.iommu",)


def test_a_wait_before_the_driver_is_called(small: Tree) -> None:
    text = "platform 4000.dma: bus: 'platform': really_probe: probing driver d with device\n"
    text += "platform 4000.dma: Added to deferred list\n" + bound("1000.clock")
    found = told(text + pending("4000.dma"), small, DEBUG)
    assert one(found) == (CauseKind.NO_DRIVER, "/iommu@1200", DeviceEffect.WAITS)


def test_an_iommu_that_came_after_all(small: Tree) -> None:
    text = pending("4000.dma") + "[ 20.000] d 4000.dma: Adding to iommu group 3\n"
    assert not told(text, small).harmful


def test_an_amba_device_without_identity(small: Tree) -> None:
    text = "amba a000.amba: Device match requests probe deferral\n"
    text += "amba a000.amba: Added to deferred list\n"
    late = text + pending("a000.amba").replace("platform a", "amba a")
    found = told(bound("1000.clock") + late, small, DEBUG)
    assert one(found)[:2] == (CauseKind.NO_IDENTITY, "/amba@a000")
    assert one(told(late, small, DEBUG + bound("regulator")))[1] == "/clock@1000"
    quiet = pending("a000.amba").replace("platform a", "amba a")
    assert told(quiet, small).causes[0].origin.root is CauseKind.UNCLEAR


def test_devices_that_wait_for_each_other() -> None:
    text = pending("a", "platform: supplier b not ready")
    found = told(text + pending("b", "platform: supplier a not ready"))
    (cause,) = found.causes
    assert cause.origin.root is CauseKind.LOOP
    assert {victim.device for victim in cause.victims} == {"a", "b"}


def test_a_chain_without_end() -> None:
    text = "".join(pending(f"d{n}", f"platform: supplier d{n + 1} not ready") for n in range(3000))
    found = told(text)
    assert sum(len(cause.victims) for cause in found.causes) == 3000


def test_a_driver_that_complains_of_another_device() -> None:
    """cpufreq-dt has no node: it asks for the supply of a CPU."""
    tree = dts.read_text("""
    /dts-v1/;
    / { cpus { #address-cells = <1>; #size-cells = <0>;
               cpu@0 { device_type = "cpu"; compatible = "x"; reg = <0>; cpu-supply = <&r>; }; };
        r: regulator { compatible = "x,regulator"; }; };
    """)
    text = (
        "bus: 'platform': really_probe: probing driver cpufreq-dt with device cpufreq-dt\n"
        "cpu cpu0: error -EPROBE_DEFER: no regulator (cpu) found\n"
        "cpufreq-dt cpufreq-dt: Driver cpufreq-dt requests probe deferral\n"
        "platform cpufreq-dt: Added to deferred list\n"
    )
    found = told(bound("other") + text + pending("cpufreq-dt"), tree, DEBUG)
    assert one(found)[:2] == (CauseKind.NO_DRIVER, "/regulator")
    assert found.causes[0].victims[0].words == "no regulator (cpu) found"


def test_what_came_in_the_end_is_harmless() -> None:
    text = "x 2000.uart: failed to get clock: -517\n"
    assert [item.device for item in told(text).open] == ["2000.uart"]
    later = told(text + pending("3000.other"))
    assert [victim.device for cause in later.causes for victim in cause.victims] == ["3000.other"]
    assert not later.open
    assert not told(text + bound("2000.uart")).open


def test_without_timeout_nobody_says_who_still_waits(small: Tree) -> None:
    text = bound("1100.power") + "platform 2000.uart: Added to deferred list\n"
    quiet = DEBUG.replace("ttyS0", "ttyS0 deferred_probe_timeout=-1")
    assert not told(text, small, DEBUG).harmful
    found = told(text, small, quiet)
    assert [victim.effect for cause in found.causes for victim in cause.victims] == [
        DeviceEffect.WAITS
    ]


def test_on_acpi() -> None:
    text = "[ 0.000] ACPI: VIOT 0x0000000079A0E418 000058 (v00 BOCHS  BXPC     00000001)\n"
    text += "[ 13.000] pci 0000:00:02.0: deferred probe pending: (reason unknown)\n"
    found = told(text)
    assert one(found) == (CauseKind.IOMMU, "the IOMMU that the VIOT names", DeviceEffect.PENDING)
    assert not found.causes[0].victims[0].sure


def test_on_acpi_with_a_timeout(shared: Path) -> None:
    """Linux 6.15 and newer: the boot of cases/truth, with a VIOT and without a driver for it."""
    path = shared / "cases" / "truth" / "boot-7.2.13-acpi-viommu-absent.log"
    found = explain(read_log(str(path)))
    kind, subject, effect = one(found)
    assert (kind, subject) == (CauseKind.IOMMU, "the IOMMU that the VIOT names")
    assert effect is DeviceEffect.UNTRANSLATED


# --- suppliers that are held back


def test_sync_state(small: Tree) -> None:
    text = "[ 13.000] power 1100.power: sync_state() pending due to 3000.gpu\n"
    found = told(text, small)
    assert one(found) == (CauseKind.NO_DRIVER, "/gpu@3000", DeviceEffect.KEPT_ON)
    waiting = told(pending("3000.gpu", "gpu: no clock") + text, small)
    assert all(cause.origin.root is not CauseKind.UNCLEAR for cause in waiting.causes)
    came = told(text + "[ 20.000] " + bound("3000.gpu"), small, DEBUG)
    assert not came.harmful
    assert {item.kind for item in came.put_away} == {"sync-state-pending", "bound"}
    forced = told("[ 13.000] power 1100.power: Timed out. Forcing sync_state()\n", small)
    assert not forced.harmful
    assert [item.node for item in forced.open] == ["/power@1100"]


# --- links and cycles


def test_harmless_lines_are_counted() -> None:
    text = (
        "/a: Fixed dependency cycle(s) with /b\n/b: Fixed dependency cycle(s) with /a\n"
        "/b: Fixed dependency cycle(s) with /c\n/x: Fixed dependency cycle(s) with /y\n"
        "arm-smmu 1.iommu: Failed to create device link (0x180) with 2.noc\n"
    )
    found = told(text)
    assert not found.harmful
    cycles, refused = found.put_away
    assert (cycles.kind, cycles.clusters, cycles.lines) == ("cycle", 2, (4, 5, 6, 7))
    assert "does not defer any probe" in refused.meaning
    assert not found.open
    ordering = told("a b.c: Failed to create device link (0x104) with d.e\n")
    assert [item.device for item in ordering.open] == ["b.c"]


# --- faults


def test_whose_dma_it_was(phone: Tree) -> None:
    text = (
        "[ 0.56] arm-smmu 15000000.iommu: Unhandled context fault: fsr=0x402, iova=0x9c4b9000, "
        "fsynr=0x370000, cbfrsynra=0x4b0, cb=3\n"
    )
    found = told(text * 3, phone)
    (cause,) = found.causes
    (victim,) = cause.victims
    assert victim.effect is DeviceEffect.REFUSED
    assert victim.node is not None
    assert victim.node.endswith("/dma-controller@8910000")
    assert victim.lines == 3
    assert "stream ID 0x4b0" in cause.origin.subject
    nobody = told(text.replace("0x4b0", "0xc40"), phone)
    assert "; no device has this stream ID" in nobody.causes[0].origin.detail


def test_the_record_of_an_smmu_v3() -> None:
    text = (
        "[ 1.000] arm-smmu-v3 arm-smmu-v3.0.auto: event 0x02 received:\n"
        "[ 1.000] arm-smmu-v3 arm-smmu-v3.0.auto: \t0x0000010000000002\n"
        "[ 1.000] arm-smmu-v3 arm-smmu-v3.0.auto: \t0x0000000000000000\n"
    )
    (cause,) = told(text).causes
    assert cause.origin.subject == "arm-smmu-v3.0.auto, stream ID 0x100"
    assert "C_BAD_STREAMID" in cause.origin.detail


# --- descriptions


def test_rules_for_what_firmware_got_wrong() -> None:
    text = "\n".join(
        SAMPLES[kind] for kind in ("mmu-masters", "iort-conflict", "dmar-unit", "ivrs-ioapic")
    )
    found = told(text + "\n")
    assert [(cause.origin.subject, cause.origin.rule) for cause in found.causes] == [
        ("the tree", "legacy/mmu-masters"),
        ("the IORT", "iort/input-overlap"),
        ("the DMAR", "dmar/unit-address"),
        ("the IVRS", "ivrs/missing-ioapic"),
    ]
    assert all(cause.origin.cure for cause in found.causes)


def test_no_root_file_system() -> None:
    found = told("[ 20.000] " + SAMPLES["no-root"] + "\n")
    assert one(found) == (CauseKind.SYSTEM, "the root file system", DeviceEffect.NO_ROOT)


# --- the kernel


def test_the_kernel_that_wrote_it() -> None:
    found = told("x: y\n")
    assert (found.profile.release, found.kernel) == ("6.12", "6.12.1-x")
    old = told("x: y\n", head=HEAD.replace("6.12.1-x", "6.1.0-50-armmp"))
    assert (old.profile.release, old.profile.fw_devlink.value) == ("6.1", "on")
    assert told("x: y\n", head=HEAD.replace("6.12.1-x", "99.3.0")).profile.version == LATEST
    ancient = told("x: y\n", head=HEAD.replace("6.12.1-x", "4.9.0"))
    assert any("4.9.0" in note for note in ancient.notes)
    nameless = told("x: y\n", head="")
    assert any("does not name its kernel" in note for note in nameless.notes)
    given = explain(parse(b"[ 1.000] x: y\n"), version=KernelVersion(5, 15))
    assert given.profile.version == (5, 15)


def test_the_command_line_that_the_log_prints(small: Tree) -> None:
    found = told("x: y\n", head=HEAD.replace("ttyS0", "ttyS0 fw_devlink=nonsense"))
    assert any("nonsense" in note for note in found.notes)
    assert any('the tree of "another"' in n for n in told("x: y\n", _model(small)).notes)


def test_a_long_command_line_comes_in_parts() -> None:
    head = HEAD.replace(
        "console=ttyS0\n",
        "console=ttyS0 \\\n[    0.000000] Kernel command line: fw_devlink=off \\\n"
        "[    0.000000] Kernel command line: root=/dev/vda1\n",
    )
    found = told("x: y\n", head=head)
    assert found.command_line == "console=ttyS0 fw_devlink=off root=/dev/vda1"
    assert found.profile.fw_devlink.value == "off"


def test_a_refused_link_in_the_words_of_each_kernel() -> None:
    for words in ("c.d", "supplier c.d for /soc/e@1"):
        line = f"a b.c: Failed to create device link (0x104) with {words}"
        (said,) = History(parse(line.encode())).said
        assert said.match.groups["supplier"] == "c.d"


def _model(small: Tree) -> Tree:
    del small
    return dts.read_text(SMALL.replace("/ {", '/ { model = "another";', 1))


# --- real boots


#: Who is to blame for each consumer of f.dts, by the way the tree is made.
BLAMED = {
    "c-clk": "/f-mfgcfg@50000000",
    "c-gpio": "/f-grf@50030000/f-gpio",
    "54000000.c-rst": "/f-src@50010000",
    "c-reg-led": "/f-reg",
    "c-reg-unasked": "/f-reg",
    "54010000.c-pin": "/f-tlmm@51000000",
    "c-phy": "/f-tphy",
    "c-nocompat-clk": "/f-nocompat-clk",
    "54020000.c-pd": "/f-gpucc@52000000",
    "c-nodrv-pd": "/f-nodrv-pd",
    "c-nodrv-clk": "/f-nodrv-clk",
    "c-nodrv-clk-unasked": "/f-nodrv-clk",
}
#: Consumers that run, and without their IOMMU.
DEGRADED = {"c-iommu-nodrv": "/f-ipmmu@53000000", "c-iommu-mod": "/f-m4u@53010000"}
#: It has no driver, so that it never asks for anything and the log never names it.
SILENT = "c-nodriver"
MODULES = (
    *("f-dpt0-late8", "f-dptm1-late22", "f-first", "f-late22", "f-late6", "f-never"),
    *("f-off-late8", "f-permissive-late8", "f-strict-never", "f-sync-timeout-late22"),
)
#: How many consumers stay without driver in all these cases, the silent one left out.
UNBOUND = 47


def _answer(name: str) -> dict[str, Any]:
    answer = boot(name)
    if answer is None:
        pytest.skip("the boots are not beside the checkout (set DTLINK_SHARED)")
    return answer


def _explained(answer: dict[str, Any], tree: Tree) -> Explanation:
    return explain(parse("\n".join(answer["dmesg"]).encode()), tree)


def _unbound(answer: dict[str, Any]) -> set[str]:
    consumers = {
        device["sys"].rpartition("/")[2]: device.get("driver")
        for device in answer["devices"]
        if re.search(r"(?:/|\.)c-[a-z-]+$", device["sys"])
    }
    assert SILENT in consumers
    return {name for name, driver in consumers.items() if not driver} - {SILENT}


@pytest.mark.parametrize("name", MODULES)
def test_booted_module_cases(name: str, shared: Path) -> None:
    """Every consumer that stays without driver is explained, with the right root."""
    answer = _answer(name)
    found = _explained(answer, read.read(shared / "boots" / "f.dts"))
    waits = {
        device: cause.origin.subject
        for device, (cause, victim) in by_device(found).items()
        if victim.effect in (DeviceEffect.WAITS, DeviceEffect.LOST)
    }
    blamed = BLAMED | DEGRADED  # with a timeout of -1 even those wait
    assert waits == {device: blamed[device] for device in _unbound(answer)}
    assert not any(SILENT in line for line in answer["dmesg"])
    bare = {
        device: cause.origin.subject
        for device, (cause, victim) in by_device(found).items()
        if victim.effect is DeviceEffect.UNTRANSLATED
    }
    assert bare.items() <= DEGRADED.items()
    assert found.told["unclear"] == 0


def test_how_many_consumers_that_was(shared: Path) -> None:
    assert shared.is_dir()
    assert sum(len(_unbound(_answer(name))) for name in MODULES) == UNBOUND


def _cases() -> list[str]:
    boards = [f"b-{board}-{how}" for board in BOOTS for how in ("nomods", "mods")]
    return [*boards, *MODULES]


@pytest.mark.parametrize("name", _cases())
def test_who_waits_is_who_the_kernel_says_waits(name: str, shared: Path) -> None:
    """The devices told to wait are those of devices_deferred, which the log does not hold."""
    answer = _answer(name)
    board = name[2:].rpartition("-")[0]
    path = blob(board, answer) if name.startswith("b-") else shared / "boots" / "f.dts"
    found = _explained(answer, read.read(path))
    waits = {
        name
        for name, (_, victim) in by_device(found).items()
        if victim.effect is DeviceEffect.WAITS
    }
    assert waits == {entry["device"] for entry in answer["deferred"]}
    assert found.told["unclear"] == 0


def test_real_boards_that_fail(shared: Path) -> None:
    """What is known of these boots: the emulated PMIC and codec do not answer."""
    assert shared.is_dir()
    for name, device, subject in (
        ("orangepi-pc", "cpufreq-dt", "/soc/i2c@1f02400/regulator@65"),
        ("sabrelite", "sound", "/soc/bus@2100000/i2c@21a0000/sgtl5000@a"),
        ("raspi3b-64", "3f300000.mmc", "/wifi-pwrseq"),
    ):
        answer = _answer(f"b-{name}-mods")
        cause, _ = by_device(_explained(answer, read.read(blob(name, answer))))[device]
        assert (cause.origin.root, cause.origin.subject) == (CauseKind.FAILED, subject)


def test_iommus_of_guests(shared: Path) -> None:
    assert shared.is_dir()
    guest = read.read(FIXTURES / "virtio-iommu-guest.dtb")
    for name, root in (
        ("a-dt-viommu-never", CauseKind.NO_DRIVER),
        ("c-dt-viommu-late", CauseKind.LATE),
        ("a-acpi-viommu-never", CauseKind.IOMMU),
        ("d-acpi-smmu-blacklisted", CauseKind.IOMMU),
    ):
        (cause,) = _explained(_answer(name), guest).causes
        assert (cause.origin.root, len(cause.victims)) == (root, 2), name
    for name in ("a-dt-viommu-first", "c-acpi-viommu-late", "e-dt-dptm1", "d-dt-smmu"):
        assert not _explained(_answer(name), guest).harmful, name


_TOLD_BY_DEBUG = re.compile(
    r"really_probe|__driver_probe|driver_bound|deferred list|requests probe deferral|Extended def"
    r"|rejects match|error -EPROBE_DEFER|async|dtlink: "
)


def test_a_quiet_log_claims_less(shared: Path) -> None:
    """Without dynamic debug the roots are the same, but for none is a binding claimed."""
    answer = _answer("f-never")
    lines = [line for line in answer["dmesg"] if not _TOLD_BY_DEBUG.search(line)]
    text = re.sub(r'"dyndbg=[^"]*"', "", "\n".join(lines))
    found = explain(parse(text.encode()), read.read(shared / "boots" / "f.dts"))
    roots = {device: cause.origin.subject for device, (cause, _) in by_device(found).items()}
    assert roots == {device: (BLAMED | DEGRADED)[device] for device in roots}
    assert len(roots) == 12
    sure = {cause.origin.subject for cause in found.causes if cause.sure}
    assert sure == {"/f-nocompat-clk"}
