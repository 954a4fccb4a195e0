"""The simulator as a whole: recorded conversations with real servers, and random histories."""
