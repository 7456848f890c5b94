"""What is wrong? One file per rule, in a folder per family."""
