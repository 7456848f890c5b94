"""Faults of DMAR tables: Intel VT-d."""
