"""Boot logs with the kernel that wrote them: what it lacks explains what the log leaves out."""

from __future__ import annotations

import pytest

from dtlink.board.settings import Settings
from dtlink.board.tree import TreeBoard
from dtlink.firmware import dts
from dtlink.firmware.tree import Tree
from dtlink.observed.bootlog.explain import explain
from dtlink.observed.bootlog.model import CauseKind, DeviceEffect, Explanation
from dtlink.observed.bootlog.read import parse
from dtlink.testing.sketch import sketch
from dtlink.views.log import LogView

TREE = dts.read_text("""
/dts-v1/;
/ { #address-cells = <1>; #size-cells = <1>;
    pll: pll@1000 { compatible = "x,pll"; reg = <0x1000 0x100>; #clock-cells = <0>; };
    clk: clock@2000 { compatible = "x,clk"; reg = <0x2000 0x100>; #clock-cells = <1>;
        clocks = <&pll>; };
    phy: phy@3000 { compatible = "x,phy"; reg = <0x3000 0x100>; #phy-cells = <0>; };
    mmc@4000 { compatible = "x,mmc"; reg = <0x4000 0x100>; clocks = <&clk 1>, <&clk 2>;
        clock-names = "core", "bus"; phys = <&phy>; phy-names = "emmc"; };
};
""")
HEAD = "[    0.000000] Linux version 6.12.0 (a@b) (gcc 12) #1 SMP\n"
INIT = "[    2.000000] Run /init as init process\n"
MMC = "[    1.000000] x-mmc 4000.mmc: "
CLOCK = f"{MMC}failed to get core clock: -517\n"
LINK = "platform 4000.mmc: probe deferral - supplier 3000.phy not ready\n"
PHY = f"{MMC}no PHY yet, deferring probe\n"

BUILT = """
built-in PLL drivers/clk/pll.c x,pll
built-in CLK drivers/clk/clk.c x,clk
built-in PHY drivers/phy/phy.c x,phy
built-in MMC drivers/mmc/host/x-mmc.c x,mmc
"""
NO_PLL = BUILT.replace("built-in PLL", "off PLL")
NO_PHY = BUILT.replace("built-in PHY", "off PHY")
PHY_LATE = BUILT.replace("built-in PHY", "module PHY") + "initramfs ext4\n"
PHY_HELD = BUILT.replace("built-in PHY", "module PHY").replace("x,phy", "x,phy initramfs")


def told(text: str, kernel: str, tree: Tree = TREE) -> Explanation:
    board = TreeBoard(tree, Settings(), facts=sketch(kernel))
    return explain(parse((HEAD + text).encode()), board=board)


@pytest.mark.parametrize(
    ("text", "kernel", "subject", "cure"),
    [
        (PHY, NO_PHY, "/phy@3000", "set CONFIG_PHY"),
        (CLOCK, NO_PLL, "/pll@1000", "set CONFIG_PLL"),
        (CLOCK + PHY + INIT, NO_PHY, "/phy@3000", "set CONFIG_PHY"),
        (LINK, NO_PHY, "/phy@3000", "set"),
        (PHY + INIT, PHY_LATE, "/phy@3000", "put its module phy into the initramfs"),
    ],
    ids=[
        "not built",
        "a supplier's supplier",
        "the last words count",
        "link",
        "not in the initramfs",
    ],
)
def test_a_deferral_that_is_not_taken_back(text: str, kernel: str, subject: str, cure: str) -> None:
    (cause,) = told(text, kernel).causes
    assert (cause.origin.root, cause.origin.subject) == (CauseKind.NO_DRIVER, subject)
    assert cause.origin.cure.startswith(cure)
    assert cause.sure
    (victim,) = cause.victims
    assert (victim.node, victim.effect) == ("/mmc@4000", DeviceEffect.WAITS)


def test_an_error_that_is_a_deferral_without_words() -> None:
    (cause,) = told("x-mmc: probe of 4000.mmc failed with error -517\n", NO_PHY).causes
    assert (cause.origin.subject, cause.sure) == ("/phy@3000", False)


