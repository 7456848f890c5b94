"""Devices that wait for each other."""
