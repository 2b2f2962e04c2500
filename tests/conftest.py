"""Settings that every test shares."""

from hypothesis import settings

# A deadline would make a test depend on the machine's speed. The rest stays as it is, so that CI still repeats itself.
settings.register_profile("untimed", settings(), deadline=None)
settings.load_profile("untimed")
