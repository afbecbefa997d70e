"""The one table of public estimators: a new estimator is covered by adding a row.

Each row names a public function, five sets of valid arguments (the data, by name), and options to
run it with. `EXEMPT` names what is public but not elementwise, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from countylines import capture_recapture, disproportionality, localisation, prevalence


@dataclass(frozen=True)
class Row:
    """One elementwise estimator and data on which it can be tried."""

    function: Callable[..., Any]
    data: Mapping[str, Sequence[float]]
    options: Sequence[Mapping[str, Any]] = ({},)
    shares: tuple[str, ...] = ()  # arguments that are not counts: never cast to integers
    measures: tuple[str, ...] = ()  # numbers above 0 that need not be whole
    testable: bool = True  # whether the result can test a null value
    values: bool = False  # whether plain values come back, not an Estimate
    paired: bool = True  # whether one-sided limits are the two-sided ones of another level
    null: float = 1.0  # a null value that is allowed
    fields: tuple[str, ...] = field(default=("estimate", "low", "high"))

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def topic(self) -> str:
        return self.function.__module__.split(".")[1]


COUNT_TOTAL = {"count": [3, 0, 81, 25, 15], "total": [43, 20, 263, 25, 148]}
TWO_LISTS = {
    "n_first": [135, 466, 929, 20, 6],
    "n_second": [126, 630, 4812, 30, 9],
    "n_both": [45, 37, 94, 12, 4],
}
FOUR_COUNTS = {
    "internal_before": [1280, 100, 50, 7, 12],
    "external_before": [2727, 900, 100, 27, 3],
    "internal_after": [4250, 332, 20, 9, 14],
    "external_after": [2394, 790, 120, 33, 6],
}
ALL_SHARE_METHODS = [
    {"method": name}
    for name in (
        "mid-p",
        "wilson",
        "wilson-cc",
        "clopper-pearson",
        "blaker",
        "minlike",
        "agresti-coull",
        "plus-four",
        "jeffreys",
        "modified-jeffreys",
        "logit",
        "arcsine",
        "profile",
        "skew-score",
        "wald",
    )
]

COUNT_EXPOSURE = {
    "count": [29, 0, 214, 1, 6644],
    "exposure": [55725, 8000, 62000, 53, 59597],
}
RATE_METHODS = (
    "mid-p",
    "exact",
    "byar",
    "byar-mid-p",
    "blaker",
    "minlike",
    "score",
    "skew-score",
    "jeffreys",
    "profile",
    "anscombe",
    "anscombe-cc",
    "square-root",
    "wald",
    "wald-half",
    "wald-log",
)
TWO_RATES = {
    "count": [19, 0, 41, 5, 6644],
    "exposure": [2579, 1000, 28010, 1000, 59597],
    "ref_count": [2365, 5, 15, 0, 8204],
    "ref_exposure": [48740, 2000, 19017, 2000, 51000],
}
RATE_RATIO_METHODS = (
    "mid-p",
    "exact",
    "minlike",
    "blaker",
    "score",
    "skew-score",
    "mover-score",
    "mover-jeffreys",
    "mover-exact",
    "profile",
    "wald-log",
    "adjusted-log",
    "bayes-jeffreys",
)
RISK_RATIO_METHODS = (
    "skew-score",
    "gart-nam",
    "miettinen-nurminen",
    "koopman",
    "mover-wilson",
    "mover-jeffreys",
    "katz-log",
    "adjusted-log",
)
TWO_SHARES = {
    "count": [36, 0, 81, 25, 15],
    "total": [40, 20, 163, 25, 148],
    "ref_count": [16, 5, 30, 10, 9],
    "ref_total": [80, 50, 90, 80, 199],
}
RATE_DIFFERENCE_METHODS = (
    *("skew-score", "score", "mover-score", "mover-jeffreys", "mover-exact", "mover-byar"),
    *("mover-mid-p", "wald", "wald-half"),
)
RISK_DIFFERENCE_METHODS = (
    *("skew-score", "gart-nam", "miettinen-nurminen", "mee", "mover-wilson", "mover-wilson-cc"),
    *("mover-jeffreys", "agresti-caffo", "wald"),
)
ODDS_RATIO_METHODS = (
    "skew-score",
    "miettinen-nurminen",
    "score",
    "conditional",
    "conditional-mid-p",
    "minlike",
    "blaker",
    "mover-wilson",
    "mover-jeffreys",
    "woolf",
    "gart",
    "independence-smoothed",
)

ESTIMATORS: tuple[Row, ...] = (
    Row(
        prevalence.proportion,
        COUNT_TOTAL,
        [*ALL_SHARE_METHODS, {"design_effect": 1.5}, {"population": 500}],
        null=0.3,
    ),
    Row(
        prevalence.rate,
        COUNT_EXPOSURE,
        [*({"method": name} for name in RATE_METHODS), {"per": 100_000}],
        measures=("exposure",),
    ),
    Row(
        prevalence.corrected_proportion,
        {
            **COUNT_TOTAL,
            "sensitivity": [0.9, 0.8, 0.95, 0.7, 1.0],
            "specificity": [0.99, 0.95, 0.9, 0.97, 0.999],
        },
        [
            {},
            *({"method": m} for m in ("melding", "mid-p", "rogan-gladen", "wilson", "blaker")),
            {"sensitivity_n": 50},
            {"sensitivity_n": 50, "specificity_n": 200, "method": "melding"},
        ],
        shares=("sensitivity", "specificity"),
        testable=False,
    ),
    Row(
        prevalence.multiplier,
        {"benchmark": [410, 20, 720, 25, 1447], **COUNT_TOTAL},
        [
            {},
            *({"method": m} for m in ("clopper-pearson", "lognormal", "delta")),
            {"method": "monte-carlo", "rng": 1},
        ],
        shares=("benchmark",),
        testable=False,
    ),
    Row(
        prevalence.steady_state_stock,
        {
            "openings_per_day": [3.0, 0.0, 11.5, 25.0, 1.0],
            "mean_duration": [30.0, 60.0, 0.5, 400.0, 72.0],
        },
        [{}, {"poisson": False}],
        shares=("openings_per_day", "mean_duration"),
        testable=False,
    ),
    Row(
        prevalence.distinct_in_window,
        {
            "stock": [600.0, 0.0, 11.5, 25.0, 1.0],
            "mean_duration": [1.2, 6.0, 2.0, 4.0, 7.0],
            "window": [12, 1, 0, 3, 4],
        },
        shares=("stock", "mean_duration", "window"),
        testable=False,
    ),
    Row(
        prevalence.stock_from_distinct,
        {
            "distinct": [6644, 0, 115, 25, 1],
            "mean_duration": [1.2, 6.0, 2.0, 4.0, 7.0],
            "window": [12, 1, 2, 3, 4],
        },
        [{}, {"poisson": True}],
        shares=("distinct", "mean_duration", "window"),
        testable=False,
    ),
    Row(
        prevalence.convert_window,
        {
            "distinct": [600, 0, 115, 25, 1],
            "window": [1, 1, 12, 3, 4],
            "new_window": [12.0, 6.0, 1.0, 3.0, 0.5],
            "mean_duration": [1.2, 6.0, 2.0, 4.0, 7.0],
        },
        shares=("distinct", "window", "new_window", "mean_duration"),
        testable=False,
    ),
    Row(
        disproportionality.representation_ratio,
        {**COUNT_TOTAL, "benchmark": [0.05, 0.0101, 0.186, 0.8, 0.135]},
        [*ALL_SHARE_METHODS, {"benchmark_n": 5000}],
        shares=("benchmark",),
    ),
    Row(
        disproportionality.excess_count,
        {**COUNT_TOTAL, "benchmark": [0.05, 0.0101, 0.186, 0.8, 0.05]},
        ALL_SHARE_METHODS,
        shares=("benchmark",),
        null=0.5,
    ),
    Row(
        disproportionality.missing_bounds,
        {
            "count": [3, 0, 81, 25, 15],
            "known": [43, 20, 263, 25, 148],
            "missing": [7, 2, 0, 5, 60],
            "benchmark": [0.05, 0.0101, 0.186, 0.8, 0.135],
        },
        [
            {},
            {"target": "region", "method": "clopper-pearson"},
            {"missing_share": (0.1, 0.4)},
            {"missing_odds": (0.5, 2.0), "method": "wilson"},
        ],
        shares=("benchmark",),
        paired=False,
        fields=("region_low", "region_high", "low", "high"),
    ),
    Row(
        disproportionality.missing_tipping_point,
        {
            "count": [3, 1, 81, 25, 15],
            "known": [43, 20, 263, 25, 148],
            "missing": [7, 2, 30, 5, 60],
            "benchmark": [0.05, 0.0501, 0.286, 0.8, 0.135],
        },
        [{}, {"at": "limit"}, {"scale": "odds"}, {"method": "wilson", "at": "limit"}],
        shares=("benchmark",),
        testable=False,
    ),
    Row(
        disproportionality.benchmark_tipping_point,
        COUNT_TOTAL,
        [*ALL_SHARE_METHODS, {"at": "limit"}],
        testable=False,
    ),
    Row(
        disproportionality.mixed_group_bounds,
        {
            "count": [3, 0, 81, 20, 15],
            "mixed": [4, 2, 0, 5, 60],
            "total": [43, 20, 263, 25, 148],
            "benchmark": [0.05, 0.0101, 0.186, 0.7, 0.135],
            "mixed_benchmark": [0.02, 0.01, 0.03, 0.1, 0.03],
        },
        [{}, {"allocated": (0.2, 0.8)}, {"same_rule": False}, {"method": "wilson"}],
        shares=("benchmark", "mixed_benchmark"),
        testable=False,
        fields=("region_low", "region_high", "low", "high"),
    ),
    Row(
        disproportionality.rate_ratio,
        TWO_RATES,
        [{"method": m} for m in RATE_RATIO_METHODS],
        measures=("exposure", "ref_exposure"),
    ),
    Row(
        disproportionality.risk_ratio,
        TWO_SHARES,
        [{"method": m} for m in RISK_RATIO_METHODS],
    ),
    Row(
        disproportionality.ratio_of_ratios,
        {
            **TWO_RATES,
            "other_count": [25, 3, 30, 6, 5000],
            "other_exposure": [2579, 1000, 28010, 1000, 59597],
            "other_ref_count": [2500, 7, 25, 4, 9000],
            "other_ref_exposure": [48740, 2000, 19017, 2000, 51000],
        },
        [{}, *({"method": m} for m in ("conditional-mid-p", "mover-wilson", "woolf", "gart"))],
        measures=("exposure", "ref_exposure", "other_exposure", "other_ref_exposure"),
    ),
    Row(
        disproportionality.rate_difference,
        TWO_RATES,
        [*({"method": m} for m in RATE_DIFFERENCE_METHODS), {"per": 1000}],
        measures=("exposure", "ref_exposure"),
        null=0.001,
    ),
    Row(
        disproportionality.standardised_ratio,
        {"observed": [3, 0, 9, 64, 1520], "expected": [1.2, 2.5, 6.57, 60.9, 1301.5]},
        [{"method": m} for m in RATE_METHODS],
        shares=("expected",),
    ),
    Row(
        disproportionality.risk_difference,
        TWO_SHARES,
        [{"method": m} for m in RISK_DIFFERENCE_METHODS],
        null=0.1,
    ),
    Row(
        disproportionality.odds_ratio,
        TWO_SHARES,
        [{"method": m} for m in ODDS_RATIO_METHODS],
    ),
    Row(
        disproportionality.representation_to_rate_ratio,
        {"ratio": [0.5, 1.0, 2.5, 1.1, 0.0], "benchmark": [0.05, 0.0101, 0.186, 0.8, 0.135]},
        shares=("ratio", "benchmark"),
        testable=False,
        values=True,
    ),
    Row(
        disproportionality.rate_to_representation_ratio,
        {"ratio": [0.5, 1.0, 2.5, 9.0, 0.0], "benchmark": [0.05, 0.0101, 0.186, 0.8, 0.135]},
        shares=("ratio", "benchmark"),
        testable=False,
        values=True,
    ),
    Row(
        capture_recapture.lincoln_petersen,
        TWO_LISTS,
        [{"method": m} for m in ("logit", "profile", "lognormal", "normal")],
        null=500.0,
    ),
    Row(
        capture_recapture.chapman,
        TWO_LISTS,
        [{"method": m} for m in ("logit", "profile", "lognormal", "normal")],
        null=500.0,
    ),
    Row(
        localisation.localisation_odds_ratio,
        FOUR_COUNTS,
        [{"method": m} for m in ODDS_RATIO_METHODS],
    ),
    Row(
        localisation.internal_share,
        {"internal": [3, 0, 81, 25, 15], "external": [40, 20, 182, 0, 133]},
        ALL_SHARE_METHODS,
        null=0.3,
    ),
    Row(
        localisation.tipping_point,
        FOUR_COUNTS,
        [{}, {"at": "limit"}, {"method": "woolf", "at": "limit"}],
        testable=False,
    ),
)

EXEMPT: Mapping[str, str] = {
    "banded_total": "bands in, reduced over a dimension; its kinds are tried in its own tests",
    "length_biased_mean": "one row of lives in, one estimate out",
    "mean_recurrences": "one table in, a curve out",
    "cumulative_incidence": "one table in, curves out",
    "funnel_limits": "its target may come from all areas; its kinds are tried in its own tests",
    "standardised_rate_ratio": "a reduction over strata; its kinds are tried in its own tests",
    "four_fifths": "counts in, a table with decisions out",
    "disparity": "counts in, a table out",
    "equivalence": "counts in, a test out",
    "expected_count": "a reduction over strata; its kinds are tried in its own tests",
    "standardised_rate": "a reduction over strata; its kinds are tried in its own tests",
    "pooled_rate": "areas in, one estimate out",
    "pooled_proportion": "areas in, one estimate out",
    "shrunken_rate": "areas in, each drawn to the others: not elementwise",
    "shrunken_proportion": "areas in, each drawn to the others: not elementwise",
    "fay_herriot": "areas in, each drawn to the others: not elementwise",
    "rank_intervals": "areas in, their ranks out: not elementwise",
    "survival": "one table in, a curve out",
    "active_at": "a table of spells in, counts out",
    "active_during": "a table of spells in, counts out",
    "openings": "a table of spells in, counts out",
    "closures": "a table of spells in, counts out",
    "line_days": "a table of spells in, counts out",
    "stock_flow_audit": "a table of spells in, a table out",
    "nowcast": "a triangle or records in, a table out",
    "combined_multiplier": "several sources in, one estimate out",
    "multiplier_conflict": "several sources in, a test out",
    "expected_stock": "a series and a survival in, a table out",
    "implied_duration": "arithmetic without a level; its kinds are tested beside it",
    "window_bounds": "bounds without a level; its kinds are tested beside it",
    "attributable_fraction": "an Estimate in; its kinds are tried in its own tests",
    "e_value": "a ratio or an Estimate in; its kinds are tried in its own tests",
    "benchmark_sensitivity": "one record and several benchmarks in, a table out",
    "impute_counts": "counts in, random draws of them out",
    "combine_imputations": "a reduction over imputations; its kinds are tried in its own tests",
    "missing_odds_prior": "one set of counts in; its kinds are numbers",
    "missing_odds_curve": "one set of counts in, a table out",
    "CaptureHistories": "a table, not an estimator",
    "chao_lower_bound": "frequencies in, their dimension reduced",
    "zelterman": "frequencies in, their dimension reduced",
    "closed_population": "one table in, one estimate out",
    "by_stratum": "a table with strata in, a row a stratum out",
    "sample_coverage": "one table in, one estimate out",
    "existence": "a table in, a verdict out",
    "goodness_of_fit": "one table in, one test out",
    "loglinear": "one table in, one estimate out",
    "model_search": "one table in, every model out",
    "ModelSearch": "what model_search returns",
    "ModelAverage": "what the average of a ModelSearch is",
    "stepwise": "one table in, one estimate out",
    "SelectionBootstrap": "what stepwise and ModelSearch.bootstrap return",
    "compatible_counts": "one pair of totals in, a table out",
    "compatible_bases": "one percentage in, a table out",
    "share_from_changes": "percentages in, an identified range without a level out",
    "reclassification_sensitivity": "four counts in, a table out",
    "Detection": "an input, not an estimator",
    "hidden_ranges": "a printed table in, ranges out",
    "suppress": "a table in, a table out",
    "suppress_estimates": "a table in, a table out",
    "Printed": "an input, not an estimator",
    "compatible_range": "printed figures in, a range out",
    "compatible_tables": "printed figures in, tables out",
    "detection_adjusted_trend": "two series and inputs in, a test with a table out",
    "detection_bounds": "four counts and ranges in, a table out",
    "over_represented_in_all": "cells in, a test out; its kinds are tried in its own tests",
    "over_represented_in_at_least": "cells in, a test out; its kinds are tried with the other",
    "smallest_ratio": "a reduction over cells; its kinds are tried in its own tests",
    "power_in_all": "a reduction over cells; its kinds are tried in its own tests",
    "total_needed_in_all": "cells in, a whole number out",
    "smallest_establishing_count": "counts without an interval; its kinds are tried beside power",
    "cochran_armitage": "a reduction over groups, not elementwise",
    "mantel_trend": "a table of strata in, a test out",
    "pool": "strata in, one estimate out; its kinds are tried in its own tests",
    "homogeneity": "strata in, a test out; its kinds are tried in its own tests",
    "simpson_report": "one row of strata in, a report out",
    "SimpsonReport": "what simpson_report returns",
    "adjusted_ratio": "a table in, a regression out",
    "interrupted_series": "a series in, a table out",
    "trend_power": "a plan in, a table out",
    "trend_regression": "a regression over time, not elementwise",
    "mann_kendall": "a reduction over time, not elementwise",
    "sens_slope": "a reduction over time, not elementwise",
    "seasonal_mann_kendall": "a reduction over time, not elementwise",
    "regional_mann_kendall": "a table of regions in, a test out",
    "change_point": "a reduction over time, not elementwise",
    "siegel_slope": "a reduction over time, not elementwise",
    "shift_share": "forces in, the parts of one change out",
    "ShareDecomposition": "what shift_share returns",
    "step_or_slope": "one series in, one test out",
    "ShapeTest": "what step_or_slope returns",
    "max_score_trend": "one data set in, one test out",
    "joinpoint": "one series in, segments out",
    "JoinpointEstimate": "what joinpoint returns",
    "jonckheere_terpstra": "groups in, a test out",
    "page_trend": "a table in, a test out",
    "joint_proportions": "categories in, their shares out: not elementwise",
    "simultaneous": "a result in, a result out; its kinds are tried in its own tests",
    "relative_rate_chain": "counts by stage in, a table out",
    "shrunken_ratio": "areas in, each drawn to the others: not elementwise",
    "field_significance": "a table in, a test out",
    "shrunken_slopes": "forces in, each drawn to the others: not elementwise",
    "dissimilarity": "areas in, one index out",
    "gini": "areas in, one index out",
    "theil": "areas in, one index out",
    "false_discovery": "p-values in, adjusted ones out; its kinds are tried in its own tests",
    "partial_mann_kendall": "a reduction over time, not elementwise",
    "LineFlows": "a table of flows, not an estimator",
    "flow_trend": "a table of flows in, a test out",
    "distance_decay": "a table of flows in, two coefficients out",
    "moran": "values and weights in, a test out",
    "join_counts": "values and weights in, a test out",
    "expected_internal_share": "a table of flows in, a table out",
    "intrazonal_distance": "arithmetic without a level; its kinds are tested beside it",
}
