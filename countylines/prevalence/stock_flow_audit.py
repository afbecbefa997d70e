"""The identity of stock and flow, held against records of spells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pandas as pd

from countylines._kernels import spell_counts
from countylines.errors import DegenerateDataWarning, InputError, warn
from countylines.prevalence import _spells
from countylines.prevalence._dates import Days
from countylines.prevalence._spells import Codes, Counts

FIRST = ("stock_start", "openings", "closures", "stock_end")
IDENTITY = (
    "stock at the end = stock at the start + openings - closings; stocks are taken when a day "
    "ends, after its closings"
)


def stock_flow_audit(
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
) -> pd.DataFrame:
    r"""Stock at the start, openings, closings and stock at the end, held against each other.

    It answers: do the stocks and the flows that these records give hang together, for each window
    and group, and if not, by how much and why? It does not say that the records are complete: an
    identity also holds for lines that were all found late.

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
    DataFrame
        One row a window, with `by` one a group and window: ``stock_start``, ``openings``,
        ``closures``, ``stock_end``, ``residual``, ``holds``, then ``lapses`` and
        ``late_closures``, which explain the residual. ``attrs["identity"]`` says it in words.

    Raises
    ------
    InputError
        If a column is missing or holds something else than whole days without a time zone, if a
        spell closes before it opens, if the end of observation is needed and not declared, or if
        a window lies outside it. Rows are named by their position, never by what they hold.

    Warns
    -----
    DegenerateDataWarning
        If the identity fails somewhere; windows and groups are named, lines are not.

    See Also
    --------
    active_at : the stock on a day.
    openings : the flow in.
    closures : the flow out.

    Notes
    -----
    .. math:: \text{residual} = S_{\text{end}} - (S_{\text{start}} + O - C),

    where the stock is taken when a day ends, after the closings of the day: at the end of the day
    before the window, and of its last day. Under the closed convention `active_at` also has what
    was closed on the day itself.

    With ``rule="until-closed"`` the residual is 0 by arithmetic. Under the other rules a line
    leaves the stock without a recorded closing (``lapses``), and a closing may be recorded of a
    line that had left it already (``late_closures``):

    .. math:: \text{residual} = \text{late closures} - \text{lapses}.

    A series of published stocks and flows with another residual changed its unit, its definition
    or its completeness in between. With `id` stocks and flows are of lines, as in `openings` and
    `closures`. Ranges of dates are refused: bounds do not add up.

    References
    ----------
    .. [1] Freeman, J. and Hutchison, G. B. (1980). Prevalence, incidence and duration. *American
       Journal of Epidemiology* 112, 707-723. https://doi.org/10.1093/oxfordjournals.aje.a113043
    .. [2] Keiding, N. (1991). Age-specific incidence and prevalence: a statistical perspective.
       *Journal of the Royal Statistical Society A* 154, 371-412. https://doi.org/10.2307/2983150

    Examples
    --------
    Three made-up spells, of which the second was last seen long before it was closed:

    >>> import pandas as pd
    >>> spells = pd.DataFrame(
    ...     {
    ...         "opened": pd.to_datetime(["2024-01-05", "2024-01-10", "2024-02-20"]),
    ...         "last_seen": pd.to_datetime(["2024-01-30", "2024-01-12", "2024-02-25"]),
    ...         "closed": pd.to_datetime(["2024-02-01", "2024-03-20", "2024-03-31"]),
    ...     }
    ... )
    >>> months = (["2024-02-01", "2024-03-01"], ["2024-02-29", "2024-03-31"])
    >>> audit = cl.prevalence.stock_flow_audit(spells, *months)
    >>> audit[["stock_start", "openings", "closures", "stock_end"]].to_numpy().tolist()
    [[2, 1, 1, 2], [2, 0, 2, 0]]
    >>> bool(audit["holds"].all())
    True

    Two spells were open when February began, one opened, one closed, and two were left: the records
    hang together.
    """
    how = _spells.Conventions(
        opened, closed, last_seen, id, convention, rule, within, observed_from, observed_until
    )
    read = _spells.read(spells, by, how)
    if read.ranged:
        raise InputError(
            "`opened` and `closed` must be one column each in stock_flow_audit(), got a range of "
            "dates. Bounds do not add up; count them with active_at, openings and closures."
        )
    low, high, windows = _spells.windows(read, start, end)
    flows = _flows(read)
    table = {name: days_in(low, high) for name, days_in in flows.items()}
    residual = table["stock_end"] - (table["stock_start"] + table["openings"] - table["closures"])
    frame = pd.DataFrame(
        {
            **{name: table[name].ravel() for name in FIRST},
            "residual": residual.ravel(),
            "holds": residual.ravel() == 0,
            **{name: table[name].ravel() for name in ("lapses", "late_closures")},
        },
        index=_index(read, windows),
    )
    frame.attrs.update(read.attrs | {"identity": IDENTITY})
    if not frame["holds"].all():
        warn(_violation(frame), DegenerateDataWarning)
    return frame


def _flows(read: _spells.Spells) -> dict[str, Callable[[Days, Days], Counts]]:
    """Each column of the audit, as a function of the windows."""
    shift = 1 if read.attrs["convention"].startswith("closed") else 0
    start, stop, group, closed = _lives(read)
    by_closing = (closed != _spells.NEVER) & (closed + shift == stop)
    out = np.where(by_closing, closed, stop)  # first day at the end of which it is in no stock
    recorded, owners = closed[closed != _spells.NEVER], group[closed != _spells.NEVER]
    late = (closed != _spells.NEVER) & ~by_closing

    def stock(days: Days) -> Counts:
        came = spell_counts.up_to(start, group, read.groups, days)
        return came - spell_counts.up_to(out, group, read.groups, days)

    def inside(days: Days, codes: Codes) -> Callable[[Days, Days], Counts]:
        return lambda low, high: spell_counts.within(days, codes, read.groups, low, high)

    return {
        "stock_start": lambda low, high: stock(low - 1),
        "openings": inside(start, group),
        "closures": inside(recorded, owners),
        "stock_end": lambda low, high: stock(high - 1),
        "lapses": inside(out[~by_closing], group[~by_closing]),
        "late_closures": inside(closed[late], group[late]),
    }


def _lives(read: _spells.Spells) -> tuple[Days, Days, Codes, Days]:
    """First active day, first day after, group and recorded closing of each spell, or line."""
    if read.owner is None:
        return read.opened[0], read.ends, read.group, read.closed[0]
    start, stop, owner, ending = spell_counts.merge(*read.possible, read.owner)
    shift = 1 if read.attrs["convention"].startswith("closed") else 0
    closed = read.closed[0][ending]
    closed = np.where(closed + shift == stop, closed, _spells.NEVER)
    return start, stop, read.owner_group[owner], closed


def _index(read: _spells.Spells, windows: pd.IntervalIndex) -> pd.Index:
    if read.labels is None:
        return windows
    rows = [
        (*(label if isinstance(label, tuple) else (label,)), window)
        for label in read.labels
        for window in windows
    ]
    return pd.MultiIndex.from_tuples(rows, names=[*read.labels.names, "window"])


def _violation(frame: pd.DataFrame) -> str:
    bad = frame.loc[~frame["holds"]]
    places = ", ".join(str(label) for label in bad.index[:3])
    more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
    return (
        f"Stocks and flows do not hang together in {len(bad)} of {len(frame)} rows ({places}{more}"
        f"): {int(bad['lapses'].sum())} left the stock by the rule without a recorded closing, and "
        f"{int(bad['late_closures'].sum())} closings are of what had left it already."
    )
