"""Lists of many functions: bridges behind each other, and more functions than are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtlink.board.settings import Settings
from dtlink.board.tables import TablesBoard
from dtlink.facts.kernels import KernelVersion
from dtlink.firmware.acpi.dmar import Bridge
from dtlink.firmware.pci.functions import Buses, Function, PortType
from dtlink.links.acpi.place import Place
from dtlink.links.pci.hierarchy import PciHierarchy
from dtlink.views.iommu import of_tables
from dtlink.views.iommu.view import IommuView
from tests.support.pci import listing
from tests.support.tables import machine

_BUSES = 255
_UNIT = """\
DMAR width=38 flags=1
  drhd base=0xfed91000 flags=1
"""
_DMAR = f"""\
{_UNIT}\
  rmrr base=0x71000000 last=0x7100ffff
    bridge bus=0 hops="00.0"
"""


def board() -> TablesBoard:
    return TablesBoard(machine(_DMAR), Settings(KernelVersion.parse("6.12")))


def chain() -> Sequence[Function]:
    """A bridge on each bus but the last, to the next one."""
    return [
        Function(
            *(0, bus << 8, 0x8086, 0x1234),
            class_code=0x0604,
            header_type=1,
            buses=Buses(bus, bus + 1, _BUSES),
            port=PortType.PCIE_BRIDGE,
            has_capabilities=True,
        )
        for bus in range(_BUSES)
    ]


def written(path: Path, functions: Sequence[Function]) -> str:
    path.write_text(listing(*functions))
    return str(path)


def counted(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> list[None]:
    """One entry for each call of a function from now on."""
    calls: list[None] = []
    real: Callable[..., object] = getattr(owner, name)

    def call(*given: object) -> object:
        calls.append(None)
        return real(*given)

    monkeypatch.setattr(owner, name, call)
    return calls


def test_bridges_behind_each_other_are_walked_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = counted(monkeypatch, PciHierarchy, "_above_bus")
    regions = counted(monkeypatch, of_tables, "regions_of_function")
    view = IommuView.of(board(), "", written(tmp_path / "lspci.txt", chain()))
    assert [len(each.dma_ids) for each in view.requesters[1:]] == list(range(2, _BUSES + 1))
    last = view.requesters[-1]
    assert last.group is not None
    assert len(last.group.others) == _BUSES - 1
    assert len(regions) <= 2 * _BUSES
    # A walk from each bus to the root would take 32,000 steps.
    assert len(steps) < 10 * _BUSES


def test_functions_beyond_the_limit_are_counted_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    functions = [
        Function(0, rid, 0x8086, 0x1234, class_code=0x0200, has_capabilities=True)
        for rid in range(0x100, 0x100 + 1200)
    ]
    made = counted(monkeypatch, of_tables.TableRequesters, "of_function")
    view = IommuView.of(board(), "", written(tmp_path / "lspci.txt", functions))
    assert len(view.requesters) == len(made) == 1000
    assert view.left_out == 200


def test_what_is_behind_a_vmd_and_the_vmd_name_each_other(tmp_path: Path) -> None:
    vmd, disk = (
        Function(segment, 0xD8, vendor, device, has_capabilities=True, port=PortType.ENDPOINT)
        for segment, vendor, device in ((0, 0x8086, 0x467F), (0x10000, 0x144D, 0xA808))
    )
    view = IommuView.of(board(), "", written(tmp_path / "lspci.txt", (vmd, disk)))
    shared = {
        row.requester: each.text.rpartition(": ")[2]
        for row in view.requesters
        for each in row.obstacles
        if each.reason == "shared-group"
    }
    assert shared == {vmd.name: disk.name, disk.name: vmd.name}


_HOPS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=3)


@given(st.integers(0, 1), _HOPS, st.lists(st.sampled_from((0, 1, 8, 256, 257, 264)), max_size=4))
def test_a_scope_means_a_bridge_by_any_part_of_the_way(
    bus: int, hops: list[tuple[int, int]], above: list[int]
) -> None:
    """What is looked for at once is what trying each bridge above the function finds."""
    way = "-".join(f"{device:02x}.{number}" for device, number in hops)
    table = machine(f'{_UNIT}    bridge bus={bus} hops="{way}"\n').dmar
    assert table is not None
    scope = table.units[0].scopes[0]
    assert isinstance(scope, Bridge)
    ways = (above[: number + 1] for number in range(len(above)))
    each = any(Place(0, way[-1], way[:-1]).is_at(scope) for way in ways)
    assert Place(0, 0x300, above).is_behind(scope) == each
