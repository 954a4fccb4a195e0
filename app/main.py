"""Starts the page."""

from page.app import start

start()
