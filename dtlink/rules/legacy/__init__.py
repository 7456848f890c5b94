"""Bindings that are no longer what kernels read."""
