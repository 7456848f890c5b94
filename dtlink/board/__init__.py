"""Everything known about one input, each part computed once."""
