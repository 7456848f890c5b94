"""The drivers of the suppliers that ACPI tables describe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtlink.boot.drivers.options import by_option
from dtlink.facts.acpi_suppliers import SUPPLIERS
from dtlink.facts.outcomes import Driver, State

if TYPE_CHECKING:
    from dtlink.firmware.acpi.layout import Struct
    from dtlink.kernel.holdings.model import Holdings


def table_driver(build: Holdings, struct: Struct | str) -> Driver:
    """The driver of a structure, or of the word for its kind (``smmu-v3``, ``virtio-iommu-pci`` …).

    What it needs besides (virtio-pci) counts where it is not built at all; where it is a module,
    :attr:`AcpiSupplier.also` names its option. UNKNOWN for what is no supplier.
    """
    word = struct if isinstance(struct, str) else struct.WORD
    row = SUPPLIERS.get(word)
    if row is None:
        return Driver(State.UNKNOWN, by=word)
    for symbol in row.also:
        needed = by_option(build, symbol, symbol.lower(), word)
        if needed.state is State.NOT_BUILT:
            return needed
    return by_option(build, row.config, row.module, row.alias or word)
