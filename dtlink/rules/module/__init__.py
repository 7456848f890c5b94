"""Drivers that a kernel loads late, or never."""
