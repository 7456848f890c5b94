"""The settings of the inputs of a run, of which most have those of their neighbours."""

from __future__ import annotations

from collections.abc import Iterable

from dtlink.config.model import LintSettings
from dtlink.firmware.inputs import Input


class SettingsByInput:
    """The settings of each input, kept where they change in the order of paths.

    Inputs below a folder come in that order; of others those are kept that differ from the inputs
    around them.
    """

    def __init__(self, pairs: Iterable[tuple[Input, LintSettings]] = ()) -> None:
        self._kinds: dict[LintSettings, LintSettings] = {}
        # By identity: settings take long to hash. What is known stays, and its identity with it.
        self._known: dict[int, tuple[LintSettings, LintSettings]] = {}
        # The paths at which settings change, and those from there on.
        self._starts: list[str] = []
        self._held: list[LintSettings] = []
        self._last = ""
        self._others: dict[Input, LintSettings] = {}
        for item, settings in pairs:
            self.add(item, settings)

    @property
    def kinds(self) -> list[LintSettings]:
        """The settings that inputs have, each once, in the order of the inputs."""
        return list(self._kinds)

    def add(self, item: Input, settings: LintSettings) -> None:
        """Note the settings of an input."""
        _, held = self._known.get(id(settings)) or self._added(settings)
        path = item.path
        if not self._held or (path > self._last and held is not self._held[-1]):
            # The first ones are those of paths before it, too.
            self._starts.append(path if self._held else "")
            self._held.append(held)
        elif self._at(path) is not held:
            self._others[item] = held
        self._last = max(self._last, path)

    def __getitem__(self, item: Input) -> LintSettings:
        """The settings of an input that was added; of others those of the inputs around it."""
        found = self._others.get(item) if self._others else None
        return found or self._at(item.path)

    def _at(self, path: str) -> LintSettings:
        if len(self._held) == 1:
            return self._held[0]
        from bisect import bisect_right

        return self._held[bisect_right(self._starts, path) - 1]

    def _added(self, settings: LintSettings) -> tuple[LintSettings, LintSettings]:
        pair = settings, self._kinds.setdefault(settings, settings)
        self._known[id(settings)] = pair
        return pair
