"""A language server for devicetree source: what an editor shows while a file is written."""
