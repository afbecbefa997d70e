"""Ranks of areas with their uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _validate
from countylines._kernels import poisson, ranks
from countylines._rates import NO_DENOMINATOR
from countylines._typing import RNG, ArrayLike
from countylines.errors import DegenerateDataWarning, warn
from countylines.prevalence import _areas, _shrinking
from countylines.prevalence._pooling import RATE
from countylines.results import OK, Note, Verdict
from countylines.shrunken import RankEstimate

FloatArray = NDArray[np.float64]

METHODS = ("posterior", "pairwise", "intervals")
TOP = 5
REFERENCES = {
    "posterior": ("goldstein1996", "christiansen1997"),
    "pairwise": ("mohamad2022", "holm1979"),
    "intervals": ("klein2020",),
}
NO_EVENT = Verdict(
    False, "not-identified", ("All counts are 0: nothing is known of the order of the areas.",)
)


def rank_intervals(
    count: ArrayLike,
    exposure: ArrayLike,
    *,
    method: str = "posterior",
    top: int | None = None,
    dim: Any = None,
    leave_out: Sequence[Any] = (),
    level: float = 0.95,
    draws: int = 20_000,
    rng: RNG = None,
) -> RankEstimate:
    r"""Rank of each area by its rate, 1 for the highest, and how far it could be from there.

    It answers: which places in a league table could each area have? Ranks are the least certain
    thing that a table of rates can be asked for; unless areas differ greatly, most could stand
    almost anywhere in the middle. The rank is of recorded events: a force that records more stands
    higher.

    Parameters
    ----------
    count : array_like, shape (..., areas)
        Events in each area: whole numbers, at least 0.
    exposure : array_like, shape (..., areas)
        Population, or time at risk, of each area: above 0.
    method : {"posterior", "pairwise", "intervals"}, default "posterior"
        Ranks of rates drawn from the model of :func:`shrunken_rate`, each interval by itself; or
        confidence intervals that hold for all ranks at once, from tests of all pairs of areas or
        from simultaneous intervals of the rates.
    top : int or None, optional
        For the probability of being among so many highest, which ``"posterior"`` gives. None: 5, or
        all areas if they are fewer.
    dim : str or int or None, optional
        Dimension that holds the areas: a name for a DataArray, an axis number for an array; the
        index of a Series or DataFrame if None. What is along the others is ranked apart.
    leave_out : sequence of labels, optional
        Areas without a population to divide by: they get no rank, and a note names them.
    level : float, default 0.95
        Level of each interval (``"posterior"``) or of all together, a share in (0, 1).
    draws : int, default 20000
        Number of draws of ``"posterior"``.
    rng : int, Generator, SeedSequence or None, optional
        Source of randomness of those draws.

    Returns
    -------
    RankEstimate
        ``estimate`` (expected rank; with the other methods the rank of the area's own rate),
        ``low``, ``high``, ``in_top``, with the labels of the data.

    Raises
    ------
    InputError
        If a count is not one, an exposure is not above 0, `top` is not a number of areas, or
        `leave_out` names no area.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    Warns
    -----
    DegenerateDataWarning
        If no area has an event.

    See Also
    --------
    shrunken_rate : the rates themselves.
    pooled_rate : whether areas differ at all.

    Notes
    -----
    ``"posterior"`` draws the rates of all areas together, ranks each draw, and sums up:

    .. math:: E(R_i) = 1 + \sum_{j \ne i} P(\lambda_j > \lambda_i \mid x).

    Where a rank is nearly certain the expected rank can lie a little outside its interval, which
    has whole numbers for ends.

    ``"pairwise"`` tests for every pair which rate is higher, by the binomial law of one count given
    their sum, with Holm's control of the chance of any error. Area :math:`i` is ranked from one
    more than the number of areas found higher to the number of areas less those found lower.
    ``"intervals"`` counts the areas whose simultaneous exact intervals (each at level
    :math:`\gamma^{1/k}` for :math:`k` areas) lie wholly above and wholly below. The chance that all
    ranks lie in their intervals is at least `level` for both, whatever the rates; where rates are
    equal, every order of them does. In simulations it was 98 % and more. Intervals from draws of
    the areas' own rates hold for no such thing, and are far too short where rates are close.

    References
    ----------
    .. [1] Goldstein, H. and Spiegelhalter, D. J. (1996). League tables and their limitations.
       *Journal of the Royal Statistical Society: Series A* 159, 385-443.
       https://doi.org/10.2307/2983325
    .. [2] Al Mohamad, D., Goeman, J. J. and van Zwet, E. W. (2022). Simultaneous confidence
       intervals for ranks with application to ranking institutions. *Biometrics* 78, 238-247.
       https://doi.org/10.1111/biom.13419
    .. [3] Klein, M., Wright, T. and Wieczorek, J. (2020). A joint confidence region for an overall
       ranking of populations. *Journal of the Royal Statistical Society: Series C* 69, 589-606.
       https://doi.org/10.1111/rssc.12402

    Examples
    --------
    Children referred as potential victims of criminal exploitation by police forces from April
    2022 to December 2023, per resident aged 10 to 17:

    >>> table = cl.datasets.load_nrm_criminal_exploitation_force()
    >>> count = table.dropna(subset=["force"]).groupby("force")["child_criminal_any"].sum()
    >>> people = cl.datasets.load_police_force_population().query("age_band == '10-17'")
    >>> years = people.set_index("force")["population"].loc[count.index] * 1.75
    >>> order = cl.prevalence.rank_intervals(
    ...     count, years, leave_out=["London, City of"], method="pairwise"
    ... )
    >>> for force in ("Gwent", "Nottinghamshire", "Northumbria"):
    ...     print(f"{force:16} {order.low[force]:.0f} to {order.high[force]:.0f}")
    Gwent            1 to 12
    Nottinghamshire  5 to 42
    Northumbria      23 to 42

    Of the 42 forces Gwent is among the first twelve and Northumbria in the second half;
    Nottinghamshire, which is 29th in the table, could stand almost anywhere.
    """
    method = _validate.option("method", method, METHODS)
    level = _validate.level(level)
    draws = _validate.whole_number("draws", draws, low=100)
    generator = _validate.generator(rng)
    areas = _areas.read(dim, leave_out, size="exposure", count=count, exposure=exposure)
    top = min(TOP, areas.number) if top is None else top
    top = _validate.whole_number("top", top, low=1, high=max(areas.number, 1))
    shape = areas.count.shape
    mean, error = np.full(shape, np.nan), np.full(shape, np.nan)
    low, high = np.ones(shape), np.full(shape, float(areas.number))
    in_top = np.full(shape, np.nan)
    found = np.empty(shape, dtype=object)
    found[:] = OK
    children = generator.spawn(shape[0])
    for row, (x, e) in enumerate(zip(areas.count, areas.size, strict=True)):
        if x.sum() == 0.0:
            found[row] = NO_EVENT
        elif method == "posterior":
            drawn = _drawn(x, e, draws, children[row])
            mean[row], error[row], low[row], high[row], in_top[row] = ranks.of_draws(
                drawn, level, top
            )
        else:
            mean[row] = _own_rank(x / e)
            low[row], high[row] = _simultaneous(x, e, method, level)
    give = areas.by_area
    return RankEstimate(
        quantity="rank by rate, 1 the highest",
        estimate=give(mean),
        standard_error=give(error),
        low=give(low),
        high=give(high),
        method=method,
        level=level,
        interval_kind="credible" if method == "posterior" else "confidence",
        interval_method="each by itself" if method == "posterior" else "all together",
        n=areas.inputs.labelled("count"),
        verdict=give(found, NO_DENOMINATOR),
        notes=_notes(areas, found),
        references=REFERENCES[method],
        in_top=give(in_top) if method == "posterior" else None,
        top=top,
    )


def _own_rank(value: FloatArray) -> FloatArray:
    """1 for the highest; equal values share the middle of their places."""
    higher = (value[None, :] > value[:, None]).sum(axis=1)
    equal = (value[None, :] == value[:, None]).sum(axis=1)
    rank: FloatArray = higher + 0.5 * (equal + 1.0)
    return rank


def _drawn(x: FloatArray, e: FloatArray, draws: int, rng: np.random.Generator) -> FloatArray:
    if x.size == 1:
        return np.ones((draws, 1))
    return _shrinking.posterior_draws(RATE, x, e, draws, rng)


def _simultaneous(
    x: FloatArray, e: FloatArray, method: str, level: float
) -> tuple[FloatArray, FloatArray]:
    if method == "pairwise":
        return ranks.by_tests(ranks.pairwise_pvalues(x, e), 1.0 - level)
    each = level ** (1.0 / x.size)
    low, high = poisson.METHODS["exact"].limits(x, e, level=each, alternative="two-sided")
    return ranks.by_intervals(low, high)


def _notes(areas: _areas.Areas, found: NDArray[np.object_]) -> tuple[Note, ...]:
    collected = list(areas.notes("ranks"))
    if any(not verdict.estimable for verdict in found.ravel().tolist()):
        text = NO_EVENT.reasons[0]
        collected.append(Note(NO_EVENT.code, text))
        warn(text, DegenerateDataWarning)
    return tuple(collected)
