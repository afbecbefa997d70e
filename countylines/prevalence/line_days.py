"""Days that spells, or lines, were active within a window."""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from countylines._kernels import spell_counts
from countylines.prevalence import _spells


def line_days(
    spells: pd.DataFrame,
    start: Any,
    end: Any,
    *,
    by: str | list[str] | None = None,
    opened: str | tuple[str, str] = "opened",
    closed: str | tuple[str, str] = "closed",
    last_seen: str = "last_seen",
    id: str | None = None,
    convention: Literal["closed", "half-open"] = "closed",
    rule: Literal["until-closed", "until-last-seen", "last-seen-within"] = "until-closed",
    within: int | None = None,
    observed_from: Any = None,
    observed_until: Any = None,
) -> pd.Series | pd.DataFrame:
    r"""Days that spells, or distinct lines, were active within each window, added up.

    It answers: how much activity was there in the window? Ten lines for three days and one line for
    thirty are the same. It is the exposure for a rate per line-day, and over the length of the
    window the mean number active. It is not a number of lines.

    Parameters
    ----------
    spells : DataFrame, one spell a row
        A line that closed and reopened has one row for each spell.
    start, end : date, or several of equal number
        Ends of the windows: dates, or text like ``"2024-03-31"``. The day `end` is in the window,
        unless `convention` is ``"half-open"``.
    by : str, list of str or None, optional
        Columns to count by: a force of origin, a force of market, a type of line. Missing values
        are refused. Every category of one categorical column is counted, also those without rows.
    opened, closed : str or (str, str), default "opened" and "closed"
        Columns of dates, or pairs (earliest, latest) where a day is known within a range only.
        A missing day of closing is a spell still open when observation ended.
    last_seen : str, default "last_seen"
        Column with the day last seen; looked at only where `rule` needs it.
    id : str or None, optional
        Column that names the line. With it distinct lines are counted, without it spells.
    convention : {"closed", "half-open"}, default "closed"
        Whether a spell is active on its day of closing, and a window holds the day of its end.
    rule : {"until-closed", "until-last-seen", "last-seen-within"}, default "until-closed"
        When activity ends: see Notes.
    within : int or None, optional
        Days after the day last seen for which a line counts as active; with
        ``rule="last-seen-within"`` only.
    observed_from, observed_until : date or None, optional
        First and last day on which openings and closings would have been recorded. The last must be
        declared where a spell has no day of closing: it is never guessed.

    Returns
    -------
    Series or DataFrame
        Whole numbers [days], by window; with `by` a DataFrame with a column a group; where a date
        is known within a range, columns ``low`` and ``high`` (with `by` for each group): the fewest
        and the most that the ranges leave possible. ``attrs`` says what was counted and how.

    Raises
    ------
    InputError
        If a column is missing or holds something else than whole days without a time zone, if a
        spell closes before it opens, if the end of observation is needed and not declared, or if
        a window lies outside it. Rows are named by their position, never by what they hold.

    See Also
    --------
    active_at : active on a day.
    countylines.prevalence.steady_state_stock : the stock that openings and a mean life imply.

    Notes
    -----
    .. math:: D(a, b) = \sum_{t=a}^{b} A(t),

    with :math:`A(t)` as in `active_at`, and :math:`t < b` under the half-open convention. With `id`
    a day on which several spells of a line are active is one day.

    Rules: ``"until-closed"`` has a line active until it is closed; ``"until-last-seen"`` until the
    last day on which it was seen; ``"last-seen-within"`` for `within` more days. Under the last two
    a day of closing ends activity if it comes first, and the day last seen is active under either
    convention.

    With ranges of dates, ``low`` and ``high`` are the fewest and the most days that the ranges
    leave possible; `id` cannot be given then. The assumption that fails in practice is that
    activity is unbroken from opening to closing.

    References
    ----------
    .. [1] Freeman, J. and Hutchison, G. B. (1980). Prevalence, incidence and duration. *American
       Journal of Epidemiology* 112, 707-723. https://doi.org/10.1093/oxfordjournals.aje.a113043
    .. [2] Keiding, N. (1991). Age-specific incidence and prevalence: a statistical perspective.
       *Journal of the Royal Statistical Society A* 154, 371-412. https://doi.org/10.2307/2983150

    Examples
    --------
    Four made-up spells; the third was still open when observation ended on 30 June.

    >>> import pandas as pd
    >>> spells = pd.DataFrame(
    ...     {
    ...         "line": ["a", "a", "b", "c"],
    ...         "origin": ["Met", "Met", "Met", "Kent"],
    ...         "opened": pd.to_datetime(
    ...             ["2024-01-05", "2024-03-01", "2024-02-10", "2024-02-20"]
    ...         ),
    ...         "closed": pd.to_datetime(["2024-02-01", "2024-03-20", None, "2024-03-31"]),
    ...     }
    ... )
    >>> days = cl.prevalence.line_days(
    ...     spells, "2024-03-01", "2024-03-31", observed_until="2024-06-30"
    ... )
    >>> int(days.iloc[0])
    82

    In the 31 days of March the spells were active for 82 days: 2.6 at a time on average.
    """
    how = _spells.Conventions(
        opened, closed, last_seen, id, convention, rule, within, observed_from, observed_until
    )
    read = _spells.read(spells, by, how)
    _spells.exact_only(read, "line_days")
    low, high, index = _spells.windows(read, start, end)
    counts = [
        spell_counts.days_covered(*_spells.pieces(read, which), read.groups, low, high)
        for which in ([read.sure, read.possible] if read.ranged else [read.possible])
    ]
    if read.ranged:  # a spell that may lie on either side of a day, but lies in the window
        counts[0] += _spells.surely_within(read, low, high)
    return read.back(counts, index, "line_days")
