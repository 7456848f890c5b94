"""PCI devices that Linux knows to be isolated without ACS, and those with other requester IDs.

Source: Linux 7.2, drivers/pci/quirks.c, pci_dev_acs_enabled[] and the header fixups of DMA aliases;
include/linux/pci_ids.h. Rows apply in order; the first that decides counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dtlink.records import NamedTuple


class Isolation(NamedTuple):
    """Devices of which Linux knows whether they are isolated from each other."""

    vendor: int
    devices: Sequence[range] = ()
    """None: every device of the vendor."""
    ports: frozenset[int] = frozenset()
    """Device/port types; none: whatever it is."""
    in_amd_hub: bool = False
    """Only multifunction devices on a root bus, on machines with an IVRS."""
    needs_acs: bool = False
    """Only with an ACS capability; Linux finds its control register elsewhere and sets it."""
    others_lack: bool = False
    """Whether other devices of the vendor with such ports are not isolated."""


def _ids(*numbers: int) -> tuple[range, ...]:
    return tuple(range(number, number + 1) for number in numbers)


_ROOT_PORT, _DOWNSTREAM, _INTEGRATED = 4, 6, 9
_ROOT = frozenset((_ROOT_PORT,))

_INTEL, _AMD, _ATI = 0x8086, 0x1022, 0x1002

ISOLATION: Sequence[Isolation] = (
    Isolation(_ATI, _ids(0x4383, 0x4384, 0x4385, 0x4399, 0x439C, 0x439D), in_amd_hub=True),
    Isolation(_AMD, _ids(0x780F, 0x7809), in_amd_hub=True),
    Isolation(0x1924, _ids(0x0903, 0x0923, 0x0A03)),
    Isolation(
        _INTEL,
        (
            *_ids(0x10C6, 0x10DB, 0x10DD, 0x10E1, 0x10F1),
            range(0x10F7, 0x10FD),
            *_ids(0x1507, 0x1514, 0x151C, 0x1529, 0x152A, 0x154D, 0x154F, 0x1551, 0x1558),
            *_ids(0x1509, 0x150E, 0x150F, 0x1510, 0x1511, 0x1516, 0x1527),
            *_ids(0x10C9, 0x10E6, 0x10E7, 0x10E8, 0x150A, 0x150D, 0x1518, 0x1526),
            *_ids(0x10A7, 0x10A9, 0x10D6),
            range(0x1521, 0x1525),
            *_ids(0x105E, 0x105F, 0x1060, 0x10D9, 0x15B7, 0x15B8),
        ),
    ),
    Isolation(_INTEL, ports=frozenset((_INTEGRATED,))),
    Isolation(0x17CB, _ids(0x0400, 0x0401, 0x0115, 0x0111, 0x0120)),
    Isolation(0x1DBF, _ids(0x0401)),
    Isolation(
        _INTEL,
        (
            range(0x3B42, 0x3B52),
            range(0x1C10, 0x1C20),
            range(0x1E10, 0x1E20),
            range(0x8C10, 0x8C20),
            range(0x9C10, 0x9C1C),
            range(0x9C90, 0x9C9C),
            range(0x1D10, 0x1D20, 2),
            range(0x8D10, 0x8D1F),
            *_ids(0x8C90),
            range(0x8C92, 0x8CA0, 2),
        ),
        ports=_ROOT,
    ),
    Isolation(
        _INTEL,
        (
            range(0xA110, 0xA120),
            range(0xA167, 0xA16B),
            range(0xA290, 0xA2A0),
            range(0xA2E7, 0xA2EF),
            range(0x9D10, 0x9D1C),
        ),
        ports=_ROOT,
        needs_acs=True,
    ),
    Isolation(0x19A2, _ids(0x0710)),
    Isolation(0x10DF, _ids(0x0720)),
    Isolation(0x177D, (range(0xA000, 0xA800), *_ids(0xAF84, 0xB884)), ports=_ROOT),
    Isolation(0x177D, _ids(0xA026, 0xA059, 0xA060)),
    Isolation(0x10E8, _ids(0xE004)),
    Isolation(0x1DEF, (range(0xE005, 0xE00D),)),
    Isolation(0x14E4, (*_ids(0x16D7, 0xD714), range(0x1750, 0x1753), range(0x1760, 0x1764))),
    Isolation(0x0014, (range(0x3C09, 0x3C39, 0x10), range(0x7A09, 0x7A79, 0x10))),
    Isolation(0x1C36, _ids(0x0031), ports=_ROOT),
    Isolation(0x1D17, _ids(0x3038, 0x3104, 0x9083)),
    Isolation(
        0x1957,
        (
            range(0x8D80, 0x8D84),
            range(0x8D88, 0x8D8C),
            range(0x8D90, 0x8D94),
            range(0x8D98, 0x8D9C),
            range(0x8DA0, 0x8DA2),
            range(0x8DA8, 0x8DAA),
            range(0x8DB0, 0x8DB2),
            range(0x8DB8, 0x8DBA),
        ),
    ),
    Isolation(
        0x1D17,
        (range(0x0710, 0x071F), *_ids(0x0721), range(0x0723, 0x0753)),
        ports=frozenset((_ROOT_PORT, _DOWNSTREAM)),
        others_lack=True,
    ),
    Isolation(
        0x8088,
        (
            range(0x0100, 0x0110),
            *_ids(0x1001, 0x2001, 0x5010, 0x5025, 0x5040, 0x5110, 0x5125, 0x5140),
        ),
        others_lack=True,
    ),
)

#: Devices with the requester ID of function 0, or of function 1, beside their own.
FUNCTION_ALIASES: Mapping[tuple[int, int], int] = {
    **{(0x1180, device): 0 for device in (0xE832, 0xE476)},
    **{(0x6766, device): 0 for device in (0x3D40, 0x3D41)},
    **{
        (0x1B4B, device): 1
        for device in (
            *(0x9120, 0x9123, 0x9125, 0x9128, 0x9130, 0x9170, 0x9172, 0x917A, 0x9182, 0x9183),
            *(0x91A0, 0x9215, 0x9220, 0x9230, 0x9235),
        )
    },
    **{(0x1103, device): 1 for device in (0x0642, 0x0645)},
    (0x197B, 0x2392): 1,
    (0x1C28, 0x0122): 1,
}

#: The same with devices and functions of their own: ``device << 3 | function``.
FIXED_ALIASES: Mapping[tuple[int, int], Sequence[int]] = {
    (0x8086, 0x2260): (0x80, 0x88, 0x93),
    (0x8086, 0x2264): (0x80, 0x88, 0x93),
    **{
        (0x8086, device): tuple(slot << 3 | number for slot in range(32) for number in range(5))
        for device in (0x2954, 0x2955, 0x2956, 0x2958, 0x2959, 0x295A)
    },
    (0x10B5, 0x87B0): tuple(range(256)),
    (0x10B5, 0x87B1): tuple(range(256)),
}
#: The same by vendor, device, and the subsystem's vendor and device.
SUBSYSTEM_ALIASES: Mapping[tuple[int, int, int, int], Sequence[int]] = {
    (0x9005, 0x0285, 0x9005, 0x02BB): (0x08,),
    (0x9005, 0x0285, 0x9005, 0x02BC): (0x08,),
}

#: Bridges from PCI Express to PCI without an Express capability.
HIDDEN_EXPRESS_BRIDGES = frozenset(
    ((0x1B21, 0x1080), (0x10E3, 0x8113), (0x1283, 0x8892), (0x1283, 0x8893), (0x8086, 0x244E))
)
#: Bridges below which the IOMMU is: their own IDs are not aliases.
TRANSLATION_ROOTS = frozenset(((0x14E4, 0x9000), (0x14E4, 0x9084)))
#: Bridges that pass on requester IDs instead of their own.
TRANSPARENT_BRIDGES = frozenset(((0x1A03, 0x1150),))
#: Intel's VMD: the functions behind it are in a segment above 0xffff and use its requester ID
#: (drivers/pci/controller/vmd.c, vmd_ids[]; arch/x86/pci/common.c, pci_real_dma_dev()).
VMD = frozenset(
    (0x8086, device)
    for device in (
        *(0x201D, 0x28C0, 0x467F, 0x4C3D, 0xA77F, 0x7D0B, 0xAD0B, 0x9A0B, 0xB60B, 0xB06F, 0xB07F),
    )
)
