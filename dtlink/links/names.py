"""What the entries of supplier properties are called, as drivers ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.tree import Tree
    from dtlink.links.reference import Reference


def entry_name(tree: Tree, reference: Reference) -> str:
    """The name of an entry: from ``clock-names`` and its kind, or the property's own.

    Of ``vcc-supply`` and ``reset-gpios`` it is what is before the suffix. Empty: it has none.
    """
    binding = reference.binding
    if binding.name.startswith("*-"):
        name = tree.property_name(reference.at)
        return name[: 1 - len(binding.name)]
    names = binding.resource.names
    found = tree[reference.node].strings(names) if names else ()
    return found[reference.entry] if reference.entry < len(found) else ""
