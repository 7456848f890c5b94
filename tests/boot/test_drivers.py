"""Which driver each node has in a kernel: small trees, small kernels, and a real one."""

from __future__ import annotations

import random
from collections import Counter
from functools import lru_cache

import pytest

from dtlink.board.tree import TreeBoard
from dtlink.boot.drivers.places import PLAIN
from dtlink.boot.drivers.tree import TreeDrivers
from dtlink.facts.outcomes import Driver, State
from dtlink.firmware import dts, fdt
from dtlink.kernel.holdings.aliases import AliasIndex
from dtlink.kernel.holdings.model import Holdings, Module
from dtlink.kernel.holdings.read import read_holdings
from dtlink.kernel.source.index import SourceIndex
from dtlink.kernel.source.lookup import text_of
from dtlink.testing.sketch import sketch
from tests.support.boards import SHARED, need_corpus
from tests.support.boots import BOOTS, blob, boot

EVERYTHING = ("config", "modules", "builtin", "order", "aliases", "builtin_aliases", "image")

INDEX = """
d drivers/a/one.c one ONE ARCH_A v,one
d drivers/a/one.c one ONE ONE_EXTRA v,one-extra
d drivers/a/two.c two TWO - v,two
d drivers/a/two.c two TWO X86 v,foreign
d drivers/a/off.c off OFF - v,off v,both
d drivers/a/riddle.c riddle ONE ? v,riddle
d drivers/m/big_part.c big BIG BIG_PART v,part
d drivers/i2c/chip.c chip OFF - v,chip
h drivers/a/one.c one ONE - v,helped
d drivers/g/gpu.c gpu GPU - v,helped
e drivers/irqchip/irq.c irq ONE - arm,gic-400
e drivers/clocksource/t.c t OFF - v,timer
"""


#: An index that was made with the facts about drivers has the names that they bind by, too.
FACTS = ("f\tdrivers/a/one.c\tw",)


def make_index(release="6.12", facts=()):
    lines = []
    for line in INDEX.split("\n"):
        if line:
            kind, file, module, symbol, also, *names = line.split(" ")
            lines.append([kind, file, module, symbol, "" if also == "-" else also, *names])
    return SourceIndex(release, text_of(lines), facts=lambda: "".join(f"{row}\n" for row in facts))


def make_build(config="", *, aliases=(), image=(), modules=(), knows=EVERYTHING, release="6.12.1"):
    pairs = [alias.split(" ") for alias in aliases]
    names = {module for _, module in pairs} | set(modules)
    values = dict(word.split("=") for word in config.split())
    return Holdings(
        release=release,
        config=values,
        modules={name: Module(name, f"kernel/{name}.ko") for name in names},
        builtin=frozenset(),
        order={},
        builtin_compatibles=frozenset(image) if "image" in knows else None,
        sources=dict.fromkeys(knows, "a file"),
        aliases=AliasIndex.of_pairs(pairs),
    )


def of(source, path, build, index=None):
    tree = dts.read_text(f"/ {{ {source} }};")
    return TreeDrivers(tree, build, index).of(tree.by_path[path].index)


def platform(names, build, index=None):
    """The driver of a device below the root."""
    quoted = ", ".join(f'"{name}"' for name in names.split())
    return of(f"dev {{ compatible = {quoted}; }};", "/dev", build, index)


KERNEL = make_build(
    "ONE=y ARCH_A=y TWO=m BIG=m BIG_PART=y ARM64=y",
    aliases=("of:N*T*Cv,two two", "of:N*T*Cv,helped gpu"),
    image=("v,one", "v,helped", "arm,gic-400", "v,tucked"),
    modules=("big",),
)


