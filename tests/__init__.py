"""dtlink's tests: one folder per room, and what they share in ``support``."""
