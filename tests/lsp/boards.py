"""Sources that the tests of the language server write and open."""

from __future__ import annotations

from pathlib import Path

from dtlink.lsp.options import ServerOptions
from dtlink.lsp.session import Session

SOC = """#define CLK_UART 7
/ {
	#address-cells = <1>;
	#size-cells = <1>;
	/* ≤ a clock 𝄞 */ clk: clock-controller@1000 {
		compatible = "x,clk";
		reg = <0x1000 0x100>;
		#clock-cells = <1>;
	};
	uart: serial@2000 {
		compatible = "x,uart";
		reg = <0x2000 0x100>;
		clocks = <&clk CLK_UART>;
		status = "disabled";
	};
	gpio: gpio@4000 {
		compatible = "x,gpio";
		gpio-controller;
		#gpio-cells = <2>;
	};
	aliases { serial0 = &uart; };
	chosen { stdout-path = "serial0:115200"; };
};
"""
BOARD = """/dts-v1/;
#include "soc.dtsi"
/ {
	mmc@5000 {
		compatible = "x,mmc";
		reg = <0x5000 0x100>;
		clocks = <&clk 1>;
		cd-gpio = <&gpio 1 0>;	/* card */
	};
};
&uart { status = "okay"; };
"""
#: The rule of ``cd-gpio`` is an info, and off by default.
GIVEN = {"select": ("default", "legacy"), "show": "info"}


def write(folder: Path, **files: str) -> None:
    """Write the board and what it includes; ``files`` replace them, by the first part of a name."""
    texts = {"soc.dtsi": SOC, "board.dts": BOARD}
    texts |= {f"{name}.{'dtsi' if name == 'soc' else 'dts'}": text for name, text in files.items()}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def session(folder: Path, *opened: str, **options: object) -> Session:
    """A session with files of a folder open, all read."""
    chosen = {"isolated": True, "given": GIVEN, **options}
    made = Session(ServerOptions(**chosen))  # type: ignore[arg-type]
    for name in opened:
        path = folder / name
        made.open(str(path), path.read_text(encoding="utf-8"))
    settle(made)
    return made


def settle(made: Session) -> None:
    """Read all boards that are due."""
    for _ in range(20):
        if not made.step():
            return
    raise AssertionError("boards are read again and again")


def at(text: str, needle: str, number: int = 0) -> int:
    """The offset of a word in a text: of the first one, or of one after it."""
    offset = -1
    for _ in range(number + 1):
        offset = text.index(needle, offset + 1)
    return offset
