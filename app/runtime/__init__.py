"""What keeps the core running: events in, commands carried out."""
