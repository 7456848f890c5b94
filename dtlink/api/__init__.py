"""The library: what a command does, as functions and methods that return its result."""
