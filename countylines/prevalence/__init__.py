"""Prevalence: how many lines are active, what share, and how sure.

- :func:`proportion`: a share with its interval.
- :func:`rate`: events per head or per unit of time with their interval.
- :func:`active_at`, :func:`active_during`: spells, or lines, active on a day or in a window.
- :func:`openings`, :func:`closures`, :func:`line_days`: flows, and days of activity.
- :func:`stock_flow_audit`: the identity of stock and flow, held against records.
- :func:`survival`: how long lives last.
- :func:`pooled_rate`, :func:`pooled_proportion`: one value out of many areas, and how they differ.
"""

from __future__ import annotations

from countylines.prevalence.active_at import active_at
from countylines.prevalence.active_during import active_during
from countylines.prevalence.closures import closures
from countylines.prevalence.line_days import line_days
from countylines.prevalence.openings import openings
from countylines.prevalence.pooled_proportion import pooled_proportion
from countylines.prevalence.pooled_rate import pooled_rate
from countylines.prevalence.proportion import proportion
from countylines.prevalence.rate import rate
from countylines.prevalence.stock_flow_audit import stock_flow_audit
from countylines.prevalence.survival import survival

__all__ = [
    "active_at",
    "active_during",
    "closures",
    "line_days",
    "openings",
    "pooled_proportion",
    "pooled_rate",
    "proportion",
    "rate",
    "stock_flow_audit",
    "survival",
]
