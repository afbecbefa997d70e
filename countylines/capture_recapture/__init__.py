"""Capture-recapture: how many are hidden, from who is on which list.

- :class:`CaptureHistories`: a table of who is on which list.
- :func:`lincoln_petersen`: two lists, the oldest estimator.
- :func:`chapman`: two lists, with the small-sample bias nearly removed.
"""

from __future__ import annotations

from countylines.capture_recapture.chapman import chapman
from countylines.capture_recapture.histories import CaptureHistories
from countylines.capture_recapture.lincoln_petersen import lincoln_petersen

__all__ = ["CaptureHistories", "chapman", "lincoln_petersen"]
