"""What scripts are told, without a browser."""
