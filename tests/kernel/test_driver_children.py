"""The devices that drivers make, and the names that drivers bind by, from small C files."""

import pytest

from dtlink.facts.kernels import KernelVersion
from dtlink.kernel.source.bus_names import names_bound
from dtlink.kernel.source.children import ANY_CHILD, Children, MakerFile, children, match_words
from dtlink.kernel.source.code import Code
from dtlink.kernel.source.index import Source, SourceIndex
from dtlink.kernel.source.text import SourceReader
from dtlink.kernel.source.write import make_index
from tests.kernel.test_source_index import grow

HEAD = "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 7\n"
PLATFORM = 'static struct platform_driver d = {{ .driver = {{ .name = "{}" }} }};\n'
OF = """
static const struct of_device_id ids[] = {{ {} {{ }} }};
MODULE_DEVICE_TABLE(of, ids);
"""

TREE = {
    "Makefile": HEAD,
    "Kbuild": "obj-y += drivers/\n",
    "arch/arm/Kbuild": "",
    "drivers/Makefile": """
        obj-$(CONFIG_PMIC_CORE) += pmic-core.o
        obj-$(CONFIG_PMIC_I2C) += pmic-i2c.o
        obj-$(CONFIG_PMIC_SPI) += pmic-spi.o
        obj-$(CONFIG_OLD_PMIC) += old-pmic.o
        obj-$(CONFIG_REG) += reg.o
        obj-$(CONFIG_CLK) += clk.o
        obj-$(CONFIG_RTC) += rtc.o
        obj-$(CONFIG_BUS) += bus.o
        obj-$(CONFIG_ICC) += icc-a.o icc-b.o
        obj-$(CONFIG_AUDIO) += audio-hub.o
        audio-hub-y := audio-main.o audio-reset.o
        obj-$(CONFIG_RST) += rst.o
        obj-$(CONFIG_SHELL) += shell.o
        obj-$(CONFIG_LONELY) += lonely.o
        obj-$(CONFIG_GLUE) += glue.o
        obj-$(CONFIG_SENSOR) += sensor.o
        obj-$(CONFIG_SCMI) += scmi.o scmi-smc.o
        obj-$(CONFIG_SCMI_CLK) += scmi-clk.o
    """,
    # A core whose cells depend on the variant, which its callers name.
    "drivers/pmic-core.c": """
        static const struct mfd_cell small_cells[] = { { .name = "pmic-reg", }, };
        static const struct mfd_cell big_cells[] = {
            MFD_CELL_NAME("pmic-reg"),
            MFD_CELL_OF("pmic-clk", NULL, NULL, 0, 0, "v,big-clk"),
            { .name = "pmic-nobody" },
        };
        int pmic_probe(struct device *dev, int variant)
        {
            const struct mfd_cell *cells;

            switch (variant) {
            case PMIC_SMALL:
                cells = small_cells;
                break;
            case PMIC_BIG:
                cells = big_cells;
                break;
            }
            return devm_mfd_add_devices(dev, -1, cells, n, NULL, 0, NULL);
        }
        EXPORT_SYMBOL_GPL(pmic_probe);
    """,
    "drivers/pmic-i2c.c": """
        static const struct chip small = { .variant = PMIC_SMALL };
        static int probe(struct i2c_client *client)
        {
            return pmic_probe(&client->dev, chip->variant);
        }
    """
    + OF.format(
        '{ .compatible = "v,small", .data = &small },'
        '{ .compatible = "v,big", .data = (void *)PMIC_BIG },'
    ),
    "drivers/pmic-spi.c": """
        static int probe(struct spi_device *spi)
        {
            return pmic_probe(&spi->dev, PMIC_BIG);
        }
    """
    + OF.format('{ .compatible = "v,spi-big" },'),
    # Matched by the name after the comma, with the variant beside it.
    "drivers/old-pmic.c": """
        static const struct mfd_cell one[] = { { .name = "pmic-reg" } };
        static const struct mfd_cell two[] = { { .name = "pmic-rtc" } };
        static int probe(struct i2c_client *client)
        {
            if (id->driver_data == OLD_ONE) {
                cells = one;
            } else if (id->driver_data == OLD_TWO) {
                cells = two;
            }
            return mfd_add_devices(&client->dev, -1, cells, n, NULL, 0, NULL);
        }
        static const struct i2c_device_id ids[] = {
            { "old-one", OLD_ONE },
            { .name = "old-two", .driver_data = OLD_TWO },
            { }
        };
    """,
    "drivers/reg.c": PLATFORM.format("pmic-reg"),
    # A driver with a table is not bound by its own name.
    "drivers/clk.c": """
        static const struct platform_device_id ids[] = { { "pmic-clk", 1 }, { }, };
        static struct platform_driver d = {
            .driver = { .name = "not-bound" },
            .id_table = ids,
        };
    """,
    "drivers/rtc.c": """
        #define NAME "pmic-rtc"
        static const char rtc_name[] = NAME;
        #ifdef CONFIG_RTC_MORE
        static struct platform_driver d = { .probe = p, .driver.name = rtc_name, };
        #endif
    """,
    # The name of what it makes is in its match data.
    "drivers/bus.c": """
        static int probe(struct platform_device *pdev)
        {
            const char *name = of_device_get_match_data(&pdev->dev);

            if (name)
                icc = platform_device_register_data(&pdev->dev, name, -1, NULL, 0);
            return 0;
        }
    """
    + OF.format(
        '{ .compatible = "v,bus-a", .data = "icc-a" },'
        '{ .compatible = "v,bus-b", .data = "icc-b" },'
        '{ .compatible = "v,bus" },'
    ),
    "drivers/icc-a.c": PLATFORM.format("icc-a"),
    "drivers/icc-b.c": PLATFORM.format("icc-b"),
    # An auxiliary device has its maker's module in its name.
    "drivers/audio-main.c": """
        static int probe(struct platform_device *pdev)
        {
            return audio_reset_init(&pdev->dev);
        }
    """
    + OF.format('{ .compatible = "v,audio" },'),
    "drivers/audio-reset.c": """
        #include "aux.h"
        static int make(struct device *dev, const char *name)
        {
            return PTR_ERR_OR_ZERO(devm_auxiliary_device_create(dev, name, NULL));
        }
        int audio_reset_init(struct device *dev)
        {
            make(dev, CLOCK_NAME);
            return PTR_ERR_OR_ZERO(devm_auxiliary_device_create(dev, "reset", NULL));
        }
    """,
    # The name is a parameter, and given as a macro.
    "drivers/aux.h": '#define CLOCK_NAME "clock"\n',
    "drivers/rst.c": """
        static const struct auxiliary_device_id ids[] = {
            { .name = "audio_hub.reset", .driver_data = 0 },
            { .name = "audio_hub.clock" },
            { .name = "elsewhere.reset" },
            { }
        };
    """,
    "drivers/shell.c": """
        static int probe(struct platform_device *pdev)
        {
            return devm_of_platform_populate(&pdev->dev);
        }
    """
    + OF.format('{ .compatible = "v,shell" },'),
    "drivers/lonely.c": PLATFORM.format("lonely"),
    # Firmware: a transport makes the device of the core, and that one of each protocol's driver.
    "drivers/scmi-smc.c": "DEFINE_SCMI_TRANSPORT_DRIVER(scmi_smc, driver, desc, ids, core);\n"
    + OF.format('{ .compatible = "v,scmi-smc" },'),
    "drivers/scmi.c": PLATFORM.format("arm-scmi")
    + """
        static int scmi_probe(struct platform_device *pdev)
        {
            return PTR_ERR_OR_ZERO(scmi_device_create(np, dev, protocol, name));
        }
    """,
    "drivers/scmi-clk.c": """
        static const struct scmi_device_id ids[] = { { SCMI_PROTOCOL_CLOCK, "clocks" }, { } };
    """,
    "drivers/sensor.c": """
        static const struct i2c_device_id names[] = { { "sensor" }, { "old-sensor" }, { } };
    """
    + OF.format('{ .compatible = "v,sensor" },'),
    # The function is exported by nobody and of another module: not the core's.
    "drivers/glue.c": """
        static int pmic_probe(struct device *dev)
        {
            return 0;
        }
        static int probe(struct i2c_client *client)
        {
            return pmic_probe(&client->dev);
        }
    """
    + OF.format('{ .compatible = "v,glue" },'),
}


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    folder = tmp_path_factory.mktemp("children")
    path = folder / "index"
    path.write_bytes(make_index(grow(folder / "source", TREE)))
    return SourceIndex.load(str(path))


