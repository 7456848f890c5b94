"""What tests and rule examples use."""
