"""Settings that every test shares."""

from hypothesis import settings

# A deadline would make a test depend on the machine's speed. The rest, such as CI repeating itself, stays.
settings.register_profile("untimed", settings(), deadline=None)
settings.load_profile("untimed")
