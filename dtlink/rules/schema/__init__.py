"""Violations of devicetree schemas that concern suppliers."""
