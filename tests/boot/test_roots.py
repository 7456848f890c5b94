"""The controllers that can have the root filesystem."""

import pytest

from dtlink.board.root_needs import root_needs
from dtlink.board.settings import Settings
from dtlink.board.tree import TreeBoard
from dtlink.boot.roles import Role
from dtlink.facts.cmdline import CommandLine
from dtlink.firmware import dts
from dtlink.testing.sketch import sketch

#: Controllers with names that say little; their drivers say the rest.
BOARD = """
/dts-v1/;
/ {
  #address-cells = <1>; #size-cells = <0>;
  CHOSEN
  aliases { mmc0 = "/a@10"; mmc1 = "/a@11"; };
  a@10 { compatible = "v,mmc"; reg = <0x10>; };
  a@11 { compatible = "v,mmc"; reg = <0x11>; };
  a@12 {
    compatible = "v,mmc"; reg = <0x12>; #address-cells = <1>; #size-cells = <0>;
    wifi@1 { compatible = "v,wifi"; reg = <1>; };
  };
  b@20 { compatible = "v,ufs"; reg = <0x20>; };
  glue@30 {
    compatible = "v,dwc3"; reg = <0x30>; #address-cells = <1>; #size-cells = <0>;
    c@0 { compatible = "snps,dwc3"; reg = <0>; dr_mode = "host"; };
  };
  glue@31 {
    compatible = "v,dwc3"; reg = <0x31>; #address-cells = <1>; #size-cells = <0>;
    c@0 { compatible = "snps,dwc3"; reg = <0>; dr_mode = "peripheral"; };
  };
  d@40 { compatible = "v,nor"; reg = <0x40>; partitions { partition@0 { label = "a"; }; }; };
  e@50 { compatible = "v,mac"; reg = <0x50>; phy-mode = "rgmii"; };
  e@51 { compatible = "v,mac-timer"; reg = <0x51>; };
  pcie@60 { compatible = "v,pcie"; reg = <0x60>; device_type = "pci"; #address-cells = <3>;
    #size-cells = <2>; PORTS };
  pcie-ep@70 { compatible = "v,pcie-ep"; reg = <0x70>; };
  keyboard { compatible = "v,keyb"; };
  panel { compatible = "v,panel"; };
};
"""
KERNEL = """
module MMC drivers/mmc/host/v-mmc.c v,mmc
module UFS drivers/ufs/host/v-ufs.c v,ufs
module DWC3 drivers/usb/dwc3/core.c snps,dwc3
module DWC3_V drivers/usb/dwc3/dwc3-v.c v,dwc3
module NOR drivers/mtd/spi-nor/core.c v,nor
module NAND drivers/mtd/nand/raw/v-nand.c v,nand
module MAC drivers/net/ethernet/v/mac.c v,mac
module TIMER drivers/net/ethernet/v/timer.c v,mac-timer
module PCIE drivers/pci/controller/v-pcie.c v,pcie
module PCIE_EP drivers/pci/controller/v-pcie-ep.c v,pcie-ep
module KEYB drivers/input/keyboard/v-keyb.c v,keyb
module PANEL drivers/gpu/drm/panel/v-panel.c v,panel
"""


def board(
    cmdline: str | None = None, root: str = "", bootargs: str = "", ports: str = ""
) -> TreeBoard:
    chosen = f'chosen {{ bootargs = "{bootargs}"; }};' if bootargs else ""
    tree = dts.read_text(BOARD.replace("CHOSEN", chosen).replace("PORTS", ports))
    line = None if cmdline is None else CommandLine.parse(cmdline)
    return TreeBoard(tree, Settings(cmdline=line, root=root), facts=sketch(KERNEL))


def media(on: TreeBoard) -> set[str]:
    return {on.tree.path(node) for node in on.root.media}


def ways(on: TreeBoard) -> dict[str, list[str]]:
    needs = root_needs(on)
    return {
        on.tree.path(way.node): [row.module for row in way.drivers]
        for way in (*needs.ways, *needs.others)
    }


DISKS = {"/a@10", "/a@11", "/b@20", "/pcie@60"}
USB = "/glue@30/c@0"


@pytest.mark.parametrize(
    ("cmdline", "found"),
    [
        ("", DISKS),
        ("root=UUID=1", DISKS),
        ("root=/dev/ram0", DISKS),
        ("root=/dev/mmcblk1p2", {"/a@11"}),
        ("root=/dev/mmcblk5p2", {"/a@10", "/a@11"}),
        ("root=/dev/nvme0n1", {"/pcie@60"}),
        ("root=/dev/sda", {"/b@20", "/pcie@60", USB}),
        ("root=ubi0:a", {"/d@40"}),
        ("root=/dev/nfs", {"/e@50"}),
        ("root=/dev/vda", set()),
    ],
)
def test_the_root_device_chooses_controllers(cmdline: str, found: set[str]) -> None:
    assert media(board(cmdline)) == found


