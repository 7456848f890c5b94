"""Why a link came or went: a node that was added, removed, enabled or disabled."""

from __future__ import annotations

from collections.abc import Mapping

from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.views.links import LinkRow

#: All nodes by path, and whether they are enabled; ``None`` if they are not known.
Nodes = Mapping[str, bool] | None

#: Why a link came or went, as an end of it and what happened to that, and at which node.
Reason = tuple[str | None, str | None]


class Places:
    """What became of the nodes."""

    def __init__(self, old: Nodes, new: Nodes) -> None:
        self._known = old is not None and new is not None
        self._old, self._new = old or {}, new or {}

    def gained(self, link: LinkRow) -> Reason:
        """Why a link was gained."""
        return self._because(link, ("added", "enabled"))

    def lost(self, link: LinkRow) -> Reason:
        """The same for one that was lost."""
        return self._because(link, ("removed", "disabled"))

    def changed(self, link: LinkRow) -> Reason:
        """The same for one that the kernel reads in another way."""
        return self._because(link, ("disabled", "enabled"))

    def _because(self, link: LinkRow, events: tuple[str, ...]) -> Reason:
        if not self._known:
            return None, None
        ends = ("consumer", link.consumer), ("node", link.node), ("supplier", link.supplier)
        for end, path in ends:
            event = self._event(path)
            if event in events:
                return f"{end} {event}", self._top(path, event)
        return None, None

    def _event(self, path: str) -> str:
        """What became of a node; empty if nothing did."""
        before, after = self._old.get(path), self._new.get(path)
        if before == after:
            return ""
        if before is None:
            return "added"
        if after is None:
            return "removed"
        return "enabled" if after else "disabled"

    def _top(self, path: str, event: str) -> str:
        """The uppermost node of those above to which the same happened."""
        above = path.rpartition("/")[0]
        while above and self._event(above) == event:
            path, above = above, above.rpartition("/")[0]
        return path
