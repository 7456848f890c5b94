"""PowerPC: the platform starts interrupt controllers, and fw_devlink follows no interrupts."""

import pytest

from dtlink.board.tree import TreeBoard
from dtlink.engine.linting import lint_board
from dtlink.firmware import dts

BOARD = """
/ {
    interrupt-parent = <&ipic>;
    cpus { #address-cells = <1>; #size-cells = <0>; %s };
    soc {
        #address-cells = <1>; #size-cells = <1>; device_type = "soc"; compatible = "simple-bus";
        ranges;
        i2c@3000 { compatible = "fsl-i2c"; reg = <0x3000 0x100>; interrupts = <14 8>; };
        ipic: pic@700 {
            device_type = "ipic"; interrupt-controller; #interrupt-cells = <2>;
            reg = <0x700 0x100>; #address-cells = <0>;
        };
    };
};
"""


@pytest.mark.parametrize(
    ("cpu", "rules"),
    [
        ('PowerPC,8349@0 { device_type = "cpu"; reg = <0>; };', set()),
        ('cpu@0 { device_type = "cpu"; reg = <0>; model = "PowerPC,440EPx"; };', set()),
        ('cpu@0 { compatible = "arm,cortex-a7"; reg = <0>; };', {"supplier/no-device"}),
    ],
)
def test_a_controller_that_the_platform_knows_by_its_type(cpu: str, rules: set[str]) -> None:
    board = TreeBoard(dts.read_text(BOARD % cpu))
    found = lint_board(board)
    assert not found["faults"]
    assert {each.rule for each in found["findings"]} == rules
    (link,) = [link for link in board.graph.links if link.binding.name == "interrupts"]
    assert link.supplier.path == "/soc/pic@700", "the link is there all the same"


def test_the_controller_of_a_nios2_cpu() -> None:
    source = """
    / {
        cpus {
            #address-cells = <1>; #size-cells = <0>;
            cpu: cpu@0 {
                compatible = "altr,nios2-1.1"; reg = <0>; device_type = "cpu";
                interrupt-controller; #interrupt-cells = <1>;
            };
        };
        serial@1000 {
            compatible = "altr,uart-1.0"; reg = <0x1000>;
            interrupt-parent = <&cpu>; interrupts = <7>;
        };
    };
    """
    assert not lint_board(TreeBoard(dts.read_text(source)))["findings"]
