"""The ports' adapters, one thing of the browser each."""
