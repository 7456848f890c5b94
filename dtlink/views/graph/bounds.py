"""How large a graph may become, whatever the input is."""

#: Upper bounds on what a graph has; what is beyond them is counted in ``left_out``.
MAX_NODES, MAX_EDGES, MAX_FINDINGS, MAX_CYCLES = 5000, 10000, 1000, 200
#: Upper bounds on the parts of one node, edge or cycle.
MAX_ENTRIES, MAX_COMPATIBLES, MAX_DEVICES = 16, 8, 400
#: Upper bound on a name; a path may be as long as firmware likes.
MAX_TEXT = 512


def clipped(text: str) -> str:
    """A text of firmware, not longer than a page can bear."""
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"
