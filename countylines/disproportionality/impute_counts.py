"""Counts of a group filled in for people of unknown group, several times."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from countylines import _labels, _validate
from countylines._kernels import missing_share as kernel
from countylines._typing import ArrayLike
from countylines.disproportionality import _missing
from countylines.errors import InputError

_JEFFREYS = 0.5


def impute_counts(
    count: ArrayLike,
    known: ArrayLike,
    missing: ArrayLike,
    *,
    odds: ArrayLike = 1.0,
    imputations: int = 50,
    rng: Any = None,
) -> pd.Series | pd.DataFrame:
    r"""Numbers of a group among all people recorded, with the missing drawn from a model.

    It answers: how many would be of the group if it were known of everybody, under a model of those
    of whom it is not? The draws differ as much as the counts leave open, so that
    :func:`combine_imputations` puts it into the interval. They hold no information beyond the
    model.

    Parameters
    ----------
    count : array_like
        People of the group among those of known group; a number, or a Series of strata such as
        regions. Ethnicity is taken as missing at random (or with the given odds) **within** a
        stratum, not across.
    known : array_like
        All people of known group, at least `count`.
    missing : array_like
        People recorded whose group is unknown or not stated.
    odds : array_like, default 1.0
        Odds of the group among the missing over those among the known: above 0 and finite; 1 is
        missing at random.
    imputations : int, default 50
        Number of draws, at least 2.
    rng : Generator, int or None
        Source of random numbers (SPEC 7).

    Returns
    -------
    Series or DataFrame
        People of the group among ``known + missing`` people, one row an imputation; a column a
        stratum if a Series was given.

    Raises
    ------
    InputError
        If a count is bad, `odds` is not above 0, the group is known of nobody in a stratum with
        missing people, or the arguments have more than one dimension.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    See Also
    --------
    combine_imputations : from the estimates of the draws to one.
    missing_odds_curve : the same question without random numbers, for one set of counts.

    Notes
    -----
    Each draw takes the share among the known from its posterior under Jeffreys' prior, then the
    missing people from that share, moved by the odds:

    .. math:: p \sim \mathrm{Beta}(x + \tfrac12, K - x + \tfrac12), \qquad
              s = \frac{\phi p}{1 - p + \phi p}, \qquad x + \mathrm{Binomial}(M, s).

    Drawing the share anew is what makes the imputation proper: with the share held at x/K intervals
    would be too short. With nobody of the group among the known there are still draws above 0.
    Strata matter: what differs between them, in shares and in how much is missing, is what a single
    imputation over all of them gets wrong.

    References
    ----------
    .. [1] Rubin, D. B. (1987). *Multiple Imputation for Nonresponse in Surveys*. Wiley.
       https://doi.org/10.1002/9780470316696

    Examples
    --------
    MADE-UP counts: 30 of 150 people of known ethnicity, and 25 of whom it is not recorded.

    >>> filled = cl.disproportionality.impute_counts(30, 150, 25, imputations=200, rng=1)
    >>> int(filled.min()), int(filled.max())
    (30, 41)

    Between 0 and 11 of the 25 are drawn, around the fifth that is seen among the known.
    """
    imputations = _validate.whole_number("imputations", imputations, low=2)
    generator = _validate.generator(rng)
    inputs = _labels.align(count=count, known=known, missing=missing, odds=odds)
    if inputs.is_lazy or inputs.kind not in ("scalar", "array", "series"):
        rule = "a number, an array of one dimension or a Series"
        raise InputError(_validate.sentence("count", rule, f"a {inputs.kind}"))
    if inputs.kind == "array" and np.ndim(inputs.template) != 1:
        rule = "of one dimension"
        raise InputError(_validate.sentence("count", rule, f"{np.ndim(inputs.template)}"))
    x, of, gone, multiplier = inputs.flat
    _missing.check(x, of, gone, np.full(x.shape, 0.5), inputs.where)
    _validate.exposure("odds", multiplier, inputs.where)
    unknown = (of == 0) & (gone > 0)
    if unknown.any():
        raise InputError(
            _validate.sentence(
                "known",
                "above 0 where people are missing",
                "0",
                inputs.where(unknown),
                "Join the stratum to one like it, or use missing_bounds.",
            )
        )
    shape = (imputations, x.size)
    share = generator.beta(x + _JEFFREYS, of - x + _JEFFREYS, size=shape)
    everybody = np.ones(shape)
    moved = kernel.share_among_missing("odds", share, everybody, np.broadcast_to(multiplier, shape))
    filled = x.astype(np.int64) + generator.binomial(gone.astype(np.int64), moved)
    index = pd.RangeIndex(imputations, name="imputation")
    if inputs.kind == "scalar":
        return pd.Series(filled[:, 0], index=index, name="count")
    return pd.DataFrame(filled, index=index, columns=inputs.labels_along(None))
