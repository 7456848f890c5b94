"""What a driver asks for by its source decides whether a wait is sure."""

import pytest

from dtlink.board.settings import Settings
from dtlink.board.tree import TreeBoard
from dtlink.boot.drivers.asked import agreed, strongest
from dtlink.boot.drivers.requests import is_made_for
from dtlink.facts.cmdline import CommandLine
from dtlink.facts.outcomes import Outcome, Wait
from dtlink.facts.resource import Requested
from dtlink.firmware import dts
from dtlink.testing.sketch import sketch

CONSUMER = "drivers/mmc/host.c"
SUPPLIER = "drivers/clk/clk.c"
SOURCE = """
clk: clk {{ compatible = "x,clk"; #clock-cells = <1>; #power-domain-cells = <0>; }};
host {{ compatible = "x,host"; {} }};
"""
NAMED = 'clocks = <&clk 0>, <&clk 1>; clock-names = "core", "bus";'


def board_of(source, *facts, kernel="", cmdline=""):
    """A board whose host's driver is built in, and its supplier's is left out."""
    text = f"""
    off CLK {SUPPLIER} x,clk
    built-in HOST {CONSUMER} x,host
    {kernel}
    facts {CONSUMER} {" ".join(facts) or "populates"}
    """
    tree = dts.read_text(f"/ {{ #address-cells = <1>; #size-cells = <0>; {source} }};")
    settings = Settings(cmdline=CommandLine.read(cmdline)[0])
    return TreeBoard(tree, settings, facts=sketch(text))


def need(board, consumer="/host", supplier="/clk", binding="clocks"):
    ends = board.tree.by_path[consumer].index, board.tree.by_path[supplier].index
    found = [
        each
        for each in board.requirements
        if (each.consumer, each.supplier) == ends and each.binding == binding
    ]
    assert len(found) <= 1
    return found[0] if found else None


def outcomes(board, consumer="/host"):
    node = board.tree.by_path[consumer].index
    return [(each.outcome, each.unasked) for each in board.timeline.waits_of(node)]


NEVER, LATE, OK, UNKNOWN = Outcome.NEVER, Outcome.LATE, Outcome.OK, Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("facts", "requested", "outcome"),
    [
        ((), Requested.UNKNOWN, (NEVER, LATE)),
        (("whole",), Requested.UNKNOWN, (NEVER, LATE)),
        (("offers:clock", "whole"), Requested.NO, (LATE, LATE)),
        (("required:clock:core", "whole"), Requested.REQUIRED, (NEVER, NEVER)),
        (("required:clock:core",), Requested.REQUIRED, (NEVER, NEVER)),
        (("required:clock:other", "whole"), Requested.NO, (LATE, LATE)),
        (("required:clock:other",), Requested.UNKNOWN, (NEVER, LATE)),
        (("optional:clock:bus", "whole"), Requested.OPTIONAL, (NEVER, NEVER)),
        (("ignored:clock:bus", "whole"), Requested.IGNORED, (LATE, LATE)),
        (("unknown:clock:bus", "whole"), Requested.UNKNOWN, (NEVER, LATE)),
        (("unsure:clock", "whole"), Requested.UNKNOWN, (NEVER, LATE)),
        (("required:clock:*", "whole"), Requested.REQUIRED, (NEVER, NEVER)),
        (("required:clock:", "whole"), Requested.REQUIRED, (NEVER, NEVER)),
        (("required:clock:#1", "whole"), Requested.REQUIRED, (NEVER, NEVER)),
        (("required:clock:#2", "whole"), Requested.NO, (LATE, LATE)),
        (("required:GPIO:*", "whole"), Requested.UNKNOWN, (NEVER, LATE)),
        (("child-required:clock:core", "whole"), Requested.UNKNOWN, (NEVER, LATE)),
        (("child-required:clock:core", "required:clock:a", "whole"), Requested.NO, (LATE, LATE)),
    ],
)
def test_what_is_asked_for_is_waited_for(facts, requested, outcome):
    board = board_of(SOURCE.format(NAMED), *facts)
    assert need(board).requested is requested
    assert outcomes(board) == [outcome]


