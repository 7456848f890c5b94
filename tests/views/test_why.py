"""What a node waits for, as data and as text."""

import json

import pytest

from dtlink.board.tree import TreeBoard
from dtlink.firmware.errors import InputError
from dtlink.firmware.read import read
from dtlink.firmware.tree import Tree
from dtlink.testing.sketch import sketch
from dtlink.views.why import WhyView
from tests.support.boards import FIXTURES
from tests.views.boards import TABLES, board, command, data, server, shown

CHAIN = """
    bus {
        compatible = "simple-bus";
        a { compatible = "a"; clocks = <&b>; resets = <&c 1>; };
    };
    b: b { compatible = "b"; #clock-cells = <0>; resets = <&c 2>; };
    c: c { compatible = "c"; #reset-cells = <1>; };
"""


def test_each_supplier_is_followed_where_it_comes_first():
    assert shown(WhyView.of(board(CHAIN), "a").text()) == [
        "/bus/a",
        "├─ clocks[0]  /b",
        "│  └─ resets[0]  /c",
        "├─ resets[0]  /c  (see above)",
        "└─ parent     /bus",
    ]


def test_the_data_is_nested():
    (clock, reset, parent) = data(WhyView.of(board(CHAIN), "/bus/a").to_json())["suppliers"]
    assert clock == {
        "supplier": "/b",
        "binding": "clocks",
        "property": "clocks",
        "index": 0,
        "enabled": True,
        "followed": True,
        "relaxed": False,
        "told_above": False,
        "suppliers": [{**reset, "told_above": False}],
    }
    assert reset["told_above"]
    assert (parent["binding"], parent["property"]) == ("parent", None)


DRIVERS = """
    built-in PD drivers/pd.c pd
    module CLK drivers/clk.c clk
    facts drivers/pd.c child-required:clock:* optional:reset_line: optional:mailbox:a whole
"""
DOMAINS = """
    pd { compatible = "pd"; mboxes = <&clk>; resets = <&clk>; clocks = <&clk>;
        domain@1 { clocks = <&gate>; };
    };
    clk: clk { compatible = "clk"; #clock-cells = <0>; #reset-cells = <0>; #mbox-cells = <0>; };
    gate: gate { compatible = "clk"; #clock-cells = <0>; };
    other { compatible = "pd"; mboxes = <&clk>; pinctrl-0 = <&gate>; };
"""


def test_a_kernel_says_what_drivers_request():
    kernel = TreeBoard(board(DOMAINS).tree, facts=sketch(DRIVERS))
    assert shown(WhyView.of(kernel, "/pd").text()) == [
        "/pd  built in",
        "├─ resets[0]  /clk  clk, module  (optional)",
        "└─ clocks[0]  /gate  clk, module  (of domain@1, requested by its parent's driver)",
    ]
    (_, gate) = data(WhyView.of(kernel, "/pd").to_json())["suppliers"]
    assert (gate["requested"], gate["part"], gate["followed"]) == (
        "required",
        "/pd/domain@1",
        False,
    )
    (box, pins) = data(WhyView.of(kernel, "/other").to_json())["suppliers"]
    assert box["requested"] == "not requested"
    assert "its driver does not request it" in str(WhyView.of(kernel, "/other"))
    assert not {"requested", "part"} & pins.keys()  # the kernel's core asks for pins


def test_tables_have_the_same_form():
    view = WhyView.of(server(), "IORT/root-complex@0x124 (segment 0)")
    (first, *_) = data(view.to_json())["suppliers"]
    assert {"supplier", "kind", "used_by_linux", "why_not", "told_above"} <= first.keys()
    assert "ordered by fw_devlink" not in "".join(shown(view.text()))
    printed = command("why", TABLES / "arm-server", "IORT/root-complex@0x124 (segment 0)")
    assert printed["why"] == data(view.to_json())


def test_a_long_chain_of_suppliers():
    nodes = [
        f'n{each}: n{each} {{ compatible = "n"; #clock-cells = <0>; clocks = <&n{each + 1}>; }};'
        for each in range(200)
    ]
    last = 'n200: n200 { compatible = "n"; #clock-cells = <0>; };'
    view = WhyView.of(board("".join([*nodes, last])), "n0")
    assert len(shown(view.text())) == 201
    assert str(data(view.to_json())).count("told_above") == 200


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("usb", r"'usb' is ambiguous: did you mean /x/usb@1 or /y/usb@1\?"),
        ("usb@1", r"no node, label or alias 'usb@1'; did you mean /x/usb@1 or /y/usb@1\?"),
        ("/z/usb@2", r"no node, label or alias '/z/usb@2'; did you mean /x/usb@1 or /y/usb@1\?"),
        ("zzz", r"no node, label or alias 'zzz'$"),
    ],
)
def test_a_name_that_is_not_one_node(name: str, message: str):
    with pytest.raises(InputError, match=message):
        WhyView.of(board("x { usb@1 { }; }; y { usb@1 { }; };"), name)


