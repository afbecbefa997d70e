"""How many lines would be internal if size and distance alone decided?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from countylines import _validate
from countylines._kernels import bca, destination_choice
from countylines._kernels.method import tail_area
from countylines._typing import RNG
from countylines.errors import DegenerateDataWarning, InputError, SparseDataWarning, warn
from countylines.localisation import _distances, _periods
from countylines.localisation.distance_decay import FORMS
from countylines.localisation.flows import LineFlows
from countylines.results import OK, Verdict, verdict_array

FloatArray = NDArray[np.float64]

REFERENCES = ("head2002",)
OVERALL = "all"
FEW = 10
NO_LINES = Verdict(False, "no-data", ("No line starts in the area.",))
NO_DECAY = Verdict(
    False,
    "not-identified",
    ("External lines go as near, or as far, as they could: no decay can be fitted to them.",),
)


def expected_internal_share(
    flows: LineFlows,
    distances: Any,
    *,
    population: Any,
    intrazonal: Any,
    form: str = "exponential",
    draws: int = 4000,
    level: float = 0.95,
    rng: RNG = None,
) -> pd.DataFrame:
    r"""Internal share that the size of areas and the distance between them would make alone.

    It answers: is an area more local than a border round so many people, so far from others, makes
    any area? A large force has a large internal share under any rule by which lines go where people
    are near. It is not a forecast, and an excess is no proof of a local market: it stands against
    one stated null hypothesis, and leans on how far a line is said to run within its area.

    Parameters
    ----------
    flows : LineFlows
        Lines by origin and destination; periods are added up.
    distances : DataFrame, DataArray, Series or array_like
        Between areas, as for :meth:`LineFlows.mean_distance`.
    population : Series or array_like
        Residents, or another measure of the size of the market, an area.
    intrazonal : "half-nearest", Series, array or number
        How far a line runs that stays, such as :func:`intrazonal_distance`. No default: the answer
        moves with it, so try two.
    form : {"exponential", "power"}, default "exponential"
        Form of the decay with distance.
    draws : int, default 4000
        Random decays and observed shares, for the intervals.
    level : float, default 0.95
        Level of the intervals.
    rng : int, Generator, SeedSequence or None, optional
        Source of randomness.

    Returns
    -------
    DataFrame
        A row for ``"all"`` and one an area of origin: ``lines``, ``internal``, ``observed``,
        ``expected`` with ``expected_low`` and ``expected_high``, ``ratio`` of observed to expected
        with ``ratio_low`` and ``ratio_high``, and ``verdict``. ``attrs`` holds ``decay`` and
        ``decay_error``, ``form``, ``left_out`` and ``references``, keys for
        :func:`countylines.cite`.

    Raises
    ------
    InputError
        If distances, populations or distances within areas do not fit.

    Warns
    -----
    DegenerateDataWarning
        If no decay can be fitted.
    SparseDataWarning
        If there are fewer than ten areas, for the error of the decay.

    See Also
    --------
    LineFlows.self_containment : the observed shares with limits of their own.
    distance_decay : a decay that leaves the pull of destinations free.

    Notes
    -----
    A line from :math:`o` goes to :math:`d` with probability proportional to
    :math:`m_d \exp(-\beta f(d_{od}))`, :math:`m` the population, :math:`f(d) = d` or
    :math:`\log d`. :math:`\beta` is fitted to external lines alone, among destinations other than
    the origin, so internal lines have no say in what is expected of them. Then

    .. math:: e_o = \frac{m_o \exp(-\beta f(r_o))}{\sum_d m_d \exp(-\beta f(d_{od}))},

    with :math:`r_o` on the diagonal; over all, weighted by the lines of each origin.

    Intervals hold the error of :math:`\beta` by leaving out one destination at a time, because
    populations say only in part how strongly an area draws, and by Student's t; those of the ratio
    also hold the binomial error of the observed share. What they do not hold: another form, another
    rule for distances within areas, another measure of size. Simulated, limits of 95 % for the
    decay held in 95 to 96 % for 15 and 30 areas whose pull differed from their size by a factor
    with a standard deviation of 0 to 0.4 on the log scale; with 0.8, in 94 % for 30 areas and 95 %
    for 43, for an uneven pull makes the decay look weaker, there by 3 %.

    Assumptions that fail in practice: markets are as large as populations; one decay for all
    origins; a decay that was seen between areas goes on within them; lines that stay are found as
    easily as lines that leave. With a power form a short distance within an area draws many.

    References
    ----------
    .. [1] Head, K. and Mayer, T. (2002). Illusory border effects: distance mismeasurement inflates
       estimates of home bias in trade. CEPII working paper 2002-01.
       https://www.cepii.fr/CEPII/en/publications/wp/abstract.asp?NoDoc=144

    Examples
    --------
    *Made-up* lines between a large area and three small ones on a road:

    >>> import warnings
    >>> import numpy as np
    >>> apart = 30.0 * abs(np.subtract.outer(range(4), range(4)))
    >>> table = [[300, 40, 19, 11], [30, 10, 6, 3], [14, 7, 9, 6], [8, 3, 6, 30]]
    >>> flows = cl.localisation.LineFlows(table, areas=["City", "A", "B", "C"])
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     found = cl.localisation.expected_internal_share(
    ...         flows, apart, population=[8e6, 1e6, 1e6, 1e6], intrazonal=15, rng=1
    ...     )
    >>> found[["observed", "expected", "ratio"]].round(2).loc[["City", "C"]].to_numpy().tolist()
    [[0.81, 0.88, 0.93], [0.64, 0.32, 2.0]]

    The city keeps more of its lines than area C does, yet it is C that keeps more than its size and
    place explain: twice as many.
    """
    _periods.check_flows(flows)
    form = _validate.option("form", form, FORMS)
    level = _validate.level(level)
    draws = _validate.whole_number("draws", draws, low=100)
    generator = _validate.generator(rng)
    areas = flows.areas
    if len(areas) < 3:
        raise InputError(_validate.sentence("flows", "of at least three areas", str(len(areas))))
    apart = _distances.between(distances, areas)
    own = _distances.within(intrazonal, apart, areas)
    if form == "power":
        _validate.exposure("intrazonal", own)
    pull = _distances.by_area("population", population, areas)
    _validate.exposure("population", pull)
    np.fill_diagonal(apart, own)
    reach = np.log(apart) if form == "power" else apart
    counts = flows._dense().sum(axis=0)
    decay = destination_choice.fit(counts, pull, reach)
    lines, internal = counts.sum(axis=1), np.diagonal(counts)
    frame = _frame(flows, lines, internal)
    if decay.exists:
        if len(areas) < FEW:
            text = (
                f"There are {len(areas)} areas only: the error of the decay is rough, for "
                "it comes from leaving out one at a time."
            )
            warn(text, SparseDataWarning)
        error = decay.error * stdtrit(decay.clusters - 1.0, generator.uniform(size=draws))
        share, drawn = _expected(pull, reach, lines, decay.value, np.asarray(decay.value + error))
        seen = _observed(generator, lines, internal, draws)
        tail = tail_area(level, "two-sided")
        frame["expected"] = share
        frame["expected_low"], frame["expected_high"] = _limits(drawn, tail)
        frame["ratio"] = frame["observed"] / frame["expected"]
        every = (frame["internal"] == frame["lines"]).to_numpy()
        with np.errstate(divide="ignore"):  # an expected share can be drawn as 0
            frame["ratio_low"], frame["ratio_high"] = _limits(seen / drawn, tail)
            # Where no line, or every line, stays, Jeffreys' limit at that end is the end itself.
            frame.loc[frame["internal"] == 0, "ratio_low"] = 0.0
            frame.loc[every, "ratio_high"] = _limits(1.0 / drawn[:, every], tail)[1]
        none = frame["lines"] == 0
        frame.loc[none, ["expected", "expected_low", "expected_high", "ratio"]] = np.nan
        frame.loc[none, ["ratio_low", "ratio_high"]] = (0.0, np.inf)
    else:
        warn(NO_DECAY.reasons[0], DegenerateDataWarning)
    codes = np.where(frame["lines"] == 0, 0, 1 if decay.exists else 2)
    frame["verdict"] = verdict_array(codes, (NO_LINES, OK, NO_DECAY))
    frame.attrs |= {
        "decay": float(decay.value),
        "decay_error": float(decay.error),
        "form": form,
        "left_out": flows.left_out,
        "references": REFERENCES,
    }
    return frame


def _frame(flows: LineFlows, lines: FloatArray, internal: FloatArray) -> pd.DataFrame:
    total = np.r_[lines.sum(), lines].astype(np.int64)
    stay = np.r_[internal.sum(), internal].astype(np.int64)
    frame = pd.DataFrame({"lines": total, "internal": stay}, index=[OVERALL, *flows.areas])
    with np.errstate(invalid="ignore"):
        frame["observed"] = stay / total
    columns = ("expected", "expected_low", "expected_high", "ratio", "ratio_low", "ratio_high")
    for name, value in zip(columns, (np.nan, 0.0, 1.0, np.nan, 0.0, np.inf), strict=True):
        frame[name] = value
    return frame


def _expected(
    pull: FloatArray, reach: FloatArray, lines: FloatArray, decay: float, drawn: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Expected shares, all together first, for the decay and for each one drawn."""
    weight = lines / max(lines.sum(), 1.0)
    every = []
    for part in np.array_split(np.r_[decay, drawn], max(1, len(drawn) // 500)):
        stay = np.diagonal(destination_choice.shares(pull, reach, part), axis1=1, axis2=2)
        every.append(np.c_[stay @ weight, stay])
    together = np.concatenate(every)
    return together[0], together[1:]


def _observed(
    generator: np.random.Generator, lines: FloatArray, internal: FloatArray, draws: int
) -> FloatArray:
    """Shares drawn as Jeffreys' prior has it."""
    n, x = np.r_[lines.sum(), lines], np.r_[internal.sum(), internal]
    drawn: FloatArray = generator.beta(x + 0.5, n - x + 0.5, size=(draws, n.size))
    return drawn


def _limits(values: FloatArray, tail: float) -> tuple[FloatArray, FloatArray]:
    ordered = np.sort(values, axis=0)
    ends = [
        np.array([bca.quantile(column, share) for column in ordered.T])
        for share in (tail, 1.0 - tail)
    ]
    return ends[0], ends[1]
