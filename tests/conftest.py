"""Settings that all tests share."""

import os

import hypothesis

# The same examples in every run, so that a red build can be repeated; `HYPOTHESIS_PROFILE=search` draws new ones.
hypothesis.settings.register_profile("ci", derandomize=True, deadline=None, database=None, max_examples=100)
hypothesis.settings.register_profile("search", deadline=None, database=None, max_examples=1000, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
