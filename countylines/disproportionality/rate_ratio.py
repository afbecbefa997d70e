"""The rate of a group over the rate of another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from countylines import _validate
from countylines._kernels import rate_ratio as kernel
from countylines._typing import Alternative, ArrayLike
from countylines.bands import Band
from countylines.disproportionality._two_groups import Measure, compare, method_name
from countylines.errors import DegenerateDataWarning, SparseDataWarning, warn
from countylines.results import Estimate, Note

FloatArray = NDArray[np.float64]

REFERENCES = {
    "mid-p": ("przyborowski1940", "lancaster1961", "berry1995"),
    "exact": ("przyborowski1940", "clopper1934"),
    "minlike": ("przyborowski1940", "sterne1954"),
    "blaker": ("przyborowski1940", "blaker2000"),
    "score": ("miettinen1985", "wilson1927"),
    "skew-score": ("laud2017",),
    "mover-score": ("donner2012", "newcombe2016"),
    "mover-jeffreys": ("donner2012", "newcombe2016", "laud2017"),
    "mover-exact": ("donner2012", "newcombe2016"),
    "profile": ("brown2001",),
    "wald-log": ("breslow1987",),
    "adjusted-log": ("breslow1987",),
    "bayes-jeffreys": ("brown2003",),
}
FEW = 5
MEASURE = Measure(
    quantity="rate ratio",
    kernel=kernel,
    size=("count", "ref_count"),
    undefined="Both counts are 0: they say nothing of the ratio of the rates.",
    rising=(
        "mid-p",
        "exact",
        "score",
        "skew-score",
        "mover-score",
        "mover-jeffreys",
        "mover-exact",
        "profile",
        "bayes-jeffreys",
    ),
)


def rate_ratio(
    count: ArrayLike | Band,
    exposure: ArrayLike,
    ref_count: ArrayLike | Band,
    ref_exposure: ArrayLike,
    *,
    method: str = "mid-p",
    level: float = 0.95,
    null: ArrayLike = 1.0,
    alternative: Alternative = "two-sided",
) -> Estimate:
    r"""Ratio of two rates, with an interval that stays near its level at small counts.

    It answers: how many times as often was one group recorded, per head, as another? It is not a
    risk for any person, not comparable with a ratio to the whole population (which the group is
    part of), and not evidence of a cause: who is recorded, where people live, their age and sex all
    enter.

    Parameters
    ----------
    count : array_like or Band, shape (...)
        Events in the group: whole numbers of at least 0.
    exposure : array_like, shape (...)
        What they happened to [people or person-years]: finite and above 0.
    ref_count : array_like or Band, shape (...)
        Events in the group compared with.
    ref_exposure : array_like, shape (...)
        Its exposure, in the same unit; all four broadcast together.
    method : str, default "mid-p"
        How the limits are made, see Notes: ``"mid-p"``, ``"exact"``, ``"minlike"``, ``"blaker"``,
        ``"score"``, ``"skew-score"`` (or ``"scas"``), ``"mover-score"``, ``"mover-jeffreys"``,
        ``"mover-exact"``, ``"profile"``, ``"wald-log"``, ``"adjusted-log"`` or
        ``"bayes-jeffreys"``.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    null : array_like, default 1.0
        Ratio under test, above 0: 1.25 asks whether four-fifths is exceeded, not whether the rates
        differ.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval and of the test; ``"greater"`` asks whether the ratio exceeds `null`.

    Returns
    -------
    Estimate
        ``estimate``, ``low``, ``high`` [pure number], of the kind and with the labels of the data.
        Infinite, with a finite low end, where only `ref_count` is 0; nan, with the verdict
        *no-data*, where both counts are. ``n`` is the number of events in both groups.

    Raises
    ------
    InputError
        If a count is negative, fractional or missing, an exposure or `null` is not above 0, or an
        option is unknown.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    Warns
    -----
    DegenerateDataWarning
        If a count is 0, so that the ratio is 0, infinite or undefined.
    SparseDataWarning
        If a large-sample method is used with fewer than 5 events in a group.

    See Also
    --------
    representation_ratio : a share against a benchmark share.
    odds_ratio : where each person can be counted once only.
    countylines.prevalence.rate : one rate.

    Notes
    -----
    With independent Poisson counts x and y in exposures e and f,

    .. math:: \hat\theta = \frac{x / e}{y / f}, \qquad
              X \mid X + Y = n \;\sim\; \mathrm{Binomial}\!\left(n,
              \frac{\theta e}{\theta e + f}\right).

    So limits :math:`p_L, p_U` of that share give :math:`\theta = \frac{p}{1 - p} \frac{f}{e}`, and
    the p-value of :math:`\theta_0` is that of its share. ``"mid-p"``, ``"exact"`` (central),
    ``"minlike"`` and ``"blaker"`` use the binomial tails; ``"exact"`` and the last two never cover
    less than `level` (where the values they accept have a gap, the hull is given with a note).
    ``"score"`` (Wilson's limits of the share), ``"skew-score"`` (corrected for skewness) and
    ``"profile"`` (likelihood ratio) are on paper those of the two Poisson counts, too.
    ``"mover-score"``, ``"mover-jeffreys"`` and ``"mover-exact"`` combine limits of the two rates;
    with Jeffreys' limits the middle of each rate is the median they enclose. ``"wald-log"`` is the
    large-sample interval of the logarithm; ``"adjusted-log"`` the same with 1/2 added to each
    count, the only one that adds anything. ``"bayes-jeffreys"`` is a credible interval under
    Jeffreys' priors; its one-sided p-value is the posterior probability of the other side, and
    where both counts are 0 it shows the prior.

    Small groups need a method that errs equally on both sides, because "exceeds 1" is read off the
    low end. With 3 events expected in the group and 150 in the other, ``"score"`` and
    ``"wald-log"`` put nearly all of their errors there; ``"mid-p"`` and ``"skew-score"`` do not.

    A count of 0 makes the low end 0 (`count`) or the high end infinite (`ref_count`), in every
    method but the last two; the p-value of that side is then at
    least one half.

    Assumptions that fail in practice: events independent of one another (several stops of one
    person, co-defendants); the exposure counts those who could have been recorded, by the same
    definition of the group as the events do; nobody's group unknown; one rate for all within a
    group, so that age, sex and place do not differ between them.

    References
    ----------
    .. [1] Przyborowski, J. and Wilenski, H. (1940). Homogeneity of results in testing samples from
       Poisson series. *Biometrika* 31, 313-323. https://doi.org/10.1093/biomet/31.3-4.313
    .. [2] Berry, G. and Armitage, P. (1995). Mid-P confidence intervals: a brief review.
       *The Statistician* 44, 417-423. https://doi.org/10.2307/2348891
    .. [3] Laud, P. J. (2017). Equal-tailed confidence intervals for comparison of rates.
       *Pharmaceutical Statistics* 16, 334-348. https://doi.org/10.1002/pst.1813
    .. [4] Miettinen, O. and Nurminen, M. (1985). Comparative analysis of two rates. *Statistics in
       Medicine* 4, 213-226. https://doi.org/10.1002/sim.4780040211
    .. [5] Donner, A. and Zou, G. Y. (2012). Closed-form confidence intervals for functions of the
       normal mean and standard deviation. *Statistical Methods in Medical Research* 21, 347-359.
       https://doi.org/10.1177/0962280210383082

    Examples
    --------
    In Cumbria in 2020 the police recorded 19 stops and searches of Black people, of whom 2,579 were
    counted as living there, and 2,365 of White people, of 487,409 (see
    :func:`countylines.datasets.load_stop_search_pfa_2019_2021`):

    >>> ratio = cl.disproportionality.rate_ratio(19, 2_579, 2_365, 487_409)
    >>> print(f"{ratio.estimate:.2f} ({ratio.low:.2f} to {ratio.high:.2f})")
    1.52 (0.94 to 2.33)

    Black residents were stopped 1.5 times as often per head, and 19 stops are too few to say
    whether the process behind them made it more often at all. Who was stopped without living there
    is counted above the line and not below it.
    """
    method = method_name(method, kernel.METHODS)
    level = _validate.level(level)
    _validate.alternative(alternative)

    def check(
        count: FloatArray,
        exposure: FloatArray,
        ref_count: FloatArray,
        ref_exposure: FloatArray,
        where: _validate.Where,
    ) -> None:
        _validate.counts("count", count, where)
        _validate.exposure("exposure", exposure, where)
        _validate.counts("ref_count", ref_count, where)
        _validate.exposure("ref_exposure", ref_exposure, where)

    def notes(columns: tuple[FloatArray, ...]) -> tuple[Note, ...]:
        return _notes(columns, method, level, alternative)

    return compare(
        rate_ratio,
        {
            "count": count,
            "exposure": exposure,
            "ref_count": ref_count,
            "ref_exposure": ref_exposure,
        },
        measure=MEASURE,
        method=method,
        level=level,
        null=null,
        alternative=alternative,
        check=check,
        notes=notes,
        references=REFERENCES[method],
    )


def _notes(
    columns: tuple[FloatArray, ...], method: str, level: float, alternative: str
) -> tuple[Note, ...]:
    notes = []
    smallest = np.minimum(columns[0], columns[2])
    if (smallest == 0).any():
        text = "A count is 0, so the ratio is 0, infinite or undefined there; " + (
            f"the {method} interval rests on what is added to the counts and can leave it out."
            if method in ("adjusted-log", "bayes-jeffreys")
            else "nothing is added to it, and one limit may still be finite."
        )
        notes.append(Note("zero-count", text))
        warn(text, DegenerateDataWarning)
    if kernel.METHODS[method].asymptotic and (smallest < FEW).any():
        text = (
            f"Fewer than {FEW} events in a group, where the large-sample {method} interval does "
            "not hold its level. Use method='mid-p' or 'skew-score'."
        )
        notes.append(Note("sparse", text))
        warn(text, SparseDataWarning)
    whole = method in kernel.WHOLE_COUNTS_ONLY and alternative == "two-sided"
    if whole and kernel.gap_in_acceptance(*columns, level=level, method=method).any():
        text = (
            f"The values that the {method} test accepts have a gap; the interval given is their "
            "hull."
        )
        notes.append(Note("hull", text))
    return tuple(notes)
