"""What devicetree schemas say of suppliers, beside what the other rules tell."""