@pytest.mark.parametrize(
    ("names", "answer"),
    [
        ("v,one", Driver(State.BUILT_IN, (), "ONE", "v,one")),
        ("v,two", Driver(State.MODULE, ("two",), "TWO", "v,two")),
        ("v,off", Driver(State.NOT_BUILT, (), "OFF", "v,off")),
        # Its own option is on: what else it asks for is off.
        ("v,one-extra", Driver(State.NOT_BUILT, (), "ONE_EXTRA", "v,one-extra")),
        # A module's table that is not declared, of a part that is y or n only.
        ("v,part", Driver(State.MODULE, ("big",), "BIG", "v,part")),
        # In the image, but there it is a helper's: the module has the driver.
        ("v,helped", Driver(State.MODULE, ("gpu",), "GPU", "v,helped")),
        # The image has a table that the index knows nothing of.
        ("v,tucked", Driver(State.BUILT_IN, (), "", "v,tucked")),
        ("v,riddle", Driver(State.UNKNOWN, (), "", "v,riddle")),
        ("v,nobody", Driver(State.UNKNOWN, (), "", "v,nobody")),
        # Another architecture's table is no choice of this kernel's.
        ("v,foreign", Driver(State.UNKNOWN, (), "", "v,foreign")),
    ],
)
def test_what_a_kernel_has_for_one_string(names, answer):
    assert platform(names, KERNEL, make_index()) == answer


def test_a_table_in_which_nodes_are_only_looked_up_is_no_drivers():
    """The display's driver has the strings of what another driver binds."""
    kernel = sketch("""
        module MMSYS drivers/soc/mediatek/mtk-mmsys.c v,mmsys
        module DISPLAY drivers/gpu/drm/mediatek/mtk_drm_drv.c v,mmsys v,display
    """)
    for name, module in (("v,mmsys", "mtk_mmsys"), ("v,display", "mtk_drm_drv")):
        tree = dts.read_text(f'/ {{ node {{ compatible = "{name}"; }}; }};')
        board = TreeBoard(tree, facts=kernel)
        assert board.drivers.of(1).modules == (module,)


@pytest.mark.parametrize(
    ("names", "state"),
    [
        ("v,nobody", State.NO_DRIVER),
        ("v,foreign", State.NO_DRIVER),
        ("v,nobody v,off", State.NOT_BUILT),
        # A table of the image, or one whose conditions are not known.
        ("v,nobody v,tucked", State.BUILT_IN),
        ("v,nobody v,riddle", State.UNKNOWN),
    ],
)
def test_no_driver_in_the_source(names, state):
    assert platform(names, KERNEL, make_index(facts=FACTS)).state is state


def test_the_index_of_another_version_does_not_say_that_there_is_no_driver():
    assert platform("v,nobody", KERNEL, make_index("6.11", FACTS)).state is State.UNKNOWN
    assert platform("v,nobody", KERNEL).state is State.UNKNOWN


@pytest.mark.parametrize(
    ("names", "by"),
    [
        ("v,two v,one", "v,two"),
        ("v,one v,two", "v,one"),
        ("v,off v,two", "v,two"),
        ("v,nobody v,one", "v,one"),
        ("v,off v,both", "v,off"),
        ("v,riddle v,one", "v,one"),
        # While it may be that a driver is there, none is said to be left out.
        ("v,off v,riddle", "v,riddle"),
    ],
)
def test_the_first_string_that_a_driver_has(names, by):
    assert platform(names, KERNEL, make_index()).by == by


def test_strings_are_compared_without_their_case():
    assert platform("V,Off", KERNEL, make_index()).state is State.NOT_BUILT


def test_without_an_index_nothing_is_said_to_be_left_out():
    assert platform("v,two", KERNEL).state is State.MODULE
    assert platform("v,one", KERNEL).state is State.BUILT_IN
    assert platform("v,off", KERNEL).state is State.UNKNOWN


def test_a_bare_configuration():
    build = make_build("ONE=y ARCH_A=y TWO=m", knows=("config",))
    states = {
        each: platform(each, build, make_index()).state for each in ("v,one", "v,two", "v,off")
    }
    assert states == {
        "v,one": State.BUILT_IN,
        "v,two": State.MODULE,
        "v,off": State.NOT_BUILT,
    }
    # Of another version, options may have other names.
    other = make_build("ONE=y", knows=("config",), release="6.1.0")
    assert platform("v,off", other, make_index()).state is State.UNKNOWN


def test_an_option_of_the_versions_before_and_after():
    between = make_build("ONE=y", knows=("config",), release="6.6.0")
    assert platform("v,off", between, make_index()).state is State.UNKNOWN
    tables = text_of(make_index().tables)
    settled = SourceIndex("6.12", tables, settled=len(tables))
    assert platform("v,off", between, settled) == Driver(State.NOT_BUILT, config="OFF", by="v,off")


