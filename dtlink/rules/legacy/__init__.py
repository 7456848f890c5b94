"""Deprecated bindings."""
