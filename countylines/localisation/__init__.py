"""Localisation: do lines become local, or is it recording, detection or re-labelling?

- :func:`localisation_odds_ratio`: internal against external lines, after against before.
- :func:`compatible_counts`: whole-number tables that agree with printed totals and percentages.
- :func:`compatible_bases`: bases that agree with one printed percentage.
- :func:`share_from_changes`: the internal share that two percentages imply.
- :func:`mann_kendall`: does a series rise or fall from period to period?
- :func:`sens_slope`: by how much.
- :func:`tipping_point`: the change in detection that would explain the odds ratio.
- :func:`reclassification_sensitivity`: the re-labelling that would explain it.
"""

from __future__ import annotations

from countylines.localisation.compatible_counts import compatible_bases, compatible_counts
from countylines.localisation.localisation_odds_ratio import localisation_odds_ratio
from countylines.localisation.mann_kendall import mann_kendall
from countylines.localisation.reclassification_sensitivity import reclassification_sensitivity
from countylines.localisation.sens_slope import sens_slope
from countylines.localisation.share_from_changes import share_from_changes
from countylines.localisation.tipping_point import tipping_point

__all__ = [
    "compatible_bases",
    "compatible_counts",
    "localisation_odds_ratio",
    "mann_kendall",
    "reclassification_sensitivity",
    "sens_slope",
    "share_from_changes",
    "tipping_point",
]
