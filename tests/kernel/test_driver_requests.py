"""What drivers ask for and offer, read from small C files with every form."""

from pathlib import Path

import pytest

from dtlink.facts.kernels import KernelVersion
from dtlink.facts.resources import PCI_POWER, RESOURCES
from dtlink.facts.vendor_bindings import VENDOR_BINDINGS
from dtlink.kernel.source.driver_facts import Ask, DriverFacts, Need
from dtlink.kernel.source.drivers import Drivers
from dtlink.kernel.source.index import SourceIndex
from dtlink.kernel.source.library import Library, is_core
from dtlink.kernel.source.objects import ObjectPlace
from dtlink.kernel.source.requests import offers_of, request_of
from dtlink.kernel.source.text import SourceReader
from dtlink.kernel.source.write import make_index

DRIVER = "drivers/soc/vendor/driver.c"
PROBE = """
{before}
static int vendor_probe(struct platform_device *pdev)
{{
	struct device *dev = &pdev->dev;
	struct device_node *np = dev->of_node, *child;
	int ret, i;

{body}
	return 0;
out:
	return ret;
done:
	return 0;
}}
static struct platform_driver vendor_driver = {{
	.probe = vendor_probe,
	.driver = {{ .name = "vendor", .of_match_table = vendor_ids }},
}};
"""
#: What the headers for all declare.
HEADERS = """
int of_property_read_string(const struct device_node *np, const char *name, const char **out);
#define IS_ERR(p) unlikely(p)
#define PTR_ERR(p) ((long)(p))
#define PTR_ERR_OR_ZERO(p) ((long)(p))
"""


