"""Counts of the recent past, completed for what has not been reported yet."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtri

from countylines import _validate
from countylines._kernels import chain_ladder, reverse_hazard
from countylines._typing import RNG
from countylines.errors import (
    ApproximationWarning,
    DegenerateDataWarning,
    InputError,
    SparseDataWarning,
    warn,
)
from countylines.prevalence import _triangle
from countylines.prevalence._triangle import Triangle

FloatArray = NDArray[np.float64]
Columns = tuple[FloatArray, FloatArray, FloatArray, FloatArray]

METHODS = ("chain-ladder", "bootstrap", "reverse-hazard")
BLOCK = 1024
FEW = 5.0
DISPERSED = 0.001  # p-value below which counts are no longer taken as Poisson


def nowcast(
    triangle: Any,
    *,
    method: Literal["chain-ladder", "bootstrap", "reverse-hazard"] = "reverse-hazard",
    occurred: str | None = None,
    reported: str | None = None,
    period: Literal["D", "W", "M", "Q", "Y"] = "M",
    observed_until: Any = None,
    max_delay: int | None = None,
    replicates: int = 4999,
    level: float = 0.95,
    rng: RNG = None,
) -> pd.DataFrame:
    r"""Counts of recent periods, completed for reports that are still to come.

    It answers: reports come in late, so that the last months look low; how many will there be when
    all are in, if delays stay as they were? It completes what will be reported, not what happens:
    what is never reported is not in it, and a change in delays is read as a change in numbers.

    Parameters
    ----------
    triangle : DataFrame, array_like of shape (origins, delays), or DataFrame of records
        Cumulative counts with a row an origin, oldest first, and a column a delay, nan where not
        yet known; or, with `occurred` and `reported`, one record a row.
    method : {"chain-ladder", "bootstrap", "reverse-hazard"}, default "reverse-hazard"
        How limits are made: see Notes. Only the first takes counts that are revised downward.
    occurred, reported : str or None, optional
        Columns of dates of the records: when it happened, and when it was recorded.
    period : {"D", "W", "M", "Q", "Y"}, default "M"
        Length of origins and delays that records are counted by.
    observed_until : date or None, optional
        Last day on which a report would be in the records, the end of a period.
    max_delay : int or None, optional
        Largest delay looked at, in periods; None for the longest that the first origin was seen.
    replicates : int, default 4999
        Replicates of ``"bootstrap"``.
    level : float, default 0.95
        Level of the prediction limits, a share in (0, 1).
    rng : int, Generator or None, optional
        Seed or generator of ``"bootstrap"``.

    Returns
    -------
    DataFrame
        One row an origin: ``reported`` so far, ``completeness`` (share of the final count that is
        in), then ``estimate`` of the final count and ``standard_error, low, high, level,
        interval_kind, method, n`` and ``verdict``. ``attrs["total"]`` has the same of the sum,
        ``attrs["factors"]`` the growth from each delay to the next, ``attrs["notes"]`` what a
        reader must know.

    Raises
    ------
    InputError
        If the triangle has gaps, or a delay that no origin has reached; if records are dated after
        the end of observation or reported before they occurred.

    Warns
    -----
    DegenerateDataWarning
        If an origin has nothing yet, or no origin had anything by the delay it is at.
    SparseDataWarning
        If ``"chain-ladder"`` is used where fewer than 5 are expected to be outstanding.
    ApproximationWarning
        If counts vary more than ``"reverse-hazard"`` allows for.

    See Also
    --------
    survival : durations, of which delays are one kind.
    expected_stock : openings turned into a stock.

    Notes
    -----
    With cumulative counts :math:`C_{ik}` the growth from delay :math:`k` to the next is

    .. math:: f_k = \sum_i C_{i,k+1} \Big/ \sum_i C_{ik},

    the sums over origins known at both [1]_, and the latest count of an origin times the factors
    still ahead is the estimate. ``"chain-ladder"`` has Mack's distribution-free error, with the
    variance of the last step by his rule, and limits that are log-normal: of what is outstanding,
    or of the final count where counts are also revised downward. ``"bootstrap"`` draws counts with
    a dispersion of at least 1 from the fitted triangle, refits, and draws what is outstanding.
    ``"reverse-hazard"`` takes delays as seen only if short enough [2]_: the hazards run backward in
    time, the factors are their product, one less the hazard is :math:`1 / f_k`, and what is
    outstanding is negative binomial given what is in, mixed over the error of the completeness.

    In simulation the last two are near their level for counts from 5 a month on, the bootstrap only
    where an origin is not empty yet; the log-normal limits of ``"chain-ladder"`` fail at small
    counts, down to 0.2 at a level of 0.95 where nearly everything is in. ``"reverse-hazard"`` takes
    counts as Poisson: where delays differ from month to month, use the bootstrap. The final count
    is predicted, not its mean.

    An origin with 0 so far stays at 0 by the first two, with no error: only ``"reverse-hazard"``
    has an upper limit for it, which joins that of the sum as the root of the sum of squares.
    Where no earlier origin had anything by the delay an origin is at, nothing can be said of it
    (verdict ``"not-identified"``). Assumptions that fail in practice: delays that do not
    change, a largest delay after which nothing comes, and reports that are not taken back.

    References
    ----------
    .. [1] Mack, T. (1993). Distribution-free calculation of the standard error of chain ladder
       reserve estimates. *ASTIN Bulletin* 23, 213-225. https://doi.org/10.2143/AST.23.2.2005092
    .. [2] Lagakos, S. W., Barraj, L. M. and De Gruttola, V. (1988). Nonparametric analysis of
       truncated survival data, with application to AIDS. *Biometrika* 75, 515-523.
       https://doi.org/10.1093/biomet/75.3.515

    Examples
    --------
    SYNTHETIC reports by month and delay, of 60 lines a month of which most are recorded late:

    >>> import numpy as np
    >>> nan = np.nan
    >>> table = [[24, 43, 58], [21, 40, 57], [26, 46, nan], [22, nan, nan]]
    >>> lines = cl.prevalence.nowcast(table)
    >>> lines["reported"].astype(int).tolist()
    [58, 57, 46, 22]
    >>> lines["estimate"].round().astype(int).tolist()
    [58, 57, 64, 55]

    The last month shows 22 lines so far and will show about 55: it is not a fall.
    """
    method = _validate.option("method", method, METHODS)  # type: ignore[assignment]
    level = _validate.level(level)
    replicates = _validate.whole_number("replicates", replicates, low=100)
    if (occurred is None) != (reported is None):
        raise InputError("`occurred` and `reported` must be given together, got one of them.")
    if occurred is not None and reported is not None:
        if hasattr(triangle, "to_pandas"):
            triangle = triangle.to_pandas()
        if not isinstance(triangle, pd.DataFrame):
            got = f"{_validate.show(triangle)} of type {type(triangle).__name__}"
            raise InputError(_validate.sentence("triangle", "a DataFrame of records", got))
        data = _triangle.from_records(
            triangle, occurred, reported, period, observed_until, max_delay
        )
    else:
        for name, option in (("observed_until", observed_until), ("max_delay", max_delay)):
            if option is not None:
                rule = "left out with a triangle, which shows it itself"
                remedy = "It is for records, with `occurred` and `reported`."
                got = _validate.show(option)
                raise InputError(_validate.sentence(name, rule, got, remedy=remedy))
        _validate.option("period", period, _triangle.PERIODS)
        data = _triangle.from_table(triangle)
    if data.falls and method != "chain-ladder":
        raise InputError(
            _validate.sentence(
                "method",
                "'chain-ladder' where counts are revised downward",
                repr(method),
                remedy="The others take what is outstanding as a count of at least 0.",
            )
        )
    _, count = chain_ladder.latest(data.counts)
    unknown = chain_ladder.unknown(data.counts)
    if method == "chain-ladder":
        columns, total = _by_ladder(data, level)
    elif method == "bootstrap":
        columns, total = _by_bootstrap(data, level, replicates, rng)
    else:
        columns, total = _by_hazard(data, level)
    return _frame(data, count, columns, total, unknown, method, level)


def _by_ladder(data: Triangle, level: float) -> tuple[Columns, Columns]:
    fit = chain_ladder.mack(data.counts)
    _, count = chain_ladder.latest(data.counts)
    size = fit.full[:, -1]
    sums = np.array([size.sum()]), np.array([fit.total_error])
    base = np.array([count.sum()])
    if data.falls:
        count, base = np.zeros_like(count), np.zeros(1)
    own = size, fit.error, *_log_normal(size, fit.error, count, level)
    return own, (*sums, *_log_normal(*sums, base, level))


def _log_normal(
    size: FloatArray, error: FloatArray, sure: FloatArray, level: float
) -> tuple[FloatArray, FloatArray]:
    """Limits of a size of which `sure` is certain, with the mean and error given."""
    rest = size - sure
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.log1p((error / rest) ** 2))
        centre = np.log(rest) - spread**2 / 2.0
        reach = ndtri(0.5 + level / 2.0) * spread
        ends = sure + np.exp(centre - reach), sure + np.exp(centre + reach)
    known = (rest <= 0) | (error == 0)
    return np.where(known, size, ends[0]), np.where(known, size, ends[1])


def _by_bootstrap(
    data: Triangle, level: float, replicates: int, rng: RNG
) -> tuple[Columns, Columns]:
    known = ~np.isnan(data.counts)
    fitted, _ = chain_ladder.fitted_increments(data.counts)
    fitted = np.where(np.isfinite(fitted), fitted, 0.0)
    phi = max(chain_ladder.dispersion(data.increments, fitted)[0], 1.0)
    _, count = chain_ladder.latest(data.counts)
    sizes = [min(BLOCK, replicates - start) for start in range(0, replicates, BLOCK)]
    children = _validate.generator(rng).spawn(len(sizes))
    drawn = []
    for child, size in zip(children, sizes, strict=True):
        again = chain_ladder.draw(child, fitted, phi, size).cumsum(axis=2)
        means, _ = chain_ladder.fitted_increments(np.where(known, again, np.nan))
        means = np.where(known | ~np.isfinite(means), 0.0, means)
        future = chain_ladder.draw(child, means.reshape(size, -1), phi, 1)[0]
        drawn.append(future.reshape(means.shape).sum(axis=2))
    rest = np.concatenate(drawn)
    tail = (1.0 - level) / 2.0
    growth, _ = chain_ladder.factors(data.counts)
    finite = np.where(np.isinf(growth), 1.0, growth)
    size_of = chain_ladder.complete(data.counts, finite)[:, -1]
    ends = np.quantile(rest, [tail, 1.0 - tail], axis=0)
    whole = rest.sum(axis=1)
    own = size_of, rest.std(axis=0), count + ends[0], count + ends[1]
    low, high = np.quantile(whole, [tail, 1.0 - tail])
    total = size_of.sum(), whole.std(), count.sum() + low, count.sum() + high
    return own, tuple(np.array([value]) for value in total)  # type: ignore[return-value]


def _by_hazard(data: Triangle, level: float) -> tuple[Columns, Columns]:
    delay, count = chain_ladder.latest(data.counts)
    share, log_variance = reverse_hazard.reported_share(data.increments)
    q, v = share[delay], log_variance[delay]
    known = np.isfinite(v) & (q > 0)
    q, v = np.where(known, q, 1.0), np.where(known, v, 0.0)
    size = count / q
    process = count * (1.0 - q) / q**2
    error = np.sqrt(process + size**2 * v)
    tail = (1.0 - level) / 2.0
    low, high = reverse_hazard.predicted(count, q, v, (tail, 1.0 - tail))
    done = q >= 1.0
    own = size, error, count + np.where(done, 0.0, low), count + np.where(done, 0.0, high)
    # the error of two completenesses is shared from the later delay on
    shared = size @ np.minimum.outer(v, v) @ size
    sums = np.array([size.sum()]), np.array([np.sqrt(process.sum() + shared)])
    least, most = _log_normal(*sums, np.array([count.sum()]), level)
    # origins with nothing yet have no error above, but an upper limit
    reach = np.sqrt((most - sums[0]) ** 2 + (own[3][count == 0] ** 2).sum())
    return own, (*sums, least, sums[0] + reach)


def _frame(
    data: Triangle,
    count: FloatArray,
    columns: Columns,
    total: Columns,
    unknown: NDArray[np.bool_],
    method: str,
    level: float,
) -> pd.DataFrame:
    names = ("estimate", "standard_error", "low", "high")
    values = [np.where(unknown, np.nan, column) for column in columns]
    growth, _ = chain_ladder.factors(data.counts)
    finite = np.where(np.isinf(growth), np.nan, growth)
    share = 1.0 / np.cumprod(np.append(finite, 1.0)[::-1])[::-1]
    delay, _ = chain_ladder.latest(data.counts)
    frame = pd.DataFrame(
        {
            "reported": count,
            "completeness": np.where(unknown, np.nan, share[delay]),
            **dict(zip(names, values, strict=True)),
            "level": level,
            "interval_kind": "prediction",
            "method": method,
            "n": count,
            "verdict": np.where(unknown, "not-identified", "ok"),
        },
        index=data.index,
    )
    ends = [float(value[0]) if not unknown.any() else float("nan") for value in total]
    frame.attrs["total"] = dict(zip(names, ends, strict=True))
    frame.attrs["factors"] = growth.tolist()
    frame.attrs["notes"] = _notes(data, frame, delay, unknown, method)
    return frame


def _notes(
    data: Triangle,
    frame: pd.DataFrame,
    delay: NDArray[np.intp],
    unknown: NDArray[np.bool_],
    method: str,
) -> list[str]:
    count, share, size, error = (
        frame[name].to_numpy()
        for name in ("reported", "completeness", "estimate", "standard_error")
    )
    rest = size - count
    notes = ["Holds if delays stay as they were; what is never reported is not in it."]
    if data.falls:
        notes.append("Counts are also revised downward; limits are of the final count itself.")
    if data.beyond:
        notes.append(f"{data.beyond} records with a delay above the largest are left out.")
    if method == "chain-ladder" and ((rest > 0) & (rest < FEW) & ~unknown).any():
        text = (
            f"Fewer than {FEW:g} are outstanding for an origin, where log-normal limits do not "
            "hold their level. Use method='reverse-hazard'."
        )
        notes.append(text)
        warn(text, SparseDataWarning)
    still = ((rest > 0) & (error == 0) & ~unknown).sum()
    if method == "chain-ladder" and still:
        text = (
            f"The growth ahead of {still} of {count.size} origins shows no variance, or is that of "
            "one origin alone: their limits have no width. Use method='reverse-hazard'."
        )
        notes.append(text)
        warn(text, DegenerateDataWarning)
    early = delay < data.counts.shape[1] - 1
    whole = (early & (share == 1.0) & ~unknown).sum()
    if whole:
        notes.append(
            f"Nothing was ever reported later than the delay that {whole} of {count.size} origins "
            "are at: they are taken as complete, without an error."
        )
    if method == "reverse-hazard":
        fitted, _ = chain_ladder.fitted_increments(data.counts)
        fitted = np.where(np.isfinite(fitted), fitted, 0.0)
        phi, spare = chain_ladder.dispersion(data.increments, fitted)
        if spare > 0 and chdtrc(spare, phi * spare) < DISPERSED:
            text = (
                f"Counts vary {phi:.2g} times as much as Poisson counts do: delays differ between "
                "origins, and the limits are too narrow. Use method='bootstrap'."
            )
            notes.append(text)
            warn(text, ApproximationWarning)
    empty = int(((count == 0) & early & ~unknown).sum())
    if empty and method != "reverse-hazard":
        text = (
            f"{empty} of {count.size} origins have nothing yet, and stay at 0 without an error by "
            f"{method}. Use method='reverse-hazard'."
        )
        notes.append(text)
        warn(text, DegenerateDataWarning)
    if unknown.any():
        text = (
            f"{int(unknown.sum())} of {count.size} origins are at a delay by which no earlier "
            "origin had anything: nothing can be said of them, nor of the total."
        )
        notes.append(text)
        warn(text, DegenerateDataWarning)
    return notes
