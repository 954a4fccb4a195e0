"""Every server as a lane in time."""
