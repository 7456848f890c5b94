"""What is written means what it says: one module for each format that escapes text for it.

Names, values, paths and messages of inputs are any bytes at all. Whoever writes a format passes
each text, or the whole of a document, through the module of that format; nothing else escapes.
"""
