"""The settings of the inputs of a run, of which most have the same ones."""

from __future__ import annotations

from collections.abc import Iterable

from dtlink.config.model import LintSettings
from dtlink.firmware.inputs import Input


class SettingsByInput:
    """The settings of each input; only those that differ from the first one's are kept with it."""

    def __init__(self, pairs: Iterable[tuple[Input, LintSettings]] = ()) -> None:
        self._kinds: dict[LintSettings, LintSettings] = {}
        # By identity: settings take long to hash. What is known stays, and its identity with it.
        self._known: dict[int, tuple[LintSettings, LintSettings]] = {}
        self._first: LintSettings | None = None
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
        if self._first is None:
            self._first = held
        elif held is not self._first:
            self._others[item] = held

    def __getitem__(self, item: Input) -> LintSettings:
        """The settings of an input that was added."""
        found = self._others.get(item, self._first) if self._others else self._first
        if found is None:
            raise KeyError(item)
        return found

    def _added(self, settings: LintSettings) -> tuple[LintSettings, LintSettings]:
        pair = settings, self._kinds.setdefault(settings, settings)
        self._known[id(settings)] = pair
        return pair
