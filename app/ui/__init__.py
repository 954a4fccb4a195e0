"""The face of the page: a pure view, and small panels that show it."""
