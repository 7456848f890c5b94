"""Scripts for those who work on dtlink: they are not part of the package."""
