"""What holds for every test of the simulator."""

from hypothesis import settings

# Examples are tried, not timed; nothing is written. A profile that somebody chose stays.
if settings.get_current_profile_name() == "default":
    settings.register_profile("simulator", deadline=None, database=None)
    settings.load_profile("simulator")
