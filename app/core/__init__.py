"""The rules of Tether: pure machines that take events and return commands."""
