"""Faults of IVRS tables: AMD IOMMUs."""