def test_what_nothing_asks_for_and_nothing_holds_is_no_requirement():
    line = "fw_devlink=permissive"
    assert need(board_of(SOURCE.format(NAMED), cmdline=line))
    asks = "required:clock:other", "whole"
    assert need(board_of(SOURCE.format(NAMED), *asks, cmdline=line)) is None


def test_the_power_domain_is_asked_for_by_the_bus():
    board = board_of(SOURCE.format("power-domains = <&clk>;"), "whole")
    assert outcomes(board) == [(Outcome.LOST, Outcome.LOST)]


@pytest.mark.parametrize(
    ("prop", "facts", "requested"),
    [
        ("vcc-supply = <&clk>;", ("required:regulator:vcc", "whole"), Requested.REQUIRED),
        ("vcc-supply = <&clk>;", ("required:regulator:vdd", "whole"), Requested.NO),
        ("vcc-supply = <&clk>;", ("required:regulator:", "whole"), Requested.NO),
        # The core asks for the inputs of a regulator, and for what a PHY runs on.
        ("vin-supply = <&clk>;", ("offers:regulator", "whole"), Requested.UNKNOWN),
        ("phy-supply = <&clk>;", ("offers:PHY", "whole"), Requested.UNKNOWN),
        ("phy-supply = <&clk>;", ("unsure:PHY", "whole"), Requested.UNKNOWN),
    ],
)
def test_regulators_are_asked_for_by_the_name_before_supply(prop, facts, requested):
    board = board_of(SOURCE.format(prop), *facts)
    assert need(board, binding="*-supply").requested is requested


@pytest.mark.parametrize(
    ("prop", "facts", "requested"),
    [
        ("scl-gpios", "offers:I2C_bus required:GPIO:a whole", Requested.UNKNOWN),
        ("scl-gpios", "required:GPIO:a whole", Requested.NO),
        ("cd-gpios", "offers:I2C_bus required:GPIO:a whole", Requested.NO),
        ("wp-gpios", "offers:NVMEM_cell required:GPIO:a whole", Requested.UNKNOWN),
        ("power-supplies", "offers:power_supply required:power_supply:a whole", Requested.UNKNOWN),
        ("power-supplies", "required:power_supply:a whole", Requested.NO),
    ],
)
def test_frameworks_ask_for_those_that_register(prop, facts, requested):
    source = SOURCE.format(f"{prop} = <&clk>;").replace("#clock-cells = <1>", "#gpio-cells = <0>")
    binding = f"*-{prop.rpartition('-')[2]}" if "gpios" in prop else prop
    found = need(board_of(source, *facts.split()), binding=binding)
    assert (found.requested if found else Requested.NO) is requested


def test_a_path_of_interconnects_is_two_entries_with_one_name():
    source = """
    clk: clk { compatible = "x,clk"; #interconnect-cells = <0>; };
    other: other { compatible = "x,clk"; #interconnect-cells = <0>; };
    host { compatible = "x,host"; interconnects = <&clk &clk>, <&other &other>;
        interconnect-names = "cpu", "mem"; };
    """
    board = board_of(source, "required:interconnect:mem", "whole")
    wanted = Requested.NO, Requested.REQUIRED
    for supplier, requested in zip(("/clk", "/other"), wanted, strict=True):
        assert need(board, supplier=supplier, binding="interconnects").requested is requested
    board = board_of(source, "required:interconnect:#1", "whole")
    assert need(board, supplier="/other", binding="interconnects").requested.is_waited_for


def test_drivers_that_may_have_the_device_must_agree():
    other = "drivers/mmc/other.c"
    kernel = f"built-in OTHER {other} x,host\nfacts {other} "
    asks = "required:clock:core", "whole"
    for more, requested in (
        ("required:clock:* whole", Requested.REQUIRED),
        ("optional:clock:core whole", Requested.OPTIONAL),
        ("whole", Requested.UNKNOWN),
        ("populates", Requested.UNKNOWN),
    ):
        board = board_of(SOURCE.format(NAMED), *asks, kernel=kernel + more)
        assert need(board).requested is requested


