"""The configuration that a kernel image holds, where CONFIG_IKCONFIG is on.

Linux, kernel/configs.c: gzip data between ``IKCFG_ST`` and ``IKCFG_ED``.
"""

from __future__ import annotations

from dtlink.firmware.errors import InputError
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

_START: Final = b"IKCFG_ST"
_END: Final = b"IKCFG_ED"
_GZIP: Final = b"\x1f\x8b\x08"
#: Upper bounds on the packed and the unpacked configuration, which has 60 and 300 kB.
_PACKED, _PLAIN = 2 << 20, 16 << 20


class EmbeddedConfig:
    """Gathers the configuration of an image that is fed in pieces."""

    def __init__(self) -> None:
        self._data = b""
        self._started = False
        self._done = False

    def feed(self, piece: bytes) -> None:
        """Look at the next bytes of the image."""
        if self._done:
            return
        data = self._data + piece
        if not self._started:
            # What reads images has the mark as a string too; the data follow only one of them.
            at = data.find(_START + _GZIP)
            self._started = at >= 0
            data = data[at + len(_START) :] if at >= 0 else data[-len(_START + _GZIP) :]
        if self._started:
            end = data.find(_END)
            self._done = end >= 0 or len(data) > _PACKED
            data = data[: max(end, 0)] if self._done else data
        self._data = data

    @property
    def text(self) -> str:
        """The configuration; empty if the image has none, or a damaged one."""
        from dtlink.firmware.packing import unpacked

        try:
            return unpacked(self._data, _PLAIN).decode("latin-1") if self._done else ""
        except InputError:
            return ""
