"""Which boards a file reaches."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtlink.firmware.source.includers import boards_with
from tests.firmware.source.sources import written

FILES = {
    "arch/arm64/boot/dts/v/one.dts": '#include "board.dtsi"\n',
    "arch/arm64/boot/dts/v/two.dts": '/include/ "soc.dtsi"\n',
    "arch/arm64/boot/dts/v/three.dtso": "#include <dt-bindings/a.h>\n",
    "arch/arm64/boot/dts/v/alone.dts": "/* none */\n",
    "arch/arm64/boot/dts/v/board.dtsi": '#include "soc.dtsi"\n#include "board.dtsi"\n',
    "arch/arm64/boot/dts/v/soc.dtsi": "# include <dt-bindings/a.h>\n#include <gone.h>\n",
    "include/dt-bindings/a.h": "#define A 1\n",
}


@pytest.mark.parametrize(
    ("name", "boards"),
    [
        ("arch/arm64/boot/dts/v/board.dtsi", ["one.dts"]),
        ("arch/arm64/boot/dts/v/soc.dtsi", ["one.dts", "two.dts"]),
        ("include/dt-bindings/a.h", ["one.dts", "three.dtso", "two.dts"]),
        ("arch/arm64/boot/dts/v/alone.dts", []),
    ],
)
def test_boards_that_include_a_file(name: str, boards: list[str], tmp_path: Path) -> None:
    written(tmp_path, FILES)
    prefixes = tmp_path / "scripts/dtc/include-prefixes"
    prefixes.mkdir(parents=True)
    (prefixes / "dt-bindings").symlink_to(tmp_path / "include/dt-bindings")
    assert [Path(each).name for each in boards_with(str(tmp_path / name))] == boards
