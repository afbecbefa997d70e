"""A ratio out of a regression, with what the fit says beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from countylines.results import Estimate

__all__ = ["RegressionEstimate"]


@dataclass(frozen=True, eq=False, repr=False)
class RegressionEstimate(Estimate):
    """An odds ratio or rate ratio from a regression, and how far the data vary beyond chance.

    Parameters
    ----------
    family : str
        The family of the regression.
    dispersion : number or labelled numbers or None
        What the variance of a count is multiplied by: Pearson's chi-squared over its degrees of
        freedom, or, for a likelihood with dispersion, its parameter: the correlation of two members
        of a cell (beta-binomial) or the squared coefficient of variation of rates (negative
        binomial). As estimated, also where the interval takes a larger one.
    df : number or labelled numbers or None
        Degrees of freedom of the interval; infinite for one by a normal law.
    correlation : number or None
        Correlation of two members of a cluster in estimating equations.
    clusters : int or None
        Number of clusters, where errors allow for them.
    marginal : Estimate or None
        The ratio of two averages over the whole population, where that is another number.
    coefficients : DataFrame or None
        All terms on the scale of the link, with their standard errors, where there is one fit.

    See Also
    --------
    Estimate : the fields and methods common to all results.
    countylines.localisation.trend_regression : trends of shares and rates.
    countylines.disproportionality.adjusted_ratio : groups, adjusted.
    """

    family: str = ""
    dispersion: Any = None
    df: Any = None
    correlation: Any = None
    clusters: Any = None
    marginal: Any = None
    coefficients: Any = None
