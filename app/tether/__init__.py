"""Runs image jobs on several ComfyUI servers at once; `tether.client.Tether` is its facade."""
