"""The other windows of this browser."""