class Tree:
    """A source tree of some files, each in the module that its name says."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def facts(self, body: str, before: str = "", **others: str) -> DriverFacts:
        """The facts about a driver with this text in its probe function.

        Other files are given by name; they are in the driver's folder unless a path is given.
        """
        files = {DRIVER: PROBE.format(body=body, before=before)}
        files |= {_path(name): text for name, text in others.items()}
        found = self.library(files).facts(DRIVER)
        assert found is not None
        return found

    def library(self, files: dict[str, str], *, together: bool = False) -> Drivers:
        """What finds the facts about drivers of a tree."""
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        headers = self.root / "include/linux/all.h"
        headers.parent.mkdir(parents=True, exist_ok=True)
        headers.write_text(HEADERS, "utf-8")
        code = [name for name in files if name.endswith(".c")]
        places = {
            name: {ObjectPlace("one" if together else Path(name).stem, "", ())} for name in code
        }
        library = Library(SourceReader(self.root), places)
        for name in code:
            library.enter(name, files[name])
        return Drivers(library)


def _path(name: str) -> str:
    """``helper_c`` is a file beside the driver."""
    return f"drivers/soc/vendor/{name[:-2]}.{name[-1]}"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


REQUIRED, OPTIONAL = Need.REQUIRED, Need.OPTIONAL
IGNORED, UNKNOWN = Need.IGNORED, Need.UNKNOWN
#: What a probe function does with the error of ``GET``.
HANDLINGS = {
    REQUIRED: (
        "GET if (IS_ERR(clk)) return PTR_ERR(clk);",
        'GET\n\tif (IS_ERR(clk))\n\t\treturn dev_err_probe(dev, PTR_ERR(clk), "x;");',
        'GET if (IS_ERR(clk)) { dev_err(dev, "no } here"); ret = PTR_ERR(clk); goto out; }',
        "GET if (!IS_ERR(clk)) use(clk); else return PTR_ERR(clk);",
        "GET if (PTR_ERR(clk) == -EPROBE_DEFER) return -1; if (IS_ERR(clk)) return -2;",
        "GET ret = PTR_ERR_OR_ZERO(clk); if (ret) return ret;",
        "GET return PTR_ERR_OR_ZERO(clk);",
        "if (np) GET else clk = NULL; if (IS_ERR(clk)) return PTR_ERR(clk);",
        "if (np) { GET } else { clk = other(); } if (IS_ERR(clk)) return 1;",
        "switch (i) { case 1: GET break; case 2: clk = NULL; break; } if (IS_ERR(clk)) return 1;",
        'p->c[i] = devm_clk_get(dev, "bus"); if (IS_ERR(p->c[i])) return PTR_ERR(p->c[i]);',
        "GET if (IS_ERR(clk)) { ret = PTR_ERR(clk); } return ret;",
        "GET if (IS_ERR(clk)) { ret = PTR_ERR(clk); if (ret != 0) goto out; }",
        'p->clk = clk = devm_clk_get(dev, "bus"); if (IS_ERR(clk)) return PTR_ERR(clk);',
        "GET if (!clk) clk = vendor_get(dev); if (IS_ERR(clk)) return PTR_ERR(clk);",
        'return IS_ERR(devm_clk_get(dev, "bus"));',
        'if (IS_ERR(devm_clk_get(dev, "bus"))) return -ENODEV;',
        'GET if (PTR_ERR(clk) == -ENODEV) dev_err(dev, "none"); if (IS_ERR(clk)) return -1;',
    ),
    OPTIONAL: (
        "GET if (IS_ERR(clk)) { if (PTR_ERR(clk) == -EPROBE_DEFER) return -1; clk = NULL; }",
        "GET if (IS_ERR(clk) && PTR_ERR(clk) != -ENOENT) return PTR_ERR(clk);",
        "GET if (IS_ERR(clk)) { r = PTR_ERR(clk); if (r == -ENOENT) clk = NULL; else return r; }",
        "GET if (PTR_ERR(clk) == -EPROBE_DEFER) return -EPROBE_DEFER;",
        "GET if (PTR_ERR(clk) == -ENOENT) clk = NULL; if (IS_ERR(clk)) return -1;",
        "GET switch (PTR_ERR(clk)) { case -ENOENT: break; default: return PTR_ERR(clk); }",
        'clk = devm_clk_get_optional(dev, "bus"); if (IS_ERR(clk)) return PTR_ERR(clk);',
    ),
    IGNORED: (
        "GET if (IS_ERR(clk)) goto done;",
        'GET if (IS_ERR(clk)) { dev_warn(dev, "x"); clk = NULL; }',
        "GET if (!IS_ERR(clk)) clk_prepare_enable(clk);",
        "GET if (!IS_ERR(clk)) { ret = use(clk); if (ret) return ret; }",
        "GET clk_prepare_enable(clk);",
        "GET if (IS_ERR(clk)) { clk = NULL; } else { ret = use(clk); if (ret) return ret; }",
        "GET if (IS_ERR(clk)) return 0;",
        "for (i = 0; i < 2; i++) { GET if (IS_ERR(clk)) continue; }",
        'devm_clk_get(dev, "bus");',
        'clk = devm_clk_get_optional(dev, "bus"); if (IS_ERR(clk)) clk = NULL;',
    ),
    UNKNOWN: (
        "GET if (IS_ERR(clk) && dev->strict) return PTR_ERR(clk);",
        "GET if (IS_ERR(clk)) { if (dev->strict) return PTR_ERR(clk); }",
        "GET if (IS_ERR(clk)) clk = vendor_get(dev); if (IS_ERR(clk)) return 1;",
        'while (IS_ERR(devm_clk_get(dev, "bus"))) continue;',
    ),
}


@pytest.mark.parametrize(
    ("need", "body"), [(need, body) for need, held in HANDLINGS.items() for body in held]
)
def test_what_becomes_of_an_error(tree: Tree, need: Need, body: str) -> None:
    text = body.replace("GET", 'clk = devm_clk_get(dev, "bus");')
    assert tree.facts(text).asks == (Ask("clock", "bus", need),)


def _ok(call: str) -> str:
    return f"\tp = {call};\n\tif (IS_ERR(p))\n\t\treturn PTR_ERR(p);\n"


REQUESTS = {
    "devm_clk_get(dev, NULL)": ("clock", "", REQUIRED),
    "of_clk_get(np, 2)": ("clock", "#2", REQUIRED),
    "of_clk_get(np, i)": ("clock", "*", REQUIRED),
    "devm_clk_bulk_get_all(dev, &clks)": ("clock", "*", REQUIRED),
    'devm_regulator_get(dev, "vdd")': ("regulator", "vdd", REQUIRED),
    'devm_gpiod_get_index_optional(dev, "reset", 1, GPIOD_ASIS)': ("GPIO", "reset", OPTIONAL),
    'of_get_named_gpio(np, "power-gpios", 0)': ("GPIO", "power", REQUIRED),
    'devm_phy_get(dev, "usb")': ("PHY", "usb", REQUIRED),
    "devm_of_phy_get_by_index(dev, np, 0)": ("PHY", "", REQUIRED),
    'devm_usb_get_phy_by_phandle(dev, "usb-phy", 0)': ("USB PHY", "usb-phy", REQUIRED),
    'devm_reset_control_get_optional_shared(dev, "por")': ("reset line", "por", OPTIONAL),
    "devm_reset_control_array_get_exclusive(dev)": ("reset line", "*", REQUIRED),
    "of_reset_control_get_by_index(np, 1)": ("reset line", "#1", REQUIRED),
    'dev_pm_domain_attach_by_name(dev, "gpu")': ("power domain", "gpu", REQUIRED),
    'devm_of_icc_get(dev, "dma-mem")': ("interconnect", "dma-mem", REQUIRED),
    "mbox_request_channel(&priv->client, 0)": ("mailbox", "", REQUIRED),
    'devm_nvmem_cell_get(dev, "speed-bin")': ("NVMEM cell", "speed-bin", REQUIRED),
    'devm_iio_channel_get(dev, "temp")': ("ADC channel", "temp", REQUIRED),
    "extcon_get_edev_by_phandle(dev, 0)": ("external connector", "", REQUIRED),
    'dma_request_chan(dev, "rx")': ("DMA channel", "rx", REQUIRED),
    'platform_get_irq_byname(pdev, "err")': ("interrupt controller", "err", REQUIRED),
    "platform_get_irq_optional(pdev, 1)": ("interrupt controller", "#1", OPTIONAL),
    "platform_get_resource(pdev, IORESOURCE_IRQ, 0)": ("interrupt controller", "", REQUIRED),
    'syscon_regmap_lookup_by_phandle(np, "v,grf")': ("syscon registers", "v,grf", REQUIRED),
    "devm_pwm_get(dev, NULL)": ("PWM", "", REQUIRED),
    "of_get_mac_address(np, mac)": ("NVMEM cell", "mac-address", OPTIONAL),
}


@pytest.mark.parametrize("call", REQUESTS)
def test_a_request_of_each_kind(tree: Tree, call: str) -> None:
    assert tree.facts(_ok(call)).asks == (Ask(*REQUESTS[call]),)


def test_what_is_no_request(tree: Tree) -> None:
    facts = tree.facts(_ok("platform_get_resource(pdev, IORESOURCE_MEM, 0)"))
    assert facts.asks == ()
    assert facts.whole
    assert request_of("reset_control_get_count") is None
    assert request_of("clk_prepare_enable") is None


ARRAY = 'static const char * const names[] = { "a", [1] = "b", };\n'
DATA = """
static const struct vendor_data d1 = { .clk = "a" };
static const struct vendor_data d2 = { .clk = "b" };
static const struct vendor_data d3 = { .clk = "b" };
"""
TABLES = """
static const char * const few[] = { "a" };
static const struct vendor_data d1 = { .clks = few };
static const struct vendor_data d2 = { .clks = (const char *[]){ "c", "d" } };
"""
BULK = 'static const struct clk_bulk_data clks[] = { { .id = "a" }, { .id = "b" } };\n'
PLAIN_BULK = 'static const struct clk_bulk_data clks[] = { { "a" }, { "b" } };\n'
#: Text before the probe function, a call, the names it asks for; ``None``: the text shows none.
NAMES = {
    "a macro": ('#define NAME "bus"\n', "devm_clk_get(dev, NAME)", {"bus"}),
    "a choice": ("", 'devm_clk_get(dev, np ? "a" : NULL)', {"a", ""}),
    "a computed name": ("", "devm_clk_get(dev, vendor_name(dev))", None),
    "an array": (ARRAY, "devm_clk_get(dev, names[i])", {"a", "b"}),
    "a member of match data": (DATA, "devm_clk_get(dev, data->clk)", {"a", "b"}),
    "a table of names": (TABLES, "devm_clk_get(dev, data->clks[i])", {"a", "c", "d"}),
    "bulk data": (BULK, "devm_clk_bulk_get(dev, ARRAY_SIZE(clks), clks)", {"a", "b"}),
    "bulk data without members": (PLAIN_BULK, "devm_clk_bulk_get(dev, 2, clks)", {"a", "b"}),
    "a copy of bulk data": (
        BULK,
        "devm_clk_bulk_get(dev, 2, devm_kmemdup(dev, clks, sizeof(clks), GFP_KERNEL))",
        {"a", "b"},
    ),
}


@pytest.mark.parametrize("case", NAMES)
def test_names_are_found(tree: Tree, case: str) -> None:
    before, call, names = NAMES[case]
    facts = tree.facts(_ok(call), before)
    if names is None:
        assert facts.unsure == {"clock"}
        assert facts.asks == ()
    else:
        assert {ask.name for ask in facts.asks} == names
        assert facts.unsure == frozenset()


def test_names_of_bulk_data_that_a_loop_sets(tree: Tree) -> None:
    facts = tree.facts(
        "\tfor (i = 0; i < 2; i++)\n\t\tpriv->supplies[i].supply = vendor_supplies[i];\n"
        + _ok("devm_regulator_bulk_get(dev, 2, priv->supplies)"),
        'static const char * const vendor_supplies[] = { "vdd", "vio" };\n',
    )
    assert facts.asks == (Ask("regulator", "vdd", REQUIRED), Ask("regulator", "vio", REQUIRED))


def test_names_that_are_put_together(tree: Tree) -> None:
    facts = tree.facts(
        '\tsnprintf(name, sizeof(name), "usb2-%d", i);\n' + _ok("devm_phy_get(dev, name)")
    )
    assert facts.asks == (Ask("PHY", "usb2-*", REQUIRED),)
    assert facts.asks[0].covers("usb2-1")
    assert not facts.asks[0].covers("usb3-1")


def test_a_name_that_the_text_does_not_show(tree: Tree) -> None:
    facts = tree.facts(
        '\tof_property_read_string(np, "x", &priv->id);\n' + _ok("devm_clk_get(dev, priv->id)")
    )
    assert facts.asks == ()
    assert facts.unsure == {"clock"}
    assert facts.may_ask("clock")
    assert not facts.may_ask("PHY")


WRAPPER = """
static struct clk *vendor_clk(struct device *dev, struct device_node *node, const char *name)
{
	struct clk *clk = devm_get_clk_from_child(dev, node, name);

