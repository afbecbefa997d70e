"""The size of a population from a benchmark and the share of a sample that is in it."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from countylines import _labels, _shares, _validate
from countylines._kernels import binomial
from countylines._kernels import multiplier as kernel
from countylines._typing import RNG, Alternative, ArrayLike
from countylines.bands import Band
from countylines.errors import DegenerateDataWarning, InputError, InputTypeError, warn
from countylines.results import OK, Estimate, Note, Verdict, verdict_array

FloatArray = NDArray[np.float64]

APPROXIMATE = {"delta": kernel.delta_limits, "lognormal": kernel.lognormal_limits}
METHODS = (*binomial.METHODS, *APPROXIMATE, "monte-carlo")
DRAWS = 10_000
BLOCK = 1024
VERDICTS = (
    OK,
    Verdict(
        False,
        "hidden-infinite",
        ("Nobody in the sample is in the benchmark: the population is not bounded from above.",),
    ),
    _shares.NO_DATA,
    Verdict(False, "not-identified", ("A benchmark given as a range leaves a range.",)),
)


def multiplier(
    benchmark: ArrayLike | Band | Estimate,
    count: ArrayLike,
    total: ArrayLike,
    *,
    method: str = "mid-p",
    level: float = 0.95,
    alternative: Alternative = "two-sided",
    rng: RNG = None,
) -> Estimate:
    r"""Size of a population, from a list and the share of a sample that is on it.

    It answers: so many people (or lines) are on a list, and of a sample of the population such a
    share is on it too; how large is the population? It is only as good as the sample: a sample
    drawn where the list was made finds too many of the list and makes the population too small.

    Parameters
    ----------
    benchmark : array_like, Band or Estimate, shape (...)
        Number on the list, above 0: a complete count, a range, or an estimate with a two-sided
        interval at `level`.
    count : array_like, shape (...)
        Number in the sample who are on the list: whole, from 0 to `total`. Where it is 0 the
        population is unbounded.
    total : array_like, shape (...)
        Size of the sample.
    method : str, default "mid-p"
        How the limits are made: any method of `proportion` (``"clopper-pearson"`` inverts the beta
        distribution), ``"lognormal"``, ``"delta"`` or ``"monte-carlo"``.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval; ``"greater"`` gives ``[low, inf]``.
    rng : int, Generator or None, optional
        Seed or generator of the draws of ``"monte-carlo"``.

    Returns
    -------
    Estimate
        ``estimate``, ``low``, ``high``, of the kind and with the labels of the data, in the unit of
        the list; ``n`` is `total`. With a band there is no estimate, ``region_low`` and
        ``region_high`` are what its ends give, and the limits go round them.

    Raises
    ------
    InputError
        If a count is negative, fractional, missing or above its total, the benchmark is not above
        0, or an estimate has another level.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    Warns
    -----
    DegenerateDataWarning
        If a count or a total is 0.

    See Also
    --------
    combined_multiplier : several benchmarks of one population.
    multiplier_conflict : whether they disagree.
    countylines.capture_recapture.lincoln_petersen : the same with two lists that can be matched.

    Notes
    -----
    With :math:`M` on the list and a share :math:`p` of the sample on it [1]_,

    .. math:: N = M / p,

    and limits of :math:`p` are turned round into limits of :math:`N`: those of a method that holds
    its level for a share hold it here. ``"lognormal"`` and ``"delta"`` use
    :math:`\mathrm{var}(\log p) \approx (1 - p) / x`, on the log scale and on that of :math:`N`; the
    second reaches too low and not high enough. ``"monte-carlo"`` takes quantiles of 10,000 draws
    with :math:`p` from its Jeffreys posterior. The interval of a benchmark that is an estimate is
    joined on the log scale, or drawn.

    No limit is below :math:`M`, or the lower limit of an estimate of it. With a count of 0 the
    estimate is infinite and the lower limit stands (except by ``"lognormal"``, ``"delta"``,
    ``"logit"`` and ``"wald"``, which then have none above :math:`M`). A band without an upper end
    gives a lower limit only.
    Assumptions that fail in practice: list and sample mean the same people in the same period and
    area, people know and say whether they are on the list, the sample is not drawn by way of the
    list, and the list has no one twice.

    References
    ----------
    .. [1] Cheng, S., Eck, D. J. and Crawford, F. W. (2020). Estimating the size of a hidden finite
       set: large-sample behavior of estimators. *Statistics Surveys* 14, 1-31.
       https://doi.org/10.48550/arXiv.1808.04753

    Examples
    --------
    From July to September 2024 taskforces closed 410 lines. Suppose that of 40 lines known to a
    charity, which is made up, 5 were among them:

    >>> lines = cl.prevalence.multiplier(410, 5, 40)
    >>> print(f"{lines.estimate:.0f} ({lines.low:.0f} to {lines.high:.0f})")
    3280 (1605 to 8673)

    Then 1,600 to 8,700 lines were there to be closed: five matches say little, and if the charity
    works where the taskforces do, even this is too low.
    """
    method = _validate.option("method", method, METHODS)
    level = _validate.level(level)
    _validate.alternative(alternative)
    given, kind = _benchmark(benchmark, level)
    inputs = _labels.align(**given, count=count, total=total)
    uniforms = _uniforms(rng) if method == "monte-carlo" else None
    limits = functools.partial(
        _limits, method=method, level=level, alternative=alternative, uniforms=uniforms
    )

    def check(*parts: Any) -> None:
        *flat, where = parts
        for name, values in zip(inputs.names[:-2], flat, strict=False):
            if kind == "estimate" and np.isnan(values).any():
                rule = "an estimate that exists"
                remedy = "Its verdict says why; for a range pass countylines.Band of its ends."
                gone = where(np.isnan(values))
                raise InputError(_validate.sentence("benchmark", rule, "nan", gone, remedy))
            if name == "benchmark.high" and kind == "band":
                values = np.where(np.isposinf(values), 1.0, values)
            _validate.exposure(name, values, where, zero=True)
            _validate.exposure(name, values, where)
        _shares.check_share(flat[-2], flat[-1], where)

    def values(*flat: FloatArray) -> tuple[NDArray[Any], ...]:
        *ends, x, n = flat
        return _values(kind, ends, x, n, limits)

    out = inputs.apply(
        values,
        outputs=["estimate", "low", "high", "region_low", "region_high", "verdict"],
        check=check,
        dtypes={"verdict": object},
    )
    if kind != "band":
        out = {**out, "region_low": None, "region_high": None}
    return Estimate(
        quantity="size of the population",
        method="multiplier",
        level=level,
        interval_kind=_interval_kind(method),
        interval_method=method,
        alternative=alternative,
        n=inputs.labelled("total"),
        notes=() if inputs.is_lazy else _notes(*inputs.flat[-2:]),
        references=("cheng2020", *_shares.REFERENCES.get(method, ())),
        **out,
    )


def _interval_kind(method: str) -> Any:
    return binomial.METHODS[method].interval_kind if method in binomial.METHODS else "confidence"


def _benchmark(benchmark: Any, level: float) -> tuple[dict[str, Any], str]:
    if isinstance(benchmark, Band):
        return {"benchmark.low": benchmark.low, "benchmark.high": benchmark.high}, "band"
    if not isinstance(benchmark, Estimate):
        return {"benchmark": benchmark}, "number"
    if benchmark.interval_kind == "identification":
        raise InputTypeError(
            _validate.sentence(
                "benchmark",
                "an estimate with an interval of some probability",
                "an identified range",
                remedy="Pass countylines.Band(low, high) of its ends.",
            )
        )
    if benchmark.level != level or benchmark.alternative != "two-sided":
        got = f"one at level {benchmark.level} ({benchmark.alternative})"
        rule = f"an estimate with a two-sided interval at level {level:g}"
        remedy = f"Make it again, or pass level={benchmark.level}."
        raise InputError(_validate.sentence("benchmark", rule, got, remedy=remedy))
    ends = {"benchmark.low": benchmark.low, "benchmark.high": benchmark.high}
    return {"benchmark": benchmark.estimate, **ends}, "estimate"


def _uniforms(rng: RNG) -> FloatArray:
    """Draws of a share and a benchmark, a generator for each block."""
    sizes = [min(BLOCK, DRAWS - start) for start in range(0, DRAWS, BLOCK)]
    children = _validate.generator(rng).spawn(len(sizes))
    return np.concatenate([g.random((n, 2)) for g, n in zip(children, sizes, strict=True)])


def _limits(
    benchmark: list[FloatArray],
    count: FloatArray,
    total: FloatArray,
    *,
    method: str,
    level: float,
    alternative: str,
    uniforms: FloatArray | None,
) -> kernel.Ends:
    """Limits for a benchmark that is known (one array) or estimated (value, low, high)."""
    if uniforms is not None:
        low, high = kernel.drawn_limits(
            count,
            total,
            uniforms,
            lambda u: _drawn(benchmark, u, level),
            level=level,
            alternative=alternative,
        )
        return _within(benchmark[0], low, high, total, alternative)
    if method in APPROXIMATE:
        ends = APPROXIMATE[method](count, total, level=level, alternative=alternative)
    else:
        ends = kernel.share_limits(method, count, total, level=level, alternative=alternative)
    ends = benchmark[0] * ends[0], benchmark[0] * ends[1]
    if len(benchmark) == 1:
        return ends
    centre = kernel.estimate(benchmark[0], count, total)
    scale = centre / benchmark[0]
    own = scale * benchmark[1], scale * benchmark[2]
    low, high = kernel.joined(centre, [ends, own])
    endless = ~np.isfinite(centre)  # both lower ends together, which is on the safe side
    low = np.where(endless, ends[0] * benchmark[1] / benchmark[0], low)
    return low, np.where(endless, np.inf, high)


def _drawn(benchmark: list[FloatArray], uniforms: FloatArray, level: float) -> FloatArray:
    if len(benchmark) == 1:
        return np.broadcast_to(benchmark[0], (len(uniforms), benchmark[0].size))
    scores = ndtri(uniforms)
    z = float(ndtri(0.5 + level / 2.0))
    value, low, high = benchmark
    spread = np.where(scores < 0, np.log(value / low), np.log(high / value)) / z
    return np.asarray(value * np.exp(scores * spread))


def _within(
    benchmark: FloatArray, low: FloatArray, high: FloatArray, total: FloatArray, alternative: str
) -> kernel.Ends:
    low = np.where((total == 0) | (alternative == "less"), benchmark, low)
    return low, np.where((total == 0) | (alternative == "greater"), np.inf, high)


def _values(
    kind: str, benchmark: list[FloatArray], count: FloatArray, total: FloatArray, limits: Any
) -> tuple[NDArray[Any], ...]:
    corners = [[end] for end in benchmark] if kind == "band" else [benchmark]
    sizes = [kernel.estimate(corner[0], count, total) for corner in corners]
    open_end = np.isinf(benchmark[-1])
    closed = [[np.where(np.isinf(end), 1.0, end) for end in corner] for corner in corners]
    ends = [limits(corner, count, total) for corner in closed]
    high = np.where((count == 0) | open_end, np.inf, ends[-1][1])
    code = np.select([total == 0, count == 0, sizes[0] != sizes[-1]], [2, 1, 3], 0)
    estimate = np.where(code == 3, np.nan, sizes[0])
    low = np.where(np.isinf(ends[0][0]), benchmark[0], ends[0][0])  # "wald" has no width at 0
    return estimate, low, high, sizes[0], sizes[-1], verdict_array(code, VERDICTS)


def _notes(count: FloatArray, total: FloatArray) -> tuple[Note, ...]:
    texts = (
        ("no-data", total == 0, "The total is 0: there is no estimate"),
        (
            "hidden-infinite",
            (count == 0) & (total > 0),
            "Nobody in the sample is in the benchmark: the estimate is infinite",
        ),
    )
    notes = []
    for code, hits, text in texts:
        if hits.any():
            places = "" if hits.size == 1 else f" in {int(hits.sum())} of {hits.size} places"
            notes.append(Note(code, f"{text}{places}."))
            warn(notes[-1].text, DegenerateDataWarning)
    return tuple(notes)
