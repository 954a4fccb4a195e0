"""Runs image jobs on several ComfyUI servers at once; knows no page."""