def made(index, file):
    facts = index.facts(f"drivers/{file}.c")
    return None if facts is None else set(facts.makes)


def test_cells_of_a_core_by_variant(index):
    assert made(index, "pmic-i2c") == {
        "platform:pmic-reg",
        "platform:pmic-clk v,big",
        "of:v,big-clk v,big",
    }


def test_a_caller_without_match_data_names_the_variant(index):
    assert made(index, "pmic-spi") == {"platform:pmic-reg", "platform:pmic-clk", "of:v,big-clk"}


def test_variants_of_a_table_of_the_bus(index):
    assert made(index, "old-pmic") == {
        "platform:pmic-reg i2c:old-one",
        "platform:pmic-rtc i2c:old-two",
    }
    # What makes devices is found by its own name, too.
    assert [each.module for each in index.entries("i2c:old-one")] == ["old_pmic"]


def test_names_in_match_data(index):
    assert made(index, "bus") == {"platform:icc-a v,bus-a", "platform:icc-b v,bus-b"}


def test_auxiliary_devices_are_named_by_the_makers_module(index):
    assert made(index, "audio-main") == {"auxiliary:audio_hub.reset", "auxiliary:audio_hub.clock"}


def test_firmware_makes_what_its_protocols_have_drivers_for(index):
    assert made(index, "scmi-smc") == {"platform:arm-scmi"}
    assert made(index, "scmi") == {"scmi:clocks"}
    assert index.entries("scmi:clocks")[0].symbol == "SCMI_CLK"


