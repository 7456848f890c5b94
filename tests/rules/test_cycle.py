"""Devices that wait for each other, and what only looks like it."""

from dtlink.board.tree import TreeBoard
from dtlink.firmware import dts, fdt
from dtlink.firmware.fdt_write import SourceNode, write
from dtlink.rules.catalogue import find
from dtlink.rules.model import Finding
from tests.support.boards import fixture_blobs
from tests.support.limits import at_most


def lint(source: str, name: str = "supplier-cycle") -> list[Finding]:
    return run(TreeBoard(dts.read_text(source)), name)


def run(board: TreeBoard, name: str = "supplier-cycle") -> list[Finding]:
    rule = find(f"cycle/{name}")
    assert rule is not None
    return list(rule.check(board))


class TestFixtures:
    def test_phone(self) -> None:
        found = run(TreeBoard(fdt.read(fixture_blobs()["phone-soc"])))
        assert [(f.severity.value, f.subject.path.rpartition("/")[2]) for f in found] == [
            ("warning", "clock-controller@3d90000"),
            ("info", "pmic@8"),
            ("info", "clock-controller@af00000"),
        ]
        assert found[0].message == (
            "clock-controller@3d90000 needs power-controller@3d40000 (vdd-gfx-supply), "
            "which needs iommu@3da0000 (iommus), "
            "which needs clock-controller@3d90000 (power-domains)"
        )
        assert found[2].fix.text.endswith("&dispcc { post-init-providers = <&dsi_phy>; };")

    def test_guest(self) -> None:
        board = TreeBoard(fdt.read(fixture_blobs()["virtio-iommu-guest"]))
        found = run(board, "iommu-behind-itself")
        assert [(f.subject.path, f.index) for f in found] == [("/pcie@4020000000", 0)]
        assert found[0].fix.text == (
            "Replace the entry with <0x0 &viommu1 0x0 0x18>, <0x19 &viommu1 0x19 0xfe7>."
        )
        assert run(board) == []


class TestIommus:
    """The display controller of an APQ8064: its clocks make a cycle that the kernel sees."""

    SOURCE = """/ {
        mmcc: clock-controller { compatible = "x,mmcc"; #clock-cells = <1>; clocks = <CLOCK>; };
        mdp: display { compatible = "x,mdp"; #clock-cells = <0>; iommus = <&iommu 0>; DISPLAY };
        iommu: iommu { compatible = "x,iommu"; #iommu-cells = <1>; clocks = <&mmcc 1>; };
    };"""

    def test_a_cycle_that_no_link_relaxes(self) -> None:
        source = self.SOURCE.replace("CLOCK", "&mdp").replace("DISPLAY", "")
        [found] = lint(source)
        assert found.severity.value == "warning"
        assert found.effect.startswith("iommu probes only after display, ")

    def test_one_that_the_kernel_relaxes_where_it_sees_it(self) -> None:
        source = self.SOURCE.replace("CLOCK", "&mdp").replace("DISPLAY", "clocks = <&mmcc 2>;")
        [found] = lint(source)
        assert found.severity.value == "info"


class TestWhatIsNoCycle:
    def test_a_device_and_its_own_parts(self) -> None:
        """A PMIC that feeds itself, a pin controller with a hog, a host with its own controller."""
        source = """/ {
            pmic: pmic { compatible = "vendor,pmic"; vin-supply = <&buck>;
                regulators { buck: buck { ldo-supply = <&ldo>; }; ldo: ldo { }; };
            };
            pins { compatible = "vendor,pinctrl"; pinctrl-0 = <&hog>; hog: hog { }; };
            pcie { compatible = "vendor,pcie"; interrupt-parent = <&intc>; interrupts = <1>;
                intc: intc { interrupt-controller; #interrupt-cells = <1>; };
            };
        };"""
        assert lint(source) == []

    def test_graph_endpoints(self) -> None:
        source = """/ {
            bridge { compatible = "bridge"; port { a: endpoint { remote-endpoint = <&b>; }; }; };
            panel { compatible = "panel"; port { b: endpoint { remote-endpoint = <&a>; }; }; };
        };"""
        assert lint(source) == []

    def test_a_part_of_a_device_blocks_nobody(self) -> None:
        """An LED without compatible needs a regulator that needs the LED controller."""
        source = """/ {
            ctrl: leds { compatible = "vendor,leds"; #clock-cells = <0>;
                led { vled-supply = <&reg>; };
            };
            reg: regulator { compatible = "regulator-fixed-clock"; clocks = <&ctrl>; };
        };"""
        assert lint(source) == []

    def test_what_starts_before_devices(self) -> None:
        """i.MX6: the clock controller and the power controller name each other."""
        source = """/ {
            gpc: gpc { compatible = "fsl,imx6q-gpc"; interrupt-controller; #interrupt-cells = <1>;
                clocks = <&ccm>; };
            ccm: ccm { compatible = "fsl,imx6q-ccm"; #clock-cells = <0>;
                interrupt-parent = <&gpc>; interrupts = <1>; };
        };"""
        assert lint(source) == []
        assert len(lint(source.replace("imx6q", "imx99"))) == 1

    def test_a_disabled_device(self) -> None:
        source = """/ {
            a: a { compatible = "a"; #clock-cells = <0>; clocks = <&b>; };
            b: b { compatible = "b"; #clock-cells = <0>; clocks = <&a>; status = "disabled"; };
        };"""
        assert lint(source) == []

    def test_a_bridge_and_its_iommu(self) -> None:
        """iommu-map is for the functions behind the bridge."""
        source = """/ {
            pcie { compatible = "pci-host-ecam-generic"; device_type = "pci";
                iommu-map = <0 &iommu 0 8>;
                iommu: iommu { compatible = "virtio,pci-iommu"; #iommu-cells = <1>; };
            };
        };"""
        assert lint(source) == []


