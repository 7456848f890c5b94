"""Break links of a tree by adding ``post-init-providers``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dtlink.firmware import fdt
from dtlink.firmware.fdt_write import SourceNode, cells, write

if TYPE_CHECKING:
    from dtlink.firmware.tree import Tree

NAME = "post-init-providers"


def with_post_init_providers(tree: Tree, links: Iterable[tuple[int, int]]) -> Tree:
    """Return the tree with suppliers added to the ``post-init-providers`` of their consumers.

    ``links`` are pairs of consumer and supplier, as node numbers; a supplier without a phandle
    gets one. Nodes keep their numbers. Kernels since 6.9 read the property (dt-schema,
    post-init-providers.yaml). Duplicate properties and memory reservations are not copied.
    """
    nodes = [SourceNode(node.name, dict(node.properties)) for node in tree]
    for index, parent in enumerate(tree.parents):
        if parent >= 0:
            nodes[parent].children.append(nodes[index])
    phandles = {node: phandle for phandle, node in tree.phandles.items()}
    for consumer, supplier in links:
        if supplier not in phandles:
            phandles[supplier] = max(phandles.values(), default=0) + 1
            nodes[supplier].properties["phandle"] = cells(phandles[supplier])
        properties, entry = nodes[consumer].properties, cells(phandles[supplier])
        known = properties.get(NAME, b"")
        if entry not in [known[at : at + 4] for at in range(0, len(known), 4)]:
            properties[NAME] = known + entry
    blob = write(nodes[0])
    return fdt.read(blob)
