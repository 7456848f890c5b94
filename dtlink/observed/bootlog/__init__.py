"""Boot logs: which lines are about dependencies, and what causes them."""