class TestChains:
    def test_through_a_parent(self) -> None:
        found = lint("""/ {
            soc: soc { compatible = "simple-bus"; nvmem-cells = <&id>;
                bus { compatible = "simple-bus";
                    efuse { compatible = "vendor,efuse"; id: id { }; };
                };
            };
        };""")
        assert [f.message for f in found] == [
            "soc needs efuse (nvmem-cells), which is a child of soc"
        ]
        assert found[0].fix.text.endswith("&soc { post-init-providers = <&id>; };")

    def test_two_cycles_that_share_a_device_are_one_finding(self) -> None:
        found = lint("""/ {
            gcc: gcc { compatible = "gcc"; #clock-cells = <1>; clocks = <&one>, <&two>; };
            one: one { compatible = "a"; #clock-cells = <0>; #phy-cells = <0>; clocks = <&gcc 1>; };
            two: two { compatible = "b"; #clock-cells = <0>; #phy-cells = <0>; clocks = <&gcc 2>; };
        };""")
        assert len(found) == 1
        assert found[0].message.endswith("; 1 more device is in the cycle")
        assert found[0].fix.text.endswith("&gcc { post-init-providers = <&one>, <&two>; };")

    def test_without_labels_the_fix_has_paths(self) -> None:
        found = lint("""/ {
            a { compatible = "a"; phandle = <1>; #clock-cells = <0>; clocks = <2>; };
            b { compatible = "b"; phandle = <2>; #clock-cells = <0>; clocks = <1>; };
        };""")
        assert found[0].fix.text.endswith("&{/a} { post-init-providers = <&{/b}>; };")

    def test_a_long_chain_is_one_short_message(self) -> None:
        """Every clock needs the next, and the last the first: the message stays short."""
        root, size = SourceNode("", {}, []), 4000
        for number in range(1, size + 1):
            values = {
                "compatible": b"vendor,clock\0",
                "#clock-cells": bytes(4),
                "phandle": number.to_bytes(4, "big"),
                "clocks": (number % size + 1).to_bytes(4, "big"),
            }
            root.children.append(SourceNode(f"clock-{number}", values, []))
        with at_most():
            found = run(TreeBoard(fdt.read(write(root))))
        assert [len(f.message) < 500 for f in found] == [True]


class TestSelfLink:
    def test_clocks_fed_back_are_usual(self) -> None:
        source = '/ { rcc: rcc { compatible = "rcc"; #clock-cells = <1>; clocks = <&rcc 3>; }; };'
        assert lint(source, "self-link") == []

    def test_a_regulator_that_feeds_itself(self) -> None:
        source = '/ { reg: reg { compatible = "regulator-fixed"; vin-supply = <&reg>; }; };'
        assert [f.property_name for f in lint(source, "self-link")] == ["vin-supply"]


class TestIommuBehindItself:
    BEHIND_A_BRIDGE = """/ {
        pcie { compatible = "pci-host-ecam-generic"; device_type = "pci";
            #address-cells = <3>; #size-cells = <2>;
            iommu-map = <0x0 &iommu 0x0 0x100>, <ROW>;
            pci@1,0 { device_type = "pci"; reg = <0x800 0 0 0 0>; bus-range = <1 1>;
                #address-cells = <3>; #size-cells = <2>;
                iommu: iommu@2,0 { compatible = "virtio,pci-iommu"; reg = <0x1000 0 0 0 0>;
                    #iommu-cells = <1>; };
            };
        };
    };"""

    def test_bus_of_the_bridge(self) -> None:
        """The function is 01:02.0, requester ID 0x110."""
        rows = ("0x100 &iommu 0x100 0x100", "0x100 &iommu 0x100 0x10")
        found = [
            lint(self.BEHIND_A_BRIDGE.replace("ROW", row), "iommu-behind-itself") for row in rows
        ]
        assert [[f.index for f in each] for each in found] == [[1], []]

    def test_unknown_bus(self) -> None:
        source = self.BEHIND_A_BRIDGE.replace("bus-range = <1 1>;", "")
        row = "0x100 &iommu 0x100 0xff00"
        assert lint(source.replace("ROW", row), "iommu-behind-itself") == []
