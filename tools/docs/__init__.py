"""The documentation: generated pages and parts of pages, man pages, the picture."""
