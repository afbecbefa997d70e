"""Pictures of results; every function takes `ax=None` and returns the Axes.

matplotlib is imported on use. Install it with ``pip install "countylines[plot]"``.

- :func:`forest`: estimates with their intervals, one a line.
- :func:`survival`: curves over time with their limits.
"""

from __future__ import annotations

from countylines.plotting.forest import forest
from countylines.plotting.survival import survival

__all__ = ["forest", "survival"]
