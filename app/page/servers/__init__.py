"""The list of servers and all that people do with them."""
