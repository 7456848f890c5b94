"""Stream IDs and the maps that make them."""
