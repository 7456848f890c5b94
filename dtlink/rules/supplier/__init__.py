"""Suppliers that can not come."""