	if (IS_ERR(clk))
		dev_err(dev, "no %s (clock)", name);
	return clk;
}
"""


def test_requests_of_called_functions_get_their_arguments(tree: Tree) -> None:
    facts = tree.facts(
        _ok('vendor_clk(dev, np, "a")')
        + '\tvendor_clk(dev, np, "b");\n'
        + "\tfor_each_available_child_of_node(np, child) {\n"
        + '\t\tq = vendor_clk(dev, child, "c");\n\t\tif (IS_ERR(q))\n\t\t\tgoto out;\n\t}\n',
        WRAPPER,
    )
    assert facts.asks == (
        Ask("clock", "a", REQUIRED),
        Ask("clock", "b", IGNORED),
        Ask("clock", "c", REQUIRED, of_children=True),
    )


CHILDREN = (
    'child = of_get_child_by_name(np, "port");',
    "for_each_child_of_node_scoped(np, child) {}",
    "child = of_get_next_available_child(np, NULL);",
    "device_for_each_child_node(dev, child) {}",
    'priv->node = of_get_child_by_name(np, "port"); child = priv->node;',
)


@pytest.mark.parametrize("statement", CHILDREN)
def test_requests_for_child_nodes(tree: Tree, statement: str) -> None:
    facts = tree.facts(f"\t{statement}\n" + _ok("devm_of_phy_get(dev, child, NULL)"))
    assert facts.asks == (Ask("PHY", "", REQUIRED, of_children=True),)


OTHERS = (
    'other = of_parse_phandle(np, "v,link", 0);',
    'other = of_find_compatible_node(NULL, NULL, "v,x");',
    "other = of_graph_get_remote_node(np, 0, 0);",
    "other = of_get_parent(np);",
)


@pytest.mark.parametrize("statement", OTHERS)
def test_requests_for_other_nodes_are_no_asks(tree: Tree, statement: str) -> None:
    assert tree.facts(f"\t{statement}\n" + _ok("of_clk_get(other, 0)")).asks == ()


def test_a_device_that_a_driver_keeps_is_not_that_of_its_bus(tree: Tree) -> None:
    before = """
