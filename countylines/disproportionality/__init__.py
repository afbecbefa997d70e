"""Disproportionality: who is over-represented, against which population, and how sure.

- :func:`representation_ratio`: a group's share over its benchmark share.
- :func:`excess_count`: how many people that is more than the benchmark share gives.
- :func:`rate_ratio`: a group's rate over another's.
- :func:`risk_ratio`: the share of one group with an outcome over another's.
- :func:`rate_difference`: a group's rate less another's.
- :func:`risk_difference`: the share of one group with an outcome less another's.
- :func:`standardised_rate_ratio`: a ratio of rates with the same make-up by age, sex or region.
- :func:`standardised_ratio`: observed over expected events.
- :func:`expected_count`: events at the rates of a reference, stratum by stratum.
- :func:`four_fifths`: above, within or below four-fifths, or it cannot be told.
- :func:`disparity`: ratio, difference and excess count in one table.
- :func:`odds_ratio`: the odds of an outcome in one group over those in another.
- :func:`adjusted_ratio`: a rate or odds ratio at equal age, area or period.
- :func:`attributable_fraction`: what part of the events is an excess.
- :func:`missing_bounds`: what the ratio can be where ethnicity is missing.
- :func:`missing_tipping_point`: what the missing would have to be for the ratio to vanish.
- :func:`missing_odds_curve`: the ratio by how unlike the known the missing are.
- :func:`missing_odds_prior`: one interval where that is known roughly.
- :func:`impute_counts`, :func:`combine_imputations`: multiple imputation of missing ethnicity.
- :func:`benchmark_sensitivity`: the ratio against several populations, side by side.
- :func:`benchmark_tipping_point`: the benchmark share at which there is no over-representation.
- :func:`mixed_group_bounds`: the ratio over the ways to count people of Mixed ethnicity.
- :func:`e_value`: the confounding of individuals that could explain a risk or rate ratio.
- :func:`over_represented_in_all`: whether it holds in all of several regions; which one decides.
- :func:`over_represented_in_at_least`: in how many of them at least.
- :func:`smallest_ratio`: by what factor at least, everywhere.
- :func:`power_in_all`: how likely samples of a size are to establish it in all.
- :func:`total_needed_in_all`: how many people that takes.
- :func:`smallest_establishing_count`: how many of the group it takes, region by region.
- :func:`pool`: one ratio out of many strata, common to them or the mean of those that differ.
- :func:`homogeneity`: whether the ratio is the same in every stratum.
- :func:`simpson_report`: the ratio of the totals, taken apart into strata and composition.
- :func:`representation_to_rate_ratio`: the group's rate against everybody else's.
- :func:`rate_to_representation_ratio`: the way back.
- :func:`suppress`: hide small counts, and what gives them away.
- :func:`suppress_estimates`: the same for estimates and limits.
- :func:`hidden_ranges`: what can be worked out of hidden counts.
- :func:`joint_proportions`: shares of one whole, with intervals that hold together.
- :func:`simultaneous`: many intervals that hold together.
- :func:`ratio_of_ratios`: one rate ratio over another, shared people or not.
- :func:`relative_rate_chain`: relative rates from stage to stage.
- :func:`shrunken_ratio`: ratios of many areas, drawn together.
- :func:`dissimilarity`: two groups over areas, less what chance makes of it.
- :func:`gini`: how unevenly events are spread.
- :func:`theil`: the same, in parts that add up.
- :func:`false_discovery`: p-values of many tests at once.
"""

from __future__ import annotations

from countylines.disproportionality.adjusted_ratio import adjusted_ratio
from countylines.disproportionality.attributable_fraction import attributable_fraction
from countylines.disproportionality.benchmark_sensitivity import benchmark_sensitivity
from countylines.disproportionality.benchmark_tipping_point import benchmark_tipping_point
from countylines.disproportionality.combine_imputations import combine_imputations
from countylines.disproportionality.disparity import disparity
from countylines.disproportionality.dissimilarity import dissimilarity
from countylines.disproportionality.e_value import e_value
from countylines.disproportionality.excess_count import excess_count
from countylines.disproportionality.expected_count import expected_count
from countylines.disproportionality.four_fifths import four_fifths
from countylines.disproportionality.gini import gini
from countylines.disproportionality.homogeneity import homogeneity
from countylines.disproportionality.impute_counts import impute_counts
from countylines.disproportionality.joint_proportions import joint_proportions
from countylines.disproportionality.missing_bounds import missing_bounds
from countylines.disproportionality.missing_odds_curve import missing_odds_curve
from countylines.disproportionality.missing_odds_prior import missing_odds_prior
from countylines.disproportionality.missing_tipping_point import missing_tipping_point
from countylines.disproportionality.mixed_group_bounds import mixed_group_bounds
from countylines.disproportionality.odds_ratio import odds_ratio
from countylines.disproportionality.over_represented_in_all import over_represented_in_all
from countylines.disproportionality.over_represented_in_at_least import (
    over_represented_in_at_least,
)
from countylines.disproportionality.pool import pool
from countylines.disproportionality.power_in_all import (
    power_in_all,
    smallest_establishing_count,
    total_needed_in_all,
)
from countylines.disproportionality.rate_difference import rate_difference
from countylines.disproportionality.rate_ratio import rate_ratio
from countylines.disproportionality.ratio_of_ratios import ratio_of_ratios
from countylines.disproportionality.relative_rate_chain import relative_rate_chain
from countylines.disproportionality.representation_ratio import representation_ratio
from countylines.disproportionality.representation_to_rate_ratio import (
    rate_to_representation_ratio,
    representation_to_rate_ratio,
)
from countylines.disproportionality.risk_difference import risk_difference
from countylines.disproportionality.risk_ratio import risk_ratio
from countylines.disproportionality.shrunken_ratio import shrunken_ratio
from countylines.disproportionality.simpson_report import SimpsonReport, simpson_report
from countylines.disproportionality.simultaneous import simultaneous
from countylines.disproportionality.smallest_ratio import smallest_ratio
from countylines.disproportionality.standardised_rate_ratio import standardised_rate_ratio
from countylines.disproportionality.standardised_ratio import standardised_ratio
from countylines.disproportionality.suppress import (
    hidden_ranges,
    suppress,
    suppress_estimates,
)
from countylines.disproportionality.theil import theil
from countylines.multiple_tests import false_discovery

__all__ = [
    "SimpsonReport",
    "adjusted_ratio",
    "attributable_fraction",
    "benchmark_sensitivity",
    "benchmark_tipping_point",
    "combine_imputations",
    "disparity",
    "dissimilarity",
    "e_value",
    "excess_count",
    "expected_count",
    "false_discovery",
    "four_fifths",
    "gini",
    "hidden_ranges",
    "homogeneity",
    "impute_counts",
    "joint_proportions",
    "missing_bounds",
    "missing_odds_curve",
    "missing_odds_prior",
    "missing_tipping_point",
    "mixed_group_bounds",
    "odds_ratio",
    "over_represented_in_all",
    "over_represented_in_at_least",
    "pool",
    "power_in_all",
    "rate_difference",
    "rate_ratio",
    "rate_to_representation_ratio",
    "ratio_of_ratios",
    "relative_rate_chain",
    "representation_ratio",
    "representation_to_rate_ratio",
    "risk_difference",
    "risk_ratio",
    "shrunken_ratio",
    "simpson_report",
    "simultaneous",
    "smallest_establishing_count",
    "smallest_ratio",
    "standardised_rate_ratio",
    "standardised_ratio",
    "suppress",
    "suppress_estimates",
    "theil",
    "total_needed_in_all",
]