def test_another_version_whose_tables_were_all_read():
    build = make_build("ONE=y ARCH_A=y TWO=m", modules=("two",), release="6.1.0")
    found = {
        each: platform(each, build, make_index()).state for each in ("v,one", "v,two", "v,off")
    }
    assert found == {
        "v,one": State.UNKNOWN,  # should be in the image, and is not
        "v,two": State.UNKNOWN,  # should have an alias, and has none
        "v,off": State.NOT_BUILT,
    }


def test_a_folder_of_modules_alone_leaves_nothing_out():
    build = make_build(aliases=("of:N*T*Cv,two two",), knows=("modules", "aliases"))
    assert platform("v,two", build, make_index()).state is State.MODULE
    assert platform("v,off", build, make_index()).state is State.UNKNOWN
    assert platform("v,one", build, make_index()).state is State.UNKNOWN


def test_what_starts_before_there_are_devices():
    gic = 'gic { compatible = "arm,gic-400"; interrupt-controller; #interrupt-cells = <3>; };'
    assert of(gic, "/gic", KERNEL, make_index()) == Driver(State.EARLY, by="arm,gic-400")
    assert of(gic, "/gic", make_build("ONE=n"), make_index()).state is State.NOT_BUILT
    assert platform("v,timer", KERNEL, make_index()).state is State.NOT_BUILT


@pytest.mark.parametrize("word", PLAIN)
def test_a_plain_bus_is_no_driver(word):
    build = make_build("ONE=y ARM64=y", image=("simple-bus", "simple-mfd", "syscon", "isa"))
    assert platform(f"v,nobody {word}", build, make_index()) == Driver(State.EARLY, by=word)
    assert platform(f"v,off {word}", build, make_index()).state is State.NOT_BUILT


BOARD = """
    cpus { cpu@0 { compatible = "arm,cortex-a53"; device_type = "cpu";
                   next-level-cache = <&l2>; l2: l2 { compatible = "cache"; }; }; };
    reserved-memory { ram@0 { compatible = "shared-dma-pool"; };
                      smem@0 { compatible = "v,two", "qcom,smem"; }; };
    firmware { fw { compatible = "v,one"; rails { rail { }; }; }; };
    chosen { framebuffer { compatible = "simple-framebuffer", "v,one"; }; };
    opps { compatible = "operating-points-v2"; opp-1 { }; };
    loose { lost { compatible = "v,one"; }; };
    soc { compatible = "simple-bus";
        pmic { compatible = "v,one"; port { endpoint { }; };
            regulators { compatible = "v,cell"; vcc { }; };
            connector { compatible = "usb-c-connector"; port { }; };
            known { compatible = "v,off"; }; };
        odd { compatible = "v,nobody"; inner { compatible = "v,cell"; }; part { }; };
        nameless { };
    };
"""


@pytest.mark.parametrize(
    ("path", "state", "by"),
    [
        ("/cpus/cpu@0", State.NO_DEVICE, "arm,cortex-a53"),
        ("/cpus/cpu@0/l2", State.NO_DEVICE, "cache"),
        ("/reserved-memory/ram@0", State.NO_DEVICE, "shared-dma-pool"),
        ("/reserved-memory/smem@0", State.MODULE, "v,two"),
        ("/firmware/fw", State.BUILT_IN, "v,one"),
        ("/firmware/fw/rails/rail", State.SERVED, "/firmware/fw"),
        ("/chosen/framebuffer", State.BUILT_IN, "v,one"),
        ("/opps", State.NO_DEVICE, "operating-points-v2"),
        ("/opps/opp-1", State.NO_DEVICE, ""),
        ("/loose/lost", State.NO_DEVICE, "v,one"),
        ("/soc", State.EARLY, "simple-bus"),
        ("/soc/nameless", State.NO_DEVICE, ""),
        ("/soc/pmic/port/endpoint", State.NO_DEVICE, ""),
        ("/soc/pmic/regulators", State.SERVED, "/soc/pmic"),
        ("/soc/pmic/regulators/vcc", State.SERVED, "/soc/pmic"),
        ("/soc/pmic/connector", State.SERVED, "/soc/pmic"),
        ("/soc/pmic/known", State.NOT_BUILT, "v,off"),
        ("/soc/odd/inner", State.UNKNOWN, "v,cell"),
        ("/soc/odd/part", State.SERVED, "/soc/odd"),
    ],
)
def test_what_becomes_a_device(path, state, by):
    found = of(BOARD, path, KERNEL, make_index())
    assert (found.state, found.by) == (state, by)