static void vendor_find(struct vendor_data *data, struct device_node *np)
{
	data->dev = &of_find_device_by_node(of_parse_phandle(np, "vendor,misc", 0))->dev;
}
"""
    facts = tree.facts('clk = devm_clk_get(dev, "bus"); if (IS_ERR(clk)) return 1;', before)
    assert [each.name for each in facts.asks] == ["bus"]


def test_the_device_of_the_own_node_is_the_own(tree: Tree) -> None:
    body = "struct platform_device *op = of_find_device_by_node(dev->of_node);\n"
    facts = tree.facts(body + "ret = platform_get_irq(op, 0); if (ret < 0) return ret;")
    assert [each.kind for each in facts.asks] == ["interrupt controller"]


def test_a_supplier_that_is_looked_up_by_its_node(tree: Tree) -> None:
    facts = tree.facts(
        '\tother = of_parse_phandle(np, "ddc-i2c-bus", 0);\n'
        "\tp = of_get_i2c_adapter_by_node(other);\n\tif (!p)\n\t\treturn -EPROBE_DEFER;\n"
    )
    assert facts.asks == (Ask("I2C bus", "ddc-i2c-bus", REQUIRED),)


def test_the_parent_of_a_driver_that_a_node_selects_is_another(tree: Tree) -> None:
    body = _ok('devm_clk_get(dev->parent, "bus")')
    assert tree.facts(body).asks == ()
    by_name = PROBE.format(body=body, before="").replace(", .of_match_table = vendor_ids", "")
    facts = tree.library({DRIVER: by_name}).facts(DRIVER)
    assert facts is not None
    assert facts.asks == (Ask("clock", "bus", REQUIRED),)


HELPER = """
int helper_probe(struct platform_device *pdev, const struct helper_data *data)
{
	struct clk *clk = devm_clk_get(&pdev->dev, data->clk);

	if (IS_ERR(clk))
		return PTR_ERR(clk);
	if (data->resets)
		devm_reset_controller_register(&pdev->dev, data->resets);
	return of_clk_add_hw_provider(pdev->dev.of_node, get, data);
}
"""


@pytest.mark.parametrize("export", ["EXPORT_SYMBOL_GPL(helper_probe);\n", ""])
def test_helpers_are_followed(tree: Tree, export: str) -> None:
    facts = tree.facts(
        "\treturn helper_probe(pdev, &data);\n",
        'static const struct helper_data data = { .clk = "bus" };\n',
        helper_c=HELPER + export,
        helper_h="struct helper_data { const char *clk; void *resets; };",
    )
    assert facts.asks == (Ask("clock", "bus", REQUIRED),)
    assert facts.offers == {"clock", "reset line"}
    assert facts.whole


def test_what_a_helper_does_only_for_some(tree: Tree) -> None:
    header = "struct helper_data {\n\tconst char *clk;\n\tvoid *resets;\n};\n"
    helper = f'#include "helper.h"\n{HELPER}EXPORT_SYMBOL_GPL(helper_probe);\n'
    data = 'static const struct helper_data data = {{ .clk = "bus"{} }};\n'
    body = "\treturn helper_probe(pdev, &data);\n"
    without = tree.facts(body, data.format(""), helper_c=helper, helper_h=header)
    assert without.offers == {"clock"}
    having = tree.facts(body, data.format(", .resets = r"), helper_c=helper, helper_h=header)
    assert having.offers == {"clock", "reset line"}


def test_functions_of_the_core_are_not_read(tree: Tree) -> None:
    core = "int core_setup(void)\n{\n\treturn unknown_function();\n}\nEXPORT_SYMBOL(core_setup);\n"
    files = {
        DRIVER: PROBE.format(body="\tcore_setup(dev);", before=""),
        "drivers/base/core.c": core,
    }
    facts = tree.library(files).facts(DRIVER)
    assert facts == DriverFacts(whole=True)
    assert is_core("drivers/gpu/drm/drm_panel.c")
    assert not is_core("drivers/gpu/drm/vendor/core.c")


def test_a_function_that_is_not_found_is_no_whole(tree: Tree) -> None:
    assert not tree.facts("\tnowhere_to_be_found(dev);\n").whole
    assert tree.facts('\tdev_err(dev, "see this (or that)");\n', "#define dev_err(d, f)\n").whole


def test_functions_of_other_files_of_the_module(tree: Tree) -> None:
    other = (
        "int vendor_setup(struct device *dev)\n{\n\treturn PTR_ERR(devm_phy_get(dev, NAME));\n}\n"
    )
    files = {
        DRIVER: PROBE.format(body="\treturn vendor_setup(dev);", before=""),
        "drivers/soc/vendor/sub/other.c": other.replace("NAME", '"x"'),
    }
    facts = tree.library(files, together=True).facts(DRIVER)
    assert facts is not None
    assert facts.asks == (Ask("PHY", "x", REQUIRED),)


OPS = """
struct vendor_ops {
	int (*setup)(struct device *dev);
};
static int setup_a(struct device *dev)
{
	return PTR_ERR_OR_ZERO(devm_clk_get(dev, "a"));
}
static int setup_b(struct device *dev)
{
	return PTR_ERR_OR_ZERO(devm_clk_get(dev, "b"));
}
static int phy_setup(struct device *dev)
{
	return PTR_ERR_OR_ZERO(devm_clk_get(dev, "not-now"));
}
static const struct vendor_ops ops_a = { .setup = setup_a };
static const struct vendor_ops ops_b = { .setup = setup_b };
static const struct phy_ops phy_ops = { .setup = phy_setup };
"""


def test_pointers_in_the_driver_s_own_structures(tree: Tree) -> None:
    facts = tree.facts("\tret = priv->ops->setup(dev);\n\tif (ret)\n\t\treturn ret;\n", OPS)
    assert [(ask.name, ask.need) for ask in facts.asks] == [("a", REQUIRED), ("b", REQUIRED)]


def test_functions_of_match_data(tree: Tree) -> None:
    facts = tree.facts(
        "\tsetup = of_device_get_match_data(dev);\n\treturn setup(dev);\n",
        OPS + "static const struct of_device_id vendor_ids[] = { { .data = setup_a }, };\n",
    )
    assert [ask.name for ask in facts.asks] == ["a"]


def test_callbacks_that_a_framework_calls(tree: Tree) -> None:
    facts = tree.facts(
        "\treturn component_add(dev, &vendor_component);\n",
        'static int vendor_bind(struct device *dev)\n{\n\tq = devm_clk_get(dev, "pix");\n'
        "\tif (IS_ERR(q))\n\t\treturn PTR_ERR(q);\n\treturn 0;\n}\n"
        "static const struct component_ops vendor_component = { .bind = vendor_bind };\n",
    )
    assert facts.asks == (Ask("clock", "pix", REQUIRED),)
    assert facts.offers == {"graph endpoint"}


def test_several_drivers_of_a_file_share_no_certain_need(tree: Tree) -> None:
    two = PROBE.format(body=_ok('devm_clk_get(dev, "a")'), before="")
    other = PROBE.format(
        body='\tdevm_clk_get(dev, "a");\n' + _ok('devm_clk_get(dev, "b")'), before=""
    )
    facts = tree.library({DRIVER: two + other.replace("vendor_", "other_")}).facts(DRIVER)
    assert facts is not None
    assert facts.asks == (Ask("clock", "a", UNKNOWN), Ask("clock", "b", REQUIRED))


STARTS = (
    'CLK_OF_DECLARE(x, "v,x", vendor_init);',
    'IRQCHIP_PLATFORM_DRIVER_BEGIN(v)\nIRQCHIP_MATCH("v,x", vendor_init)',
    "module_platform_driver_probe(vendor_driver, vendor_init);",
    "core_initcall(vendor_init);",
)


@pytest.mark.parametrize("start", STARTS)
def test_functions_that_the_kernel_calls_first(tree: Tree, start: str) -> None:
    body = "{\n\tdomain = irq_domain_create_linear(fwnode, 8, &ops, p);\n\treturn 0;\n}\n"
    text = f"static int __init vendor_init(struct device_node *np)\n{body}{start}\n"
    facts = tree.library({DRIVER: text}).facts(DRIVER)
    assert facts is not None
    assert facts.offers == {"interrupt controller"}


def test_a_file_with_nothing_that_the_kernel_calls(tree: Tree) -> None:
    drivers = tree.library({DRIVER: "static int helper(void)\n{\n\treturn 0;\n}\n"})
    assert drivers.facts(DRIVER) is None
    assert drivers.facts("drivers/none.c") is None


def test_what_buses_ask_for_before_the_driver(tree: Tree) -> None:
    text = PROBE.format(body="", before="").replace("platform_driver", "i2c_driver")
    facts = tree.library({DRIVER: text}).facts(DRIVER)
    assert facts is not None
    assert facts.asks == (Ask("interrupt controller", "", OPTIONAL),)


def test_inputs_that_a_core_asks_for_as_descriptions_say(tree: Tree) -> None:
    facts = tree.facts(
        "\tdevm_regulator_register(dev, &d, &c);\n\tdevm_of_clk_add_hw_provider(dev, get, hw);\n",
        'static const struct regulator_desc d = { .supply_name = "vin" };\n'
        'static const struct clk_parent_data parents[] = { { .fw_name = "xo" } };\n',
    )
    assert facts.asks == (Ask("clock", "xo", IGNORED), Ask("regulator", "vin", UNKNOWN))
    assert facts.offers == {"clock", "regulator"}


def test_registrations_by_their_form() -> None:
    assert set(offers_of("devm_led_classdev_register_ext")) == {"LED"}
    assert set(offers_of("irq_domain_create_hierarchy")) == {"interrupt controller"}
    assert set(offers_of("devm_thermal_of_zone_register")) == {"thermal sensor"}
    assert set(offers_of("thermal_zone_get_temp")) == set()


def test_calls_in_a_circle_end(tree: Tree) -> None:
    circle = "static int a(struct device *dev)\n{\n\treturn b(dev);\n}\n"
    circle += (
        'static int b(struct device *dev)\n{\n\tdevm_phy_get(dev, "x");\n\treturn a(dev);\n}\n'
    )
    facts = tree.facts("\ta(dev);\n", circle)
    assert facts.asks == (Ask("PHY", "x", IGNORED),)


def test_what_a_helper_does_for_those_that_set_a_capability(tree: Tree) -> None:
    helper = """
