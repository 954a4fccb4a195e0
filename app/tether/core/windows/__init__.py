"""What the windows of one browser tell each other."""
