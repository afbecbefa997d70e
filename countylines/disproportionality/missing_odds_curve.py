"""The representation ratio as a function of how unlike the known the missing are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _labels, _shares, _validate
from countylines import benchmark as _benchmark
from countylines._kernels import missing_share as kernel
from countylines._typing import ArrayLike
from countylines.benchmark import Benchmark
from countylines.disproportionality import _missing
from countylines.disproportionality._two_groups import NOT_A_CAUSE, method_name
from countylines.errors import InputError

FloatArray = NDArray[np.float64]

MULTIPLIERS = (0.0, 0.1, 0.2, 1 / 3, 0.5, 2 / 3, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0, np.inf)
COLUMNS = (
    "missing_share",
    "estimate",
    "standard_error",
    "low",
    "high",
    "level",
    "interval_kind",
    "method",
    "n",
    "null",
    "established",
)


def missing_odds_curve(
    count: float,
    known: float,
    missing: float,
    benchmark: float | Benchmark,
    *,
    odds: ArrayLike = MULTIPLIERS,
    null: float = 1.0,
    method: str = "mid-p",
    level: float = 0.95,
) -> pd.DataFrame:
    r"""Representation ratio for a series of odds of the group among people of unknown group.

    It answers: if the odds of being of the group were half, as large or twice as large among those
    of unknown ethnicity as among the known, what would the ratio be, and how sure? It is a
    sensitivity analysis: the counts hold no evidence on which row is true.

    Parameters
    ----------
    count : float
        People of the group among those of known group: a whole number.
    known : float
        All people of known group, at least `count` and at least 1.
    missing : float
        People recorded whose group is unknown or not stated.
    benchmark : float or Benchmark
        The group's share of the comparison population, in (0, 1), taken as known.
    odds : array_like, shape (k,), optional
        Odds multipliers, from 0 to infinity: 1 is missing at random, 0 that none of the missing is
        of the group, infinity that all are.
    null : float, default 1.0
        Ratio that ``established`` compares with, at most ``1 / benchmark``.
    method : str, default "mid-p"
        Method of the limits, as in :func:`missing_bounds`.
    level : float, default 0.95
        Confidence level of each row by itself, a share in [0.5, 1).

    Returns
    -------
    DataFrame
        One row an odds multiplier (the index): ``missing_share``, the group's share among the
        missing [of 0 to 1]; ``estimate``, ``standard_error``, ``low``, ``high`` of the ratio [pure
        number] with the columns common to all results; ``established`` says whether the limits of
        that row leave `null` out. ``.attrs`` holds notes and references.

    Raises
    ------
    InputError
        If a count is bad, nobody is of known group, or a multiplier is negative or not a number.

    See Also
    --------
    missing_odds_prior : one interval where the multiplier is known only roughly.
    missing_tipping_point : the multiplier at which the ratio is 1.
    missing_bounds : the range over all multipliers, or over some.

    Notes
    -----
    A pattern-mixture model: with p = x/K among the known and M of n = K + M missing,

    .. math:: s = \frac{\phi p}{1 - p + \phi p}, \qquad
              R(\phi) = \frac{(1 - M/n)\, p + (M/n)\, s}{q}.

    Limits of p and of the missing share M/n, which are independent, are combined by MOVER: squares
    of the two moves of R are added. At :math:`\phi = 1` this is the interval of the known-only
    ratio; at 0 and infinity it is that of a binomial share of all n people.

    With nobody of the group among the known R is 0 for every finite multiplier and
    :math:`M / nq` for an infinite one; the high limits are not 0. Assumptions that fail in practice
    are those of :func:`missing_bounds`, of which this is the curve between the ends.

    References
    ----------
    .. [1] Little, R. J. A. (1993). Pattern-mixture models for multivariate incomplete data.
       *Journal of the American Statistical Association* 88, 125-134.
       https://doi.org/10.1080/01621459.1993.10594302
    .. [2] Zou, G. Y. and Donner, A. (2008). Construction of confidence limits about effect
       measures: a general approach. *Statistics in Medicine* 27, 1693-1702.
       https://doi.org/10.1002/sim.3095

    Examples
    --------
    MADE-UP counts: 30 of 150 people of known ethnicity are of a group that is 11.8 % of the
    residents, and the ethnicity of 25 is not recorded.

    >>> curve = cl.disproportionality.missing_odds_curve(30, 150, 25, 0.118, odds=[0.5, 1, 2])
    >>> curve[["missing_share", "estimate", "low", "high"]].round(2)
          missing_share  estimate   low  high
    odds
    0.5            0.11      1.59  1.12  2.15
    1.0            0.20      1.69  1.20  2.29
    2.0            0.33      1.86  1.33  2.48

    Whether the odds of the missing are half or twice those of the known, the ratio stays between
    1.6 and 1.9, and each interval is above 1.
    """
    method = method_name(method, dict.fromkeys(_missing.METHODS))
    level = _missing.level(level)
    sample = checked_sample(count, known, missing)
    share = _benchmark.known_share(benchmark, "missing_odds_curve")
    q = _validate.number("benchmark", share)
    _validate.share("benchmark", np.array([q]))
    null = _validate.number("null", null, low=0.0, high=1.0 / q)
    multipliers = _multipliers(odds)
    data = [np.full(multipliers.shape, value) for value in sample]
    tail = np.full(multipliers.shape, (1.0 - level) / 2.0)
    frame = pd.DataFrame(
        {
            "missing_share": kernel.share_among_missing("odds", data[0], data[1], multipliers),
            "estimate": kernel.estimate("odds", *data, multipliers) / q,
            "standard_error": kernel.standard_error("odds", *data, multipliers) / q,
            "low": kernel.limit("odds", 1, method, *data, multipliers, tail) / q,
            "high": kernel.limit("odds", -1, method, *data, multipliers, tail) / q,
        },
        index=pd.Index(multipliers, name="odds"),
    )
    frame["level"], frame["interval_kind"], frame["method"] = level, "confidence", method
    frame["n"], frame["null"] = int(sample[1] + sample[2]), null
    frame["established"] = (frame["low"] > null) | (frame["high"] < null)
    frame = frame[list(COLUMNS)]
    frame.attrs["notes"] = (NOT_A_CAUSE.text, _benchmark.note(benchmark).text)
    frame.attrs["references"] = ("little1993", "zou2008", *_shares.REFERENCES[method])
    return frame


def checked_sample(count: Any, known: Any, missing: Any) -> tuple[float, float, float]:
    """One set of counts, with somebody of known group."""
    found = [
        float(_validate.whole_number(name, value, low=least))
        for name, value, least in (
            ("count", count, 0),
            ("known", known, 1),
            ("missing", missing, 0),
        )
    ]
    _validate.not_above("count", np.array(found[:1]), "known", np.array(found[1:2]))
    return found[0], found[1], found[2]


def _multipliers(odds: Any) -> FloatArray:
    values: FloatArray = np.atleast_1d(_labels.align(odds=odds).flat[0])
    _validate.not_empty("odds", values.size)
    bad = np.isnan(values) | (values < 0)
    if bad.any():
        raise InputError(
            _validate.sentence(
                "odds",
                "numbers of at least 0",
                _validate.show(float(values[bad][0])),
                _validate.nowhere(bad),
                remedy="1 is missing at random, infinity that all of the missing are of the group.",
            )
        )
    return values
