"""Sources of kernels, for their index, that were made to be slow."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.benchmarks.shapes.shape import Shape

_TREE = {
    "src/Makefile": "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 7\nEXTRAVERSION =\n",
    "src/Kbuild": "obj-y += drivers/\n",
    "src/arch/arm/Makefile": "",
    "src/Kconfig": "config A\n\ttristate\n",
    "src/drivers/Makefile": "obj-$(CONFIG_A) += a.o\n",
    "src/drivers/a.c": "int a;\n",
}
_TABLE = 'static const struct of_device_id t{n}[] = {{\n\t{{ .compatible = "vendor,{n}" }},\n'
_DRIVER = """\
static int probe{n}(struct platform_device *pdev)
{{
\tstruct clk *clk = devm_clk_get(&pdev->dev, "c{n}");
\tif (IS_ERR(clk)) {{
\t\treturn PTR_ERR(clk);
\t}}
\treturn helper{n}(&pdev->dev);
}}
static const struct of_device_id t{n}[] = {{ {{ .compatible = "vendor,{n}" }}, {{ }} }};
static struct platform_driver d{n} = {{
\t.probe = probe{n}, .driver = {{ .name = "d{n}", .of_match_table = t{n} }},
}};
module_platform_driver(d{n});
"""


def _with(name: str, make: Callable[[int], str]) -> Callable[[int], Mapping[str, bytes]]:
    """A tree with one file that grows."""

    def made(count: int) -> Mapping[str, bytes]:
        return {path: text.encode() for path, text in {**_TREE, name: make(count)}.items()}

    return made


def _rows(row: str) -> Callable[[int], str]:
    return lambda count: "".join(row.format(n=n, m=n + 1) for n in range(count))


def macros(count: int) -> str:
    """Macros that double each other."""
    rows = "".join(f"#define M{n}(x) M{n + 1}(x) M{n + 1}(x)\n" for n in range(count))
    return f"{rows}static const struct of_device_id t[] = {{ M0(1) }};\n"


def one_function(count: int) -> str:
    """A long function of requests, one inside of the other."""
    row = '\tif (!devm_clk_get(&pdev->dev, "c{n}")) {{\n'
    body = "".join(row.format(n=n) for n in range(count))
    head = "static int probe(struct platform_device *pdev)\n{\n"
    return f"{head}{body}{'}' * count}\n\treturn 0;\n}}\n" + _DRIVER.format(n=0)


def nested_calls(count: int) -> str:
    """A function of requests, each an argument of the one before it."""
    calls = "devm_clk_get(&pdev->dev, " * count
    head = "static int probe0(struct platform_device *pdev)\n{\n"
    _, _, driver = _DRIVER.format(n=0).partition("\n}\n")
    return f'{head}\tclk = {calls}"a"{")" * count};\n\treturn 0;\n}}\n{driver}'


SHAPES = {
    name: Shape(_with(file, make), ("kernel index @src -o @index",), "src")
    for name, file, make in (
        ("tables without end", "src/drivers/a.c", _rows(_TABLE)),
        (
            "functions without end",
            "src/drivers/a.c",
            _rows('static int f{n}(struct device *dev)\n{{\n\tif (clk_get(dev, "a{n}") {{\n'),
        ),
        ("calls without end", "src/drivers/a.c", _rows("MODULE_DEVICE_TABLE(of, t{n};\nf{n}(g(\n")),
        ("structures without end", "src/drivers/a.c", _rows("struct s{n} {{\n\tint a{n};\n")),
        ("drivers", "src/drivers/a.c", _rows(_DRIVER)),
        ("conditions", "src/drivers/a.c", _rows("#ifdef CONFIG_A{n}\nint a{n};\n")),
        ("macros", "src/drivers/a.c", macros),
        ("one function", "src/drivers/a.c", one_function),
        ("nested calls", "src/drivers/a.c", nested_calls),
        ("quotes", "src/drivers/a.c", _rows("char a{n} = '\"; /* {n}\n")),
        ("Kconfig", "src/Kconfig", _rows("config A{n}\n\ttristate\n\tdepends on A{m} || !A{m}\n")),
        ("menus", "src/Kconfig", _rows("if A{n}\nmenu M{n}\n")),
        (
            "Makefile",
            "src/drivers/Makefile",
            _rows("obj-$(CONFIG_A{n}) += a{n}.o\na{n}-y += a.o\n"),
        ),
        ("Makefile ifs", "src/drivers/Makefile", _rows("ifdef CONFIG_A{n}\nobj-y += a{n}.o\n")),
    )
}
