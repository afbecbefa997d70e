"""What figures on county lines can and cannot support, with honest uncertainty.

A county line is a drug-dealing operation run from one area into another over a branded phone
number. This package estimates what official figures on such lines, or on any partly hidden
population, claim or leave open. What there is:

``countylines.prevalence``
    How many, what share: :func:`~countylines.prevalence.proportion`,
    :func:`~countylines.prevalence.banded_total`,
    :func:`~countylines.prevalence.funnel_limits`,
    :func:`~countylines.prevalence.standardised_rate`,
    :func:`~countylines.prevalence.rate`,
    :func:`~countylines.prevalence.active_at`, :func:`~countylines.prevalence.active_during`,
    :func:`~countylines.prevalence.openings`, :func:`~countylines.prevalence.closures`,
    :func:`~countylines.prevalence.line_days`,
    :func:`~countylines.prevalence.stock_flow_audit`.
    How long they last: :func:`~countylines.prevalence.survival`.
    Many areas: :func:`~countylines.prevalence.pooled_rate`,
    :func:`~countylines.prevalence.pooled_proportion`,
    :func:`~countylines.prevalence.shrunken_rate`,
    :func:`~countylines.prevalence.shrunken_proportion`,
    :func:`~countylines.prevalence.rank_intervals`,
    :func:`~countylines.prevalence.fay_herriot`.
    Labels that are wrong: :func:`~countylines.prevalence.corrected_proportion`.
    Late reports: :func:`~countylines.prevalence.nowcast`.
    Benchmarks: :func:`~countylines.prevalence.multiplier`,
    :func:`~countylines.prevalence.combined_multiplier`,
    :func:`~countylines.prevalence.multiplier_conflict`.
    Counts in a month and in a year: :func:`~countylines.prevalence.steady_state_stock`,
    :func:`~countylines.prevalence.distinct_in_window`,
    :func:`~countylines.prevalence.stock_from_distinct`,
    :func:`~countylines.prevalence.convert_window`,
    :func:`~countylines.prevalence.implied_duration`,
    :func:`~countylines.prevalence.expected_stock`,
    :func:`~countylines.prevalence.window_bounds`,
    :func:`~countylines.prevalence.cumulative_incidence`,
    :func:`~countylines.prevalence.mean_recurrences`,
    :func:`~countylines.prevalence.length_biased_mean`.
``countylines.capture_recapture``
    How many are hidden: :class:`~countylines.capture_recapture.CaptureHistories`,
    :func:`~countylines.capture_recapture.lincoln_petersen`,
    :func:`~countylines.capture_recapture.chapman`,
    :func:`~countylines.capture_recapture.chao_lower_bound`,
    :func:`~countylines.capture_recapture.zelterman`,
    :func:`~countylines.capture_recapture.closed_population`,
    :func:`~countylines.capture_recapture.sample_coverage`,
    :func:`~countylines.capture_recapture.by_stratum`,
    :func:`~countylines.capture_recapture.existence`,
    :func:`~countylines.capture_recapture.loglinear`,
    :func:`~countylines.capture_recapture.goodness_of_fit`,
    :func:`~countylines.capture_recapture.model_search`, which returns a
    :class:`~countylines.capture_recapture.ModelSearch`, whose average is a
    :class:`~countylines.capture_recapture.ModelAverage`,
    :func:`~countylines.capture_recapture.stepwise`, which returns a
    :class:`~countylines.capture_recapture.SelectionBootstrap`.
``countylines.disproportionality``
    Who is over-represented: :func:`~countylines.disproportionality.representation_ratio`,
    :func:`~countylines.disproportionality.representation_to_rate_ratio`,
    :func:`~countylines.disproportionality.rate_to_representation_ratio`,
    :func:`~countylines.disproportionality.excess_count`,
    :func:`~countylines.disproportionality.missing_bounds`,
    :func:`~countylines.disproportionality.missing_tipping_point`,
    :func:`~countylines.disproportionality.missing_odds_curve`,
    :func:`~countylines.disproportionality.missing_odds_prior`,
    :func:`~countylines.disproportionality.impute_counts`,
    :func:`~countylines.disproportionality.combine_imputations`,
    :func:`~countylines.disproportionality.benchmark_sensitivity`,
    :func:`~countylines.disproportionality.benchmark_tipping_point`,
    :func:`~countylines.disproportionality.mixed_group_bounds`,
    :func:`~countylines.disproportionality.e_value`,
    :func:`~countylines.disproportionality.attributable_fraction`,
    :func:`~countylines.disproportionality.over_represented_in_all`,
    :func:`~countylines.disproportionality.over_represented_in_at_least`,
    :func:`~countylines.disproportionality.smallest_ratio`,
    :func:`~countylines.disproportionality.power_in_all`,
    :func:`~countylines.disproportionality.total_needed_in_all`,
    :func:`~countylines.disproportionality.smallest_establishing_count`,
    :func:`~countylines.disproportionality.rate_ratio`,
    :func:`~countylines.disproportionality.risk_ratio`,
    :func:`~countylines.disproportionality.pool`,
    :func:`~countylines.disproportionality.homogeneity`,
    :func:`~countylines.disproportionality.simpson_report`,
    :class:`~countylines.disproportionality.SimpsonReport`,
    :func:`~countylines.disproportionality.adjusted_ratio`,
    :func:`~countylines.disproportionality.odds_ratio`,
    :func:`~countylines.disproportionality.suppress`,
    :func:`~countylines.disproportionality.suppress_estimates`,
    :func:`~countylines.disproportionality.hidden_ranges`.
    :func:`~countylines.disproportionality.rate_difference`,
    :func:`~countylines.disproportionality.risk_difference`,
    :func:`~countylines.disproportionality.four_fifths`,
    :func:`~countylines.disproportionality.disparity`,
    :func:`~countylines.disproportionality.standardised_rate_ratio`,
    :func:`~countylines.disproportionality.standardised_ratio`,
    :func:`~countylines.disproportionality.expected_count`,
    :func:`~countylines.disproportionality.odds_ratio`.
    Many groups and areas: :func:`~countylines.disproportionality.joint_proportions`,
    :func:`~countylines.disproportionality.simultaneous`,
    :func:`~countylines.disproportionality.ratio_of_ratios`,
    :func:`~countylines.disproportionality.relative_rate_chain`,
    :func:`~countylines.disproportionality.shrunken_ratio`,
    :func:`~countylines.disproportionality.dissimilarity`,
    :func:`~countylines.disproportionality.gini`,
    :func:`~countylines.disproportionality.theil`,
    :func:`~countylines.disproportionality.false_discovery`.
``countylines.localisation``
    Is it becoming local: :func:`~countylines.localisation.localisation_odds_ratio`,
    :func:`~countylines.localisation.compatible_counts`,
    :func:`~countylines.localisation.compatible_bases`,
    :func:`~countylines.localisation.compatible_tables`,
    :func:`~countylines.localisation.compatible_range` (with
    :class:`~countylines.localisation.Printed`),
    :func:`~countylines.localisation.share_from_changes`,
    :func:`~countylines.localisation.tipping_point`,
    :func:`~countylines.localisation.detection_bounds`,
    :func:`~countylines.localisation.detection_adjusted_trend` (with
    :class:`~countylines.localisation.Detection`),
    :func:`~countylines.localisation.reclassification_sensitivity`,
    :func:`~countylines.localisation.internal_share`,
    :func:`~countylines.localisation.equivalence`,
    :func:`~countylines.localisation.cochran_armitage`,
    :func:`~countylines.localisation.mantel_trend`,
    :func:`~countylines.localisation.trend_regression`,
    :func:`~countylines.localisation.trend_power`,
    :func:`~countylines.localisation.interrupted_series`,
    :func:`~countylines.localisation.mann_kendall`,
    :func:`~countylines.localisation.sens_slope`,
    :func:`~countylines.localisation.seasonal_mann_kendall`,
    :func:`~countylines.localisation.regional_mann_kendall`,
    :func:`~countylines.localisation.change_point`,
    :func:`~countylines.localisation.max_score_trend`,
    :class:`~countylines.localisation.ShapeTest`,
    :func:`~countylines.localisation.step_or_slope`,
    :class:`~countylines.localisation.ShareDecomposition`,
    :func:`~countylines.localisation.shift_share`,
    :func:`~countylines.localisation.siegel_slope`,
    :func:`~countylines.localisation.joinpoint` (a
    :class:`~countylines.localisation.JoinpointEstimate`),
    :func:`~countylines.localisation.jonckheere_terpstra`,
    :func:`~countylines.localisation.page_trend`,
    :func:`~countylines.localisation.partial_mann_kendall`.
    Many forces: :func:`~countylines.localisation.field_significance`,
    :func:`~countylines.localisation.shrunken_slopes`,
    :func:`~countylines.localisation.false_discovery`.
    Between which areas: :class:`~countylines.localisation.LineFlows`,
    :func:`~countylines.localisation.flow_trend`,
    :func:`~countylines.localisation.distance_decay`,
    :func:`~countylines.localisation.moran`,
    :func:`~countylines.localisation.join_counts`,
    :func:`~countylines.localisation.expected_internal_share`,
    :func:`~countylines.localisation.intrazonal_distance`.
``countylines.assess``
    The claims of the published assessment, one by one; ``python -m countylines assess``.
``countylines.datasets``
    The published tables, each with its source, wording and licence.
``countylines.plotting``
    Pictures of results.
``countylines.simulate``
    SYNTHETIC data with known truth: :func:`~countylines.simulate.register`,
    :func:`~countylines.simulate.coverage`.
    :func:`~countylines.simulate.people`.
``countylines.testing``
    Data and checks for the tests of those who build on this.

Results are :class:`~countylines.Estimate`, :class:`~countylines.PopulationEstimate`,
:class:`~countylines.CombinedEstimate`,
:class:`~countylines.PooledEstimate`, :class:`~countylines.ShrunkenEstimate`,
:class:`~countylines.RankEstimate`, :class:`~countylines.Posterior` and
:class:`~countylines.TestResult`, and over time
:class:`~countylines.Survival` and :class:`~countylines.TimeCurve`; errors derive from
:class:`~countylines.errors.CountyLinesError`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from countylines import (
        assessment,
        capture_recapture,
        datasets,
        disproportionality,
        errors,
        localisation,
        plotting,
        prevalence,
        simulate,
        testing,
    )
    from countylines._citations import cite
    from countylines._versions import show_versions
    from countylines.assessment import assess
    from countylines.bands import Band
    from countylines.benchmark import Benchmark
    from countylines.capture_recapture import CaptureHistories
    from countylines.combined import CombinedEstimate
    from countylines.pooled import PooledEstimate
    from countylines.posterior import Posterior
    from countylines.regression import RegressionEstimate
    from countylines.results import Estimate, Note, PopulationEstimate, TestResult, Verdict
    from countylines.shrunken import RankEstimate, ShrunkenEstimate
    from countylines.survival import Survival
    from countylines.time_curve import TimeCurve

_WHERE = {
    "Band": "countylines.bands",
    "Benchmark": "countylines.benchmark",
    "CaptureHistories": "countylines.capture_recapture",
    "CombinedEstimate": "countylines.combined",
    "Estimate": "countylines.results",
    "Note": "countylines.results",
    "PopulationEstimate": "countylines.results",
    "PooledEstimate": "countylines.pooled",
    "Posterior": "countylines.posterior",
    "RankEstimate": "countylines.shrunken",
    "RegressionEstimate": "countylines.regression",
    "ShrunkenEstimate": "countylines.shrunken",
    "Survival": "countylines.survival",
    "TestResult": "countylines.results",
    "TimeCurve": "countylines.time_curve",
    "Verdict": "countylines.results",
    "assess": "countylines.assessment",
    "cite": "countylines._citations",
    "show_versions": "countylines._versions",
}
_ROOMS = (
    "assessment",
    "capture_recapture",
    "datasets",
    "disproportionality",
    "errors",
    "localisation",
    "plotting",
    "prevalence",
    "simulate",
    "testing",
)

__all__ = [
    "Band",
    "Benchmark",
    "CaptureHistories",
    "CombinedEstimate",
    "Estimate",
    "Note",
    "PooledEstimate",
    "PopulationEstimate",
    "Posterior",
    "RankEstimate",
    "RegressionEstimate",
    "ShrunkenEstimate",
    "Survival",
    "TestResult",
    "TimeCurve",
    "Verdict",
    "assess",
    "assessment",
    "capture_recapture",
    "cite",
    "datasets",
    "disproportionality",
    "errors",
    "localisation",
    "plotting",
    "prevalence",
    "show_versions",
    "simulate",
    "testing",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from countylines._frames import version

        return version()
    if name in _WHERE:
        value = getattr(importlib.import_module(_WHERE[name]), name)
    elif name in _ROOMS:
        value = importlib.import_module(f"countylines.{name}")
    else:
        raise AttributeError(f"module 'countylines' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, "__version__"})
