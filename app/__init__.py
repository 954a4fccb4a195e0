"""Tether: image jobs on several ComfyUI servers at once, from a static page."""