int helper_probe(struct helper *h)
{
	if (helper_cap_is(h, REQ_RES))
		return PTR_ERR_OR_ZERO(devm_clk_get(h->dev, "bus"));
	return 0;
}
EXPORT_SYMBOL(helper_probe);
"""
    body = "\treturn helper_probe(&priv->helper);\n"
    assert tree.facts(body, helper_c=helper).asks == ()
    having = tree.facts("\thelper_cap_set(&priv->helper, REQ_RES);\n" + body, helper_c=helper)
    assert having.asks == (Ask("clock", "bus", REQUIRED),)


def test_the_registers_of_the_own_node_are_no_supplier(tree: Tree) -> None:
    assert tree.facts(_ok("syscon_node_to_regmap(np)")).asks == ()
    facts = tree.facts(
        '\tother = of_parse_phandle(np, "v,grf", 0);\n' + _ok("syscon_node_to_regmap(other)")
    )
    assert facts.asks == (Ask("syscon registers", "v,grf", REQUIRED),)


def test_a_macro_is_followed_as_a_function(tree: Tree) -> None:
    macro = "#define setup(dev, name) vendor_setup(dev, name, 0)\n"
    text = "static int vendor_setup(struct device *dev, const char *name, int flags)\n"
    text += "{\n\treturn PTR_ERR_OR_ZERO(devm_clk_get(dev, name));\n}\n"
    facts = tree.facts('\treturn setup(dev, "bus");\n', macro + text)
    assert facts.asks == (Ask("clock", "bus", REQUIRED),)


#: Facts that were read in the sources by hand: file, request, what it offers.
KNOWN = {
    "drivers/usb/typec/tcpm/fusb302.c": Ask("regulator", "vbus", REQUIRED),
    "drivers/usb/dwc3/core.c": Ask("clock", "suspend", OPTIONAL),
    "drivers/pci/controller/dwc/pcie-qcom.c": Ask("regulator", "vdda", REQUIRED),
    "drivers/pmdomain/imx/imx8mp-blk-ctrl.c": Ask("power domain", "bus", REQUIRED),
    "drivers/mmc/host/sdhci-of-dwcmshc.c": Ask("regulator", "vmmc", OPTIONAL),
    "drivers/phy/rockchip/phy-rockchip-inno-usb2.c": Ask("external connector", "", REQUIRED),
    "drivers/regulator/fixed.c": Ask("regulator", "*", UNKNOWN),
    "drivers/input/keyboard/gpio_keys.c": Ask("GPIO", "", OPTIONAL, of_children=True),
    "drivers/leds/leds-gpio.c": Ask("GPIO", "", REQUIRED, of_children=True),
    "drivers/net/ethernet/freescale/fec_main.c": Ask("regulator", "phy", OPTIONAL),
}
OFFERS = {
    "drivers/usb/typec/tcpm/fusb302.c": ({"power supply"}, {"external connector"}),
    "drivers/extcon/extcon-ptn5150.c": ({"external connector"}, {"clock"}),
    "drivers/clk/qcom/gcc-sdm845.c": ({"clock", "reset line", "power domain"}, {"interconnect"}),
    "drivers/gpio/gpio-pca953x.c": ({"GPIO"}, {"clock"}),
    "drivers/pwm/pwm-rockchip.c": ({"PWM"}, {"clock"}),
    "drivers/mfd/rk8xx-i2c.c": ({"interrupt controller"}, {"regulator"}),
    "drivers/regulator/rk808-regulator.c": ({"regulator"}, {"clock"}),
    "drivers/phy/rockchip/phy-rockchip-inno-usb2.c": ({"PHY", "clock"}, {"GPIO"}),
    "drivers/clk/mediatek/clk-mt8188-infra_ao.c": ({"clock", "reset line"}, {"power domain"}),
    "drivers/iio/adc/rockchip_saradc.c": ({"ADC channel"}, {"regulator"}),
}


def test_the_shipped_index_knows_what_these_drivers_ask_for() -> None:
    index = SourceIndex.load(version=KernelVersion.parse("7.2"))
    missing = [
        (file, ask)
        for file, ask in KNOWN.items()
        if (facts := index.facts(file)) is None or ask not in facts.asks
    ]
    assert missing == []


def test_the_shipped_index_knows_what_these_drivers_offer() -> None:
    index = SourceIndex.load(version=KernelVersion.parse("7.2"))
    for file, (having, lacking) in OFFERS.items():
        facts = index.facts(file)
        assert facts is not None
        assert having <= facts.offers, file
        assert not lacking & facts.offers, file
        assert facts.whole, file


@pytest.mark.parametrize("release", ["5.10", "6.1", "6.12", "7.2"])
def test_the_shipped_indexes_have_facts_about_most_drivers(release: str) -> None:
    index = SourceIndex.load(version=KernelVersion.parse(release))
    files = {fields[1] for fields in index.tables if fields[0] == "d"}
    known = [facts for file in files if (facts := index.facts(file)) is not None]
    assert len(known) > 0.95 * len(files)
    assert sum(facts.whole for facts in known) > 0.9 * len(known)
    kinds = {*(each.kind for each in (*RESOURCES, *VENDOR_BINDINGS)), PCI_POWER}
    found = {ask.kind for facts in known for ask in facts.asks}
    found |= {kind for facts in known for kind in facts.offers | facts.unsure}
    assert found <= kinds


@pytest.mark.corpus
def test_facts_of_an_installed_source() -> None:
    trees = sorted(Path("/usr/src").glob("linux*/drivers/usb/typec/tcpm/fusb302.c"))
    if not trees:
        pytest.skip("no kernel source in /usr/src")
    index = SourceIndex.parse(make_index(str(trees[-1].parents[4])), "an index")
    facts = index.facts("drivers/usb/typec/tcpm/fusb302.c")
    assert facts is not None
    assert KNOWN["drivers/usb/typec/tcpm/fusb302.c"] in facts.asks
    assert "external connector" not in facts.offers
