"""What differs between kernel versions."""
