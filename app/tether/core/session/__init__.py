"""The root: events to machines, records, snapshot."""
