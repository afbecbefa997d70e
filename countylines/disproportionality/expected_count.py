"""Events that a group would have at the rates of a reference population."""

from __future__ import annotations

from typing import Any

from countylines import _labels, _validate
from countylines._typing import ArrayLike


def expected_count(
    exposure: ArrayLike,
    ref_count: ArrayLike,
    ref_exposure: ArrayLike,
    *,
    dim: str | int | None = None,
) -> Any:
    r"""Events expected in a group at the rates of a reference population, stratum by stratum.

    It answers: how many events would there be among these people if each age (or sex, or region)
    had the rate it has elsewhere? It is no forecast, and carries no interval of its own: see
    :func:`standardised_rate_ratio` where the reference has few events.

    Parameters
    ----------
    exposure : array_like, shape (..., strata)
        People or person-years of the group in each stratum: at least 0.
    ref_count : array_like, shape (..., strata)
        Events of the reference in each stratum: whole numbers of at least 0.
    ref_exposure : array_like, shape (..., strata)
        Its exposure, in the same unit: above 0 in every stratum.
    dim : str, int or None, optional
        Dimension or axis of the strata; may be left out where there is only one, or for the index
        of a frame.

    Returns
    -------
    float, ndarray, Series or DataArray
        Expected events, of the kind of the data less the strata.

    Raises
    ------
    InputError
        If a count is negative, fractional or missing, or an exposure is not possible.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    See Also
    --------
    standardised_ratio : observed over expected.

    Notes
    -----
    .. math:: E = \sum_i e_i \, y_i / f_i

    A stratum in which the reference has no event adds nothing; where the group has one there, that
    event was expected by no rate, and merging strata is the remedy.

    Assumptions that fail in practice: strata known by the same rule on both sides, and a reference
    that does not contain the group.

    References
    ----------
    .. [1] Breslow, N. E. and Day, N. E. (1987). *Statistical Methods in Cancer Research. Volume II:
       The Design and Analysis of Cohort Studies*, chapter 2. International Agency for Research on
       Cancer, Lyon.

    Examples
    --------
    Made-up arrests of a reference in two age groups, and a younger group of 5,000 people:

    >>> expected = cl.disproportionality.expected_count(
    ...     [2_000, 3_000], [200, 150], [10_000, 80_000]
    ... )
    >>> print(round(expected, 1))
    45.6

    At the reference's rates by age, 46 of the group would have been arrested, where its size alone
    would give 19.
    """
    inputs = _labels.align(exposure=exposure, ref_count=ref_count, ref_exposure=ref_exposure)

    def check(exposure: Any, ref_count: Any, ref_exposure: Any, where: Any) -> None:
        _validate.exposure("exposure", exposure, where, zero=True)
        _validate.counts("ref_count", ref_count, where)
        _validate.exposure("ref_exposure", ref_exposure, where)

    def solve(exposure: Any, ref_count: Any, ref_exposure: Any) -> tuple[Any, ...]:
        return ((exposure * (ref_count / ref_exposure)).sum(axis=-1),)

    return inputs.reduce(solve, dim=dim, outputs=["expected"], check=check)["expected"]
