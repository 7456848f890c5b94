"""The error for a value that an option or a parameter does not take."""

from __future__ import annotations


class OptionError(ValueError):
    """A value that an option does not take; names the option and what it allows."""

    def __init__(self, option: str, value: str, allowed: tuple[str, ...]) -> None:
        super().__init__(f"{option}: {value!r} is not a value of it; allowed: {', '.join(allowed)}")
        self.option = option
        self.value = value
        self.allowed = allowed
