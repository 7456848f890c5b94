"""Devicetree source as people write it: with includes, macros and overlays, every place kept."""