def test_a_device_that_the_kernel_lacks_another_supplier_for() -> None:
    """The clock that the words are about may have come since; the PHY has not."""
    (cause,) = told(CLOCK + INIT, NO_PHY).causes
    assert (cause.origin.subject, cause.sure) == ("/phy@3000", False)


@pytest.mark.parametrize(
    ("text", "kernel"),
    [
        (PHY + INIT, BUILT),
        (PHY + INIT, PHY_HELD),
        (
            PHY + INIT + "[    3.000000] EXT4-fs (sda1): mounted filesystem with ordered data\n",
            PHY_LATE,
        ),
    ],
    ids=["built in", "in the initramfs", "root is mounted"],
)
def test_a_supplier_that_may_have_come_is_not_blamed(text: str, kernel: str) -> None:
    found = told(text, kernel)
    assert not found.harmful
    (item,) = found.open
    assert item.device == "4000.mmc"
    assert "waits for /phy@3000, or probed silently" in item.meaning


@pytest.mark.parametrize("kernel", [BUILT, NO_PHY])
def test_a_driver_that_goes_on_has_what_it_asked_for(kernel: str) -> None:
    for words in ("x-mmc 4000.mmc: 8-bit bus, 200 MHz", "x-mmc 4000.mmc eth0: MAC of revision 4"):
        found = told(f"{PHY}[    1.500000] {words}\n{INIT}", kernel)
        assert not found.harmful
        assert not found.open


def test_lines_of_a_network_interface_are_of_its_device() -> None:
    for name in ("eth0", "(unnamed net_device) (uninitialized)"):
        (cause,) = told(f"[    1.000000] x-mmc 4000.mmc {name}: no PHY (-517)\n", NO_PHY).causes
        assert [victim.device for victim in cause.victims] == ["4000.mmc"]


def test_another_version_of_the_kernel_makes_it_likely() -> None:
    board = TreeBoard(TREE, Settings(), facts=sketch(NO_PHY))
    log = HEAD.replace("6.12.0", "6.1.170") + PHY
    (cause,) = explain(parse(log.encode()), board=board).causes
    assert (cause.origin.subject, cause.sure) == ("/phy@3000", False)


def test_a_regulator_that_got_its_supply_has_come() -> None:
    tree = dts.read_text(
        '/dts-v1/; / { reg: vcc1v8-s3 { compatible = "regulator-fixed"; '
        'regulator-name = "vcc1v8_s3"; vin-supply = <&in>; }; '
        'in: vcc-in { compatible = "regulator-fixed"; regulator-name = "vcc_in"; }; };'
    )
    defers = "[    1.200000] reg-fixed-voltage vcc1v8-s3: Failed to register regulator: -517\n"
    comes = "[    1.900000] vcc1v8_s3: supplied by vcc_in\n"
    assert len(explain(parse((HEAD + defers).encode()), tree).open) == 1
    assert not explain(parse((HEAD + defers + comes).encode()), tree).open
    assert len(explain(parse((HEAD + comes + defers).encode()), tree).open) == 1


def test_without_a_kernel_it_is_undecided() -> None:
    found = explain(parse((HEAD + PHY + INIT).encode()), TREE)
    assert not found.harmful
    assert len(found.open) == 1
    assert any("--kernel" in hint for hint in found.look_at)


def test_the_kernel_narrows_what_is_unclear() -> None:
    pending = "[   13.000000] platform 4000.mmc: deferred probe pending: (reason unknown)\n"
    (cause,) = told(pending, NO_PHY).causes
    assert cause.origin.subject == "/phy@3000"
    (unclear,) = told(pending, BUILT).causes
    assert unclear.origin.root is CauseKind.UNCLEAR


# --- no root filesystem

