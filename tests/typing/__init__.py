"""Programs that use the public API, for type checkers: nothing runs them."""
