"""Prevalence: how many lines are active, what share, and how sure.

- :func:`proportion`: a share with its interval.
"""

from __future__ import annotations

from countylines.prevalence.proportion import proportion

__all__ = ["proportion"]
