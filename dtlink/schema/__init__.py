"""Validation by dtschema in a separate process, and its errors about suppliers."""
