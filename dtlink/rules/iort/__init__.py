"""Faults of IORT tables: Arm's SMMUs and interrupt translation services."""