def test_amba_devices_are_matched_by_their_id():
    source = """dma@0 { compatible = "arm,pl330", "arm,primecell"; reg = <0 4>; };
        uart@8 { compatible = "v,one", "arm,primecell"; reg = <8 4>;
                 arm,primecell-periphid = <0x00341011>; };
        odd@10 { compatible = "v,one", "arm,primecell"; reg = <0x10 4>; };
        new@18 { compatible = "arm,primecell"; reg = <0x18 4>;
                 arm,primecell-periphid = <0x000bb9a8>; };"""
    build = make_build(
        "SERIAL_AMBA_PL011=y PL330_DMA=m ONE=y ARCH_A=y",
        aliases=("amba:d???41330 pl330", "amba:d???BB9A8 coresight_cti"),
        image=("v,one",),
    )
    index = make_index()
    assert of(source, "/dma@0", build, index)[:3] == (State.MODULE, ("pl330",), "PL330_DMA")
    assert of(source, "/uart@8", build, index)[:3] == (State.BUILT_IN, (), "SERIAL_AMBA_PL011")
    # A platform driver's table, which no AMBA device is held against.
    assert of(source, "/odd@10", build, index).state is State.UNKNOWN
    assert of(source, "/new@18", build, index).modules == ("coresight_cti",)
    off = make_build("ARM64=y")
    assert of(source, "/dma@0", off, index)[:3] == (State.NOT_BUILT, (), "PL330_DMA")


CLIENTS = """
    i2c { compatible = "v,one";
        chip@1 { compatible = "maker,chip", "maker,other"; };
        shy@2 { compatible = "maker,shy"; };
        left@3 { compatible = "v,chip"; }; };
    spi { compatible = "v,one"; flash@0 { compatible = "maker,flash"; }; };
"""


def test_i2c_and_spi_drivers_take_the_bare_name_of_the_first_string():
    build = make_build(
        "ONE=y ARCH_A=y",
        aliases=("i2c:chip chip", "i2c:other other", "spi:flash flash", "i2c:flash wrong"),
        image=("v,one",),
    )
    index = make_index()
    found = of(CLIENTS, "/i2c/chip@1", build, index)
    assert found == Driver(State.MODULE, ("chip",), by="i2c:chip")
    assert of(CLIENTS, "/spi/flash@0", build, index).modules == ("flash",)
    # One that is built in may take the name, and no table of it is to be seen.
    assert of(CLIENTS, "/i2c/shy@2", build, index).state is State.UNKNOWN
    assert of(CLIENTS, "/i2c/left@3", build, index).modules == ("chip",)
    assert of(CLIENTS, "/i2c/left@3", KERNEL, index).state is State.NOT_BUILT


PCI = """
    pcie { compatible = "v,one"; device_type = "pci";
        iommu@8 { compatible = "pci1af4,1057"; };
        pcie@0 { device_type = "pci"; wifi@0 { compatible = "pci17cb,1103"; }; };
        odd@1 { compatible = "pci1234,5678"; };
        ssd@2 { compatible = "pci1234,1", "pciclass,0108"; }; };
"""


def test_pci_devices_by_their_numbers():
    aliases = (
        "pci:v00001AF4d*sv*sd*bc*sc*i* virtio_pci",
        "virtio:d00000017v* virtio_iommu",
        "pci:v000017CBd00001103sv*sd*bc*sc*i* ath11k_pci",
        "pci:v*d*sv*sd*bc01sc08i* nvme",
    )
    build = make_build("VIRTIO_PCI=m VIRTIO_IOMMU=m PCIEPORTBUS=y", aliases=aliases)
    found = of(PCI, "/pcie/iommu@8", build)
    assert found == Driver(State.MODULE, ("virtio_iommu",), "VIRTIO_IOMMU", "pci1af4,1057")
    assert of(PCI, "/pcie/pcie@0", build)[:3] == (State.BUILT_IN, (), "PCIEPORTBUS")
    assert of(PCI, "/pcie/pcie@0/wifi@0", build).modules == ("ath11k_pci",)
    assert of(PCI, "/pcie/odd@1", build).state is State.UNKNOWN
    assert of(PCI, "/pcie/ssd@2", build).modules == ("nvme",)
    bare = make_build("VIRTIO_IOMMU=y")
    assert of(PCI, "/pcie/iommu@8", bare)[:3] == (State.NOT_BUILT, (), "VIRTIO_PCI")


