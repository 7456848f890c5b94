"""Buses, DMA aliases and IOMMU groups of PCI functions, as the kernel makes them."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from dtlink.firmware.pci.functions import (
    Acs,
    Buses,
    Function,
    FunctionList,
    PortType,
    VirtualFunctions,
)
from dtlink.links.pci.aliases import dma_aliases
from dtlink.links.pci.groups import IommuGroups
from dtlink.links.pci.hierarchy import PciHierarchy
from tests.support.limits import at_most

ON = Acs(0x1F, 0x1D)
OFF = Acs(0x1F, 0)
#: Sets the machine's IOMMU apart from one that was off: some function has ACS switched on.
WITNESS = Function(7, 0, has_capabilities=True, port=PortType.ROOT_PORT, acs=ON)


def function(rid: int, port: PortType | None = None, **others: object) -> Function:
    known = Function(0, rid, header_type=0, has_capabilities=True, port=port)
    return known._replace(**others)  # type: ignore[arg-type]


def bridge(
    rid: int, secondary: int, last: int, port: PortType | None, **others: object
) -> Function:
    buses = Buses(rid >> 8, secondary, last)
    return function(rid, port, header_type=1, buses=buses, **others)


def hierarchy(*functions: Function) -> PciHierarchy:
    return PciHierarchy(FunctionList({each[:2]: each for each in functions}))


def groups(*functions: Function, has_ivrs: bool = False) -> list[list[str]]:
    made = IommuGroups(hierarchy(*functions, WITNESS), has_ivrs=has_ivrs)
    found = [[each.name[5:] for each in some] for some in made.groups]
    return sorted(some for some in found if some != ["00:00.0"] or len(found) == 1)


ENDPOINT, ROOT, UPSTREAM = PortType.ENDPOINT, PortType.ROOT_PORT, PortType.UPSTREAM
DOWNSTREAM, PCI_BRIDGE = PortType.DOWNSTREAM, PortType.PCI_BRIDGE


def test_a_port_with_acs_isolates_what_is_behind_it() -> None:
    found = groups(bridge(0xE0, 1, 1, ROOT, acs=ON), function(0x100, ENDPOINT))
    assert found == [["00:1c.0"], ["01:00.0"]]


def test_a_port_without_acs_does_not() -> None:
    found = groups(bridge(0xE0, 1, 1, ROOT), function(0x100, ENDPOINT))
    assert found == [["00:1c.0", "01:00.0"]]


def test_acs_that_is_off_counts_as_none() -> None:
    found = groups(bridge(0xE0, 1, 1, ROOT, acs=OFF), function(0x100, ENDPOINT))
    assert found == [["00:1c.0", "01:00.0"]]


def test_bits_that_a_port_lacks_count_as_on() -> None:
    found = groups(bridge(0xE0, 1, 1, ROOT, acs=Acs(0x0C, 0x0C)), function(0x100, ENDPOINT))
    assert found == [["00:1c.0"], ["01:00.0"]]


def test_without_an_iommu_what_linux_will_switch_on_is_assumed() -> None:
    made = IommuGroups(
        hierarchy(bridge(0xE0, 1, 1, ROOT, acs=OFF), function(0x100, ENDPOINT, acs=None))
    )
    assert made.isolations.assumed
    assert len(made.groups) == 2


def test_acs_that_is_off_in_spite_of_an_iommu_stays_off() -> None:
    """On a devicetree machine Linux 6.12 asks for ACS after it has found the root ports."""
    made = IommuGroups(
        hierarchy(bridge(0xE0, 1, 1, ROOT, acs=OFF, group=0), function(0x100, ENDPOINT, group=0))
    )
    assert not made.isolations.assumed
    assert len(made.groups) == 1


def test_functions_of_one_device_share_a_group_unless_they_have_acs() -> None:
    port = bridge(0xE0, 1, 1, ROOT, acs=ON)
    alone = groups(port, function(0x100, ENDPOINT), function(0x101, ENDPOINT))
    assert alone == [["00:1c.0"], ["01:00.0", "01:00.1"]]
    both = groups(port, function(0x100, ENDPOINT, acs=ON), function(0x101, ENDPOINT, acs=ON))
    assert both == [["00:1c.0"], ["01:00.0"], ["01:00.1"]]


def test_root_ports_of_one_device_share_a_group_with_all_behind_them() -> None:
    ports = bridge(0xE0, 1, 1, ROOT), bridge(0xE1, 2, 2, ROOT)
    found = groups(*ports, function(0x100, ENDPOINT), function(0x200, ENDPOINT))
    assert found == [["00:1c.0", "00:1c.1", "01:00.0", "02:00.0"]]


def test_conventional_devices_share_a_group_with_their_bridge() -> None:
    port = bridge(0xE0, 1, 2, ROOT, acs=ON)
    behind = bridge(0x100, 2, 2, PCI_BRIDGE), function(0x208), function(0x210)
    assert groups(port, *behind) == [["00:1c.0"], ["01:00.0", "02:01.0", "02:02.0"]]


def test_conventional_devices_of_a_root_bus_are_alone() -> None:
    """pci_device_group() asks only bridges and the functions of one device."""
    assert groups(function(0x10), function(0x18)) == [["00:02.0"], ["00:03.0"]]


def test_functions_of_a_conventional_device_share_a_group() -> None:
    assert groups(function(0xF8), function(0xFA)) == [["00:1f.0", "00:1f.2"]]


def test_a_switch() -> None:
    above = bridge(0xE0, 1, 4, ROOT, acs=ON), bridge(0x100, 2, 4, UPSTREAM)
    below = function(0x300, ENDPOINT), function(0x400, ENDPOINT)
    with_acs = bridge(0x200, 3, 3, DOWNSTREAM, acs=ON), bridge(0x208, 4, 4, DOWNSTREAM, acs=ON)
    assert len(groups(*above, *with_acs, *below)) == 6
    without = bridge(0x200, 3, 3, DOWNSTREAM), bridge(0x208, 4, 4, DOWNSTREAM)
    assert groups(*above, *without, *below) == [
        ["00:1c.0"],
        ["01:00.0"],
        ["02:00.0", "03:00.0"],
        ["02:01.0", "04:00.0"],
    ]


def test_a_root_port_without_acs_takes_all_below_a_switch() -> None:
    above = bridge(0xE0, 1, 3, ROOT), bridge(0x100, 2, 3, UPSTREAM)
    rest = bridge(0x200, 3, 3, DOWNSTREAM, acs=ON), function(0x300, ENDPOINT)
    assert groups(*above, *rest) == [["00:1c.0", "01:00.0", "02:00.0", "03:00.0"]]


def test_virtual_functions_are_single_functions_of_their_own_bus() -> None:
    """Their bus has no bridge; its parent is the bus of the physical function."""
    port = bridge(0xE0, 1, 2, ROOT, acs=ON)
    physical = function(0x100, ENDPOINT, virtual=VirtualFunctions(2, 0x100, 1))
    found = groups(port, physical, function(0x200, ENDPOINT), function(0x201, ENDPOINT))
    assert found == [["00:1c.0"], ["01:00.0"], ["02:00.0"], ["02:00.1"]]


def test_devices_with_the_requester_id_of_another_function() -> None:
    port = bridge(0xE0, 1, 1, ROOT, acs=ON)
    disks = function(0x100, ENDPOINT, vendor=0x1B4B, device=0x9123, acs=ON)
    other = function(0x101, ENDPOINT, acs=ON)
    assert [alias.rid for alias in dma_aliases(hierarchy(port, disks), disks)] == [0x100, 0x101]
    assert groups(port, disks, other) == [["00:1c.0"], ["01:00.0", "01:00.1"]]


def test_ports_that_are_known_to_be_isolated() -> None:
    port = bridge(0xE0, 1, 1, ROOT, vendor=0x8086, device=0x1E10)
    assert len(groups(port, function(0x100, ENDPOINT))) == 2
    assert len(groups(port._replace(device=0x1E0F), function(0x100, ENDPOINT))) == 1


def test_hub_functions_of_amd_are_isolated_where_there_is_an_ivrs() -> None:
    hub = [function(0xA0 + at, vendor=0x1002, device=0x4385) for at in (0, 2)]
    assert groups(*hub) == [["00:14.0", "00:14.2"]]
    assert groups(*hub, has_ivrs=True) == [["00:14.0"], ["00:14.2"]]


def rids(*functions: Function) -> list[int]:
    """The aliases of the last."""
    return [alias.rid for alias in dma_aliases(hierarchy(*functions), functions[-1])]


def test_aliases_of_bridges() -> None:
    port = bridge(0xE0, 1, 2, ROOT)
    express = bridge(0x100, 2, 2, PCI_BRIDGE)
    conventional = bridge(0x100, 2, 2, None)
    assert rids(port, express, function(0x208)) == [0x208, 0x200]
    assert rids(port, conventional, function(0x208)) == [0x208, 0x100]
    hidden = conventional._replace(vendor=0x1B21, device=0x1080)
    assert rids(port, hidden, function(0x208)) == [0x208, 0x200]
    transparent = express._replace(vendor=0x1A03, device=0x1150)
    assert rids(port, transparent, function(0x208)) == [0x208]
    root = port._replace(vendor=0x14E4, device=0x9000)
    assert rids(root, express, function(0x208)) == [0x208, 0x200]
    reverse = bridge(0xE0, 1, 2, PortType.PCIE_BRIDGE)
    assert rids(reverse, function(0x108, ENDPOINT)) == [0x108, 0xE0]


def test_what_is_behind_a_vmd_has_its_requester_id() -> None:
    vmd = function(0x2E, ENDPOINT, vendor=0x8086, device=0x201D)
    inner = Function(0x10000, 0xE000, has_capabilities=True)
    of = hierarchy(vmd, inner)
    assert [alias.rid for alias in dma_aliases(of, inner)] == [0x2E]
    assert of.segments == {0}


def test_which_buses_exist() -> None:
    """Behind a bridge without a device there is a bus, and no function."""
    ports = bridge(0xE0, 1, 1, ROOT), bridge(0xE1, 2, 9, ROOT, hotplug=True)
    of = hierarchy(*ports, function(0x100, ENDPOINT), function(0x8000))
    assert set(of.buses(0)) == {0, 1, 0x80}
    assert of.root_buses(0) == {0, 0x80}
    assert of.hotplug_buses(0) == set(range(2, 10))


def test_bus_numbers_that_cannot_be_are_none() -> None:
    loops = bridge(0x100, 2, 2, ROOT), bridge(0x200, 1, 1, ROOT), bridge(0x108, 1, 1, ROOT)
    assert hierarchy(*loops).root_buses(0) == {1}
    assert [each.name for each in hierarchy(*loops).path(loops[1])] == [
        "0000:01:00.0",
        "0000:02:00.0",
    ]


rid = st.integers(0, 0xFFFF)
any_function = st.builds(
    Function,
    segment=st.integers(0, 2),
    rid=st.integers(0, 0x2FF),
    vendor=st.sampled_from([None, 0x8086, 0x1B4B]),
    device=st.sampled_from([None, 0x9123, 0x2954, 0x1E10]),
    multifunction=st.sampled_from([None, True, False]),
    buses=st.none() | st.builds(Buses, *[st.integers(0, 3)] * 3),
    port=st.sampled_from([None, *PortType]),
    acs=st.sampled_from([None, ON, OFF]),
    virtual=st.none() | st.builds(VirtualFunctions, st.integers(1, 9), rid, rid),
)
machines = st.lists(any_function, max_size=12, unique_by=lambda each: each[:2])


@given(machines)
def test_every_function_has_one_group(some: Sequence[Function]) -> None:
    """Whatever the input: a partition, the same for any order of the listing."""
    made = IommuGroups(hierarchy(*some))
    members = [each.name for group in made.groups for each in group]
    assert sorted(members) == sorted(each.name for each in some)
    again = IommuGroups(hierarchy(*reversed(some)))
    assert [list(each) for each in again.groups] == [list(each) for each in made.groups]


@given(machines)
def test_aliases_are_of_the_function_or_of_bridges_above_it(some: Sequence[Function]) -> None:
    of = hierarchy(*some)
    for each in some:
        first, *others = dma_aliases(of, each)
        assert first.rid == each.rid
        above = {each.rid, *(bridge.rid for bridge in of.above(each))}
        assert all(alias.function.rid in above for alias in others)


def test_work_is_bounded() -> None:
    """A full bus of devices that all use each other's requester IDs."""
    busy = [
        Function(segment, devfn, 0x10B5, 0x87B0, multifunction=True, has_capabilities=True)
        for segment in range(4)
        for devfn in range(256)
    ]
    with at_most():
        assert len(IommuGroups(hierarchy(*busy)).groups) == 4
