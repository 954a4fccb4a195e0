"""Servers inside the page, their time and their network."""
