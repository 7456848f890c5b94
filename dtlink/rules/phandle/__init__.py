"""References that do not resolve."""
