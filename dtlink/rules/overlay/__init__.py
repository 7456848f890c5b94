"""The form of the tree itself."""
