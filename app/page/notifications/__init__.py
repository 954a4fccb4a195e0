"""Notifications for a person who looks elsewhere, and what is new after an update."""
