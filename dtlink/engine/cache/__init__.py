"""Results of lints, kept until something changes that they rest on (docs/cache.md)."""
