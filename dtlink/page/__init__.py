"""What the pages that dtlink writes are made of."""
