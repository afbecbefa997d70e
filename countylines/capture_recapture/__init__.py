"""Capture-recapture: how many are hidden, from who is on which list.

- :class:`CaptureHistories`: a table of who is on which list.
- :func:`lincoln_petersen`: two lists, the oldest estimator.
- :func:`chapman`: two lists, with the small-sample bias nearly removed.
- :func:`chao_lower_bound`: how often each unit was seen, and the fewest that can be hidden.
- :func:`zelterman`: the same counts, another estimate.
- :func:`closed_population`: chances that differ by list, by unit or once seen before.
- :func:`sample_coverage`: how much of each list the others know.
- :func:`existence`: whether a log-linear estimate exists, before it is computed.
- :func:`loglinear`: many lists, one model.
- :func:`goodness_of_fit`: whether the counts on the lists follow that model.
- :func:`model_search`: many lists, every hierarchical model, and how far they disagree.
- :func:`stepwise`: many lists, interactions selected one by one, and again in each replicate.
- :func:`by_stratum`: any of these in every stratum, and a total.
"""

from __future__ import annotations

from countylines.capture_recapture.by_stratum import by_stratum
from countylines.capture_recapture.chao_lower_bound import chao_lower_bound
from countylines.capture_recapture.chapman import chapman
from countylines.capture_recapture.closed_population import closed_population
from countylines.capture_recapture.existence import existence
from countylines.capture_recapture.goodness_of_fit import goodness_of_fit
from countylines.capture_recapture.histories import CaptureHistories
from countylines.capture_recapture.lincoln_petersen import lincoln_petersen
from countylines.capture_recapture.loglinear import loglinear
from countylines.capture_recapture.model_average import ModelAverage
from countylines.capture_recapture.model_search import model_search
from countylines.capture_recapture.model_search_result import ModelSearch
from countylines.capture_recapture.sample_coverage import sample_coverage
from countylines.capture_recapture.selection_bootstrap import SelectionBootstrap
from countylines.capture_recapture.stepwise import stepwise
from countylines.capture_recapture.zelterman import zelterman

__all__ = [
    "CaptureHistories",
    "ModelAverage",
    "ModelSearch",
    "SelectionBootstrap",
    "by_stratum",
    "chao_lower_bound",
    "chapman",
    "closed_population",
    "existence",
    "goodness_of_fit",
    "lincoln_petersen",
    "loglinear",
    "model_search",
    "sample_coverage",
    "stepwise",
    "zelterman",
]
