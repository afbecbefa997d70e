"""Size of a partly hidden population from two lists, by the oldest estimator there is."""

from __future__ import annotations

from countylines._kernels import two_list
from countylines._typing import RNG, Alternative, ArrayLike
from countylines.capture_recapture._two_list import estimate_population
from countylines.results import PopulationEstimate


def lincoln_petersen(
    n_first: ArrayLike,
    n_second: ArrayLike,
    n_both: ArrayLike,
    *,
    method: str = "logit",
    level: float = 0.95,
    null: ArrayLike | None = None,
    alternative: Alternative = "two-sided",
    replicates: int = 1999,
    rng: RNG = None,
) -> PopulationEstimate:
    r"""Population size from two lists, by Lincoln and Petersen.

    It answers: if two sources each see part of a population, independently, how many are there in
    all, and how many did neither see? It is not an estimate of what no source could ever see, and
    with dependent lists it is an estimate of something else. :func:`chapman` is less biased and
    finite without overlap; prefer it, and use this one for comparison with published work.

    Parameters
    ----------
    n_first, n_second : array_like, shape (...)
        Units on the first and on the second list: whole numbers of at least 0.
    n_both : array_like, shape (...)
        Units on both lists, at most the smaller of the two; all three broadcast together.
    method : {"logit", "profile", "lognormal", "normal", "bootstrap"}, default "logit"
        How the limits are made; see Notes.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    null : array_like or None, optional
        Population size under test; without it nothing is tested.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval and of the test; ``"greater"`` gives ``[low, inf]``.
    replicates : int, default 1999
        Replicates of ``method="bootstrap"``, at least 99.
    rng : int, Generator or None, optional
        Random numbers of ``method="bootstrap"`` (SPEC 7).

    Returns
    -------
    PopulationEstimate
        ``estimate``, ``low``, ``high`` are the TOTAL [units], of the kind and with the labels of
        the data; ``hidden`` is the part on neither list; ``n_observed`` the part on at least one.

    Raises
    ------
    InputError
        If a count is negative, fractional or missing, or `n_both` exceeds a list; or
        ``method="bootstrap"`` is asked of dask-backed data.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    Warns
    -----
    DegenerateDataWarning
        If a list is empty, or the lists share nothing, or one lies within the other.
    SparseDataWarning
        If fewer than 7 units are on both lists.

    See Also
    --------
    chapman : less biased, finite without overlap.
    CaptureHistories.pair : the three numbers from a table of many lists.

    Notes
    -----
    .. math:: \hat N = \frac{n_1 n_2}{m}, \qquad
              \widehat{\mathrm{var}}(\hat N) = \frac{n_1 n_2 (n_1 - m)(n_2 - m)}{m^3}

    With :math:`m = 0` the estimate is infinite (verdict ``"hidden-infinite"``) while the low end
    is finite: no overlap is evidence of many, not of how many. That low end is the one that the
    same method puts round Chapman's estimate (``"logit"`` and ``"profile"`` need no estimate).
    With an empty list nothing is known (``"not-identified"``). Where one list lies within the other
    the formula gives the number observed: the likelihood is largest with nobody hidden
    (``"hidden-zero"``), which is where the range of the hidden number ends and no finding; the
    upper limit holds.

    ``"logit"`` transforms the odds of being seen, with 1/2 added to each cell, and holds its
    level best in small populations [2]_, and where one list holds nearly all units, where all the
    others end too low; ``"profile"`` inverts the exact multinomial likelihood ratio (log gamma
    functions, real :math:`N \ge n`; its maximum lies a little below the closed form, and its
    upper end may be infinite); ``"lognormal"`` takes the logarithm of the hidden number as
    normal; ``"normal"`` adds and subtracts standard errors and is cut at the number observed
    (with few units on both lists these two can cover far less than `level`); ``"bootstrap"``
    draws populations of the estimated size, hidden cell included, and gives percentiles in which
    infinite replicates stay infinite.

    Assumptions that fail in practice: a closed population (lines close, re-open and change their
    number within a year); perfect linkage (missed links inflate the estimate, false ones deflate
    it); every unit as likely as any other to be on a list, or at least the two lists independent.
    When a national centre compiles what forces return, its list is a copy, not a second look.

    References
    ----------
    .. [1] Seber, G. A. F. (1982). *The Estimation of Animal Abundance and Related Parameters*, 2nd
       edition, section 3.1. Griffin, London.
    .. [2] Sadinle, M. (2009). Transformed logit confidence intervals for small populations in
       single capture-recapture estimation. *Communications in Statistics - Simulation and
       Computation* 38, 1909-1924. https://doi.org/10.1080/03610910903168595
    .. [3] Chao, A. (1987). Estimating the population size for capture-recapture data with unequal
       catchability. *Biometrics* 43, 783-791. https://doi.org/10.2307/2531532
    .. [4] Cormack, R. M. (1992). Interval estimation for mark-recapture studies of closed
       populations. *Biometrics* 48, 567-576. https://doi.org/10.2307/2532310

    Examples
    --------
    Two of the lists behind the 2013 estimate of victims of modern slavery in the United Kingdom:
    567 people known to non-governmental organisations, 1,169 to the police and the National Crime
    Agency, 68 to both.

    >>> people = cl.capture_recapture.lincoln_petersen(567, 1169, 68)
    >>> print(f"{people.estimate:,.0f} ({people.low:,.0f} to {people.high:,.0f})")
    9,747 (7,859 to 12,087)

    If the two lists were independent, about 9,700 people, of whom 1,668 are on these two lists.
    The other lists of the same study show that independence is doubtful.
    """
    return estimate_population(
        two_list.LINCOLN_PETERSEN,
        lincoln_petersen,
        n_first,
        n_second,
        n_both,
        method=method,
        level=level,
        null=null,
        alternative=alternative,
        replicates=replicates,
        rng=rng,
    )
