"""Prevalence: how many lines are active, what share, and how sure.

- :func:`proportion`: a share with its interval.
- :func:`banded_total`: a total of counts that were published as bands.
- :func:`funnel_limits`: limits within which chance alone keeps the rates of many areas.
- :func:`standardised_rate`: a rate with the make-up of a standard population.
- :func:`rate`: events per head or per unit of time with their interval.
- :func:`active_at`, :func:`active_during`: spells, or lines, active on a day or in a window.
- :func:`openings`, :func:`closures`, :func:`line_days`: flows, and days of activity.
- :func:`stock_flow_audit`: the identity of stock and flow, held against records.
- :func:`corrected_proportion`: a share of labels, some of them wrong.
- :func:`multiplier`, :func:`combined_multiplier`, :func:`multiplier_conflict`: a population out of
  benchmarks.
- :func:`nowcast`: counts of the recent past, with what is still to be reported.
- :func:`survival`: how long lives last.
- :func:`pooled_rate`, :func:`pooled_proportion`: one value out of many areas, and how they differ.
- :func:`steady_state_stock`, :func:`distinct_in_window`, :func:`stock_from_distinct`,
  :func:`convert_window`, :func:`implied_duration`: stocks and counts in windows, in a steady state.
- :func:`expected_stock`: where openings change. :func:`window_bounds`: free of any model.
- :func:`shrunken_rate`, :func:`shrunken_proportion`: each area, drawn towards the others.
- :func:`rank_intervals`: places in a league table, with their uncertainty.
- :func:`fay_herriot`: survey estimates of small areas, drawn towards covariates.
- :func:`cumulative_incidence`: how lives end, by type of closure.
- :func:`mean_recurrences`: how often lines reopen, over time.
- :func:`length_biased_mean`: mean life from lives found because they were open.
"""

from __future__ import annotations

from countylines.prevalence.active_at import active_at
from countylines.prevalence.active_during import active_during
from countylines.prevalence.banded_total import banded_total
from countylines.prevalence.closures import closures
from countylines.prevalence.combined_multiplier import combined_multiplier
from countylines.prevalence.convert_window import convert_window
from countylines.prevalence.corrected_proportion import corrected_proportion
from countylines.prevalence.cumulative_incidence import cumulative_incidence
from countylines.prevalence.distinct_in_window import distinct_in_window
from countylines.prevalence.expected_stock import expected_stock
from countylines.prevalence.fay_herriot import fay_herriot
from countylines.prevalence.funnel_limits import funnel_limits
from countylines.prevalence.implied_duration import implied_duration
from countylines.prevalence.length_biased_mean import length_biased_mean
from countylines.prevalence.line_days import line_days
from countylines.prevalence.mean_recurrences import mean_recurrences
from countylines.prevalence.multiplier import multiplier
from countylines.prevalence.multiplier_conflict import multiplier_conflict
from countylines.prevalence.nowcast import nowcast
from countylines.prevalence.openings import openings
from countylines.prevalence.pooled_proportion import pooled_proportion
from countylines.prevalence.pooled_rate import pooled_rate
from countylines.prevalence.proportion import proportion
from countylines.prevalence.rank_intervals import rank_intervals
from countylines.prevalence.rate import rate
from countylines.prevalence.shrunken_proportion import shrunken_proportion
from countylines.prevalence.shrunken_rate import shrunken_rate
from countylines.prevalence.standardised_rate import standardised_rate
from countylines.prevalence.steady_state_stock import steady_state_stock
from countylines.prevalence.stock_flow_audit import stock_flow_audit
from countylines.prevalence.stock_from_distinct import stock_from_distinct
from countylines.prevalence.survival import survival
from countylines.prevalence.window_bounds import window_bounds

__all__ = [
    "active_at",
    "active_during",
    "banded_total",
    "closures",
    "combined_multiplier",
    "convert_window",
    "corrected_proportion",
    "cumulative_incidence",
    "distinct_in_window",
    "expected_stock",
    "fay_herriot",
    "funnel_limits",
    "implied_duration",
    "length_biased_mean",
    "line_days",
    "mean_recurrences",
    "multiplier",
    "multiplier_conflict",
    "nowcast",
    "openings",
    "pooled_proportion",
    "pooled_rate",
    "proportion",
    "rank_intervals",
    "rate",
    "shrunken_proportion",
    "shrunken_rate",
    "standardised_rate",
    "steady_state_stock",
    "stock_flow_audit",
    "stock_from_distinct",
    "survival",
    "window_bounds",
]
