"""A node uses a supplier property that its schema marks as deprecated.

What it finds: properties that a schema has for old trees only. What the rules ``legacy/…`` know of
the property is told there instead. Only with ``--schema``.
Why it matters: it is read today, by the drivers that know it. New drivers need not know it, and
other readers of the tree (boot loaders, other systems) follow the present form.
What to do: write what the schema has instead, when the node is touched anyway; see that the oldest
kernel that is to boot with the tree knows it.
References: dtlink's schemas/dt; the bindings in Documentation/devicetree/bindings of the kernel.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import Board
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.rules.schema._tell import place, schema_of, tell
from dtlink.schema.suppliers import SchemaFault, SchemaFaultKind


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    yields=True,
    bad=Dts(
        """
        / {
            eth: ethernet { compatible = "vendor,eth"; #stream-id-cells = <1>; };
            iommu { compatible = "vendor,iommu"; mmu-masters = <&eth 4>; };
        };
        """,
        finds=("/ethernet:#stream-id-cells", "/iommu:mmu-masters"),
        schema=True,
    ),
    good=Dts(
        """
        / {
            ethernet { compatible = "vendor,eth"; iommus = <&iommu 4>; };
            iommu: iommu { compatible = "vendor,iommu"; #iommu-cells = <1>; };
        };
        """,
        schema=True,
    ),
)
def deprecated(board: Board) -> Iterator[Finding]:
    """Every deprecated property that a node has."""
    yield from tell(deprecated, board, SchemaFaultKind.DEPRECATED, _message, _consequence, _fix)


def _message(fault: SchemaFault) -> str:
    return f"{place(fault)} is deprecated in {schema_of(fault)}"


def _consequence(fault: SchemaFault) -> str:
    return f"none as long as the driver of {fault.node.name or '/'} reads the old form too"


def _fix(fault: SchemaFault) -> str:
    return (
        f"write what the schema has instead of {fault.property_name} "
        f"when {fault.node.path} is changed"
    )
