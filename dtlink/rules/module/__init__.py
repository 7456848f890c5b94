"""Drivers that come late, or never, in one kernel."""
