"""How many spells, or lines, were closed in a window."""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from countylines._kernels import spell_counts
from countylines.prevalence import _spells


def closures(
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
    r"""Number of spells that were closed, or of lines that ceased, in each window.

    It answers: how many closings were recorded in the window? A closing in the records is police
    activity: what lapsed unseen has none, and a closed number is not always a closed line. It is a
    flow, which adds up over windows.

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
        Whole numbers, by window; with `by` a DataFrame with a column a group; where a date is
        known within a range, columns ``low`` and ``high`` (with `by` for each group): the fewest
        and the most that the ranges leave possible. ``attrs`` says what was counted and how.

    Raises
    ------
    InputError
        If a column is missing or holds something else than whole days without a time zone, if a
        spell closes before it opens, if the end of observation is needed and not declared, or if
        a window lies outside it. Rows are named by their position, never by what they hold.

    See Also
    --------
    openings : how many opened.
    stock_flow_audit : how stocks, openings and closings hang together.

    Notes
    -----
    .. math:: C(a, b) = \#\{i : a \le c_i \le b\},

    with :math:`c_i < b` under the half-open convention, :math:`c_i` the recorded day of closing
    whatever the `rule`. With `id` a closing while another spell of the line is active closes no
    line, nor does one that comes after the rule had ended its activity.

    Rules: ``"until-closed"`` has a line active until it is closed; ``"until-last-seen"`` until the
    last day on which it was seen; ``"last-seen-within"`` for `within` more days. Under the last two
    a day of closing ends activity if it comes first, and the day last seen is active under either
    convention.

    With ranges of dates, ``low`` counts spells that were closed in the window whatever the truth,
    ``high`` those that may have been; `id` cannot be given then.

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
    >>> closed = cl.prevalence.closures(
    ...     spells, "2024-03-01", "2024-03-31", by="origin", observed_until="2024-06-30"
    ... )
    >>> closed.iloc[0].to_dict()
    {'Kent': 1, 'Met': 1}

    In March one spell of each force was closed; the Met's other line was still open.
    """
    how = _spells.Conventions(
        opened, closed, last_seen, id, convention, rule, within, observed_from, observed_until
    )
    read = _spells.read(spells, by, how)
    _spells.exact_only(read, "closures")
    low, high, index = _spells.windows(read, start, end)
    if read.owner is not None:
        days, group = _spells.line_closings(read)
        found = [spell_counts.within(days, group, read.groups, low, high)]
    else:
        found = _spells.dated_within(read, read.closed, low, high)
    return read.back(found, index, "closures")