def test_children_with_nodes(index):
    facts = index.facts("drivers/shell.c")
    assert (facts.makes, facts.populates) == (frozenset(), True)
    assert not index.facts("drivers/bus.c").populates


def test_a_function_of_the_same_name_is_not_followed(index):
    assert made(index, "glue") is None


def test_names_lead_to_files_modules_and_options(index):
    assert index.entries("platform:pmic-reg") == (Source("drivers/reg.c", "reg", "REG", "driver"),)
    assert index.entries("platform:pmic-clk") == (Source("drivers/clk.c", "clk", "CLK", "driver"),)
    assert index.entries("auxiliary:audio_hub.reset")[0].file == "drivers/rst.c"
    assert index.entries("platform:pmic-rtc") == (
        Source("drivers/rtc.c", "rtc", "RTC", "driver", ("RTC_MORE=y",)),
    )


def test_names_that_nothing_makes_are_left_out(index):
    for alias in ("platform:lonely", "platform:not-bound", "auxiliary:elsewhere.reset"):
        assert index.entries(alias) == ()


def test_names_that_a_node_may_be_bound_by_are_kept(index):
    assert index.entries("i2c:old-sensor")[0].symbol == "SENSOR"
    # The compatible string of the same table leads to the same driver.
    assert index.entries("i2c:sensor") == ()


CALLS = """
static const char *const own_name = "own";
static struct platform_driver d = {{ .driver = {{ .name = "calls" }} }};
static struct platform_device fixed = {{ .name = "fixed-dev", .id = -1 }};
static int probe(struct device *dev)
{{
    {}
}}
"""