def test_a_named_node_is_the_only_one() -> None:
    assert media(board("root=/dev/mmcblk0", root="/b@20")) == {"/b@20"}


def test_a_list_has_every_medium_unless_the_command_line_is_given() -> None:
    assert set(ways(board())) == {*DISKS, USB}
    assert set(ways(board("root=UUID=1"))) == {*DISKS, USB}
    assert set(ways(board("root=/dev/nvme0n1"))) == {"/pcie@60"}
    # A boot loader replaces bootargs: they only add to the list.
    assert set(ways(board(bootargs="root=/dev/nfs"))) == {*DISKS, USB, "/e@50"}


def test_drivers_on_the_bus() -> None:
    found = ways(board())
    assert found["/a@10"] == ["mmc_block"]
    assert found["/b@20"] == ["sd_mod"]
    assert found["/pcie@60"] == ["nvme"]
    assert found[USB] == ["xhci_plat_hcd", "usb_storage", "uas", "sd_mod"]
    assert ways(board("root=ubi0:a"))["/d@40"] == ["ofpart"]
    assert set(ways(board("root=/dev/sda"))["/pcie@60"]) >= {"ahci", "xhci_pci", "sd_mod"}


def test_a_network_that_is_set_up_is_needed_beside_the_root() -> None:
    assert set(ways(board("root=/dev/nvme0n1 ip=dhcp"))) == {"/pcie@60", "/e@50"}


def test_a_passphrase_needs_what_shows_the_prompt_and_takes_it() -> None:
    on = board("rd.luks.uuid=1 root=/dev/nvme0n1")
    found = ways(on)
    assert set(found) == {"/pcie@60", "/keyboard", "/panel", USB}
    assert found[USB] == ["xhci_plat_hcd", "usbhid", "hid_generic"]
    roles = {node.path: on.roles.of(node.index) for node in on.tree}
    assert roles["/keyboard"] is roles["/panel"] is Role.PROMPT
    assert board().roles.of(on.tree.by_path["/panel"].index) is Role.DISPLAY


_PORT = 'pcie@0 { device_type = "pci"; reg = <0 0 0 0 0>; #address-cells = <3>; #size-cells = <2>; '
SOCKET = (
    _PORT
    + """port { p: endpoint { remote-endpoint = <&s>; }; }; }; };
  socket {
    compatible = "pcie-m2-%s-connector"; port { s: endpoint { remote-endpoint = <&p>; }; };"""
)


@pytest.mark.parametrize(
    ("ports", "drivers"),
    [
        ("", ["nvme"]),
        (_PORT + "};", ["nvme"]),
        # Soldered to the only port.
        (_PORT + 'wifi@0 { compatible = "pci17cb,1103"; reg = <0 0 0 0 0>; }; };', None),
        (_PORT + "nvme@0 { reg = <0 0 0 0 0>; }; };", ["nvme"]),
        (
            _PORT + 'x@0 { compatible = "pci1,2", "pciclass,010802"; reg = <0 0 0 0 0>; }; };',
            ["nvme"],
        ),
        (
            _PORT + "usb@0 { reg = <0 0 0 0 0>; }; };",
            ["xhci_pci", "usb_storage", "uas", "sd_mod"],
        ),
        # A socket for radios.
        (
            SOCKET % "e",
            None,
        ),
        (
            SOCKET % "m",
            ["nvme"],
        ),
    ],
)
def test_what_is_behind_a_pci_host(ports: str, drivers: list[str] | None) -> None:
    assert ways(board(ports=ports)).get("/pcie@60") == drivers


@pytest.mark.parametrize(
    ("compatibles", "first", "every"),
    [
        (["v,nor"], {0}, {0}),
        (["v,nor", "v,nand"], {1}, {1}),
        (["v,nor", "snps,dwc3"], {1}, {0, 1}),
        (["v,nand", "snps,dwc3"], {0}, {0, 1}),
        (["v,nor", "v,nand", "v,mmc", "snps,dwc3"], {2}, {2, 3}),
    ],
)
def test_flash_chips_count_where_there_are_no_disks(
    compatibles: list[str], first: set[int], every: set[int]
) -> None:
    nodes = (f'x@{at} {{ compatible = "{name}"; }};' for at, name in enumerate(compatibles))
    on = TreeBoard(dts.read_text(f"/dts-v1/; / {{ {' '.join(nodes)} }};"), facts=sketch(KERNEL))
    assert media(on) == {f"/x@{at}" for at in first}
    assert set(ways(on)) == {f"/x@{at}" for at in every}


