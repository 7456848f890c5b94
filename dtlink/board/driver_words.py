"""How to get a driver into a kernel, in words."""

from __future__ import annotations

from dtlink.typed import TYPE_CHECKING
from dtlink.wording import joined

if TYPE_CHECKING:
    from dtlink.kernel.facts import Facts


def to_set(facts: Facts, config: str, value: str = "") -> str:
    """The option that builds a driver, or those that select it where it has no prompt."""
    by = facts.source_index.turned_on_by(config)
    if by is None:
        return f"CONFIG_{config}{value}"
    if not by:
        return f"an option that selects CONFIG_{config}"
    return f"{joined([f'CONFIG_{each}{value}' for each in by], 'or')} (for CONFIG_{config})"
