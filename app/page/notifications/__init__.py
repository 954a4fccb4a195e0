"""What a person is told when they look elsewhere."""
