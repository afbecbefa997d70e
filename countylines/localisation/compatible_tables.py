"""Which whole numbers agree with any printed totals, percentages, shares and changes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from countylines import _validate
from countylines._kernels import whole_programme as kernel
from countylines.errors import (
    ConvergenceError,
    DegenerateDataWarning,
    InputError,
    InputTypeError,
    warn,
)
from countylines.localisation.printed import Printed
from countylines.results import OK, Estimate, Note, Verdict

REFERENCES = ("brown2017", "dinkelbach1967")
NODES = 400_000
NOTHING = "No whole numbers agree with all figures: they do not share one definition and rounding."


def compatible_tables(printed: Sequence[Printed], *, max_tables: int = 10_000) -> pd.DataFrame:
    r"""Every set of whole numbers that agrees with printed figures of any kind.

    It answers: what can the counts have been, behind these totals, percentages, shares, changes and
    suppressed cells? All of them are listed; none is likelier than another, and there is no
    estimate here. Where there are too many, :func:`compatible_range` gives the range of what is
    asked.

    Parameters
    ----------
    printed : sequence of Printed
        What is printed; see :class:`Printed`. Every named count must be bounded by it.
    max_tables : int, default 10,000
        Most to list. More raise an error rather than fill the memory.

    Returns
    -------
    DataFrame
        One column a named count, in the order of their first mention, one row a table, ascending;
        no rows if nothing agrees. ``attrs["conditions"]`` lists the figures as they were read.

    Raises
    ------
    InputError
        If there is no figure, more than `max_tables` agree or the search is too long, or a count
        has no upper bound.
    InputTypeError
        If `printed` holds anything but :class:`Printed`.
    ConvergenceError
        If the solver's answer does not satisfy the figures exactly, or was not confirmed.

    Warns
    -----
    DegenerateDataWarning
        If nothing agrees.

    See Also
    --------
    compatible_range : the range of a count or share without listing the tables.
    compatible_counts : the case of two totals and percentage changes, much faster.

    Notes
    -----
    Each figure is one or two linear constraints on whole numbers, for rounding to the nearest of a
    percentage :math:`p` with unit :math:`u`

    .. math:: \left(p - \tfrac{u}{2}\right) b \le 100\, a < \left(p + \tfrac{u}{2}\right) b .

    The range of each count comes from integer programming (HiGHS) with constraints loosened by more
    than its tolerance, put back and if need be searched in exact arithmetic; the tables from
    halving these ranges and dropping what the constraints rule out, in exact arithmetic. It is the
    idea of the GRIM test [1]_ for tables.

    The assumption that fails in practice is that all figures share one definition, one vintage and
    the rounding assumed.

    References
    ----------
    .. [1] Brown, N. J. L. and Heathers, J. A. J. (2017). The GRIM test: a simple technique detects
       numerous anomalies in the reporting of results in psychology. *Social Psychological and
       Personality Science* 8, 363-369. https://doi.org/10.1177/1948550616673876

    Examples
    --------
    A *made-up* report prints 43 people, 16 % of them children, 29 % of the children girls:

    >>> Printed = cl.localisation.Printed
    >>> tables = cl.localisation.compatible_tables(
    ...     [
    ...         Printed.count(["girls", "boys", "adults"], 43),
    ...         Printed.percent(["girls", "boys"], 16, of=["girls", "boys", "adults"]),
    ...         Printed.percent("girls", 29, of=["girls", "boys"]),
    ...     ]
    ... )
    >>> tables
       girls  boys  adults
    0      2     5      36

    The percentages give the counts away: 2 girls and 5 boys. Small counts hide behind percentages
    no better than behind themselves.
    """
    figures, names, rows = _read(printed)
    most = _validate.whole_number("max_tables", max_tables, low=1)
    frame = pd.DataFrame(columns=list(names), dtype="int64")
    try:
        ranges = [_extent(rows, names, (name,)) for name in names]
    except kernel.InconsistentError:
        warn(NOTHING, DegenerateDataWarning)
    else:
        _refuse_unbounded(names, ranges)
        try:
            found = kernel.every(rows, ranges, most=most, nodes=NODES)
        except kernel.TooManyError as problem:
            what = "the search is too long" if problem.searched else f"more than {most:,} agree"
            raise InputError(
                _validate.sentence(
                    "printed",
                    "figures that leave few tables",
                    f"{len(figures)} of which {what}",
                    remedy="Raise max_tables, or ask for the range of what matters by "
                    "compatible_range.",
                )
            ) from None
        frame = pd.DataFrame(found, columns=list(names), dtype="int64")
    frame.attrs["conditions"] = [str(figure) for figure in figures]
    frame.attrs["references"] = REFERENCES[:1]
    return frame


def compatible_range(
    printed: Sequence[Printed], cells: str | Sequence[str], *, of: str | Sequence[str] | None = None
) -> Estimate:
    r"""Exact range of a count or share over all tables that agree with printed figures.

    It answers: how small and how large can this count, or this share, have been? Both ends are
    reached by some table. It is no statement of probability.

    Parameters
    ----------
    printed : sequence of Printed
        What is printed; see :class:`Printed`.
    cells : str or sequence of str
        Names of the counts that are asked for, added up.
    of : str, sequence of str or None, optional
        Names of the counts that they are to be a share, or ratio, of; None: the count itself.

    Returns
    -------
    Estimate
        ``low`` and ``high``, the same as ``region_low`` and ``region_high``, are the range, with
        ``level`` None; ``estimate`` is the value where there is only one, else nan with a verdict.

    Raises
    ------
    InputError
        If there is no figure, a name is in none of them, or the count has no upper bound.
    InputTypeError
        If `printed` holds anything but :class:`Printed`.
    ConvergenceError
        If the solver's answer does not satisfy the figures exactly, or was not confirmed.

    Warns
    -----
    DegenerateDataWarning
        If nothing agrees.

    See Also
    --------
    compatible_tables : the tables themselves.

    Notes
    -----
    The ends of a sum are two integer programs (HiGHS). Those of a ratio :math:`a / b` solve

    .. math:: \max_x \; a(x) - r\, b(x) = 0

    for :math:`r` by Dinkelbach's iteration [1]_ over whole numbers, in exact fractions. The
    assumption that fails in practice is that the figures share one definition and vintage.

    References
    ----------
    .. [1] Dinkelbach, W. (1967). On nonlinear fractional programming. *Management Science* 13,
       492-498. https://doi.org/10.1287/mnsc.13.7.492

    Examples
    --------
    The press printed 6,644 lines; suppose up to a fifth of them had no type. Internal lines rose by
    232 % and external ones fell by 12.2 % since a year with 4,007:

    >>> Printed = cl.localisation.Printed
    >>> after = ["internal_after", "external_after", "untyped_after"]
    >>> figures = [
    ...     Printed.count(["internal_before", "external_before"], 4007),
    ...     Printed.count(after, 6644),
    ...     Printed.share("untyped_after", 0, 0.2, of=after),
    ...     Printed.change("internal_after", 232, since="internal_before"),
    ...     Printed.change("external_after", -12.2, since="external_before", decimals=1),
    ... ]
    >>> share = cl.localisation.compatible_range(
    ...     figures, "internal_after", of=["internal_after", "external_after"]
    ... )
    >>> print(f"{share.low:.1%} to {share.high:.1%}")
    45.9% to 64.0%

    So the internal share of 64 % is the most that the figures allow, not what they say.
    """
    figures, names, rows = _read(printed)
    top = _asked("cells", cells, names)
    bottom = None if of is None else _asked("of", of, names)
    words = " + ".join(top) + ("" if bottom is None else f" over {' + '.join(bottom)}")
    low, high, verdict = math.nan, math.nan, Verdict(False, "out-of-range", (NOTHING,))
    try:
        if bottom is None:
            ends = _extent(rows, names, top)
            _refuse_unbounded((words,), [ends])
            low, high = float(ends[0]), float(ends[1])
        else:
            low, high = _ratio_extent(rows, names, top, bottom)
        verdict = OK
        if low < high:
            reason = f"The figures leave {_validate.show(low)} to {_validate.show(high)}."
            verdict = Verdict(False, "not-identified", (reason,))
    except kernel.InconsistentError:
        warn(NOTHING, DegenerateDataWarning)
    return Estimate(
        quantity=words,
        estimate=low if verdict.estimable else math.nan,
        low=low,
        high=high,
        region_low=low,
        region_high=high,
        method="integer programming",
        level=None,
        interval_kind="identification",
        interval_method="range over all whole-number tables",
        verdict=verdict,
        notes=tuple(Note("figure", str(figure)) for figure in figures),
        references=REFERENCES,
    )


def _read(
    printed: Any,
) -> tuple[list[Printed], tuple[str, ...], list[kernel.Row]]:
    if isinstance(printed, Printed):
        printed = [printed]
    if not isinstance(printed, Sequence) or isinstance(printed, str):
        raise InputTypeError(
            _validate.sentence("printed", "a list of Printed", type(printed).__name__)
        )
    for figure in printed:
        if not isinstance(figure, Printed):
            raise InputTypeError(
                _validate.sentence("printed", "a list of Printed", type(figure).__name__)
            )
    _validate.not_empty("printed", len(printed))
    names = tuple(dict.fromkeys(name for figure in printed for name in figure.cells))
    places = {name: place for place, name in enumerate(names)}
    rows = [row for figure in printed for row in figure.rows(places)]
    return list(printed), names, rows


def _asked(argument: str, value: Any, names: tuple[str, ...]) -> tuple[str, ...]:
    given = (value,) if isinstance(value, str) else tuple(value)
    for name in given:
        if name not in names:
            words = ", ".join(repr(known) for known in names)
            raise InputError(_validate.sentence(argument, f"among {words}", repr(name)))
    _validate.not_empty(argument, len(given))
    return given


def _indicator(names: tuple[str, ...], chosen: Sequence[str]) -> list[int]:
    return [int(name in chosen) for name in names]


def _extent(
    rows: list[kernel.Row], names: tuple[str, ...], chosen: Sequence[str]
) -> tuple[int, int]:
    try:
        return kernel.extent(rows, len(names), _indicator(names, chosen))
    except kernel.InexactError as problem:
        raise _inexact(problem) from None


def _ratio_extent(
    rows: list[kernel.Row], names: tuple[str, ...], top: Sequence[str], bottom: Sequence[str]
) -> tuple[float, float]:
    try:
        ends = kernel.ratio_extent(
            rows, len(names), _indicator(names, top), _indicator(names, bottom)
        )
    except kernel.InexactError as problem:
        raise _inexact(problem) from None
    return float(ends[0]), float(ends[1])


def _inexact(problem: Exception) -> ConvergenceError:
    return ConvergenceError(
        f"The integer program could not be solved exactly ({problem}). Give figures of fewer "
        "decimals, or bound the counts by Printed.between."
    )


def _refuse_unbounded(names: Sequence[str], ranges: Sequence[tuple[int, int]]) -> None:
    for name, (_, high) in zip(names, ranges, strict=True):
        if high >= kernel.LARGEST:
            raise InputError(
                _validate.sentence(
                    "printed",
                    "figures that bound every count",
                    f"no upper bound of {name}",
                    remedy="Add a total, or Printed.between(name, low, high).",
                )
            )
