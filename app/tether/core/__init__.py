"""Pure machines: events and time in, commands out."""
