"""Where the root filesystem can be, and what is needed to get there."""
