"""A world for visitors without a ComfyUI: two servers inside the page, and nothing is kept."""