@pytest.mark.parametrize(
    ("code", "aliases", "starts"),
    [
        ('platform_device_register_simple("x", -1, NULL, 0);', {"platform:x"}, set()),
        ('p = platform_device_alloc("a" "b", id);', {"platform:ab"}, set()),
        ("platform_device_register_simple(name, -1, NULL, 0);", set(), {"platform:"}),
        ("platform_device_register(&fixed);", {"platform:fixed-dev"}, set()),
        ('info.name = "y"; platform_device_register_full(&info);', {"platform:y"}, set()),
        ('adev->name = "z"; auxiliary_device_init(adev);', {"auxiliary:KBUILD_MODNAME.z"}, set()),
        ("adev->name = n; auxiliary_device_init(adev);", set(), {"auxiliary:KBUILD_MODNAME."}),
        ("mfd_add_devices(dev, -1, cells, n, NULL, 0, NULL);", set(), {"platform:"}),
        ("of_platform_populate(np, NULL, NULL, dev);", {ANY_CHILD}, set()),
        ('/* platform_device_alloc("x", 1); */', set(), set()),
        ("i2c_new_dummy_device(adapter, 1);", set(), set()),
        ("platform_device_alloc();", set(), {"platform:"}),
        ("platform_device_alloc(own_name, 1);", {"platform:own"}, set()),
        ("devm_auxiliary_device_create(dev);", set(), set()),
        (
            '__devm_auxiliary_device_create(dev, dev->driver->name, "rst", NULL, 0);',
            {"auxiliary:calls.rst"},
            set(),
        ),
    ],
)
def test_calls(code, aliases, starts):
    found = children(MakerFile.of(CALLS.format(code))).get("probe", Children())
    assert {each.alias for each in found.devices} == aliases
    assert found.open == starts


def test_both_bodies_of_a_name_count():
    text = """
#if IS_ENABLED(CONFIG_X)
static int f(void)
{
    return register_it(platform_device_alloc("x", 1));
}
#else
static int f(void)
{
    return 0;
}
#endif
"""
    assert {each.alias for each in children(MakerFile.of(text))["f"].devices} == {"platform:x"}


def test_match_words_follow_what_match_data_names():
    file = MakerFile.of(TREE["drivers/pmic-i2c.c"])
    assert "PMIC_SMALL" in match_words(file, "v,small")
    assert "PMIC_SMALL" not in match_words(file, "v,big")
    assert match_words(file, "v,other") == frozenset()


def test_entries_that_are_no_names_bind_nothing(tmp_path):
    text = 'static const struct i2c_device_id ids[] = { { NAME_OF(x), 0 }, { "a b" }, { "c" } };'
    code = Code(SourceReader(tmp_path).unit("x.c", text))
    assert [each.compatible for each in names_bound(code)] == ["i2c:c"]


@pytest.mark.parametrize("release", ["6.1", "6.12", "7.2"])
@pytest.mark.parametrize(
    ("compatible", "alias"),
    [
        ("x-powers,axp803", "platform:axp20x-regulator"),
        ("rohm,bd71847", "platform:bd71847-pmic"),
        ("hisilicon,hi655x-pmic", "platform:hi655x-regulator"),
        ("mediatek,mt6358", "platform:mt6358-regulator"),
        ("fsl,imx8mp-noc", "platform:imx8mp-interconnect"),
        ("snps,dwc3", "platform:xhci-hcd"),
        ("raspberrypi,bcm2835-firmware", "platform:raspberrypi-clk"),
    ],
)
def test_the_shipped_indexes_know_what_these_drivers_make(release, compatible, alias):
    index = SourceIndex.load(version=KernelVersion.parse(release))
    drivers = [each.file for each in index.entries(compatible) if each.kind == "driver"]
    made = {each for file in drivers if (f := index.facts(file)) for each in f.makes}
    assert not {alias, f"{alias} {compatible}"}.isdisjoint(made)
    assert index.entries(alias)


def test_the_shipped_index_knows_which_cells_belong_to_which_chip():
    index = SourceIndex.load(version=KernelVersion.parse("7.2"))
    facts = index.facts("drivers/mfd/mt6397-core.c")
    of_mt6357 = {each for each in facts.makes if each.endswith(" mediatek,mt6357")}
    assert "platform:mt6357-regulator mediatek,mt6357" in of_mt6357
    assert not any("mt6358-regulator" in each for each in of_mt6357)
