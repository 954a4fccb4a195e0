"""What of the demo needs no browser."""
