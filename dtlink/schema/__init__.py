"""dtschema's validator, in a process of its own, and what it says of suppliers."""
