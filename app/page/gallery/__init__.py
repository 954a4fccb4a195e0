"""Results kept in the browser."""
