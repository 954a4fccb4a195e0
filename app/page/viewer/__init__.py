"""Results, large."""
