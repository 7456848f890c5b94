"""The prediction for a board, as data and as text."""

from dtlink.board.settings import Settings
from dtlink.board.tree import TreeBoard
from dtlink.facts.cmdline import CommandLine
from dtlink.facts.kernels import KernelVersion
from dtlink.firmware.read import read
from dtlink.firmware.tree import Tree
from dtlink.observed.observation import Observation
from dtlink.views.devlink import DevlinkView
from tests.support.boards import FIXTURES
from tests.views.boards import board, command, data, shown

WAITS = """
    a { compatible = "a"; clocks = <&b>; };
    b: b { #clock-cells = <0>; };
"""


def test_a_device_waits_for_what_is_not_a_device():
    view = DevlinkView.of(board(WAITS))
    text = shown(view.text("it"))
    assert text[:3] == [
        text[0],
        "Linux 6.12, fw_devlink=rpm, strict off, deferred_probe_timeout 10 s",
        "view full: assuming a driver for every device",
    ]
    assert "1 device that never probes" in text
    assert "  /a waits forever for /b  clocks[0]" in text
    assert data(view.to_json())["waiting"] == [{"device": "/a", "suppliers": ["/b"]}]


def test_without_drivers():
    view = DevlinkView.of(board(WAITS), "bare")
    assert data(view.to_json())["view"] == "bare"
    assert shown(view.text())[2] == "view bare: assuming no drivers"


def test_the_command_line_has_a_source():
    settings = Settings(cmdline=CommandLine.parse("fw_devlink=permissive"))
    view = DevlinkView.of(board(WAITS, settings))
    assert view.set_by == "--cmdline"
    assert "no device waits for a supplier: fw_devlink=permissive" in shown(view.text())


def test_another_kernel_is_a_member_of_its_own():
    view = DevlinkView.of(board(WAITS, Settings(against=KernelVersion.parse("5.15"))))
    assert view.members().keys() == {"devlink", "against"}
    assert data(view.members())["against"]["kernel"]["version"] == "5.15"
    assert shown(view.text())[1].startswith("from Linux 5.15 to 6.12 · view full")


def test_what_a_board_reports_is_a_member_of_its_own():
    view = DevlinkView.of(board(WAITS), observation=Observation())
    assert view.members().keys() == {"devlink", "observed"}
    assert "on the board" in shown(view.text())


def test_the_command_prints_the_data_of_the_view():
    path = FIXTURES / "phone-soc.dtb"
    tree = read(str(path))
    assert isinstance(tree, Tree)
    view = DevlinkView.of(TreeBoard(tree))
    assert command("devlink", path)["devlink"] == data(view.to_json())


def test_the_json_part_has_what_a_report_promises():
    source = """
        osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; };
        uart { compatible = "ns16550a"; clocks = <&osc>; };
    """
    part = data(DevlinkView.of(board(source)).to_json())
    assert part["kernel_version"] == "6.12"
    assert part["fwnode_links"] == [
        {
            "consumer": "/uart",
            "supplier": "/osc",
            "flags": [],
            "from": [{"node": "/uart", "property": "clocks", "index": 0}],
            "origin": "property",
            "remaining": False,
        }
    ]
    assert {"device_links", "cycles", "waiting", "not_linked"} < set(part)
