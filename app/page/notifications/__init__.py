"""Notifications when the page is in the background, and what is new after an update."""