def test_an_index_of_another_version_says_nothing_of_this_driver():
    facts = sketch(f"built-in HOST {CONSUMER} x,host\nfacts {CONSUMER} whole")
    facts.source_index.release = "6.1.0"
    tree = dts.read_text(f"/ {{ {SOURCE.format(NAMED)} }};")
    assert need(TreeBoard(tree, facts=facts)).requested is Requested.UNKNOWN


def test_the_interrupt_of_a_device_on_i2c_is_asked_for_by_its_bus():
    source = """
    pic: pic { compatible = "x,clk"; interrupt-controller; #interrupt-cells = <1>; };
    i2c { compatible = "x,i2c"; #address-cells = <1>; #size-cells = <0>;
        host@1 { compatible = "x,host"; reg = <1>; interrupt-parent = <&pic>; interrupts = <1>; };
    };
    """
    found = need(board_of(source, "whole"), "/i2c/host@1", "/pic", "interrupts")
    assert found.requested is Requested.REQUIRED


PARTS = """
clk: clk { compatible = "x,clk"; #clock-cells = <0>; };
pd: host { compatible = "x,host"; #power-domain-cells = <1>; domain@4 { clocks = <&clk>; }; };
disk { compatible = "x,disk"; power-domains = <&pd 6>; };
"""
DISK = "built-in DISK drivers/disk.c x,disk"


def test_a_driver_asks_for_what_the_parts_of_its_device_reference():
    asked = board_of(PARTS, "child-required:clock:*", "whole", kernel=DISK)
    assert need(asked).requested is Requested.REQUIRED
    assert outcomes(asked) == [(NEVER, NEVER)]
    assert outcomes(asked, "/disk") == [(NEVER, NEVER)]  # a driver has registered: no timeout
    asks = "child-required:clock:other", "whole"
    assert need(board_of(PARTS, *asks, kernel=DISK)) is None
    unknown = board_of(PARTS, kernel=DISK)
    assert outcomes(unknown) == [(UNKNOWN, UNKNOWN)]


CHILD = """
clk: clk { compatible = "x,clk"; #clock-cells = <0>; };
host { compatible = "x,host"; %s child@0 { %s clocks = <&clk>; }; };
"""


@pytest.mark.parametrize(
    ("own", "child"),
    [
        ("", 'compatible = "x,part";'),
        ('device_type = "pci";', 'compatible = "pciclass,0604"; device_type = "pci";'),
    ],
)
def test_a_driver_asks_for_what_child_devices_without_a_driver_reference(own, child):
    source, kernel = CHILD % (own, child), "config PCIEPORTBUS=y"
    asked = board_of(source, "child-required:clock:", "whole", kernel=kernel)
    assert need(asked).requested is Requested.REQUIRED
    assert outcomes(asked) == [(NEVER, NEVER)]
    assert need(board_of(source, "whole", kernel=kernel)) is None
    assert need(board_of(source, kernel=kernel)) is None


def test_a_child_with_a_driver_asks_for_itself():
    source = CHILD % ("", 'compatible = "x,own";')
    kernel = "built-in OWN drivers/own.c x,own"
    assert need(board_of(source, "child-required:clock:", "whole", kernel=kernel)) is None


PORTS = """
clk: clk { compatible = "x,clk"; mac: mac { #nvmem-cell-cells = <0>; }; };
host { compatible = "x,host"; %s
    port@0 { compatible = "x,port"; nvmem-cells = <&mac>; nvmem-cell-names = "mac-address"; };
};
"""


def test_the_address_of_a_port_is_asked_for_by_the_driver_of_all():
    asks = "optional:NVMEM_cell:mac-address", "whole"
    found = need(board_of(PORTS % "", *asks), supplier="/clk/mac", binding="nvmem-cells")
    assert found.requested is Requested.OPTIONAL
    own = board_of(PORTS % "nvmem-cells = <&mac>;", *asks)
    assert need(own, supplier="/clk/mac", binding="nvmem-cells").requested is Requested.UNKNOWN
    other = board_of(PORTS % "", "optional:NVMEM_cell:other", "whole")
    assert need(other, supplier="/clk/mac", binding="nvmem-cells") is None


