"""What the user says of which inputs a path stands for."""

from typing import Final, NamedTuple

#: How many boards are read at most because they include a file that the user names. More than 100
#: take longer than one waits for an answer.
MAX_BOARDS: Final = 100


class InputOptions(NamedTuple):
    """What decides which inputs a path stands for."""

    max_boards: int = MAX_BOARDS
    """Upper bound on the boards that are read because they include a named file; 0: none."""
    include: tuple[str, ...] = ()
    """Where boards look for the files that they include, first."""
