"""dtlib's parser of devicetree source, with bounds, and with the line where each node begins.

Importing this imports dtlib, which is slow.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

from devicetree import dtlib

from dtlink.firmware.errors import InputError
from dtlink.firmware.included import IncludedFiles

#: Upper bound on included files; the largest boards include about fifty.
MAX_INCLUDES = 500

ParseError = dtlib.DTError


class BoundedParser(dtlib.DT):  # type: ignore[misc]  # dtlib has no annotations
    """Records where each node is first opened; dtlib itself does not."""

    def __init__(self, path: str) -> None:
        self.lines: dict[Any, tuple[str, int]] = {}
        self._included = 0
        self._files = IncludedFiles(path)
        super().__init__(path, force=True)

    def _parse_node(self, node: Any) -> None:
        self.lines.setdefault(node, (self.filename, self._lineno))
        super()._parse_node(node)

    def _enter_file(self, filename: str) -> None:
        """Bounded: dtlib does not recognise a file that includes itself by another path."""
        self._included += 1
        if self._included > MAX_INCLUDES:
            self._parse_error(
                f"more than {MAX_INCLUDES} included files: is an /include/ recursive?"
            )
        super()._enter_file(filename)

    def _open(self, filename: str, mode: str = "r", **kwargs: Any) -> IO[Any]:
        """Bounded, and only files of the source's own tree; see :class:`IncludedFiles`."""
        try:
            return self._files.open(filename, Path(self.filename).parent, mode, **kwargs)
        except InputError as error:
            self._parse_error(error.message)
            raise

    def _eval_shift(self) -> int:
        """Shifts by less than 64 bits, as in dtc: larger ones would exhaust memory."""
        value = int(self._eval_add())
        while self._peek_token().val in ("<<", ">>"):
            left = self._next_token().val == "<<"
            bits = int(self._eval_add())
            if not 0 <= bits < 64:
                self._parse_error(f"invalid shift by {bits} bits (valid: 0 to 63)")
            value = value << bits if left else value >> bits
        return value
