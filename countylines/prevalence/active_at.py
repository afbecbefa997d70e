"""How many spells, or lines, are active on a day."""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from countylines._kernels import spell_counts
from countylines.prevalence import _dates, _spells


def active_at(
    spells: pd.DataFrame,
    times: Any,
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
    r"""Number of spells, or of distinct lines, active on each of some days.

    It answers: of the spells in these records, how many cover the day? That is a stock at a moment.
    It is not the number active at some time in a month or a year (`active_during`), which is
    larger, and it counts what was detected: a line that no one saw is in no row.

    Parameters
    ----------
    spells : DataFrame, one spell a row
        A line that closed and reopened has one row for each spell.
    times : date or several
        Days to count on: dates, or text like ``"2024-03-31"``.
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
        Whole numbers, by the days asked for, in their order; with `by` a DataFrame with a column a
        group; where a date is known within a range, columns ``low`` and ``high`` (with `by` for
        each group): the fewest and the most that the ranges leave possible. ``attrs`` says what was
        counted and how.

    Raises
    ------
    InputError
        If a column is missing or holds something else than whole days without a time zone, if a
        spell closes before it opens, if the end of observation is needed and not declared, or if
        a day lies outside it. Rows are named by their position, never by what they hold.

    See Also
    --------
    active_during : active at some time in a window.
    stock_flow_audit : how stocks, openings and closings hang together.
    steady_state_stock : the stock that openings and a mean life imply.

    Notes
    -----
    With :math:`[o_i, c_i]` the active days of spell :math:`i`,

    .. math:: A(t) = \#\{i : o_i \le t \le c_i\},

    with :math:`t < c_i` under the half-open convention, where a spell opened and closed on one day
    covers none. With `id` a line is counted once if any of its spells covers the day.

    Rules: ``"until-closed"`` has a line active until it is closed; ``"until-last-seen"`` until the
    last day on which it was seen; ``"last-seen-within"`` for `within` more days. Under the last two
    a day of closing ends activity if it comes first, and the day last seen is active under either
    convention.

    With ranges of dates, ``low`` counts spells that are active whatever the truth within the
    ranges, ``high`` those that may be. Assumptions that fail in practice: that a closed number is a
    closed line, that what is first seen opened on that day, and that a line counted under two
    groups is not added up over them.

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
    >>> active = cl.prevalence.active_at(
    ...     spells, ["2024-02-15", "2024-03-15"], by="origin", observed_until="2024-06-30"
    ... )
    >>> active.loc["2024-03-15"].to_dict()
    {'Kent': 1, 'Met': 2}

    On 15 March three spells were active: both of the Met's lines, one of them reopened, and that of
    Kent.
    """
    how = _spells.Conventions(
        opened, closed, last_seen, id, convention, rule, within, observed_from, observed_until
    )
    read = _spells.read(spells, by, how)
    days, index = _dates.given("times", times)
    read.observed("times", days)
    counts = [
        spell_counts.covering(*_spells.pieces(read, which), read.groups, days)
        for which in ([read.sure, read.possible] if read.ranged else [read.possible])
    ]
    return read.back(counts, index.rename("time"), "active")
