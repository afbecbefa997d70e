"""What a representation ratio can be when the group of some people is not recorded."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from countylines import _labels, _shares, _validate
from countylines import benchmark as _benchmark
from countylines._kernels import identified_interval
from countylines._kernels import missing_share as kernel
from countylines._typing import Alternative, ArrayLike
from countylines.bands import Band
from countylines.benchmark import Benchmark
from countylines.disproportionality import _missing
from countylines.disproportionality._two_groups import NOT_A_CAUSE, method_name
from countylines.errors import DegenerateDataWarning, warn
from countylines.results import OK, Estimate, Note, Verdict, verdict_array

FloatArray = NDArray[np.float64]

REFERENCES = ("manski1989", "imbens2004", "stoye2009")
VERDICTS = (
    OK,
    Verdict(False, "no-data", ("Nobody is recorded: there is no share.",)),
    Verdict(
        False,
        "not-identified",
        ("The group of some people is unknown: the data leave a range of ratios, not one.",),
    ),
)


def missing_bounds(
    count: ArrayLike,
    known: ArrayLike,
    missing: ArrayLike,
    benchmark: ArrayLike | Benchmark,
    *,
    missing_share: tuple[ArrayLike, ArrayLike] | Band | None = None,
    missing_odds: tuple[ArrayLike, ArrayLike] | Band | None = None,
    target: str = "parameter",
    method: str = "mid-p",
    level: float = 0.95,
    null: ArrayLike = 1.0,
    alternative: Alternative = "two-sided",
) -> Estimate:
    r"""Range of the representation ratio that is left when ethnicity is missing for some people.

    It answers: whatever the people of unknown group are, or within what is assumed of them, between
    which values does the ratio of everybody lie? The range is sharp: each value in it belongs to
    some share among the missing. It is not an estimate of that share, and it is no wider or
    narrower than what is assumed of it.

    Parameters
    ----------
    count : array_like, shape (...)
        People of the group among those of known group: whole numbers.
    known : array_like, shape (...)
        All people of known group, at least `count`.
    missing : array_like, shape (...)
        People recorded whose group is unknown or not stated.
    benchmark : array_like, shape (...), or Benchmark
        The group's share of the comparison population, in (0, 1), taken as known. A
        :class:`countylines.Benchmark` carries its name and vintage into the notes.
    missing_share : pair of array_like, or Band, optional
        Least and largest share of the group among the missing, of 0 to 1. The default is (0, 1),
        the worst case.
    missing_odds : pair of array_like, or Band, optional
        In place of it: least and largest ratio of the odds of the group among the missing to its
        odds among the known. ``(1, inf)`` says that it is at least as common among the missing,
        ``(0, 1)`` at most; ``(0, inf)`` is the worst case.
    target : {"parameter", "region"}, default "parameter"
        What the limits are to hold: the true ratio, wherever in the region it is, or the whole
        region.
    method : str, default "mid-p"
        Method of the limits at the ends, as in :func:`countylines.prevalence.proportion`, but for
        those that order outcomes (``"blaker"``, ``"minlike"``). ``"clopper-pearson"`` with
        ``target="region"`` guarantees the level.
    level : float, default 0.95
        Confidence level, a share in [0.5, 1).
    null : array_like, default 1.0
        Ratio under test; at most ``1 / benchmark``.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval and of the test; ``"greater"`` asks whether the ratio exceeds `null`
        whatever the missing are.

    Returns
    -------
    Estimate
        ``region_low`` and ``region_high`` are the identified range, ``low`` and ``high`` limits
        round it [pure number, 0 to 1/benchmark], of the kind and with the labels of the data.
        ``estimate`` is nan with the verdict *not-identified* where the range is one, and the ratio
        where it is a point; ``n`` is ``known + missing``. The known-only ratio is in the notes.

    Raises
    ------
    InputError
        If a count is bad, `count` exceeds `known`, `benchmark` is not a share, both assumptions are
        given, or a range is not one.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    Warns
    -----
    DegenerateDataWarning
        If nobody is recorded somewhere, or odds are assumed where the group is known of nobody.

    See Also
    --------
    missing_tipping_point : the share among the missing at which the ratio is 1.
    missing_odds_curve : the ratio as a function of the odds among the missing.
    representation_ratio : the known-only ratio.

    Notes
    -----
    With x of K known people in the group, M missing, n = K + M and benchmark share q, a share s
    among the missing gives

    .. math:: R(s) = \frac{x + s M}{n q}, \qquad R \in [R(s_{\min}), R(s_{\max})],

    which is :math:`x / nq` to :math:`(x + M) / nq` in the worst case. Both ends are then binomial
    shares of n people, and their limits are as exact as `method` is. Between, R(s) is a weighted
    mean of the two; limits are combined by MOVER with the correlation that they have [4]_. With
    odds :math:`\phi` times those among the known, :math:`s = \phi p / (1 - p + \phi p)`, limits of
    the known share p and of the missing share are combined in the same way.

    With ``target="parameter"`` the limits use the value c of Imbens and Manski [2]_,

    .. math:: \Phi(c + \Delta / \sigma) - \Phi(-c) = \text{level},

    for the width :math:`\Delta` of the region and the larger standard error of its ends, so each
    end leaves out the tail :math:`\Phi(-c)`, between the two-sided and the one-sided one. The
    width is estimated, but the ends are in order in every sample, which is the condition under
    which this holds [3]_. The p-value of a value outside the region turns that equation round, and
    is 1 for one inside. It is a large-sample argument: at small counts the ends themselves carry
    the exactness, and a simulation is recorded in the documentation.

    With nobody in the group the low end is 0; with nobody missing the region is the point
    :math:`x / nq` and everything is as in :func:`representation_ratio`.

    Assumptions that fail in practice: that unknown means unknown, and not a group of its own (not
    stated, refused, officer-defined); that the range assumed of the missing holds; people recorded
    independently of one another; a benchmark that counts the same people.

    References
    ----------
    .. [1] Manski, C. F. (1989). Anatomy of the selection problem. *Journal of Human Resources* 24,
       343-360. https://doi.org/10.2307/145818
    .. [2] Imbens, G. W. and Manski, C. F. (2004). Confidence intervals for partially identified
       parameters. *Econometrica* 72, 1845-1857. https://doi.org/10.1111/j.1468-0262.2004.00555.x
    .. [3] Stoye, J. (2009). More on confidence intervals for partially identified parameters.
       *Econometrica* 77, 1299-1315. https://doi.org/10.3982/ECTA7347
    .. [4] Zou, G. Y. and Donner, A. (2008). Construction of confidence limits about effect
       measures: a general approach. *Statistics in Medicine* 27, 1693-1702.
       https://doi.org/10.1002/sim.3095

    Examples
    --------
    MADE-UP counts: 30 of 150 people of known ethnicity are of a group that is 11.8 % of the
    residents, and the ethnicity of 25 is not recorded.

    >>> worst = cl.disproportionality.missing_bounds(30, 150, 25, 0.118)
    >>> print(f"{worst.region_low:.2f} to {worst.region_high:.2f}")
    1.45 to 2.66
    >>> print(f"{worst.low:.2f} to {worst.high:.2f}, p = {worst.pvalue:.4f}")
    1.09 to 3.17, p = 0.0185

    Whatever the 25 are, the ratio of these people is between 1.45 and 2.66, and sampling does not
    bring it down to 1 at 95 % confidence.
    """
    method = method_name(method, dict.fromkeys(_missing.METHODS))
    level = _missing.level(level)
    target = _validate.option("target", target, identified_interval.TARGETS)
    _validate.alternative(alternative)
    kind, name, least, most = _missing.assumption(missing_share, missing_odds)
    data = {"count": count, "known": known, "missing": missing}
    share = _benchmark.known_share(benchmark, "missing_bounds")
    inputs = _labels.align(**data, benchmark=share, null=null, least=least, most=most)

    def check(*values: Any) -> None:
        x, known, missing, q, null, low, high, where = values
        _missing.check(x, known, missing, q, where)
        _validate.exposure("null", null, where, zero=True)
        _validate.not_above("null", null, "1 / benchmark", 1 / q, where, "No ratio can be larger.")
        _missing.check_range(kind, name, low, high, where)

    def solve(*values: FloatArray) -> tuple[Any, ...]:
        *sample, q, null, low, high = values
        found = _Region(kind, method, sample, low, high)
        ends = found.limits(level, target, alternative)
        p = found.pvalue(np.minimum(null * q, 1.0), target, alternative)
        point = np.where(found.width > 0, np.nan, found.low)
        error = np.where(found.width > 0, np.nan, found.error)
        codes = np.where(found.n > 0, np.where(found.width > 0, 2, 0), 1)
        point, error = np.where(found.n > 0, point, np.nan), np.where(found.n > 0, error, np.nan)
        scaled = [part / q for part in (point, error, *ends, found.low, found.high)]
        return (*scaled, verdict_array(codes, VERDICTS), p, found.n)

    out = inputs.apply(
        solve,
        outputs=[
            "estimate",
            "standard_error",
            "low",
            "high",
            "region_low",
            "region_high",
            "verdict",
            "pvalue",
            "n",
        ],
        check=check,
        dtypes={"verdict": object, "n": np.int64},
    )
    notes: tuple[Note, ...] = (NOT_A_CAUSE,)
    if not inputs.is_lazy:
        notes += _facts(dict(zip(inputs.names, inputs.flat, strict=True)), kind, method, level)
    notes += (_target_note(target), _benchmark.note(benchmark))
    kept = {key: inputs.given(key) for key in data}
    kept["benchmark"] = _benchmark.renamed(benchmark, inputs.given("benchmark"))
    kept[name] = (inputs.given("least"), inputs.given("most"))
    return Estimate(
        quantity="representation ratio",
        method="bounds for missing group",
        level=level,
        interval_method=f"{method}, {'imbens-manski' if target == 'parameter' else 'region'}",
        null=inputs.given("null"),
        alternative=alternative,
        notes=notes,
        references=(*REFERENCES, *_shares.REFERENCES[method]),
        _recompute=functools.partial(
            missing_bounds, **kept, target=target, method=method, level=level
        ),
        **out,
    )


class _Region:
    """The identified range of a share, with the limits and the p-values round it."""

    def __init__(
        self, kind: str, method: str, sample: list[FloatArray], low: FloatArray, high: FloatArray
    ) -> None:
        self.kind, self.method, self.sample = kind, method, sample
        _, known, missing = sample
        self.n = known + missing
        self.ends = low, high
        ends = [kernel.estimate(kind, *sample, end) for end in self.ends]
        errors = [kernel.standard_error(kind, *sample, end) for end in self.ends]
        # nobody to take odds from, or nobody at all: every share is possible
        self.low = np.where(np.isnan(ends[0]), 0.0, ends[0])
        self.high = np.where(np.isnan(ends[1]), 1.0, ends[1])
        self.width = self.high - self.low
        self.error = np.nan_to_num(np.fmax(*errors))

    def _tail(self, level: float, target: str, alternative: str) -> FloatArray:
        if alternative != "two-sided":
            return np.full(self.n.shape, 1.0 - level)
        if target == "region":
            return np.full(self.n.shape, (1.0 - level) / 2.0)
        area: FloatArray = ndtr(-kernel.critical_values(self.width, self.error, level))
        return area

    def limits(self, level: float, target: str, alternative: str) -> tuple[FloatArray, FloatArray]:
        """Both limits of the share."""
        tail = self._tail(level, target, alternative)
        low, high = np.zeros(tail.shape), np.ones(tail.shape)
        if alternative != "less":
            low = kernel.limit(self.kind, 1, self.method, *self.sample, self.ends[0], tail)
        if alternative != "greater":
            high = kernel.limit(self.kind, -1, self.method, *self.sample, self.ends[1], tail)
        # at levels near one half a median-unbiased limit may fall inside the region
        some = self.width > 0.0
        return (
            np.where(some, np.minimum(low, self.low), low),
            np.where(some, np.maximum(high, self.high), high),
        )

    def pvalue(self, null: FloatArray, target: str, alternative: str) -> FloatArray:
        """P-value of a share; 1 where no limit of a level of one half or more leaves it out."""
        sides = {"greater": (1,), "less": (-1,), "two-sided": (1, -1)}[alternative]
        tails = [
            kernel.tail(self.kind, side, self.method, *self.sample, self.ends[side < 0], null)
            for side in sides
        ]
        tail = np.minimum.reduce(tails)
        p = tail
        if alternative == "two-sided":
            with np.errstate(divide="ignore", invalid="ignore"):
                gap = np.where(self.width > 0.0, self.width / self.error, 0.0)
            p = tail + (tail if target == "region" else ndtr(-(gap - ndtri(tail))))
        beyond = np.where(self.width > 0.0, self._outside(null, alternative), self.n > 0)
        return np.where((tail < 0.5) & beyond, p, 1.0)

    def _outside(self, null: FloatArray, alternative: str) -> NDArray[np.bool_]:
        """Whether a share is beyond the end of the region that the side of the test looks at."""
        below, above = null < self.low, null > self.high
        if alternative == "two-sided":
            return below | above
        return below if alternative == "greater" else above


def _target_note(target: str) -> Note:
    if target == "parameter":
        text = (
            "The limits are for the true ratio, wherever in the region it is (Imbens and Manski); "
            "the ends of the region are in order in every sample, which Stoye's condition asks for."
        )
    else:
        text = "The limits are for the whole region of ratios."
    return Note("target", text)


def _facts(flat: dict[str, FloatArray], kind: str, method: str, level: float) -> tuple[Note, ...]:
    notes = [_missing.known_only(flat["count"], flat["known"], flat["benchmark"], method, level)]
    n = flat["known"] + flat["missing"]
    if (n == 0).any():
        text = "Nobody is recorded somewhere: there the ratio is undefined and everything possible."
        notes.append(Note("no-data", text))
        warn(text, DegenerateDataWarning)
    unknown = (flat["known"] == 0) & (n > 0)
    if kind == "odds" and unknown.any():
        text = (
            "The group is known of nobody somewhere, so there are no odds for `missing_odds` to "
            "multiply: there every ratio is possible."
        )
        notes.append(Note("nobody-known", text))
        warn(text, DegenerateDataWarning)
    if (n > 0).all():
        shares = flat["missing"] / n
        words = f"{shares.min():.3g}"
        if shares.min() < shares.max():
            words = f"between {shares.min():.3g} and {shares.max():.3g}"
        notes.append(Note("missing-share", f"The group is missing for a share of {words}."))
    return tuple(notes)
