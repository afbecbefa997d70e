"""Estimates that a claim needs and no public estimator gives yet."""

from __future__ import annotations

import dataclasses
import math

from countylines.prevalence import proportion
from countylines.results import Estimate, Note


def ratio_of_counts(
    after: float, before: float, *, level: float, design_effect: float | None = None
) -> Estimate:
    """Ratio of two counts, each of independent events at a steady rate, with its interval.

    Given their sum, the later count is binomial with share r / (1 + r) of the sum, so the limits of
    that share give those of the ratio r. `design_effect` is the variance of the counts relative to
    that of independent events. A rate-ratio estimator with equal exposures will take its place.
    """
    share = proportion(after, after + before, level=level, design_effect=design_effect)
    ratio = after / before
    effect = 1.0 if design_effect is None else design_effect
    return dataclasses.replace(
        share,
        quantity="ratio of two counts",
        method="ratio of counts",
        interval_method=f"conditional binomial, {share.interval_method}",
        estimate=ratio,
        low=_odds(float(share.low)),
        high=_odds(float(share.high)),
        standard_error=ratio * math.sqrt(effect * (1 / after + 1 / before)),
        n=after + before,
        notes=(
            Note(
                "poisson",
                "The counts are taken as events that came about independently of one another"
                + (
                    "."
                    if design_effect is None
                    else f", in clusters that make the variance {design_effect:g} times as large."
                ),
            ),
        ),
        references=("przyborowski1940", *share.references),
        _recompute=None,
    )


def _odds(share: float) -> float:
    return share / (1 - share) if share < 1 else math.inf