def test_what_an_ethernet_switch_asks_for_by_name() -> None:
    text = '/dts-v1/; / { mac@1 { compatible = "v,mac"; phy-mode = "x"; mdio { switch@0 {'
    tree = dts.read_text(text + ' compatible = "v,switch"; }; }; }; };')
    line = Settings(cmdline=CommandLine.parse("root=/dev/nfs"))
    kernel = KERNEL + "module SWITCH drivers/net/dsa/mt7530-mdio.c v,switch\n"
    found = ways(TreeBoard(tree, line, facts=sketch(kernel)))
    assert found == {"/mac@1": [], "/mac@1/mdio/switch@0": ["tag_mtk"]}


def test_hubs_that_a_tree_describes_are_on_the_way() -> None:
    text = '/dts-v1/; / { usb@1 { compatible = "snps,dwc3"; hub@1 { compatible = "v,hub";'
    tree = dts.read_text(text + ' hub@2 { compatible = "v,hub"; }; }; mouse@3 { }; }; };')
    kernel = KERNEL + "module HUB drivers/usb/misc/onboard_usb_dev.c v,hub\n"
    on = TreeBoard(tree, facts=sketch(kernel))
    found = [on.tree.path(node) for node in on.root.on_the_way(on.tree.by_path["/usb@1"].index)]
    assert found == ["/usb@1/hub@1", "/usb@1/hub@1/hub@2"]


def test_a_root_on_flash_has_its_own_file_system() -> None:
    tree = dts.read_text('/dts-v1/; / { x@1 { compatible = "v,nand"; }; };')
    on = TreeBoard(tree, facts=sketch(KERNEL))
    assert ways(on) == {"/x@1": ["ubi"]}
    assert [each.driver.module for each in root_needs(on).support] == ["ubifs"]


def test_names_decide_where_no_driver_is_known() -> None:
    tree = dts.read_text(
        '/dts-v1/; / { mmc@1 { compatible = "x,y"; }; ufs@2 { compatible = "x"; }; };'
    )
    assert media(TreeBoard(tree)) == {"/mmc@1", "/ufs@2"}


def test_a_virtual_machine_has_virtual_disks() -> None:
    tree = dts.read_text(
        '/dts-v1/; / { compatible = "linux,dummy-virt"; '
        'virtio_mmio@1 { compatible = "virtio,mmio"; };'
        'pcie@2 { compatible = "pci-host-ecam-generic"; device_type = "pci"; }; };'
    )
    kernel = "module A drivers/virtio/virtio_mmio.c virtio,mmio\n"
    kernel += "built-in B drivers/pci/controller/pci-host-generic.c pci-host-ecam-generic\n"
    line = CommandLine.parse("root=/dev/nfs")
    on = TreeBoard(tree, facts=sketch(kernel))
    assert ways(on) == {
        "/virtio_mmio@1": ["virtio_blk"],
        "/pcie@2": ["nvme", "virtio_pci", "virtio_blk"],
    }
    scsi = Settings(cmdline=CommandLine.parse("root=/dev/sda1"))
    found = ways(TreeBoard(tree, scsi, facts=sketch(kernel)))
    assert found["/virtio_mmio@1"] == ["virtio_scsi", "sd_mod"]
    assert {"virtio_pci", "virtio_scsi", "ahci", "sd_mod"} <= set(found["/pcie@2"])
    network = TreeBoard(tree, Settings(cmdline=line), facts=sketch(kernel))
    assert ways(network) == {"/virtio_mmio@1": ["virtio_net"], "/pcie@2": ["virtio_net"]}


SLOTS = """
/ {
  #address-cells = <1>; #size-cells = <0>;
  simple: a { compatible = "mmc-pwrseq-simple"; };
  emmc: b { compatible = "mmc-pwrseq-emmc"; };
  mmc@1 { compatible = "v,mmc"; reg = <1>; mmc-pwrseq = <&%s>; %s };
};
"""


@pytest.mark.parametrize(
    ("sequence", "more", "is_medium"),
    [
        ("simple", "non-removable;", False),
        ("simple", "cap-sdio-irq; keep-power-in-suspend;", False),
        ("simple", "non-removable; cap-mmc-highspeed;", True),
        ("emmc", "non-removable;", True),
    ],
)
def test_a_slot_whose_power_sequence_is_that_of_a_radio_has_no_disk(sequence, more, is_medium):
    on = TreeBoard(dts.read_text(SLOTS % (sequence, more)), facts=sketch(KERNEL))
    assert media(on) == ({"/mmc@1"} if is_medium else set())


def test_usb_hosts_are_a_guess_where_there_is_no_place_for_disks():
    text = '/ { usb@1 { compatible = "snps,dwc3"; dr_mode = "host"; }; %s };'
    alone = TreeBoard(dts.read_text(text % ""), facts=sketch(KERNEL))
    assert (alone.root.is_guess, list(alone.root.plugged)) == (True, [1])
    assert alone.roles.of(1) is Role.STORAGE
    disk = TreeBoard(dts.read_text(text % 'a@2 { compatible = "v,mmc"; };'), facts=sketch(KERNEL))
    assert (disk.root.is_guess, list(disk.root.plugged)) == (False, [])
