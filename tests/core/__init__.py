"""Tests of the core: one file a module, which alone covers that module."""
