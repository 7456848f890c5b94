"""Why a link came or went: a node that was added, removed, enabled or disabled."""

from __future__ import annotations

from collections.abc import Mapping

from dtlink.views.parts import Entry

#: All nodes by path, and whether they are enabled; ``None`` if they are not known.
Nodes = Mapping[str, bool] | None

#: The ends of a link that may bring it, or take it along.
_ENDS = ("consumer", "node", "supplier")
_NOWHERE: Entry = {"because": None, "at": None}


class Places:
    """What became of the nodes."""

    def __init__(self, old: Nodes, new: Nodes) -> None:
        self._known = old is not None and new is not None
        self._old, self._new = old or {}, new or {}

    def gained(self, link: Entry) -> Entry:
        """Members for a link that was gained: ``because``, and ``at`` which node."""
        return self._because(link, ("added", "enabled"))

    def lost(self, link: Entry) -> Entry:
        """The same for one that was lost."""
        return self._because(link, ("removed", "disabled"))

    def changed(self, link: Entry) -> Entry:
        """The same for one that the kernel reads in another way."""
        return self._because(link, ("disabled", "enabled"))

    def _because(self, link: Entry, events: tuple[str, ...]) -> Entry:
        if not self._known:
            return _NOWHERE
        for end in _ENDS:
            event = self._event(link[end])
            if event in events:
                return {"because": f"{end} {event}", "at": self._top(link[end], event)}
        return _NOWHERE

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
