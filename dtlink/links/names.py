"""What the entries of supplier properties are called, as drivers ask for them."""

from __future__ import annotations

from dtlink.facts.resources import INTERCONNECT
from dtlink.firmware.tree import strings_of
from dtlink.typed import TYPE_CHECKING

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
    names, number = binding.resource.names, entry_number(reference)
    at = tree.holders(names).get(reference.node) if names else None
    if at is None:
        return ""
    found = strings_of(tree.value(at))
    return found[number] if number < len(found) else ""


def entry_number(reference: Reference) -> int:
    """The number by which drivers ask for an entry: paths are two entries, and have one name.

    Source: drivers/interconnect/core.c, of_icc_get_by_index().
    """
    is_path = reference.binding.resource is INTERCONNECT
    return reference.entry // 2 if is_path else reference.entry
