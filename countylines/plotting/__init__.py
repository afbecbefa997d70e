"""Pictures of results; every function takes `ax=None` and returns the Axes.

matplotlib is imported on use. Install it with ``pip install "countylines[plot]"``.

- :func:`forest`: estimates with their intervals, one a line.
"""

from __future__ import annotations

from countylines.plotting.forest import forest

__all__ = ["forest"]
