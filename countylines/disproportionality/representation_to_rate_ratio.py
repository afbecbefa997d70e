"""Representation ratio to rate ratio against everybody else, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _labels, _validate
from countylines import benchmark as _benchmark
from countylines._typing import ArrayLike
from countylines.benchmark import Benchmark
from countylines.errors import InputError
from countylines.results import Estimate, Note

FloatArray = NDArray[np.float64]

REPRESENTATION = "representation ratio"
RATE = "rate ratio against the rest"


def representation_to_rate_ratio(
    ratio: ArrayLike | Estimate, benchmark: ArrayLike | Benchmark
) -> Any:
    r"""Rate of a group relative to everybody else, from its representation ratio.

    It answers: how many times the rate of the rest of the population must the group's rate be to
    give this representation ratio? Unlike the representation ratio it can be compared between
    places with different benchmark shares. It is no more causal than what it is computed from.

    Parameters
    ----------
    ratio : array_like or Estimate
        Representation ratio, from 0 to ``1 / benchmark``; an :class:`~countylines.Estimate` keeps
        its interval and its test.
    benchmark : array_like or Benchmark
        The group's share of the comparison population, in (0, 1), taken as known.

    Returns
    -------
    number, array, Series, DataFrame, DataArray or Estimate
        Rate ratio [pure number], of the kind of `ratio`; infinite at ``ratio = 1 / benchmark``.

    Raises
    ------
    InputError
        If `ratio` is negative or above ``1 / benchmark``, or `benchmark` is not a share or has
        another name or vintage than the one that an Estimate was made with.

    See Also
    --------
    rate_to_representation_ratio : the way back.
    representation_ratio : where the ratio comes from.

    Notes
    -----
    .. math:: \theta = \frac{R (1 - q)}{1 - qR}

    It is increasing in :math:`R`, so limits go over into limits. It assumes that numerator and
    benchmark count the same group by the same rule.

    References
    ----------
    .. [1] Derived from the definition: with group share q of the population and relative rate
       theta, the group's share of events is q theta / (q theta + 1 - q).

    Examples
    --------
    The same representation ratio of 2 where the group is 1 % of the people and where it is 13.5 %:

    >>> round(cl.disproportionality.representation_to_rate_ratio(2.0, 0.01), 3)
    2.02
    >>> round(cl.disproportionality.representation_to_rate_ratio(2.0, 0.135), 3)
    2.37

    The group's rate is 2.0 times that of the rest in the first place, 2.4 times in the second.
    """

    def rate(ratio: FloatArray, q: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore"):
            return np.asarray(ratio * (1 - q) / np.maximum(1 - q * ratio, 0.0))

    def slope(ratio: FloatArray, q: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore"):
            return np.asarray((1 - q) / np.maximum(1 - q * ratio, 0.0) ** 2)

    share = _benchmark.known_share(benchmark, "representation_to_rate_ratio")
    if isinstance(ratio, Estimate):
        return _convert(ratio, benchmark, rate, slope, RATE, _check_ratio)
    return _one(ratio, share, rate, _check_ratio)


def rate_to_representation_ratio(
    ratio: ArrayLike | Estimate, benchmark: ArrayLike | Benchmark
) -> Any:
    r"""Representation ratio of a group whose rate is `ratio` times that of everybody else.

    It answers: what would the representation ratio be in a place with this benchmark share? Use it
    to see how the same behaviour looks in places with different shares.

    Parameters
    ----------
    ratio : array_like or Estimate
        Rate of the group over the rate of everybody else, at least 0; infinite is allowed.
    benchmark : array_like or Benchmark
        The group's share of the comparison population, in (0, 1), taken as known.

    Returns
    -------
    number, array, Series, DataFrame, DataArray or Estimate
        Representation ratio [pure number, at most 1/benchmark], of the kind of `ratio`.

    Raises
    ------
    InputError
        If `ratio` is negative or `benchmark` is not a share.

    See Also
    --------
    representation_to_rate_ratio : the way back.

    Notes
    -----
    .. math:: R = \frac{\theta}{q\theta + 1 - q}

    It is increasing in :math:`\theta` and bounded by :math:`1/q`.

    References
    ----------
    .. [1] Derived from the definition, as for :func:`representation_to_rate_ratio`.

    Examples
    --------
    >>> round(cl.disproportionality.rate_to_representation_ratio(3.0, 0.135), 3)
    2.362

    A threefold rate shows as a ratio of 2.4 where the group is 13.5 % of the people.
    """

    def representation(ratio: FloatArray, q: FloatArray) -> FloatArray:
        finite = np.where(np.isinf(ratio), 1.0, ratio)
        return np.where(np.isinf(ratio), 1 / q, finite / (q * finite + 1 - q))

    def slope(ratio: FloatArray, q: FloatArray) -> FloatArray:
        return (1 - q) / (q * ratio + 1 - q) ** 2

    share = _benchmark.known_share(benchmark, "rate_to_representation_ratio")
    if isinstance(ratio, Estimate):
        return _convert(ratio, benchmark, representation, slope, REPRESENTATION, _check_rate)
    return _one(ratio, share, representation, _check_rate)


def _check_ratio(ratio: FloatArray, benchmark: FloatArray, where: _validate.Where) -> None:
    _validate.share("benchmark", benchmark, where)
    _validate.exposure("ratio", ratio, where, zero=True)
    bound = 1 / benchmark
    _validate.not_above(
        "ratio",
        ratio,
        "1 / benchmark",
        bound * (1 + 4 * np.finfo(float).eps),
        where,
        "A representation ratio cannot be larger: check that both use the same benchmark.",
    )


def _check_rate(ratio: FloatArray, benchmark: FloatArray, where: _validate.Where) -> None:
    _validate.share("benchmark", benchmark, where)
    _validate.exposure("ratio", np.where(ratio == np.inf, 1.0, ratio), where, zero=True)


def _one(
    ratio: Any, benchmark: Any, convert: Callable[..., FloatArray], check: Callable[..., None]
) -> Any:
    inputs = _labels.align(ratio=ratio, benchmark=benchmark)

    def kernel(ratio: FloatArray, q: FloatArray) -> tuple[FloatArray]:
        return (convert(ratio, q),)

    return inputs.apply(kernel, outputs=["value"], check=check)["value"]


def _scaled(error: Any, estimate: Any, benchmark: Any, slope: Callable[..., FloatArray]) -> Any:
    """Standard error by the delta method; nan where the converted ratio is infinite."""
    inputs = _labels.align(error=error, estimate=estimate, benchmark=benchmark)

    def kernel(error: FloatArray, estimate: FloatArray, q: FloatArray) -> tuple[FloatArray]:
        steep = slope(estimate, q)
        with np.errstate(invalid="ignore"):
            return (np.where(np.isfinite(steep), error * steep, np.nan),)

    return inputs.apply(kernel, outputs=["value"])["value"]


def _population(ratio: Estimate, benchmark: Any, *, own: bool) -> tuple[Note, ...]:
    """The note on the benchmark, which must be the one of the ratio where that is its `own`."""
    before = tuple(note for note in ratio.notes if note.code == "benchmark")
    now = _benchmark.note(benchmark)
    if not own:
        return (now,)
    if not isinstance(benchmark, Benchmark):
        return before or (now,)
    others = [note.text for note in before if note.text not in (now.text, _benchmark.UNNAMED.text)]
    if others:
        raise InputError(
            _validate.sentence(
                "benchmark",
                "the one that the ratio was made with",
                str(benchmark),
                remedy=f"The ratio says: {others[0]}",
            )
        )
    return (now,)


def _convert(
    ratio: Estimate,
    benchmark: Any,
    convert: Callable[..., FloatArray],
    slope: Callable[..., FloatArray],
    quantity: str,
    check: Callable[..., None],
) -> Estimate:
    """Carry an estimate, its limits and its null value through an increasing function."""
    wanted = RATE if quantity == REPRESENTATION else REPRESENTATION
    if ratio.quantity != wanted:
        raise InputError(
            _validate.sentence("ratio", f"an Estimate of a {wanted}", f"one of a {ratio.quantity}")
        )

    if ratio.interval_method.startswith("MOVER-R"):
        raise InputError(
            _validate.sentence(
                "ratio",
                "an Estimate with a known benchmark",
                "one whose benchmark is itself estimated",
                remedy="Its limits and the benchmark move together; convert the plain number.",
            )
        )

    said = _population(ratio, benchmark, own=quantity == RATE)
    share = _benchmark.unpacked(benchmark)[0]

    def tolerant(ratio: FloatArray, q: FloatArray, where: _validate.Where) -> None:
        check(np.where(np.isnan(ratio), 1.0, np.where(ratio == np.inf, 0.0, ratio)), q, where)

    def over(value: Any, function: Callable[..., FloatArray]) -> Any:
        inputs = _labels.align(ratio=value, benchmark=share)
        return inputs.apply(lambda r, q: (function(r, q),), outputs=["value"], check=tolerant)[
            "value"
        ]

    note = Note(
        "converted",
        f"Converted from the {ratio.quantity} with the benchmark share taken as known.",
    )
    kept = tuple(n for n in ratio.notes if n.code not in ("bound", "benchmark"))
    error = ratio.standard_error
    return dataclasses.replace(
        ratio,
        quantity=quantity,
        estimate=over(ratio.estimate, convert),
        low=over(ratio.low, convert),
        high=over(ratio.high, convert),
        region_low=None if ratio.region_low is None else over(ratio.region_low, convert),
        region_high=None if ratio.region_high is None else over(ratio.region_high, convert),
        standard_error=None if error is None else _scaled(error, ratio.estimate, share, slope),
        null=None if ratio.null is None else over(ratio.null, convert),
        method=f"{ratio.method}, converted",
        notes=(*kept, note, *said),
        _recompute=None,
    )
