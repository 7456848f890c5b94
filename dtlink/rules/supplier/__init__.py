"""Suppliers that can never probe."""
