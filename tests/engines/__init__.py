"""The page in other engines than Chromium's."""
