"""Faults of RIMT tables: RISC-V IOMMUs."""
