"""The supplier table of a kernel's source, read from own snippets."""

from __future__ import annotations

import pytest

from dtlink.facts.kernels import DEFAULT, KNOWN
from tools.suppliers import SupplierRow, differences, known_table, read_table

SOURCE = """
#define DEFINE_SIMPLE_PROP(fname, name, cells) \\
static struct device_node *parse_##fname(struct device_node *np, const char *prop_name, int at) \\
{ return NULL; }

DEFINE_SIMPLE_PROP(clocks, "clocks", "#clock-cells")
DEFINE_SIMPLE_PROP(broken_over_lines, "broken-over-lines",
                   "#line-cells")
DEFINE_SIMPLE_PROP(iommus, "iommus", "#iommu-cells")
DEFINE_SIMPLE_PROP(unused, "unused", NULL)
DEFINE_SIMPLE_PROP(later, "post-init-providers", NULL)
DEFINE_SUFFIX_PROP(regulators, "-supply", NULL)

static struct device_node *parse_gpios(struct device_node *np,
                                       const char *prop_name, int index)
{
    if (!strcmp_suffix(prop_name, ",nr-gpios"))
        return NULL;
    return parse_suffix_prop_cells(np, prop_name, index, "-gpios",
                                   "#gpio-cells");
}

static struct device_node *parse_pins(struct device_node *np,
                                      const char *prop_name, int index)
{
    if (!strstarts(prop_name, "pinctrl-")) {
        return NULL;
    }
    return of_parse_phandle(np, prop_name, index);
}

static struct device_node *parse_two(struct device_node *np, const char *prop_name, int index)
{
    if (strcmp(prop_name, "one") && strcmp(prop_name, "other"))
        return NULL;
    return of_parse_phandle(np, prop_name, index); /* not "#comment-cells" */
}

static struct device_node *parse_strange(struct device_node *np, const char *prop_name, int index)
{
    return magic(np, prop_name);
}

static const struct supplier_bindings of_supplier_bindings[] = {
    { .parse_prop = parse_clocks, },
    // { .parse_prop = parse_unused, },
    { .parse_prop = parse_broken_over_lines, },
    { .parse_prop = parse_iommus, .optional = true, },
    { .parse_prop = parse_pins, .get_con_dev = of_graph_get_port_parent },
    { .parse_prop = parse_two, },
    { .parse_prop = parse_regulators, },
    { .parse_prop = parse_gpios, },
    { .parse_prop = parse_strange, },
    { .parse_prop = parse_nowhere, },
    {
        .parse_prop = parse_later,
        .fwlink_flags = FWLINK_FLAG_IGNORE,
    },
    {}
};
"""


def test_a_table() -> None:
    assert read_table(SOURCE) == {
        "clocks": SupplierRow("#clock-cells"),
        "broken-over-lines": SupplierRow("#line-cells"),
        "iommus": SupplierRow("#iommu-cells", optional=True),
        "pinctrl-*": SupplierRow(),
        "one": SupplierRow(),
        "other": SupplierRow(),
        "*-supply": SupplierRow(),
        "*-gpios": SupplierRow("#gpio-cells"),
        "parse_strange()": SupplierRow(),
        "parse_nowhere()": SupplierRow(),
        "post-init-providers": SupplierRow(ignored=True),
    }


@pytest.mark.parametrize("text", ["", "int main;", SOURCE.partition("of_supplier")[0], "{" * 9999])
def test_a_file_without_a_table(text: str) -> None:
    assert read_table(text) == {}


def test_differences() -> None:
    old = {
        "clocks": SupplierRow("#clock-cells"),
        "gone": SupplierRow(),
        "dmas": SupplierRow("#dma-cells"),
        "iommu-map": SupplierRow("#iommu-cells"),
    }
    new = {
        "clocks": SupplierRow("#clock-cells"),
        "dmas": SupplierRow("#dma-cells", optional=True),
        "new": SupplierRow(),
        "iommu-map": SupplierRow(),  # it has a reader of its own
    }
    assert list(differences(old, new)) == [
        "- gone (no cells)",
        "+ new (no cells)",
        "~ dmas (#dma-cells) → (#dma-cells, optional)",
    ]


@pytest.mark.parametrize("version", KNOWN, ids=str)
def test_the_rows_of_dtlink_have_the_same_form(version) -> None:
    table = known_table(version)
    assert table["clocks"] == SupplierRow("#clock-cells")
    assert table["*-supply"] == SupplierRow()
    assert list(differences(table, table)) == []


def test_flags_of_rows() -> None:
    table = known_table(DEFAULT)
    assert table["iommus"].optional
    assert table["post-init-providers"].ignored
