"""Settings that hold for every test."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# The default run gives the same answer on every machine and every day. To go looking for new
# counter-examples: pytest --hypothesis-profile=explore
settings.register_profile(
    "default-derandomized",
    max_examples=50,
    derandomize=True,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("explore", max_examples=1000, deadline=None, print_blob=True)
settings.load_profile("default-derandomized")

if "matplotlib" not in os.environ.get("COUNTYLINES_TEST_WITHOUT", ""):
    os.environ.setdefault("MPLBACKEND", "agg")


@pytest.fixture(autouse=True)
def _closed_figures():
    """Close what a test drew."""
    yield
    import sys

    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
