"""The smallest words of DTS: numbers and references."""

#: Cells of at least this value are addresses or masks rather than counts.
_HEX_FROM = 1000


def number(cell: int) -> str:
    """A cell: small numbers, which may count lines or channels, in decimal."""
    return f"{cell:#x}" if cell >= _HEX_FROM else str(cell)


def reference(path: str, label: str = "") -> str:
    """A reference to a node: ``&label``, or ``&{/path}`` where no label is known."""
    return f"&{label}" if label else f"&{{{path}}}"
