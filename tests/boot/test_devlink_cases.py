"""Devicetrees of one devlink behaviour each, from beside the checkout."""

from __future__ import annotations

import pytest

from dtlink.boot.devlink.model import Prediction, WaitingDevice
from dtlink.boot.devlink.predict import View
from dtlink.facts.kernels import KNOWN, KernelVersion
from dtlink.facts.profile import KernelProfile
from dtlink.firmware import fdt
from tests.support.boards import SHARED, predicted

VERSIONS = tuple(map(str, KNOWN))


def of(case: str, version: str, cmdline: str = "", view: View = "bare") -> Prediction:
    path = SHARED / "cases" / f"{case}.dtb"
    if not path.is_file():
        pytest.skip(f"no {path} (set DTLINK_SHARED)")
    return predicted(fdt.read(path.read_bytes()), KernelProfile.of(version, cmdline), view)


@pytest.mark.parametrize("version", VERSIONS)
def test_rows_that_are_new_in_7_0(version: str) -> None:
    found = of("devlink/rows-7.0", version, "fw_devlink=on", "full")
    linked = {(link.consumer, link.supplier) for link in found.device_links}
    new = {("/mmc@1000", "/pwrseq"), ("/bare", "/pwrseq")}
    assert new & linked == (new if KernelVersion.parse(version) >= (7, 0) else set())
    pins = {origin.property_name for x in found.fwnode_links for origin in x.origins}
    assert ({"pinctrl-9", "pinctrl-12"} <= pins) is (KernelVersion.parse(version) >= (7, 0))


@pytest.mark.parametrize("version", VERSIONS)
def test_buses_below_firmware(version: str) -> None:
    found = of("devlink/firmware-bus", version, "fw_devlink=on")
    clocks = "/firmware/rpi-firmware/clocks"
    is_device = version != "5.10"
    assert [x.node for x in found.devices if x.node == clocks] == [clocks] * is_device
    assert [(x.consumer, x.supplier) for x in found.device_links] == [("/user", clocks)] * is_device
    assert found.waiting == [WaitingDevice("/user", (clocks,))] * (not is_device)


@pytest.mark.parametrize("version", VERSIONS[2:])
@pytest.mark.parametrize(
    ("case", "device", "supplier"),
    [
        ("devlink/iommu-map-5-cells", "/pcie@2000", "/bystander/innocent"),
        # Booted on 7.2: "wait for supplier /decoyparent/decoy" with strict, bound without.
        ("truth/virt5", "/fakepcie", "/decoyparent/decoy"),
    ],
)
def test_a_map_is_read_by_four_cells_with_strict(
    version: str, case: str, device: str, supplier: str
) -> None:
    strict = of(case, version, "fw_devlink=on fw_devlink.strict=1")
    assert WaitingDevice(device, (supplier,)) in strict.waiting
    waiting = {each.device for each in of(case, version, "fw_devlink=on").waiting}
    assert device not in waiting
