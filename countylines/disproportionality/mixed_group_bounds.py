"""A group that may or may not take in people of Mixed ethnicity."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _labels, _shares, _validate
from countylines import benchmark as _benchmark
from countylines._kernels import missing_share as kernel
from countylines._typing import ArrayLike
from countylines.bands import Band
from countylines.benchmark import Benchmark
from countylines.disproportionality import _missing
from countylines.disproportionality._two_groups import NOT_A_CAUSE, method_name
from countylines.errors import InputError
from countylines.results import OK, Estimate, Note, Verdict, verdict_array

FloatArray = NDArray[np.float64]

VERDICTS = (
    OK,
    _shares.NO_DATA,
    Verdict(
        False,
        "not-identified",
        ("How people of Mixed ethnicity are counted leaves a range of ratios, not one.",),
    ),
)
REGION = Note(
    "target",
    "The limits are for the whole region: which end is the lower depends on the data, so that the "
    "narrower limits for the true ratio inside it (Imbens and Manski) do not apply.",
)
NAMES = ("count", "mixed", "total", "benchmark", "mixed_benchmark", "least", "most")


def mixed_group_bounds(
    count: ArrayLike,
    mixed: ArrayLike,
    total: ArrayLike,
    benchmark: ArrayLike | Benchmark,
    mixed_benchmark: ArrayLike | Benchmark,
    *,
    allocated: tuple[ArrayLike, ArrayLike] | Band = (0.0, 1.0),
    same_rule: bool = True,
    method: str = "mid-p",
    level: float = 0.95,
) -> Estimate:
    r"""Range of a representation ratio over the ways to count people of Mixed ethnicity.

    It answers: does the ratio hang on whether people of Mixed ethnicity are counted in the group?
    Police record what an officer sees, a census what people say, so the same person may be Black in
    one and Mixed in the other. It is not an estimate of how many are.

    Parameters
    ----------
    count : array_like, shape (...)
        People of the group among those recorded, without Mixed: whole numbers.
    mixed : array_like, shape (...)
        People recorded as Mixed who may be counted in the group.
    total : array_like, shape (...)
        All people recorded, of known group.
    benchmark : array_like, shape (...), or Benchmark
        The group's share of the comparison population without Mixed, in (0, 1), taken as known.
    mixed_benchmark : array_like, shape (...), or Benchmark
        Share of that population in the Mixed groups in question, of 0 to 1.
    allocated : pair of array_like, or Band, default (0, 1)
        Least and largest part of the Mixed that is counted in the group.
    same_rule : bool, default True
        Whether the same part is counted in the record and in the benchmark. If False each may have
        its own, and the range is wider.
    method : str, default "mid-p"
        Method of the limits, as in :func:`missing_bounds`.
    level : float, default 0.95
        Confidence level, a share in [0.5, 1).

    Returns
    -------
    Estimate
        ``region_low`` and ``region_high`` are the range of ratios [pure number], ``low`` and
        ``high`` limits of the whole range. ``estimate`` is nan with the verdict *not-identified*
        unless the range is a point; ``n`` is `total`.

    Raises
    ------
    InputError
        If a count is bad, ``count + mixed`` exceeds `total`, the benchmark shares are no shares or
        sum to 1 or more, or `allocated` is no range of shares.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    See Also
    --------
    benchmark_sensitivity : other doubts about the benchmark.
    missing_bounds : people whose group is not recorded at all.

    Notes
    -----
    With x and m people of the group and Mixed among n, and shares q and :math:`q_m`,

    .. math:: R(a) = \frac{(x + a m) / n}{q + a q_m}.

    It moves one way in a, up or down according to whether the Mixed are more over-represented than
    the group, so the ends of the range are at the ends of a. The lower limit of the share is a
    concave function of a and the upper limit a convex one, so that those of the range, too, are at
    its ends. Limits of :math:`x + am` are those of :func:`missing_bounds` for a known share.

    With nobody of the group and nobody Mixed the range is 0 with high limits above it. The
    assumption that fails in practice is the same rule: officer-defined and self-defined ethnicity
    are different questions.

    References
    ----------
    .. [1] Manski, C. F. (2003). *Partial Identification of Probability Distributions*. Springer.
       https://doi.org/10.1007/b97478

    Examples
    --------
    A HYPOTHETICAL 40 Black and 20 Mixed people among 258, against the shares of England and Wales
    at the 2021 census, where 1.3 % are Mixed White and Black:

    >>> bounds = cl.disproportionality.mixed_group_bounds(40, 20, 258, 0.0404, 0.0128)
    >>> print(
    ...     f"{bounds.region_low:.1f} to {bounds.region_high:.1f} ({bounds.low:.1f} to "
    ...     f"{bounds.high:.1f})"
    ... )
    3.8 to 4.4 (2.8 to 5.4)

    However the Mixed are counted, the same way in both, the share is about four times that of the
    residents: this doubt does not carry the finding.
    """
    method = method_name(method, dict.fromkeys(_missing.METHODS))
    level = _missing.level(level)
    same_rule = _validate.flag("same_rule", same_rule)
    least, most = _missing.pair("allocated", allocated)
    shares = [
        _benchmark.known_share(part, "mixed_group_bounds") for part in (benchmark, mixed_benchmark)
    ]
    given = (count, mixed, total, *shares, least, most)
    inputs = _labels.align(**dict(zip(NAMES, given, strict=True)))

    def solve(*values: FloatArray) -> tuple[Any, ...]:
        x, mixed, total, q, q_mixed, low, high = values
        sample, area = (x, total - mixed, mixed), np.full(x.shape, (1.0 - level) / 2.0)
        shares, tops, bottoms = [], [], []
        for part in (low, high):
            shares.append(np.where(total > 0, kernel.estimate("share", *sample, part), np.nan))
            bottoms.append(kernel.limit("share", 1, method, *sample, part, area))
            tops.append(kernel.limit("share", -1, method, *sample, part, area))
        against = [q + low * q_mixed, q + high * q_mixed]
        pairs = [(0, 0), (1, 1)] if same_rule else [(0, 0), (1, 1), (0, 1), (1, 0)]
        ratios = [shares[i] / against[j] for i, j in pairs]
        region = np.minimum.reduce(ratios), np.maximum.reduce(ratios)
        ends = (
            np.minimum.reduce([bottoms[i] / against[j] for i, j in pairs]),
            np.maximum.reduce([tops[i] / against[j] for i, j in pairs]),
        )
        codes = np.where(total > 0, np.where(region[0] < region[1], 2, 0), 1)
        point = np.where(codes == 0, region[0], np.nan)
        return point, *ends, *region, verdict_array(codes, VERDICTS)

    out = inputs.apply(
        solve,
        outputs=["estimate", "low", "high", "region_low", "region_high", "verdict"],
        check=_check,
        dtypes={"verdict": object},
    )
    return Estimate(
        quantity="representation ratio",
        method="bounds for the Mixed group",
        level=level,
        interval_method=f"{method}, region",
        n=inputs.labelled("total"),
        notes=(NOT_A_CAUSE, REGION, *_populations(benchmark, mixed_benchmark)),
        references=("manski2003", "zou2008", *_shares.REFERENCES[method]),
        **out,
    )


def _populations(benchmark: Any, mixed: Any) -> tuple[Note, ...]:
    """Which population each of the two shares is of, once where both are of the same."""
    notes = [_benchmark.note(benchmark)]
    if isinstance(mixed, Benchmark) and str(mixed) != str(benchmark):
        notes.append(Note("mixed-benchmark", f"Benchmark of the Mixed: {mixed}."))
    return tuple(notes)


def _check(*values: Any) -> None:
    x, mixed, total, q, q_mixed, low, high, where = values
    for name, column in zip(NAMES[:3], (x, mixed, total), strict=True):
        _validate.counts(name, column, where)
    _validate.not_above("count + mixed", x + mixed, "total", total, where)
    _validate.share("benchmark", q, where)
    _validate.share("mixed_benchmark", q_mixed, where, open_low=False)
    if (q + q_mixed >= 1.0).any():
        bad = q + q_mixed >= 1.0
        raise InputError(
            _validate.sentence(
                "benchmark + mixed_benchmark",
                "below 1",
                _validate.show(float((q + q_mixed)[bad][0])),
                where(bad),
            )
        )
    _missing.check_range("share", "allocated", low, high, where)
