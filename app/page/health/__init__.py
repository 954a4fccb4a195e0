"""How well the window does its work."""
