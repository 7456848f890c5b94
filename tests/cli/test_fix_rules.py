"""lint --fix of single rules in a source with comments, macros and several openings of a node."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from dtlink.cli.main import cli

SOURCE = """/dts-v1/;
#define CLK_BUS 3
#define CLK_REF 4
#define PIN(bank, pin) ((bank) * 8 + (pin))
#define NAMES "bus", "ref"
/ {
	#address-cells = <1>;
	#size-cells = <1>;

	cru: clock-controller@1000 {
		compatible = "vendor,cru";
		reg = <0x1000 0x100>;
		#clock-cells = <1>;	/* see the header */
	};
	gpio: gpio@2000 {
		compatible = "vendor,gpio";
		reg = <0x2000 0x100>;
		gpio-controller;
		#gpio-cells = <2>;
	};
	vcc: regulator-vcc {
		compatible = "regulator-fixed";
		regulator-name = "vcc";
		status = "disabled"; // until it was measured
	};
	mac: mac@3000 {
		compatible = "vendor,mac";
		reg = <0x3000 0x100>;
		clocks = <&cru CLK_BUS>, <&cru CLK_REF>;
		/* as the binding has them */
		clock-names = %s;
		phy-supply = <&vcc>;
	};
};

&mac {
	%s
	reset-gpios = <&gpio PIN(1, 2) 0>; /* active high */
};
"""


def source(names: str = "NAMES", more: str = 'status = "okay";') -> str:
    return SOURCE % (names, more)


@pytest.mark.parametrize(
    ("rule", "bad", "good"),
    [
        (
            "phandle/names-mismatch",
            source('"bus", "ref", /* not yet */ "out"'),
            source('"bus", "ref" /* not yet */'),
        ),
        (
            "phandle/assigned-clocks",
            source(
                more="assigned-clocks = <&cru CLK_BUS>;\n"
                "\tassigned-clock-rates = <25000000>, /* REF: */ <50000000>;"
            ),
            source(
                more="assigned-clocks = <&cru CLK_BUS>;\n"
                "\tassigned-clock-rates = <25000000> /* REF: */;"
            ),
        ),
        (
            "legacy/both-gpio-names",
            source(more="reset-gpio = <&gpio PIN(1, 2) 0>;	/* old */\n\tfoo;"),
            source(more="foo;"),
        ),
        (
            "phandle/missing-cells",
            source().replace("\t\t#clock-cells = <1>;\t/* see the header */\n", ""),
            source().replace("<1>;\t/* see the header */", "<1>;"),
        ),
        (
            "phandle/second-supply",
            source().replace("<&vcc>;", "<&vcc>, /* and */ <&vcc>;"),
            source().replace("<&vcc>;", "<&vcc> /* and */;"),
        ),
        ("tree/status", source(more="status = <1>;"), source(more='status = "okay";')),
        (
            "supplier/misspelt-name",
            source().replace("\tclocks =", "\tclock ="),
            source(),
        ),
        (
            "supplier/disabled",
            source(),
            source().replace('"disabled"; // until', '"okay"; // until'),
        ),
        (
            "supplier/not-a-provider",
            source().replace("\t\tgpio-controller;\n", ""),
            source()
            .replace("\t\tgpio-controller;\n", "")
            .replace("#gpio-cells = <2>;", "#gpio-cells = <2>;\n\t\tgpio-controller;"),
        ),
        (
            "phandle/leftover-cells",
            source().replace("CLK_REF>;", "CLK_REF>, [00]; // odd"),
            source().replace("CLK_REF>;", "CLK_REF>; // odd"),
        ),
    ],
)
def test_a_fix_changes_its_words_and_no_others(
    tmp_path: Path, rule: str, bad: str, good: str
) -> None:
    path = tmp_path / "board.dts"
    path.write_text(bad, encoding="utf-8")
    arguments = ["lint", str(path), "--fix", "--unsafe-fixes", "--fix-only", rule]
    done = CliRunner().invoke(cli, [*arguments, "--select", rule])
    assert path.read_text(encoding="utf-8") == good, done.output
    assert "1 finding fixed in 1 file" in done.stderr


def test_a_macro_of_several_strings_is_left(tmp_path: Path) -> None:
    path, bad = tmp_path / "board.dts", source('NAMES, "out"')
    path.write_text(bad, encoding="utf-8")
    done = CliRunner().invoke(
        cli, ["lint", str(path), "--fix", "--unsafe-fixes", "--select", "phandle/names-mismatch"]
    )
    assert path.read_text(encoding="utf-8") == bad
    assert "the value of clock-names has NAMES in it, a macro" in done.stderr
