"""``inspect()``: what is in a file."""

from __future__ import annotations

from dtlink import arguments as taken
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

    taken.flags(search=search)
    return InspectView.of(taken.path("path", path), search=search)
