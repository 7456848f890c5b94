"""The files that the documentation's examples name: fixtures, and small ones made here."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import dtlink
from dtlink.firmware.fdt_write import write
from dtlink.firmware.overlay.nodes import editable
from tests.support import images
from tests.support.boards import CHECKOUT, SHARED
from tests.support.repositories import commit, git, repository
from tests.support.repositories import write as write_files

FIXTURES = CHECKOUT / "fixtures"

_FIXTURES = {
    "fixtures": ".",
    "board.dtb": "boards/phone-soc.dtb",
    "base.dtb": "boards/phone-soc.dtb",
    "old.dtb": "boards/clean-board.dtb",
    "server.dtb": "boards/pci-server.dtb",
    "server.dts": "boards/server-mmu-masters.dts",
    "tables": "tables/arm-server",
    "faulty-tables": "tables/arm-server-faults",
    "kernel": "kernel",
    "reports": "reports",
    "dmesg.txt": "kernel/boot.log",
    "boards/clean-board.dtb": "boards/clean-board.dtb",
    "boards/phone-soc.dtb": "boards/phone-soc.dtb",
    "boards/server.dtb": "boards/pci-server.dtb",
}

_SOC = """\
/ {
	compatible = "vendor,soc";
	#address-cells = <2>;
	#size-cells = <2>;
	gmac: ethernet@fe300000 {
		compatible = "vendor,gmac";
		reg = <0x0 0xfe300000 0x0 0x10000>;
		status = "disabled";
	};
	dsp: dsp@fe400000 {
		compatible = "vendor,dsp";
		reg = <0x0 0xfe400000 0x0 0x10000>;
	};
	old_clk: clock {
		compatible = "fixed-clock";
		clock-frequency = <24000000>;
		#clock-cells = <0>;
	};
};
"""
_BOARD = """\
/dts-v1/;
#include "soc.dtsi"
/ { aliases { ethernet0 = &gmac; }; };
&gmac {
	status = "okay";
};
"""
_GPIO = """\
/dts-v1/;
/ {
	gpio: gpio@1000 {
		compatible = "vendor,gpio";
		gpio-controller;
		#gpio-cells = <2>;
	};
	mmc@5000 {
		compatible = "vendor,mmc";
		reg = <0x5000>;
		cd-gpio = <&gpio 1 0>;	/* card */
	};
};
"""
_UNLEASHED = """\
/dts-v1/;
/ {
	compatible = "sifive,fu540";
	#address-cells = <1>;
	#size-cells = <1>;
	soc {
		compatible = "simple-bus";
		#address-cells = <1>;
		#size-cells = <1>;
		ranges;
		prci: clock-controller@10000000 {
			compatible = "sifive,fu540-c000-prci";
			reg = <0x10000000 0x1000>;
			#clock-cells = <1>;
		};
		ethernet@10090000 {
			compatible = "sifive,fu540-c000-gem";
			reg = <0x10090000 0x2000>;
			clocks = <&prci 2>, <&prci 2>;
			clock-names = "pclk", "hclk";
		};
	};
};
"""
_LOG = """\
[    0.000000] Linux version 6.12.0 (builder) #1 SMP
[    0.000000] Kernel command line: console=ttySIF0
[    0.600000] macb 10090000.ethernet: failed to get macb_clk (-517)
"""
_CONFIG = """\
# Linux/riscv 6.12.0 Kernel Configuration
CONFIG_64BIT=y
CONFIG_RISCV=y
CONFIG_COMMON_CLK=y
CONFIG_MACB=y
# CONFIG_CLK_SIFIVE_PRCI is not set
"""
_OVERLAY = """\
/dts-v1/;
/plugin/;
&{/chosen} {
	%s = "quiet";
};
"""

_SOURCES = "arch/arm64/boot/dts/vendor"
_FILES = {
    f"{_SOURCES}/board.dts": _BOARD,
    f"{_SOURCES}/soc.dtsi": _SOC,
    "include/dt-bindings/gpio/gpio.h": "#define GPIO_ACTIVE_HIGH 0\n",
    f"{_SOURCES}/other.dts": '#include <dt-bindings/gpio/gpio.h>\n#include "board.dts"\n',
    "tree.dts": _BOARD,
    "soc.dtsi": _SOC,
    "gpio.dts": _GPIO,
    "unleashed.dts": _UNLEASHED,
    "unleashed.log": _LOG,
    "unleashed.config": _CONFIG,
    "csi.dtso": _OVERLAY % "csi",
    "fan.dtso": _OVERLAY % "fan",
    "config.txt": "# nothing is enabled\n",
    "initrd.img": "070701",
}

#: Boards that only the corpus has; blocks that name them skip where it is absent.
CORPUS = {
    "imx8mm-evk.dtb": "corpus/arm64/freescale/imx8mm-evk.dtb",
    "meson-g12b-odroid-n2.dtb": "corpus/arm64/amlogic/meson-g12b-odroid-n2.dtb",
    "rk3588-rock-5b.dtb": "corpus/arm64/rockchip/rk3588-rock-5b.dtb",
    "sdm845-db845c.dtb": "corpus/arm64/qcom/sdm845-db845c.dtb",
    "sun50i-a64-pine64-lts.dtb": "corpus/arm64/allwinner/sun50i-a64-pine64-lts.dtb",
    "debian-6.12": "kernel/debian-6.12-arm64",
}


def missing(command: str) -> list[str]:
    """What a command names that only the corpus has, where that is absent."""
    return [
        name for name, path in CORPUS.items() if name in command and not (SHARED / path).exists()
    ]


def made(folder: Path) -> Path:
    """A folder with all of it, as a repository with two commits, a tag and a branch of a remote."""
    repository(folder, _FILES)
    git(folder, "tag", "v1.0")
    for name, fixture in _FIXTURES.items():
        source, target = FIXTURES / fixture, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    blobs = {
        name.replace(".dts", ".dtb"): write(editable(dtlink.read_tree(folder / name)))
        for name in ("csi.dtso", "fan.dtso", "unleashed.dts", "tree.dts")
    }
    trees = {"fdt-1": blobs.pop("tree.dtb"), "fdt-2": (folder / "old.dtb").read_bytes()}
    pi = (folder / "old.dtb").read_bytes()
    conf = {"conf-1": ["fdt-1"], "conf-2": ["fdt-2"]}
    write_files(folder, {**blobs, "pi.dtb": pi, "fit.itb": images.fit(trees, conf)})
    report = dtlink.lint(folder / "boards", config=False).to_dict()
    write_files(folder, {f"reports/build-{n}.json": json.dumps(report) for n in (1, 2)})
    commit(folder)
    git(folder, "update-ref", "refs/remotes/origin/main", "HEAD")
    for name, path in CORPUS.items():
        if (SHARED / path).exists():
            (folder / name).symlink_to(SHARED / path)
    return folder
