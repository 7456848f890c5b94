"""``inspect()``: what is in a file."""

from __future__ import annotations

import os

from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.api.options import AnyPath
    from dtlink.views.inspect import InspectView


def inspect(path: AnyPath, *, search: bool = False) -> InspectView:
    """What is in a file, as ``dtlink inspect`` shows it: formats, members, devicetrees, hashes.

    ``search`` looks for devicetrees anywhere in it. Raises :class:`InputError` for a file that
    cannot be read; what is wrong with a member is among its ``problems``.
    """
    from dtlink.views.inspect import InspectView

    return InspectView.of(os.fspath(path), search=search)
