"""The nouns: window, task, server, connection, lock."""
