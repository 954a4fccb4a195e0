"""What devtools and scripts call."""