PHYS = """
clk: clk { compatible = "x,clk"; #gpio-cells = <0>; #clock-cells = <0>; #reset-cells = <0>; };
host { compatible = "x,host";
    mdio { #address-cells = <1>; #size-cells = <0>; %s
        ethernet-phy@1 { compatible = "ethernet-phy-id0022.1640"; reg = <1>; %s };
    };
};
"""


@pytest.mark.parametrize(
    ("bus", "phy", "binding"),
    [
        ("", "reset-gpios = <&clk>;", "*-gpios"),
        ("reset-gpios = <&clk>;", "", "*-gpios"),
        ("", 'resets = <&clk>; reset-names = "phy";', "resets"),
        ("", "resets = <&clk>;", ""),
        ("", "clocks = <&clk>;", ""),
    ],
)
def test_an_mdio_bus_is_not_registered_without_the_resets_on_it(bus, phy, binding):
    source, kernel = PHYS % (bus, phy), "config PHYLIB=y"
    found = need(board_of(source, "offers:Ethernet_PHY", kernel=kernel), binding=binding)
    assert (found.requested if found else None) is (Requested.OPTIONAL if binding else None)
    if binding:
        assert need(board_of(source, kernel=kernel), binding=binding).requested is Requested.UNKNOWN


def test_the_power_sequence_of_a_card():
    source = """
    clk: clk { compatible = "x,clk"; };
    host { compatible = "x,host"; mmc-pwrseq = <&clk>; };
    """
    for facts, requested in (
        (("optional:power_sequence:mmc-pwrseq", "whole"), Requested.OPTIONAL),
        (("optional:power_sequence:other", "whole"), None),
        ((), Requested.UNKNOWN),
    ):
        found = need(board_of(source, *facts), binding="mmc-pwrseq")
        assert (found.requested if found else None) is requested


def test_devices_that_a_driver_makes_may_ask_for_what_its_node_references():
    asks = "required:clock:other", "whole"
    board = board_of(SOURCE.format(NAMED), "makes:platform:cell", *asks)
    assert need(board).requested is Requested.UNKNOWN
    board = board_of(SOURCE.format(NAMED), "makes:of:x,child", *asks)
    assert need(board).requested is Requested.NO


def test_a_mailbox_asks_for_what_its_driver_asks_for():
    source = """
    clk: clk { compatible = "x,clk"; #clock-cells = <0>; };
    host { compatible = "x,host"; clocks = <&clk>; };
    """
    for folder, requested in (("mailbox", Requested.NO), ("misc", Requested.UNKNOWN)):
        kernel = sketch(f"""
            built-in HOST drivers/{folder}/host.c x,host
            off CLK drivers/clk/clk.c x,clk
            facts drivers/{folder}/host.c offers:mailbox whole
        """)
        board = TreeBoard(dts.read_text(f"/ {{ {source} }};"), facts=kernel)
        assert need(board).requested is requested


def test_what_a_driver_makes_for_another_string_counts_for_that_string():
    alias = "platform:cell %s"
    assert is_made_for("platform:cell", ["x,host"])
    assert is_made_for(alias % "x,host", ["x,new", "x,host"])
    assert is_made_for(alias % "host", ["x,host"])  # as I²C binds
    assert not is_made_for(alias % "x,other", ["x,host"])
    assert not is_made_for(alias % "x,other", [])


TYPEC = """
clk: clk { compatible = "x,clk"; %s port { switch: endpoint { remote-endpoint = <&socket>; }; }; };
i2c { compatible = "x,i2c"; #address-cells = <1>; #size-cells = <0>;
    host@1 { compatible = "x,host"; reg = <1>;
        connector { compatible = "usb-c-connector";
            port { socket: endpoint { remote-endpoint = <&switch>; }; };
        };
    };
};
"""


