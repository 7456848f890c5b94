"""A node uses a supplier property that its schema marks as deprecated.

What it finds: properties that a schema has for old trees only. Those that the rules ``legacy/…``
report are not reported again. Only with ``--schema``.
Why it matters: it is read today, by the drivers that support it. New drivers need not support it,
and other readers of the tree (boot loaders, other systems) follow the current form.
What to do: write the current form of the schema when the node is changed anyway; check that the
oldest kernel that boots with the tree reads it.
References: dtlink's schemas/dt; the bindings in Documentation/devicetree/bindings of the kernel.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
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
def deprecated(board: TreeBoard) -> Iterator[Finding]:
    """Every deprecated property that a node has."""
    yield from tell(deprecated, board, SchemaFaultKind.DEPRECATED, _message, _effect, _fix)


def _message(fault: SchemaFault) -> str:
    return f"{place(fault)} is deprecated in {schema_of(fault)}"


def _effect(fault: SchemaFault) -> str:
    return f"none as long as the driver of {fault.node.name or '/'} reads the old form too"


def _fix(fault: SchemaFault) -> str:
    return (
        f"Replace {fault.property_name} with the current form of the schema when "
        f"{fault.node.path} is changed."
    )