def test_the_command_prints_the_data_of_the_view():
    path = FIXTURES / "phone-soc.dtb"
    tree = read(str(path))
    assert isinstance(tree, Tree)
    view = WhyView.of(TreeBoard(tree), "usb@a800000")
    assert command("why", path, "usb@a800000")["why"] == data(view.to_json())


def test_a_controller_says_what_its_bus_needs():
    source = 'pcie { compatible = "v,pcie"; device_type = "pci"; };'
    kernel = """
        built-in PCIE drivers/pci/controller/v-pcie.c v,pcie
        config BLK_DEV_NVME=m
        initramfs ext4
    """
    view = WhyView.of(TreeBoard(board(source).tree, facts=sketch(kernel)), "/pcie")
    assert shown(view.text())[-1] == (
        "on its bus: an NVMe disk  nvme, module, NOT IN THE INITRAMFS  ← missing"
    )
    (row,) = data(view.to_json())["on_bus"]
    assert (row["driver"]["modules"], row["driver"]["culprit"]) == (["nvme"], True)
    assert "on_bus" not in data(WhyView.of(board(source), "/pcie").to_json())


def test_a_driver_that_is_tried_once():
    """Without a kernel, 6.12 is assumed: drivers/memory/atmel-ebi.c could not be deferred there."""
    ebi = 'ebi { compatible = "atmel,sama5d3-ebi"; clocks = <&c>; }; c: c { #clock-cells = <0>; };'
    view = WhyView.of(board(ebi), "ebi")
    assert data(view.to_json())["tried_once"] == ["6.12"]
    assert "tried once in Linux 6.12" in list(shown(view.text()))[1]
    assert "tried_once" not in data(WhyView.of(board(CHAIN), "a").to_json())


def test_a_long_chain_is_followed_so_far_as_no_real_one_goes():
    source = "".join(
        f'n{number}: n{number} {{ compatible = "vendor,n"; #clock-cells = <0>; '
        f"clocks = <&n{number + 1}>; }};"
        for number in range(1500)
    )
    last = 'n1500: n1500 { compatible = "vendor,n"; #clock-cells = <0>; };'
    found = WhyView.of(board(source + last), "n0")
    rows, row = 1, found.suppliers[0]
    while row.suppliers:
        rows, row = rows + 1, row.suppliers[0]
    assert (rows, row.supplier, row.more) == (200, "/n200", 1)
    assert json.dumps(found.to_dict())


def test_so_many_suppliers_are_listed_and_the_others_counted():
    clocks = ", ".join(f"<&n{number}>" for number in range(2100))
    nodes = "".join(
        f'n{number}: n{number} {{ compatible = "vendor,n"; #clock-cells = <0>; }};'
        for number in range(2100)
    )
    found = WhyView.of(board(f'dev {{ compatible = "d"; clocks = {clocks}; }}; {nodes}'), "dev")
    text = shown(found.text())
    assert (len(found.suppliers), found.more) == (2000, 100)
    assert (len(text), text[-1].strip()) == (2002, "100 more suppliers left out")


def test_what_is_left_out_is_counted_at_its_consumer():
    """Rows that are deep are dear in JSON, which is indented."""
    device = 'n{n}: n{n} {{ compatible = "v,n"; #clock-cells = <0>; clocks = <{rest}>; }};'
    wide = " ".join(f"&w{number}" for number in range(1500))
    chain = "".join(device.format(n=n, rest=f"&n{n + 1}") for n in range(150))
    last = device.format(n=150, rest=wide)
    leaves = "".join(
        f'w{n}: w{n} {{ compatible = "v,w"; #clock-cells = <0>; }};' for n in range(1500)
    )
    found = WhyView.of(board(chain + last + leaves), "n0")
    row = found.suppliers[0]
    while row.suppliers[0].suppliers:
        row = row.suppliers[0]
    assert row.supplier == "/n150"
    assert row.more == 1500 - len(row.suppliers) > 1000