@pytest.mark.parametrize(
    ("switch", "facts", "requested"),
    [
        ("usb-role-switch;", "optional:graph_endpoint: whole", Requested.OPTIONAL),
        ("orientation-switch;", "child-optional:graph_endpoint: whole", Requested.OPTIONAL),
        ("", "optional:graph_endpoint: whole", None),
        ("usb-role-switch;", "optional:clock: whole", None),
        ("usb-role-switch;", "populates", None),
    ],
)
def test_a_type_c_port_waits_for_the_switches_of_its_connector(switch, facts, requested):
    board = board_of(TYPEC % switch, *facts.split(), kernel="built-in I2C drivers/i2c.c x,i2c")
    ends = board.tree.by_path["/i2c/host@1"].index, board.tree.by_path["/clk"].index
    found = [
        each
        for each in board.requirements
        if (each.consumer, each.supplier) == ends and each.is_certain
    ]
    assert [each.requested for each in found] == [requested] * (requested is not None)
    if found:
        assert (NEVER, NEVER) in outcomes(board, "/i2c/host@1")


def test_a_certain_request_counts_within_a_cycle():
    source = """
    clk: clk { compatible = "x,clk"; #clock-cells = <0>; phys = <&phy>; };
    phy: phy { compatible = "x,phy"; #phy-cells = <0>; clocks = <&clk>; };
    host { compatible = "x,host"; clocks = <&clk>; };
    """
    text = f"""
    module CLK {SUPPLIER} x,clk
    built-in PHY drivers/phy.c x,phy
    facts drivers/phy.c %s
    initramfs ext4
    """
    for facts, end in (("required:clock: whole", Outcome.RECOVERS), ("populates", UNKNOWN)):
        tree = dts.read_text(f"/ {{ {source} }};")
        board = TreeBoard(tree, facts=sketch(text % facts))
        assert need(board, "/phy").hold.name == "RELAXED"
        (wait,) = board.timeline.waits_of(board.tree.by_path["/phy"].index)
        assert (wait.outcome, wait.unasked) == (end, OK if end is UNKNOWN else end)
        assert wait.wait is (Wait.DRIVER if end is Outcome.RECOVERS else Wait.NONE)


@pytest.mark.parametrize(("power", "end"), [("built-in", OK), ("module", UNKNOWN)])
def test_a_link_orders_two_at_one_time_unless_it_was_relaxed(power, end):
    source = """
    clk: clk { compatible = "x,clk"; #clock-cells = <0>; };
    pd: pd { compatible = "x,pd"; #power-domain-cells = <0>; clocks = <&clk>; };
    host { compatible = "x,host"; power-domains = <&pd>; };
    """
    text = f"""
    module CLK {SUPPLIER} x,clk
    {power} PD drivers/pd.c x,pd
    module HOST {CONSUMER} x,host
    facts drivers/pd.c required:clock: whole
    initramfs ext4
    """
    board = TreeBoard(dts.read_text(f"/ {{ {source} }};"), facts=sketch(text))
    assert [each for each, _ in outcomes(board)] == [end]


def test_answers_are_joined():
    assert strongest([]) is Requested.NO
    assert strongest([Requested.NO, Requested.OPTIONAL]) is Requested.OPTIONAL
    assert strongest([Requested.IGNORED, Requested.UNKNOWN]) is Requested.UNKNOWN
    assert agreed([]) is Requested.UNKNOWN
    assert agreed([Requested.NO, Requested.NO]) is Requested.NO
    assert agreed([Requested.NO, Requested.REQUIRED]) is Requested.UNKNOWN


@pytest.mark.parametrize(
    ("facts", "requested"),
    [
        (("optional:USB_PHY:fsl,usbphy", "whole"), Requested.OPTIONAL),
        (("required:USB_PHY:fsl,usbphy",), Requested.REQUIRED),
        (("ignored:USB_PHY:fsl,usbphy", "whole"), None),
        (("whole",), None),
        ((), None),
    ],
)
def test_a_vendor_s_own_property_counts_where_the_driver_waits_for_it(facts, requested):
    board = board_of(
        """
        phy: phy { compatible = "x,clk"; };
        host { compatible = "x,host"; fsl,usbphy = <&phy>; };
        """,
        *facts,
    )
    found = need(board, supplier="/phy", binding="fsl,usbphy")
    assert (found and found.requested) is requested
    assert outcomes(board) == ([(NEVER, NEVER)] if requested else [])
