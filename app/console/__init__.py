"""What devtools, scripts and pages of the same origin may call."""