OTHERS = """
    mdio { compatible = "v,one";
        ethernet-phy@0 { compatible = "ethernet-phy-id001c.c915"; };
        ethernet-phy@1 { compatible = "ethernet-phy-ieee802.3-c22"; };
        ethernet-phy@2 { }; };
    mmc { compatible = "v,one"; card@0 { compatible = "mmc-card"; };
        wifi@1 { compatible = "maker,radio", "brcm,bcm4329-fmac"; }; };
    usb { compatible = "v,one"; hub@1 { compatible = "usb424,2514"; };
        stick@2 { compatible = "usb1234,1"; }; net@3 { compatible = "usb424,ec00"; }; };
    soundwire { compatible = "v,one"; codec@0 { compatible = "sdw20217010d00"; }; };
    slim { compatible = "v,one"; codec@0 { compatible = "slim217,250"; }; };
    virtio { compatible = "v,one"; device { compatible = "virtio,device22"; }; };
"""


@pytest.mark.parametrize(
    ("path", "state", "modules", "config"),
    [
        ("/mdio/ethernet-phy@0", State.MODULE, ("realtek",), ""),
        ("/mdio/ethernet-phy@1", State.BUILT_IN, (), "PHYLIB"),
        ("/mdio/ethernet-phy@2", State.BUILT_IN, (), "PHYLIB"),
        ("/mmc/card@0", State.BUILT_IN, (), "MMC_BLOCK"),
        ("/mmc/wifi@1", State.MODULE, ("brcmfmac",), "BRCMFMAC"),
        ("/usb/hub@1", State.MODULE, ("onboard_usb_dev",), ""),
        ("/usb/stick@2", State.MODULE, ("usbcore",), "USB"),
        ("/usb/net@3", State.MODULE, ("smsc95xx",), ""),
        ("/soundwire/codec@0", State.MODULE, ("wcd938x_sdw",), ""),
        ("/slim/codec@0", State.MODULE, ("wcd934x",), ""),
        ("/virtio/device", State.NOT_BUILT, (), "I2C_VIRTIO"),
    ],
)
def test_devices_that_say_what_they_are(path, state, modules, config):
    phy = f"{0x001CC915:032b}"
    build = make_build(
        "PHYLIB=y MMC_BLOCK=y BRCMFMAC=m USB=m",
        aliases=(
            f"mdio:{phy} realtek",
            "of:N*T*Cusb424,2514 onboard_usb_dev",
            "usb:v0424pEC00d*dc*dsc*dp*ic*isc*ip*in* smsc95xx",
            "sdw:m0217p010Dv*c* wcd938x_sdw",
            "slim:217:250:* wcd934x",
        ),
    )
    assert of(OTHERS, path, build)[:3] == (state, modules, config)


def test_a_cell_is_bound_by_its_name_where_a_module_takes_it():
    source = """pmic { compatible = "v,one"; rtc { compatible = "v,pmic-rtc"; };
                       keys { compatible = "v,pmic-keys"; }; };
                lone { compatible = "v,pmic-rtc"; };"""
    build = make_build("ONE=y ARCH_A=y", aliases=("platform:pmic-rtc rtc_pmic",), image=("v,one",))
    found = of(source, "/pmic/rtc", build, make_index())
    assert found == Driver(State.MODULE, ("rtc_pmic",), by="platform:pmic-rtc")
    assert of(source, "/pmic/keys", build, make_index()).state is State.SERVED
    # What the kernel makes itself is never called so.
    assert of(source, "/lone", build, make_index()).state is State.UNKNOWN


def test_an_amba_device_that_a_driver_makes():
    source = """lpass { compatible = "v,one";
        dma { compatible = "arm,pl330", "arm,primecell"; reg = <0>; }; };"""
    assert of(source, "/lpass/dma", make_build("PL330_DMA=m")).modules == ("pl330",)


