"""Reads workflow files in any format, and converts them to the one that servers run."""
