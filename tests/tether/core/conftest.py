"""What holds for every test of the core."""

from hypothesis import settings

# Examples are tried, not timed; nothing is written. A profile that somebody chose stays.
if settings.get_current_profile_name() == "default":
    settings.register_profile("core", deadline=None, database=None)
    settings.load_profile("core")
