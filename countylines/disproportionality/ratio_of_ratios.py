"""One rate ratio over another: whether disproportionality differs."""

from __future__ import annotations

from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from countylines import _odds_ratios, _validate
from countylines._kernels import overlapping_rate_ratios, ratio_of_rate_ratios
from countylines._typing import Alternative, ArrayLike
from countylines.disproportionality._two_groups import Measure, compare, method_name
from countylines.errors import DegenerateDataWarning, InputError, SparseDataWarning, warn
from countylines.results import Estimate, Note

FloatArray = NDArray[np.float64]

FEW = 5


def ratio_of_ratios(
    count: ArrayLike,
    exposure: ArrayLike,
    ref_count: ArrayLike,
    ref_exposure: ArrayLike,
    other_count: ArrayLike,
    other_exposure: ArrayLike,
    other_ref_count: ArrayLike,
    other_ref_exposure: ArrayLike,
    *,
    shared: ArrayLike | None = None,
    ref_shared: ArrayLike | None = None,
    method: str | None = None,
    level: float = 0.95,
    null: ArrayLike = 1.0,
    alternative: Alternative = "two-sided",
) -> Estimate:
    r"""One rate ratio over another: offenders against victims, this year against last.

    It answers: is a group more over-represented here than there? That one of two ratios is "above
    1" and the other "not shown to be" does not answer it, and neither do intervals that overlap. A
    change may be one of recording in either group, at either time.

    Parameters
    ----------
    count : array_like, shape (...)
        Events in the group, for the first ratio: whole numbers of at least 0.
    exposure : array_like, shape (...)
        What they happened to [people or person-years]: finite and above 0.
    ref_count : array_like, shape (...)
        Events in the group compared with.
    ref_exposure : array_like, shape (...)
        Its exposure, in the same unit.
    other_count : array_like, shape (...)
        Events in the group, for the ratio that is divided by.
    other_exposure : array_like, shape (...)
        Their exposure.
    other_ref_count : array_like, shape (...)
        Events in the group compared with, there.
    other_ref_exposure : array_like, shape (...)
        Its exposure; all eight broadcast together.
    shared : array_like or None, optional
        Members of the group counted in both `count` and `other_count`, where they overlap: victims
        who are offenders too, people recorded in both years.
    ref_shared : array_like or None, optional
        The same of the group compared with. Give both, or neither.
    method : str or None, optional
        How the limits are made: any method of :func:`odds_ratio`; ``"woolf"`` alone where people
        are shared. None: ``"skew-score"``, or ``"woolf"`` where people are shared.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    null : array_like, default 1.0
        Ratio of ratios under test, above 0.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval and of the test; ``"greater"`` asks whether it exceeds `null`.

    Returns
    -------
    Estimate
        ``estimate``, ``low``, ``high`` [pure number], of the kind and with the labels of the data.
        Infinite or 0 where one of the counts is 0; nan, with the verdict *no-data*, where the
        counts say nothing. ``n`` is the number of events in all four groups.

    Raises
    ------
    InputError
        If a count is negative, fractional or missing, an exposure or `null` is not above 0, more
        are shared than were counted, or an option is unknown or does not suit shared people.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    Warns
    -----
    DegenerateDataWarning
        If a count is 0.
    SparseDataWarning
        If a large-sample method is used with fewer than 5 events in a group.

    See Also
    --------
    rate_ratio : each of the two.
    relative_rate_chain : ratios of stages that follow one another.
    countylines.localisation.localisation_odds_ratio : internal against external lines.

    Notes
    -----
    With Poisson counts x, y in exposures e, f, and a prime for the other ratio,

    .. math:: \theta = \frac{x / e}{y / f} \Big/ \frac{x' / e'}{y' / f'}, \qquad
              x \mid x + y \;\sim\; \mathrm{Binomial}(x + y, \pi), \quad
              \frac{\pi}{1 - \pi} \Big/ \frac{\pi'}{1 - \pi'} = \theta \frac{e / f}{e' / f'} .

    So :math:`\theta` is the odds ratio of the two by two table of counts over a number that is
    known, and each method of :func:`odds_ratio` is one for it, the exact conditional ones
    included. Where both have the same exposures (one benchmark) they cancel: nothing need be known
    of the populations but that they are the same.

    Where people are shared, logs of the counts of one group have the covariance
    :math:`s / (x x')`, s being those in both, and

    .. math:: \operatorname{var} \log \hat\theta = \frac1x + \frac1y + \frac1{x'} + \frac1{y'}
              - \frac{2 s}{x x'} - \frac{2 s_y}{y y'} .

    Ignoring them makes the interval too wide if people recur, which hides a change; it is never
    too short.

    A count of 0 makes a limit 0 or infinite, with ``"woolf"`` both.

    Assumptions that fail in practice: events of different people independent (co-defendants);
    the same definition of the groups in both; exposures known without error; a person counted once
    within each.

    References
    ----------
    .. [1] Altman, D. G. and Bland, J. M. (2003). Interaction revisited: the difference between two
       estimates. *BMJ* 326, 219. https://doi.org/10.1136/bmj.326.7382.219
    .. [2] Laud, P. J. (2017). Equal-tailed confidence intervals for comparison of rates.
       *Pharmaceutical Statistics* 16, 334-348. https://doi.org/10.1002/pst.1813

    Examples
    --------
    A made-up region of 40,000 residents in a group and 900,000 others: 60 offenders and 25 victims
    are of the group, 300 and 350 are not.

    >>> from countylines.disproportionality import rate_ratio, ratio_of_ratios
    >>> people = {"exposure": 40_000, "ref_exposure": 900_000}
    >>> for count, ref_count in ((60, 300), (25, 350)):
    ...     one = rate_ratio(count=count, ref_count=ref_count, **people)
    ...     print(f"{one.estimate:.1f} ({one.low:.1f} to {one.high:.1f})")
    4.5 (3.4 to 5.9)
    1.6 (1.0 to 2.4)
    >>> found = ratio_of_ratios(60, 40_000, 300, 900_000, 25, 40_000, 350, 900_000)
    >>> print(f"{found.estimate:.1f} ({found.low:.1f} to {found.high:.1f})")
    2.8 (1.7 to 4.6)

    The group is over-represented among both, and 1.7 to 4.6 times as much among those recorded as
    offenders as among those recorded as victims. Who is recorded as which is part of that.
    """
    overlapping = shared is not None or ref_shared is not None
    if overlapping and (shared is None or ref_shared is None):
        missing = "shared" if shared is None else "ref_shared"
        rule = "given with the other of the two"
        raise InputError(
            _validate.sentence(missing, rule, "None", remedy="Pass 0 where nobody is shared.")
        )
    kernel: ModuleType = overlapping_rate_ratios if overlapping else ratio_of_rate_ratios
    if method is None:
        method = "woolf" if overlapping else "skew-score"
    method = method_name(method, kernel.METHODS)
    level = _validate.level(level)
    _validate.alternative(alternative)
    data: dict[str, ArrayLike] = {
        "count": count,
        "exposure": exposure,
        "ref_count": ref_count,
        "ref_exposure": ref_exposure,
        "other_count": other_count,
        "other_exposure": other_exposure,
        "other_ref_count": other_ref_count,
        "other_ref_exposure": other_ref_exposure,
    }
    if shared is not None and ref_shared is not None:
        data |= {"shared": shared, "ref_shared": ref_shared}
    names = tuple(data)

    def check(*values: FloatArray) -> None:
        *columns, where = values
        given = dict(zip(names, columns, strict=True))
        for name, column in given.items():
            if name.endswith("exposure"):
                _validate.exposure(name, column, where)  # type: ignore[arg-type]
            else:
                _validate.counts(name, column, where)  # type: ignore[arg-type]
        for part, wholes in SHARED.items():
            if part in given:
                for whole in wholes:
                    _validate.not_above(part, given[part], whole, given[whole], where)  # type: ignore[arg-type]

    def notes(columns: tuple[FloatArray, ...]) -> tuple[Note, ...]:
        return _notes(columns, kernel, method)

    return compare(
        ratio_of_ratios,
        data,
        measure=Measure(
            quantity="ratio of rate ratios",
            kernel=kernel,
            size=("count", "ref_count", "other_count", "other_ref_count"),
            undefined="Too many counts are 0: they say nothing of the ratio of the ratios.",
            rising=(),
        ),
        method=method,
        level=level,
        null=null,
        alternative=alternative,
        check=check,
        notes=notes,
        references=("altman2003", *_odds_ratios.REFERENCES[method]),
    )


