"""Boards on which only what a driver's source says gives the right answer."""

from collections.abc import Sequence
from pathlib import Path

import pytest

import dtlink
from dtlink.board.settings import Settings
from dtlink.board.tree import TreeBoard
from dtlink.facts.kernels import KernelVersion
from dtlink.facts.resource import Requested
from dtlink.firmware import fdt
from dtlink.kernel.source.index import SourceIndex
from dtlink.rules.model import Finding, Severity

LACKS = "module/initramfs-lacks-supplier"


def need_facts(version: str, file: str, kind: str = "") -> None:
    """Skip where the shipped index does not have a driver's requests."""
    index = SourceIndex.load(version=KernelVersion.parse(version))
    facts = index.facts(file)
    if facts is None or not any(kind in ask.kind for ask in facts.asks):
        pytest.skip(f"the index of {version} has no requests of {file}")


def findings(path: Path, *select: str, **options: str) -> Sequence[Finding]:
    (item,) = dtlink.lint(path, config=False, select=select, **options).inputs
    assert not item.error
    return item.findings


def compiled(path: Path, folder: Path) -> Path:
    """A source of the cases, which need no compiler but dtlink's own reader."""
    target = folder / path.name
    target.write_text(path.read_text())
    return target


def test_power_domains_wait_for_the_clocks_of_their_nodes(shared: Path, tmp_path: Path) -> None:
    need_facts("7.2", "drivers/pmdomain/rockchip/pm-domains.c")
    board = compiled(shared / "cases/truth/b8.dts", tmp_path)
    kernel = str(shared / "kernel/debian-7.2-arm64")
    (found,) = findings(
        board, LACKS, kernel=kernel, initramfs=str(shared / "cases/truth/b8.lsinitramfs")
    )
    assert found.severity is Severity.ERROR
    assert "clk_pwm" in found.message
    assert "/mmc@4000 cannot" in found.message
    view = dtlink.Board.read(board, kernel=kernel).modules()
    assert {"clk_pwm", "pwm_rockchip"} <= {row.name for row in view.modules}


def test_a_mac_waits_for_the_address_of_its_port(shared: Path, tmp_path: Path) -> None:
    need_facts("7.2", "drivers/net/ethernet/mediatek/mtk_eth_soc.c", "NVMEM")
    board = compiled(shared / "cases/truth/c6.dts", tmp_path)
    kernel = str(shared / "kernel/debian-7.2-arm64")
    view = dtlink.Board.read(board, kernel=kernel).modules("ethernet@15100000")
    assert "spi_nor" in {row.name for row in view.modules}


def test_a_pcie_root_needs_its_phy(shared: Path) -> None:
    need_facts("7.2", "drivers/pci/controller/dwc/pcie-qcom.c", "PHY")
    found = findings(
        shared / "corpus/arm64/qcom/x1e80100-lenovo-yoga-slim7x.dtb",
        LACKS,
        kernel=str(shared / "kernel/debian-7.2-arm64"),
        initramfs=str(shared / "cases/truth/nophy.lsinitramfs"),
        cmdline="root=/dev/nvme0n1p2",
    )
    assert [each.severity for each in found] == [Severity.ERROR]
    assert "phy_qcom_qmp_pcie" in found[0].message


def test_a_pcie_host_needs_the_power_of_its_connector(shared: Path) -> None:
    need_facts("7.2", "drivers/pci/controller/pcie-mediatek-gen3.c", "power control")
    board = dtlink.Board.read(
        shared / "cases/dt/r19-m2-connector.dtb", kernel=str(shared / "kernel/debian-7.2-arm64")
    )
    names = {row.name for row in board.modules("/soc/pcie@2000").modules}
    assert {"pwrseq_pcie_m2", "fixed"} <= names


@pytest.mark.parametrize("version", ["6.12", "7.2"])
def test_an_optional_clock_of_a_disabled_phy(version: str, shared: Path) -> None:
    need_facts(version, "drivers/gpu/drm/rockchip/rockchip_vop2_reg.c")
    path = shared / "cases/dt/r30-optional-clock-of-disabled-phy.dtb"
    assert not findings(path, "supplier/disabled", kernel_version=version)


def test_drivers_wait_for_what_vendors_properties_reference(shared: Path) -> None:
    kernel = Settings(kernel=str(shared / "kernel/debian-6.12-arm64"))
    blob = (shared / "corpus/arm64/nvidia/tegra210-p2371-2180.dtb").read_bytes()
    board = TreeBoard(fdt.read(blob), kernel)
    required = {
        (board.tree.path(each.consumer), each.binding)
        for each in board.requirements
        if each.requested is Requested.REQUIRED and each.binding.startswith("nvidia,")
    }
    assert ("/external-memory-controller@7001b000", "nvidia,memory-controller") in required
    assert ("/usb@70090000", "nvidia,xusb-padctl") in required
    assert ("/host1x@50000000/dsi@54300000", "nvidia,mipi-calibrate") in required
