"""Which task gets which place, and when."""
