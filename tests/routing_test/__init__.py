"""The routing test itself is tested: each cure that is missing must be seen."""