ROOTED = dts.read_text("""
/dts-v1/;
/ { #address-cells = <1>; #size-cells = <1>;
    chosen { bootargs = "root=/dev/mmcblk0p2"; };
    phy: phy@3000 { compatible = "x,phy"; reg = <0x3000 0x100>; #phy-cells = <0>; };
    mmc@4000 { compatible = "x,mmc"; reg = <0x4000 0x100>; phys = <&phy>; };
};
""")
LOST = {
    "kernel": 'VFS: Cannot open root device "mmcblk0p2" or unknown-block(0,0): error -6\n',
    "nfs": "VFS: Unable to mount root fs via NFS.\n",
    "initramfs-tools": "ALERT!  /dev/mmcblk0p2 does not exist.  Dropping to a shell!\n",
    "dracut": "dracut-initqueue[300]: Warning: /dev/disk/by-label/r does not exist\n",
    "dracut, boot": "dracut Warning: Could not boot.\n",
    "systemd": "systemd[1]: Dependency failed for initrd-root-device.target - Initrd Root Device\n",
    "sysroot": "systemd[1]: Dependency failed for /sysroot.\n",
    "dracut, late": "dracut-initqueue[9]: Warning: dracut-initqueue: timeout, still waiting\n",
    "nixos": "An error occurred in stage 1 of the boot process, which must mount the\n",
    "mkinitcpio": "ERROR: device '/dev/mmcblk0p2' not found. Skipping fsck.\n",
}


@pytest.mark.parametrize("who", LOST)
def test_a_root_that_is_not_found_ends_in_what_lint_knows(who: str) -> None:
    view = LogView.of(parse((HEAD + LOST[who]).encode()), _board(PHY_LATE))
    (cause,) = view.explanation.causes
    assert (cause.origin.subject, cause.origin.rule) == (
        "/phy@3000",
        "module/initramfs-lacks-supplier",
    )
    assert cause.origin.cure.startswith("Put phy into the initramfs")
    assert cause.victims[0].effect is DeviceEffect.NO_ROOT
    assert cause.victims[0].via == ("/mmc@4000",)


def _board(kernel: str) -> TreeBoard:
    return TreeBoard(ROOTED, Settings(), facts=sketch(kernel))


def test_a_root_whose_drivers_are_all_there() -> None:
    view = LogView.of(parse((HEAD + LOST["kernel"]).encode()), _board(PHY_HELD))
    (cause,) = view.explanation.causes
    assert "No driver is missing for /mmc@4000" in cause.origin.detail


def test_the_initramfs_is_asked_for() -> None:
    kernel = BUILT.replace("built-in PHY", "module PHY")
    view = LogView.of(parse((HEAD + LOST["kernel"]).encode()), _board(kernel))
    (cause,) = view.explanation.causes
    assert "/mmc@4000 need the module phy: pass the initramfs" in cause.origin.detail


def test_a_disk_that_waits_explains_the_root() -> None:
    """One cause: the log and the kernel say the same."""
    text = PHY + LOST["initramfs-tools"]
    (cause,) = LogView.of(parse((HEAD + text).encode()), _board(PHY_LATE)).explanation.causes
    assert cause.origin.subject == "/phy@3000"
    assert [victim.effect for victim in cause.victims] == [DeviceEffect.WAITS, DeviceEffect.NO_ROOT]
    assert cause.victims[1].via == ("4000.mmc",)


def test_a_root_that_is_found_after_all() -> None:
    mounts = "[   95.000000] EXT4-fs (mmcblk0p2): mounted filesystem with ordered data mode\n"
    late = explain(parse((HEAD + LOST["dracut, late"] + mounts).encode()))
    assert not late.harmful
    assert [item.meaning for item in late.put_away] == ["The root filesystem was found after all."]
    other = explain(parse((HEAD + mounts + LOST["dracut"]).encode()))
    assert other.harmful


def test_a_log_that_ends_while_the_kernel_waits_for_its_root() -> None:
    waits = "[    3.000000] Waiting for root device /dev/mmcblk0p2...\n"
    mounts = "[    5.000000] VFS: Mounted root (ext4 filesystem) readonly on device 179:2.\n"
    assert LogView.of(parse((HEAD + waits).encode()), _board(NO_PHY)).explanation.harmful
    assert not LogView.of(parse((HEAD + waits + mounts).encode())).explanation.harmful
