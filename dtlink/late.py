"""Regular expressions that are compiled when they are first used.

To compile one takes 0.1 to 0.5 ms, and to import :mod:`re` 2 ms: most runs use few of those that
their modules have.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from typing import Any, AnyStr


class _LatePattern:
    """Has the methods of a compiled expression, each from its first use on."""

    def __init__(self, text: Any) -> None:
        self._text = text

    def __getattr__(self, name: str) -> Any:
        import re

        found = self.__dict__[name] = getattr(re.compile(self._text), name)
        return found


def pattern(text: AnyStr) -> re.Pattern[AnyStr]:
    """An expression; flags are written into it, as ``(?i)``."""
    return _LatePattern(text)  # type: ignore[return-value]  # it has the methods