SHARED = {
    "shared": ("count", "other_count"),
    "ref_shared": ("ref_count", "other_ref_count"),
}


def _notes(columns: tuple[FloatArray, ...], kernel: ModuleType, method: str) -> tuple[Note, ...]:
    notes = []
    smallest = np.minimum.reduce(columns[:8:2])
    if (smallest == 0).any():
        text = (
            "A count is 0, so the ratio of the ratios is 0, infinite or undefined there; one limit "
            "may still be finite."
        )
        if method in ("gart", "independence-smoothed"):
            text = f"A count is 0; the {method} interval rests on what is added to the counts."
        notes.append(Note("zero-count", text))
        warn(text, DegenerateDataWarning)
    if kernel.METHODS[method].asymptotic and (smallest < FEW).any():
        text = (
            f"Fewer than {FEW} events in a group, where the large-sample {method} interval does "
            "not hold its level."
        )
        notes.append(Note("sparse", text))
        warn(text, SparseDataWarning)
    if kernel is overlapping_rate_ratios:
        text = (
            "Some people are counted in both ratios; their share in the variance is taken off by "
            "the numbers shared."
        )
        notes.append(Note("overlap", text))
        if (kernel.log_standard_error(*columns) == 0.0).any():
            text = "Everybody is shared somewhere: the ratio is fixed there, without any error."
            notes.append(Note("all-shared", text))
            warn(text, DegenerateDataWarning)
    return tuple(notes)
