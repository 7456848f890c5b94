"""The names that dtlink reads, from its facts: properties, compatible strings, values."""

from __future__ import annotations

from functools import lru_cache

from tests.fuzz.nodes import PlainNode

#: Properties that are no suppliers, but that decide what a node is.
_OTHERS = (
    "compatible", "status", "reg", "ranges", "dma-ranges", "#address-cells", "#size-cells",
    "#interrupt-cells", "interrupt-parent", "interrupt-controller", "interrupt-map-mask",
    "bus-range", "linux,pci-domain", "device_type", "phandle", "linux,phandle", "bootargs",
    "stdout-path", "iommu-map-mask", "msi-map-mask", "msi-controller", "dma-coherent", "reusable",
    "no-map", "size", "alloc-ranges", "iommu-addresses", "memory-region", "opp-hz", "model",
    "__symbols__", "serial0", "gpio-controller", "gpio-hog", "always-on", "regulator-always-on",
    "ports", "endpoint", "clock-output-names", "#global-interrupts", "stream-match-mask",
    "post-init-providers", "target", "target-path", "dtlink", "pinctrl-names", "bootph-all",
)  # fmt: skip
STATUSES = (b"okay\0", b"disabled\0", b"fail\0", b"reserved\0", b"ok\0", b"", b"okay", b"\0")


@lru_cache(maxsize=1)
def properties() -> tuple[bytes, ...]:
    """Names of properties."""
    from dtlink.facts.bindings import BINDINGS
    from dtlink.rules.catalogue import all_rules

    found = {each.name.replace("*", "x") for each in BINDINGS}
    found |= {each.resource.cells for each in BINDINGS if each.resource.cells}
    found |= {each.resource.names for each in BINDINGS if each.resource.names}
    found |= {name for rule in all_rules() for name in rule.needs if not name.isupper()}
    return tuple(name.encode() for name in sorted({*found, *_OTHERS}))


@lru_cache(maxsize=1)
def lists() -> tuple[bytes, ...]:
    """Names of properties that reference suppliers; those that the kernel follows more often."""
    from dtlink.facts.bindings import BINDINGS, KERNEL_BINDINGS

    rows = (*KERNEL_BINDINGS, *KERNEL_BINDINGS, *BINDINGS)
    return tuple(each.name.replace("*", "x").encode() for each in rows)


@lru_cache(maxsize=1)
def cells() -> tuple[bytes, ...]:
    """Names of properties that say how many arguments a supplier takes."""
    return tuple(name for name in properties() if name.startswith(b"#"))


def compatibles(roots: list[PlainNode]) -> tuple[bytes, ...]:
    """The values of ``compatible`` of some trees."""
    values = {each.value(b"compatible") for root in roots for each in root.walk()}
    return tuple(sorted(values - {None}))  # type: ignore[type-var]
