"""IDs, addresses and interrupts of devicetrees that were made to be slow, as blobs."""

from __future__ import annotations

from tests.benchmarks.shapes.boards import ALL, blob
from tests.benchmarks.shapes.shape import Shape


def streams(count: int) -> bytes:
    """Stream-match entries with masks."""
    row = 'd{n} {{ compatible = "vendor,d"; iommus = <&smmu {n} {mask}>; }};'
    devices = (row.format(n=n << 4, mask=1 << n % 4) for n in range(count))
    return blob('smmu: smmu { compatible = "arm,mmu-500"; #iommu-cells = <2>; };', *devices)


def masks(count: int) -> bytes:
    """Stream-match entries that overlap."""
    row = 'd{n} {{ compatible = "vendor,d"; iommus = <&smmu {n} {mask}>; }};'
    devices = (row.format(n=n & 0x7FFF, mask=n * 2654435761 & 0x7FFF) for n in range(count))
    return blob('smmu: smmu { compatible = "arm,mmu-500"; #iommu-cells = <2>; };', *devices)


def shared_streams(count: int) -> bytes:
    """Devices of one stream ID."""
    row = 'd{n} {{ compatible = "vendor,d"; iommus = <&smmu 1>; }};'
    devices = (row.format(n=n) for n in range(count))
    return blob('smmu: smmu { compatible = "arm,smmu-v3"; #iommu-cells = <1>; };', *devices)


def _pci(properties: str, *children: str) -> bytes:
    return blob(
        "#address-cells = <2>; #size-cells = <2>; gic: gic { phandle = <1>; "
        'compatible = "arm,gic-v3"; interrupt-controller; #interrupt-cells = <3>; '
        "#address-cells = <0>; its { phandle = <2>; msi-controller; #msi-cells = <1>; "
        'compatible = "arm,gic-v3-its"; }; }; smmu { phandle = <3>; compatible = "arm,smmu-v3"; '
        "#iommu-cells = <1>; };"
        'pcie { compatible = "pci-host-ecam-generic"; device_type = "pci"; #address-cells = <3>; '
        f"#size-cells = <2>; bus-range = <0 255>; {properties}",
        *children,
        "};",
    )


def id_maps(count: int) -> bytes:
    """Entries of ``iommu-map`` and ``msi-map`` that meet."""
    rows = " ".join(f"{n * 7 & 0xFFFF} 3 {n * 5 & 0xFFFF} {n % 9 + 1}" for n in range(count))
    return _pci(f"iommu-map = <{rows}>; msi-map = <{rows.replace(' 3 ', ' 2 ')}>;")


def pci_functions(count: int) -> bytes:
    """Functions whose requester IDs each have an entry of ``iommu-map``."""
    rows = " ".join(f"{n & 0xFFFF} 3 {n & 0xFFFF} 1" for n in range(count))
    row = "d@{n:x} {{ reg = <{at} 0 0 0 0>; }};"
    children = (row.format(n=n, at=(n & 0xFFFF) << 8) for n in range(count))
    return _pci(f"iommu-map = <{rows}>;", *children)


def interrupt_map(count: int) -> bytes:
    """An ``interrupt-map`` with an entry for each of the devices on the bus."""
    rows = " ".join(f"0 {n} 1 1 0 {n} 4" for n in range(count))
    children = "".join(f"d@{n:x} {{ reg = <0 {n} 0 1>; interrupts = <1>; }};" for n in range(count))
    return blob(
        'gic: gic { phandle = <1>; compatible = "arm,gic-v3"; interrupt-controller; '
        '#interrupt-cells = <3>; #address-cells = <0>; }; bus { compatible = "simple-bus"; '
        "#address-cells = <2>; #size-cells = <2>; #interrupt-cells = <1>; "
        f"interrupt-map-mask = <0xffffffff 0xffffffff 7>; interrupt-map = <{rows}>; {children} }};"
    )


def windows(count: int) -> bytes:
    """AMBA devices on a bus with as many ``ranges``."""
    ranges = " ".join(f"{n:#x}000 {n:#x}000 0x1000" for n in range(1, count))
    row = 'd{n} {{ compatible = "vendor,d", "arm,primecell"; reg = <{at} 0x10>; }};'
    devices = (row.format(n=n, at=f"{n:#x}000") for n in range(1, count))
    return blob(
        '#address-cells = <1>; #size-cells = <1>; bus { compatible = "simple-bus"; '
        f"#address-cells = <1>; #size-cells = <1>; ranges = <{ranges}>; ",
        *devices,
        "};",
    )


def memory(count: int) -> bytes:
    """Reserved memory that overlaps, with devices."""
    row = "m{n}: m@{at:x} {{ reg = <{at:#x} 0x3000>; no-map; }};"
    regions = (row.format(n=n, at=(n + 1) << 12) for n in range(count))
    devices = (
        f'd{n} {{ compatible = "vendor,d"; memory-region = <&m{n}>; }};' for n in range(count)
    )
    return blob(
        '#address-cells = <1>; #size-cells = <1>; memory@0 { device_type = "memory"; '
        "reg = <0 0xf0000000>; }; "
        "reserved-memory { #address-cells = <1>; #size-cells = <1>; ranges; ",
        *regions,
        "};",
        *devices,
    )


def mmu_masters(count: int) -> bytes:
    """The deprecated binding of IOMMUs."""
    row = 'd{n}: d{n} {{ compatible = "vendor,d"; #stream-id-cells = <1>; }};'
    entries = " ".join(f"&d{n} {n}" for n in range(count))
    return blob(
        *(row.format(n=n) for n in range(count)),
        f'smmu {{ compatible = "arm,mmu-500"; #iommu-cells = <1>; mmu-masters = <{entries}>; }};',
    )


def cells(count: int) -> bytes:
    """Long ``reg``, ``ranges`` and ``dma-ranges``."""
    each = " ".join(f"{n:#x}000 {n:#x}000 0x2000" for n in range(count // 3 + 1))
    return blob(
        '#address-cells = <1>; #size-cells = <1>; bus { compatible = "simple-bus"; '
        f"#address-cells = <1>; #size-cells = <1>; ranges = <{each}>; dma-ranges = <{each}>; "
        f'd {{ compatible = "vendor,d"; reg = <{each} 0 0 0 0>; }}; }};'
    )


SHAPES = {
    "stream IDs": Shape(streams, ALL),
    "masks": Shape(masks, ALL),
    "shared stream IDs": Shape(shared_streams, ALL),
    "ID maps": Shape(id_maps, ALL),
    "PCI functions": Shape(pci_functions, ALL),
    "interrupt map": Shape(interrupt_map, ALL),
    "ranges": Shape(windows, ALL),
    "long ranges": Shape(cells, ALL),
    "reserved memory": Shape(memory, ALL),
    "mmu-masters": Shape(mmu_masters, ALL),
}
