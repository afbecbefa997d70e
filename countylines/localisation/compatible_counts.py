"""Which whole numbers agree with printed totals and printed percentage changes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from numbers import Real
from typing import Any, Literal

import numpy as np
import pandas as pd

from countylines import _validate
from countylines._kernels import rounding as kernel
from countylines._kernels.whole_tables import TooManyTablesError, tables
from countylines.bands import Band
from countylines.errors import DegenerateDataWarning, InputError, InputTypeError, warn
from countylines.localisation._printed import LARGEST_TOTAL, exact, printed_change

Rounding = Literal["nearest", "truncate", "floor"]

RULE_WORDS = {
    "nearest": "percentages are rounded to the nearest unit, halves away from zero",
    "truncate": "percentages are cut off toward zero",
    "floor": "percentages are rounded down",
}


def compatible_counts(
    total_before: int | Band,
    total_after: int | Band,
    *,
    changes: Mapping[str, float],
    decimals: Mapping[str, int] | int,
    rounding: Rounding = "nearest",
    untyped: Sequence[float] = (0.0, 0.0),
    max_tables: int = 1_000_000,
) -> pd.DataFrame:
    r"""Every whole-number table that agrees with printed totals and percentage changes.

    It answers: when a report prints the totals of two periods and the percentage change of each
    kind, but not the counts, what can the counts have been? All of them are listed, found by whole
    number arithmetic; there is no estimate and no probability here, and no table is likelier than
    another. It is not a statement about lines that were not detected.

    Parameters
    ----------
    total_before, total_after : int or Band
        Printed number of things of all kinds in each period; a band where only a range is known,
        as behind "around 6,600".
    changes : mapping of str to float
        Percentage change of each kind, as printed: ``{"internal": 232, "external": -12.2}``. Two
        kinds or more. Every kind had at least one in the first period, else it has no change.
    decimals : mapping of str to int, or int
        Number of decimals with which each change is printed; one number for all kinds.
    rounding : {"nearest", "truncate", "floor"}, default "nearest"
        How the percentages were rounded: to the nearest with halves away from zero, toward zero,
        or down.
    untyped : (float, float), default (0.0, 0.0)
        Largest share [0 to 1) of each total, before and after, that is of none of the kinds. The
        counts of the kinds then add up to anything between ``(1 - untyped) * total`` and the total.
    max_tables : int, default 1,000,000
        Most tables to list. More raise an error rather than fill the memory.

    Returns
    -------
    DataFrame
        Columns ``<kind>_before`` for each kind, then ``<kind>_after`` [counts], one row a table, in
        ascending order; no rows if nothing agrees. ``attrs["conditions"]`` lists what must hold for
        the true counts to be among them.

    Raises
    ------
    InputError
        If a change has more decimals than `decimals` says or is below -100, if the kinds of
        `changes` and `decimals` differ or are fewer than two, or if more than `max_tables` agree.

    Warns
    -----
    DegenerateDataWarning
        If no table agrees: the totals, the percentages and the rounding cannot all hold.

    See Also
    --------
    compatible_bases : the same for one printed change without totals.
    share_from_changes : the share that exact changes imply, with or without the totals.
    localisation_odds_ratio : the shift between the kinds, with its interval.

    Notes
    -----
    A change printed as :math:`p` with unit :math:`u` of its last decimal says of the counts
    :math:`b` before and :math:`a` after that, for rounding to the nearest and :math:`p > 0`,

    .. math:: p - \tfrac{u}{2} \le 100 \left( \frac{a}{b} - 1 \right) < p + \tfrac{u}{2},

    (for :math:`p < 0` the upper end belongs and the lower does not; for 0 neither does), and the
    counts add up to the totals. Both are tested in whole numbers, never in floating point: -12.2
    means -122 tenths.

    What must hold, and may not: totals and percentages share one definition and one vintage of the
    data; every line is of one of the kinds (or `untyped` allows for the rest); the rounding rule is
    the one assumed. The last is a matter of the producer's habit: see what the other rules give.
    Changes of a ratio of counts depend far less on these conditions than the share does.

    The idea that a rounded figure leaves only some whole numbers possible is that of the GRIM test
    [1]_, here for percentage changes and for tables.

    References
    ----------
    .. [1] Brown, N. J. L. and Heathers, J. A. J. (2017). The GRIM test: a simple technique detects
       numerous anomalies in the reporting of results in psychology. *Social Psychological and
       Personality Science* 8, 363-369. https://doi.org/10.1177/1948550616673876

    Examples
    --------
    The assessment of 2023/24 printed that internal lines rose by 232 % and external lines fell by
    12.2 %; press coverage of it printed the totals, 4,007 and 6,644. The split was not printed.

    >>> printed = {
    ...     "changes": {"internal": 232, "external": -12.2},
    ...     "decimals": {"internal": 0, "external": 1},
    ... }
    >>> tables = cl.localisation.compatible_counts(4007, 6644, **printed)
    >>> len(tables)
    14
    >>> tables.iloc[0].to_list()
    [1277, 2730, 4246, 2398]
    >>> print(
    ...     f"{tables.internal_after.min() / 6644:.1%} {tables.internal_after.max() / 6644:.1%}"
    ... )
    63.9% 64.0%

    Only 14 tables agree, and in all of them internal lines went from 32 % to 64 % of the detected
    lines. That rests on totals that only the press printed, and on every line having a type. If up
    to a fifth of the lines of the second year had none, the share of internal lines among those
    with a type could be as low as 46 %:

    >>> loose = cl.localisation.compatible_counts(4007, 6644, **printed, untyped=(0.0, 0.2))
    >>> typed = loose.internal_after + loose.external_after
    >>> print(f"{(loose.internal_after / typed).min():.0%}")
    46%

    The odds ratio of internal to external lines hardly moves with it, 3.77 to 3.79, because it is
    a ratio of the two printed changes whatever the totals.
    """
    before = _total("total_before", total_before)
    after = _total("total_after", total_after)
    shares = _untyped(untyped)
    kinds = _kinds(changes, decimals, rounding)
    most = _validate.whole_number("max_tables", max_tables, low=1)
    try:
        numbers_before, numbers_after = tables(
            list(kinds.values()),
            _typed(before, shares[0]),
            _typed(after, shares[1]),
            at_most=most,
        )
    except TooManyTablesError as error:
        raise _too_many(error, most) from None
    columns = [f"{kind}_{when}" for when in ("before", "after") for kind in kinds]
    frame = pd.DataFrame(np.hstack([numbers_before, numbers_after]), columns=columns)
    frame.attrs["conditions"] = _conditions(rounding, shares)
    if frame.empty:
        warn(
            "No whole-number table agrees: the totals, the percentages and the rounding rule "
            f"({rounding}) cannot all hold. Try another rounding rule, or allow for lines of no "
            "kind by untyped=.",
            DegenerateDataWarning,
        )
    return frame


def compatible_bases(
    change: float, *, decimals: int = 0, rounding: Rounding = "nearest", up_to: int
) -> pd.Series[int]:
    r"""Every whole number from which a printed percentage change can have been worked out.

    It answers: how small can the base of a printed percentage have been, and which bases does it
    rule out? A coarse percentage says next to nothing: it is the decimals that exclude. It is not
    an estimate of the base.

    Parameters
    ----------
    change : float
        Percentage change, as printed: 232 or -12.2.
    decimals : int, default 0
        Number of decimals with which it is printed.
    rounding : {"nearest", "truncate", "floor"}, default "nearest"
        How it was rounded: to the nearest with halves away from zero, toward zero, or down.
    up_to : int
        Largest base to try, at most 10,000,000.

    Returns
    -------
    Series
        The bases [counts], ascending, named ``"before"``: those for which some whole number after
        gives the printed change. Empty if there is none up to `up_to`.

    Raises
    ------
    InputError
        If the change has more decimals than `decimals` says or is below -100.

    See Also
    --------
    compatible_counts : with totals, the counts themselves.

    Notes
    -----
    A base :math:`b` is possible if a whole number :math:`a \ge 0` satisfies

    .. math:: p - \tfrac{u}{2} \le 100 \left( \frac{a}{b} - 1 \right) < p + \tfrac{u}{2}

    for rounding to the nearest and :math:`p > 0`, with :math:`u` the unit of the last decimal.
    Every base of at least :math:`100 / u` is possible: beyond that the percentage excludes nothing.

    References
    ----------
    .. [1] Brown, N. J. L. and Heathers, J. A. J. (2017). The GRIM test: a simple technique detects
       numerous anomalies in the reporting of results in psychology. *Social Psychological and
       Personality Science* 8, 363-369. https://doi.org/10.1177/1948550616673876

    Examples
    --------
    Internal lines rose by 232 %. On how few lines can that rest?

    >>> bases = cl.localisation.compatible_bases(232, up_to=100)
    >>> int(bases.min())
    19

    On as few as 19 lines, which became 63: a large percentage is not a large number.
    """
    bounds = printed_change("change", change, decimals, rounding)
    most = _validate.whole_number("up_to", up_to, low=1, high=LARGEST_TOTAL)
    bases, _, _ = kernel.compatible_bases(bounds, most)
    return pd.Series(bases, name="before", dtype="int64")


def _total(name: str, value: Any) -> tuple[int, int]:
    """Smallest and largest whole total."""
    if not isinstance(value, Band):
        total = _validate.whole_number(name, value, high=LARGEST_TOTAL)
        return total, total
    low = _validate.number(f"{name}.low", value.low, low=0, high=LARGEST_TOTAL)
    high = _validate.number(f"{name}.high", value.high, low=0, high=LARGEST_TOTAL)
    return math.ceil(low), math.floor(high)


def _typed(total: tuple[int, int], untyped: Fraction) -> tuple[int, int]:
    """Smallest and largest sum over the kinds."""
    return math.ceil((1 - untyped) * total[0]), total[1]


def _untyped(value: Any) -> tuple[Fraction, Fraction]:
    """Exact shares before and after."""
    pair = list(value) if isinstance(value, (tuple, list, np.ndarray)) else []
    if len(pair) != 2:
        raise InputTypeError(
            _validate.sentence(
                "untyped",
                "a pair of shares in [0, 1), before and after",
                _validate.show(value),
                remedy="Use untyped=(0.0, 0.2) if a fifth of the second total has no kind.",
            )
        )
    names = ("untyped[0]", "untyped[1]")
    for name, share in zip(names, pair, strict=True):
        if not isinstance(share, (Real, np.number)) or isinstance(share, bool):
            raise InputTypeError(
                _validate.sentence(name, "a share in [0, 1)", _validate.show(share))
            )
        _validate.share(name, np.asarray(share, dtype=np.float64), open_low=False)
    before, after = (exact(name, share) for name, share in zip(names, pair, strict=True))
    return before, after


def _kinds(changes: Any, decimals: Any, rounding: str) -> dict[str, kernel.RatioBounds]:
    """Bounds of the ratio after / before, kind by kind."""
    rule = 'a mapping of kinds to percentages, like {"internal": 232, "external": -12.2}'
    changes = _validate.mapping("changes", changes, rule)
    if len(changes) < 2:
        remedy = "For one printed change without a split, use compatible_bases."
        raise InputError(
            _validate.sentence("changes", "for two kinds or more", len(changes), "", remedy)
        )
    for kind in changes:
        if not isinstance(kind, str) or not kind:
            raise InputTypeError(_validate.sentence("changes", rule, f"the kind {kind!r}"))
    if not isinstance(decimals, Mapping):
        decimals = dict.fromkeys(changes, decimals)
    if set(decimals) != set(changes):
        names = ", ".join(repr(kind) for kind in changes)
        got = ", ".join(repr(kind) for kind in decimals) or "none"
        raise InputError(_validate.sentence("decimals", f"given for {names}", got))
    return {
        kind: printed_change(f"changes[{kind!r}]", change, decimals[kind], rounding)
        for kind, change in changes.items()
    }


def _conditions(rounding: str, untyped: tuple[Fraction, Fraction]) -> list[str]:
    """What must hold for the true counts to be among those listed."""
    if any(untyped):
        before, after = (f"{100 * float(share):.6g} %" for share in untyped)
        typed = f"at most {before} of what was counted before, and {after} after, is of no kind"
    else:
        typed = "everything that was counted is of one of the kinds"
    return [
        "Totals and percentages share one definition and one vintage of the data.",
        f"{typed[0].upper()}{typed[1:]}.",
        f"{RULE_WORDS[rounding][0].upper()}{RULE_WORDS[rounding][1:]}.",
    ]


def _too_many(error: TooManyTablesError, most: int) -> InputError:
    if error.at_least is None:
        return InputError(
            "`changes` must be few or precise enough to search, got a combination of kinds with "
            "too many possible counts. Merge kinds, or give those with the smallest counts first."
        )
    return InputError(
        _validate.sentence(
            "max_tables",
            "at least the number of tables that agree",
            f"{most:,} where {error.at_least:,} or more do",
            remedy="The figures pin down little: narrow `untyped` or the totals, or raise it.",
        )
    )
