"""Localisation: do lines become local, or is it recording, detection or re-labelling?

- :func:`localisation_odds_ratio`: internal against external lines, after against before.
- :func:`compatible_counts`: whole-number tables that agree with printed totals and percentages.
- :func:`compatible_bases`: bases that agree with one printed percentage.
- :func:`compatible_tables`: the same for any printed figures (:class:`Printed`).
- :func:`compatible_range`: the range of a count or share that they leave.
- :func:`share_from_changes`: the internal share that two percentages imply.
- :func:`internal_share`: the share of internal lines.
- :func:`equivalence`: are two rates shown to be alike?
- :func:`cochran_armitage`: does a share rise or fall with the year?
- :func:`shift_share`: a change of the share within forces, by their mix, by who reports.
- :func:`max_score_trend`: the same whichever of several sets of scores is right.
- :func:`mantel_trend`: the same within forces.
- :func:`trend_regression`: the odds ratio or rate ratio per year, beyond chance variation.
- :func:`interrupted_series`: a step or a bend at a date that was known beforehand.
- :func:`trend_power`: how large a trend of a share can be seen?
- :func:`mann_kendall`: does a series rise or fall from period to period?
- :func:`sens_slope`: by how much.
- :func:`siegel_slope`: the same where up to half of the periods are wrong.
- :func:`seasonal_mann_kendall`: the same where values differ by season.
- :func:`regional_mann_kendall`: the same for several regions at once.
- :func:`jonckheere_terpstra`: do values rise over ordered groups?
- :func:`page_trend`: do they within every row of a table?
- :func:`partial_mann_kendall`: beyond what the trend of a covariate explains?
- :func:`step_or_slope`: did it change at once or steadily, or can that not be told?
- :func:`change_point`: does it change at one place, and where?
- :func:`joinpoint`: where does the change per year itself change?
- :class:`LineFlows`: lines by origin, destination and period, and their indices.
- :func:`flow_trend`: does an index of the flows rise or fall?
- :func:`distance_decay`: how fast lines thin out with distance, and its trend.
- :func:`moran`: are neighbouring areas alike?
- :func:`join_counts`: do areas that have something lie together?
- :func:`expected_internal_share`: how many lines size and distance alone would make internal.
- :func:`intrazonal_distance`: how far a line runs within an area.
- :func:`tipping_point`: the change in detection that would explain the odds ratio.
- :func:`detection_adjusted_trend`: what is left of a trend once detection is allowed for.
- :class:`Detection`: what is known of detection, with its equation and assumption.
- :func:`detection_bounds`: what ranges of detection leave open.
- :func:`reclassification_sensitivity`: the re-labelling that would explain it.
- :func:`field_significance`: is there a trend in any force at all?
- :func:`shrunken_slopes`: trends of many forces, drawn together.
- :func:`false_discovery`: p-values of many tests at once.
"""

from __future__ import annotations

from countylines.localisation.change_point import change_point
from countylines.localisation.cochran_armitage import cochran_armitage
from countylines.localisation.compatible_counts import compatible_bases, compatible_counts
from countylines.localisation.compatible_tables import compatible_range, compatible_tables
from countylines.localisation.detection import Detection
from countylines.localisation.detection_adjusted_trend import detection_adjusted_trend
from countylines.localisation.detection_bounds import detection_bounds
from countylines.localisation.distance_decay import distance_decay
from countylines.localisation.equivalence import equivalence
from countylines.localisation.expected_internal_share import expected_internal_share
from countylines.localisation.field_significance import field_significance
from countylines.localisation.flow_trend import flow_trend
from countylines.localisation.flows import LineFlows
from countylines.localisation.internal_share import internal_share
from countylines.localisation.interrupted_series import interrupted_series
from countylines.localisation.intrazonal_distance import intrazonal_distance
from countylines.localisation.join_counts import join_counts
from countylines.localisation.joinpoint import joinpoint
from countylines.localisation.joinpoint_result import JoinpointEstimate
from countylines.localisation.jonckheere_terpstra import jonckheere_terpstra
from countylines.localisation.localisation_odds_ratio import localisation_odds_ratio
from countylines.localisation.mann_kendall import mann_kendall
from countylines.localisation.mantel_trend import mantel_trend
from countylines.localisation.max_score_trend import max_score_trend
from countylines.localisation.moran import moran
from countylines.localisation.page_trend import page_trend
from countylines.localisation.partial_mann_kendall import partial_mann_kendall
from countylines.localisation.printed import Printed
from countylines.localisation.reclassification_sensitivity import reclassification_sensitivity
from countylines.localisation.regional_mann_kendall import regional_mann_kendall
from countylines.localisation.seasonal_mann_kendall import seasonal_mann_kendall
from countylines.localisation.sens_slope import sens_slope
from countylines.localisation.shape_test import ShapeTest
from countylines.localisation.share_decomposition import ShareDecomposition
from countylines.localisation.share_from_changes import share_from_changes
from countylines.localisation.shift_share import shift_share
from countylines.localisation.shrunken_slopes import shrunken_slopes
from countylines.localisation.siegel_slope import siegel_slope
from countylines.localisation.step_or_slope import step_or_slope
from countylines.localisation.tipping_point import tipping_point
from countylines.localisation.trend_power import trend_power
from countylines.localisation.trend_regression import trend_regression
from countylines.multiple_tests import false_discovery

__all__ = [
    "Detection",
    "JoinpointEstimate",
    "LineFlows",
    "Printed",
    "ShapeTest",
    "ShareDecomposition",
    "change_point",
    "cochran_armitage",
    "compatible_bases",
    "compatible_counts",
    "compatible_range",
    "compatible_tables",
    "detection_adjusted_trend",
    "detection_bounds",
    "distance_decay",
    "false_discovery",
    "field_significance",
    "flow_trend",
    "moran",
    "join_counts",
    "equivalence",
    "expected_internal_share",
    "internal_share",
    "interrupted_series",
    "intrazonal_distance",
    "joinpoint",
    "jonckheere_terpstra",
    "localisation_odds_ratio",
    "mann_kendall",
    "mantel_trend",
    "max_score_trend",
    "page_trend",
    "partial_mann_kendall",
    "reclassification_sensitivity",
    "regional_mann_kendall",
    "seasonal_mann_kendall",
    "sens_slope",
    "share_from_changes",
    "shift_share",
    "shrunken_slopes",
    "siegel_slope",
    "step_or_slope",
    "tipping_point",
    "trend_power",
    "trend_regression",
]
