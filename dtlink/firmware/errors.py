"""The exception that all readers raise."""

from __future__ import annotations

from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtlink.firmware.source.errors import SourceFault


class InputError(Exception):
    """An input that cannot be read.

    ``path`` is the file as the user gave it, ``offset`` the byte offset at which reading stopped
    (``None`` if unknown, as for DTS source), ``message`` what is wrong there.
    """

    faults: Sequence[SourceFault] = ()
    """All that is wrong, of devicetree source."""

    def __init__(self, message: str, *, offset: int | None = None, path: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.path = path

    def __str__(self) -> str:
        where = self.path or "input"
        at = "" if self.offset is None else f", byte {self.offset:#x}"
        return f"{where}{at}: {self.message}"

    def __reduce__(self) -> tuple[object, ...]:
        state = {"faults": self.faults} if self.faults else None
        return _rebuild, (self.message, self.offset, self.path), state


def _rebuild(message: str, offset: int | None, path: str) -> InputError:
    return InputError(message, offset=offset, path=path)
