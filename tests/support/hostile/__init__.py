"""Texts that would control what shows them, the places that have them, and the judges."""
