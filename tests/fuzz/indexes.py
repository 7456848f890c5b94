"""Damaged sources of a kernel, and damaged indexes of them."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from tests.fuzz.case import Made
from tests.fuzz.damage import damaged, damaged_lines
from tests.fuzz.kernels import board
from tests.fuzz.oracle import invoke
from tests.kernel import test_driver_children as makers
from tests.kernel import test_driver_requests as requests
from tests.kernel.test_source_index import TREE
from tests.support import kernels
from tests.support.packing import gzipped

#: What a driver asks for, how it names it, and what it does with the error.
_CALLS = (*requests.REQUESTS, *(call for _, call, _ in requests.NAMES.values()))
_BEFORE = ("", *(before for before, _, _ in requests.NAMES.values() if before))
_ERRORS = tuple(body for held in requests.HANDLINGS.values() for body in held)
#: Without one nothing is asked about a driver.
_TABLE = """
static const struct of_device_id vendor_ids[] = { { .compatible = "vendor,mmc" }, { } };
MODULE_DEVICE_TABLE(of, vendor_ids);
"""
#: A driver that asks for what others offer.
_DRIVER = """
static const struct of_device_id mmc_ids[] = { { .compatible = "vendor,mmc" }, { } };
MODULE_DEVICE_TABLE(of, mmc_ids);
static int mmc_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct clk *clk = devm_clk_get(dev, "bus");
	if (IS_ERR(clk))
		return dev_err_probe(dev, PTR_ERR(clk), "no clock\\n");
	for_each_available_child_of_node(dev->of_node, np)
		phy = devm_of_phy_get(dev, np, NULL);
	gpiod = devm_gpiod_get_optional(dev, "reset", GPIOD_OUT_LOW);
	return of_platform_populate(dev->of_node, NULL, NULL, dev);
}
static struct platform_driver mmc_driver = {
	.probe = mmc_probe,
	.driver = { .name = "mmc", .of_match_table = mmc_ids },
};
module_platform_driver(mmc_driver);
"""
_WORDS = tuple(
    word.encode()
    for word in (
        *("{", "}", "(", ")", ";", ",", "->", "#if", "#endif", "#define", "\\", '"', "/*", "*/"),
        *("return", "static", "struct", "obj-y", "obj-$(CONFIG_X)", "+=", "config", "depends on"),
        *("select X", "if X", "endif", "choice", "endchoice", "source", "ifeq ($(A),)", "else"),
        *(".compatible", "devm_clk_get(dev, NULL)", "goto out;", "$(", "${", "menu", "bool", "##"),
    )
)


@lru_cache(maxsize=1)
def tree() -> Mapping[str, bytes]:
    """The source of a small kernel."""
    files = {f"linux/{name}": text.encode() for name, text in TREE.items()}
    files["linux/drivers/mmc/mmc.c"] = _DRIVER.encode()
    files["linux/drivers/mmc/Makefile"] = b"obj-$(CONFIG_MMC_VENDOR) += mmc.o\n"
    files["linux/drivers/Makefile"] += b"\nobj-y += mmc/\n"
    return files


@lru_cache(maxsize=1)
def index() -> bytes:
    """The index of that source."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in tree().items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        out = Path(folder) / "index"
        done = invoke(["kernel", "index", f"{folder}/linux", "-o", str(out)])
        assert done.status == 0, done.err
        return out.read_bytes()


@lru_cache(maxsize=1)
def _makers() -> Mapping[str, bytes]:
    """A source whose drivers make devices."""
    return {f"linux/{name}": text.encode() for name, text in makers.TREE.items()}


def _driver(chance: random.Random) -> bytes:
    """A driver that asks for some resources, by itself or in a function of its own."""
    calls = chance.sample(_CALLS, chance.randint(1, 4))
    body = [f"\tp = {call};\n\tif (IS_ERR(p))\n\t\treturn PTR_ERR(p);\n" for call in calls]
    get = f"clk = {chance.choice(calls)};"
    body += [each.replace("GET", get) for each in chance.sample(_ERRORS, chance.randint(0, 3))]
    before = _TABLE + "".join(dict.fromkeys(chance.choices(_BEFORE, k=2)))
    if chance.random() < 0.4:
        before += requests.WRAPPER
        body.append('\tclk = vendor_clk(dev, np, chance ? "a" : names[i]);\n')
    return requests.PROBE.format(body="".join(body), before=before).encode()


def make_source(chance: random.Random) -> Made:
    """A kernel's source with damaged files."""
    files = dict(_makers() if chance.random() < 0.3 else tree())
    if "linux/drivers/mmc/mmc.c" in files and chance.random() < 0.6:
        files["linux/drivers/mmc/mmc.c"] = _driver(chance)
    for _ in range(chance.randint(1, 4)):
        name = chance.choice(sorted(files))
        files[name] = damaged_lines(files[name], chance, _WORDS)
        if chance.random() < 0.1:
            files[name] = damaged(files[name], chance)
        if chance.random() < 0.05:
            del files[name]
    return Made(files, [["kernel", "index", "$HERE/linux", "-o", "$HERE/index"]])


@lru_cache(maxsize=1)
def _plain() -> bytes:
    from dtlink.firmware.packing import unpacked

    return unpacked(index(), 1 << 24)


def make_index(chance: random.Random) -> Made:
    """A damaged index, beside a kernel."""
    if chance.random() < 0.5:
        data = damaged(index(), chance)
    else:
        text = damaged_lines(_plain(), chance)
        data = gzipped(damaged(text, chance) if chance.random() < 0.3 else text, 1)
    files = {
        "index": data,
        "board.dtb": board(),
        "k/.config": kernels.CONFIG.encode() + b"CONFIG_MMC_VENDOR=m\n",
    }
    here = ("--kernel", "$HERE/k", "--kernel-index", "$HERE/index")
    call = chance.choice((["drivers", "$HERE/board.dtb"], ["lint", "$HERE/board.dtb", "-j1"]))
    return Made(files, [[*call, *here]])
