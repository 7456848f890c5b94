"""What is known about Linux, with sources; nothing here reads an input."""
