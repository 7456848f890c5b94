"""Signs of faults of IOMMUs (see :mod:`dtlink.board.signs`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from dtlink.board.settings import BoardOfSettings
from dtlink.facts.iommus import ARM_SMMU, SMMU_V3, Sharing, kind_of
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from dtlink.firmware.tree import Tree
    from dtlink.links.reference import Reference
    from dtlink.links.streams import Stream

_SMMUS = frozenset((*ARM_SMMU, SMMU_V3))
#: The greatest width of stream IDs, which needs no check.
_UNLIMITED = 32
#: A rule whose notes need not be looked for if they are not reported.
_UNORDERED_RULE = "supplier/unordered-iommu"


class IommuSigns(BoardOfSettings):
    """The signs of a devicetree's board that are about its IOMMUs."""

    if TYPE_CHECKING:
        tree: Tree
        without_notes: AbstractSet[str]

        @property
        def bootargs(self) -> str: ...  # noqa: D102 - as in TreeBoard, like the others
        @property
        def masters(self) -> Mapping[int, Sequence[Reference]]: ...  # noqa: D102
        @property
        def streams(self) -> Mapping[int, Sequence[Stream]]: ...  # noqa: D102

    @cached_property
    def smmus(self) -> Sequence[int]:
        """The enabled nodes with registers that a driver of Arm's SMMUs binds to."""
        tree = self.tree
        reg, holders = tree.holders("reg"), tree.holders
        candidates = {*holders("#iommu-cells"), *holders("#global-interrupts")}
        candidates.update(self.masters if "iommu-map" in tree.columns else ())
        return [
            node
            for node in sorted(candidates)
            if node in reg and node not in tree.disabled
            if not _SMMUS.isdisjoint(tree[node].compatible)
        ]

    @property
    def unordered_masters(self) -> Mapping[int, Sequence[Reference]]:
        """:attr:`masters`; without notes only where a kernel, or its command line, may not wait."""
        is_quiet = _UNORDERED_RULE in self.without_notes
        is_named = self.facts is not None or self.settings.cmdline is not None
        return self.masters if not is_quiet or is_named or "timeout" in self.bootargs else {}

    @cached_property
    def checked_streams(self) -> Mapping[int, Sequence[Stream]]:
        """The streams of IOMMUs of which it is known how wide IDs are, or what shares one."""
        kinds = {iommu: kind_of(self.tree[iommu].compatible) for iommu in self.streams}
        return {
            iommu: self.streams[iommu]
            for iommu, kind in kinds.items()
            if kind and (kind.sharing is not Sharing.UNKNOWN or kind.id_bits < _UNLIMITED)
        }

    @cached_property
    def odd_iommu_cells(self) -> Sequence[int]:
        """The IOMMUs in use whose ``#iommu-cells`` is missing, or not one that the binding has."""
        tree, kinds = (
            self.tree,
            [(node, kind_of(self.tree[node].compatible)) for node in self.masters],
        )
        return [
            node
            for node, kind in kinds
            if kind is not None and tree.cell("#iommu-cells", node) not in kind.cells
        ]
