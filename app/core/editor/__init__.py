"""Workflows as the editor saves them, turned into what servers run."""
