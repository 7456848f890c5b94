"""Damaged inputs for every reader, through the whole pipeline: ``python -m tests.fuzz``.

An input is a seed, a reader and a number: these three make the same files and the same command
lines each time. `CONTRIBUTING.md` has the options, and how to add a reader.
"""
