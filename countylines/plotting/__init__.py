"""Pictures of results; every function takes `ax=None` and returns the Axes.

matplotlib is imported on use. Install it with ``pip install "countylines[plot]"``.

- :func:`detection_contour`: the odds ratio of lines over all that detection may have been.
- :func:`disagreement`: the total that each model of a search gives, against how it ranks.
- :func:`flow_map`: lines between areas as arrows, within them as circles.
- :func:`forest`: estimates with their intervals, one a line.
- :func:`overlap`: who is on which list, for any number of lists.
- :func:`stock_and_flow`: how many are active, with openings and closings.
- :func:`survival`: curves over time with their limits.
- :func:`funnel`: rates of many areas against their size, with control limits.
"""

from __future__ import annotations

from countylines.plotting.detection_contour import detection_contour
from countylines.plotting.disagreement import disagreement
from countylines.plotting.flow_map import flow_map
from countylines.plotting.forest import forest
from countylines.plotting.funnel import funnel
from countylines.plotting.overlap import overlap
from countylines.plotting.stock_and_flow import stock_and_flow
from countylines.plotting.survival import survival

__all__ = [
    "detection_contour",
    "disagreement",
    "flow_map",
    "forest",
    "funnel",
    "overlap",
    "stock_and_flow",
    "survival",
]