def test_a_device_type_that_an_alias_asks_for():
    build = make_build(aliases=("of:N*Tserial*Cv,typed typed",))
    plain = 'a { compatible = "v,typed"; };'
    typed = 'a { compatible = "v,typed"; device_type = "serial"; };'
    assert of(typed, "/a", build).modules == ("typed",)
    assert of(plain, "/a", build).state is State.UNKNOWN


def test_every_node_of_any_tree_has_an_answer():
    rng = random.Random(6)  # noqa: S311 - a repeatable choice
    names = [
        *PLAIN,
        "v,one",
        "v,off",
        "arm,primecell",
        "pci1,2",
        "ethernet-phy-id0000.0000",
        "",
        ",",
    ]
    buses = ["i2c", "spi", "mdio", "port", "cpus", "firmware", "x", "chosen", "reserved-memory"]

    def node(depth):
        own = ", ".join(f'"{each}"' for each in rng.sample(names, rng.randrange(3)))
        inner = "".join(f"{rng.choice(buses)}@{n} {{ {node(depth - 1)} }};" for n in range(depth))
        return (f"compatible = {own};" if own else "") + inner

    for _ in range(40):
        tree = dts.read_text(f"/ {{ {node(4)} }};")
        drivers = TreeDrivers(tree, KERNEL, make_index())
        assert all(isinstance(drivers.of(each.index), Driver) for each in tree)


@lru_cache(maxsize=2)
def debian(name):
    """A real kernel, and the tables of the source; nothing is kept on the machine."""
    path = SHARED / "kernel" / name
    if not path.is_dir():
        pytest.skip(f"no kernel's files in {path}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DTLINK_CACHE", "")
        return read_holdings(str(path)), SourceIndex.load()


@pytest.mark.parametrize("board", BOOTS)
@pytest.mark.parametrize("modules", [True, False], ids=["mods", "nomods"])
def test_what_bound_on_booted_boards_had_a_driver(board, modules):
    """A device with a driver is never said to have none; without modules, none is of a module."""
    answer = boot(f"b-{board}-{'mods' if modules else 'nomods'}")
    if answer is None:
        pytest.skip(f"no boots of {board} in {SHARED / 'boots'}")
    kernel = "debian-6.12-arm64" if BOOTS[board].startswith("arm64") else "debian-6.1-armhf"
    tree = fdt.read(blob(board, answer).read_bytes())
    drivers = TreeDrivers(tree, *debian(kernel))
    bound = {each.get("of") for each in answer["devices"] if each.get("driver")} & set(tree.by_path)
    states = {path: drivers.of(tree.by_path[path].index).state for path in bound}
    wrong = {State.NOT_BUILT, State.NO_DEVICE, *(() if modules else (State.MODULE,))}
    assert not [path for path, state in states.items() if state in wrong]
    known = [state for state in states.values() if state is not State.UNKNOWN]
    assert len(known) > 0.7 * len(states) > 0


def boards(every):
    paths = [path for path in need_corpus() if "arm64" in path.parts]
    for path in paths[::every]:
        yield fdt.read(path.read_bytes())


@pytest.mark.parametrize("every", [40, pytest.param(1, marks=pytest.mark.corpus)])
def test_real_boards(every, capsys):
    """Little is unknown, and nothing is said to be left out that the kernel's files name."""
    build, index = debian("debian-6.12-arm64")
    states, unknown, wrong = Counter(), Counter(), set()
    for tree in boards(every):
        nodes = [n for n in tree.holders("compatible") if n and n not in tree.disabled]
        drivers = TreeDrivers(tree, build, index)
        found = [(node, drivers.of(node)) for node in nodes]
        for node, answer in found:
            states[answer.state] += 1
            names = [name for name in tree[node].compatible if name not in PLAIN]
            if answer.state is State.UNKNOWN:
                unknown[" ".join(names)] += 1
            if answer.state is State.NOT_BUILT:
                wrong |= {n for n in names if build.modules_of(n) or build.has_builtin(n)}
    with capsys.disabled():
        print(f"\n{ {state.value: n for state, n in states.most_common()} }")  # noqa: T201
        print(unknown.most_common(30))  # noqa: T201
    assert not wrong
    assert states[State.UNKNOWN] < 0.05 * states.total()
    assert states[State.MODULE] > states[State.BUILT_IN] > 0
