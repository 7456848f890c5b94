"""What a message says of a file that a source may not, or cannot, include."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtlink.firmware.read import read
from dtlink.firmware.source.errors import SourceError, SourceFault
from tests.firmware.source.sources import written


def fault_of(path: str) -> SourceFault:
    """The one thing that is wrong in a source."""
    with pytest.raises(SourceError) as caught:
        read(path)
    (fault,) = caught.value.faults
    return fault


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, below which all files of a test are."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_missing_file_is_one_fault_with_the_folders_where_it_is_not(work: Path) -> None:
    written(work, {"a/board.dts": '/dts-v1/;\n#include "gone.dtsi"\n/ { a = <X>; };\n'})
    fault = fault_of("a/board.dts")
    assert fault.message == "gone.dtsi was not found"
    assert fault.fix == "add the folder that has it with -I DIR (it is not in a)"


def test_headers_that_are_near_are_named(work: Path) -> None:
    written(
        work,
        {
            "boards/v/board.dts": "/dts-v1/;\n#include <dt-bindings/x.h>\n/ { };\n",
            "linux/include/dt-bindings/x.h": "",
        },
    )
    assert fault_of("boards/v/board.dts").fix == "add -I linux/include, which has it"


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("soc.dtsi", "linux/arch/arm64/boot/dts/v"),
        ("v/soc.dtsi", "linux/arch/arm64/boot/dts"),
        ("arm64/v/soc.dtsi", "linux/scripts/dtc/include-prefixes"),
    ],
)
def test_sources_of_a_kernel_tree_that_is_near_are_named(work: Path, name: str, place: str) -> None:
    written(
        work,
        {
            "boards/board.dts": f'/dts-v1/;\n#include "{name}"\n/ {{ }};\n',
            "linux/arch/arm64/boot/dts/v/soc.dtsi": "",
        },
    )
    prefixes = work / "linux/scripts/dtc/include-prefixes"
    prefixes.mkdir(parents=True)
    (prefixes / "arm64").symlink_to("../../../arch/arm64/boot/dts")
    assert fault_of("boards/board.dts").fix == f"add -I {place}, which has it"


@pytest.mark.parametrize("name", ["../secret/key", "secret/../../secret/key", "/{}/secret/key"])
def test_a_name_that_climbs_is_not_looked_for(work: Path, name: str) -> None:
    written(
        work,
        {
            "boards/board.dts": f"/dts-v1/;\n#include <{name.format(work)}>\n/ {{ }};\n",
            "include/x.h": "",
            "secret/key": "hidden",
        },
    )
    fault = fault_of("boards/board.dts")
    assert "which has it" not in fault.fix
    assert "hidden" not in str(fault)


def test_a_file_outside_the_tree_is_named_with_the_option_that_allows_it(work: Path) -> None:
    written(
        work,
        {
            "boards/board.dts": '/dts-v1/;\n#include "../soc/soc.dtsi"\n/ { };\n',
            "soc/soc.dtsi": "hidden",
        },
    )
    fault = fault_of("boards/board.dts")
    assert "outside the tree" in fault.message
    assert fault.fix == "if that is meant, add --allow-include soc"
    assert "hidden" not in str(fault)


@pytest.mark.parametrize("path", ["/dev/zero", "/proc/self/environ", "/sys/kernel/notes"])
def test_nothing_of_the_kernel_is_offered(work: Path, path: str) -> None:
    for use in (f'#include "{path}"\n/ {{ }};', f'/ {{ a = /incbin/("{path}"); }};'):
        written(work, {"board.dts": f"/dts-v1/;\n{use}\n"})
        fault = fault_of("board.dts")
        assert "outside the tree" in fault.message
        assert not fault.fix


def test_data_outside_the_tree_is_refused_with_the_option(work: Path) -> None:
    written(
        work,
        {"a/board.dts": '/dts-v1/;\n/ { b = /incbin/("../c/fw"); };\n', "c/fw": "hidden"},
    )
    assert fault_of("a/board.dts").fix == "if that is meant, add --allow-include c"


def test_a_link_that_leads_nowhere_is_named(work: Path) -> None:
    written(work, {"board.dts": '/dts-v1/;\n#include "soc.dtsi"\n/ { };\n'})
    (work / "soc.dtsi").symlink_to("v2/soc.dtsi")
    assert "No such file or directory: it is a link to v2/soc.dtsi" in fault_of("board.dts").message


def test_a_long_name_is_cut(work: Path) -> None:
    written(work, {"board.dts": f'/dts-v1/;\n#include "{"x" * 5000}"\n/ {{ }};\n'})
    assert len(fault_of("board.dts").message) < 300


def test_a_file_that_is_included_twice_has_its_faults_once(work: Path) -> None:
    include = '#include "soc.dtsi"\n'
    written(work, {"board.dts": f"/dts-v1/;\n{include}{include}", "soc.dtsi": "#error no\n"})
    assert fault_of("board.dts").message == "#error no"
