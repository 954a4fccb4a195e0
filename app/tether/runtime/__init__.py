"""Feeds events into a session and carries its commands out, through ports."""
