"""Settings of Hypothesis that a run may choose with `--hypothesis-profile`."""

from hypothesis import settings

settings.register_profile("thorough", max_examples=1000)
