"""The page: shows a Tether, and hands what people want to it."""
