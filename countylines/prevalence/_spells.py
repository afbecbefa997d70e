"""A table of spells at the door: checked, put under its conventions, grouped; and the way back.

Inside, a spell is a half-open range of whole days. Where a date is known within a range only, a
spell has two such ranges: days on which it is active whatever the truth (`sure`), and days on which
it may be (`possible`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _validate
from countylines._kernels import spell_counts
from countylines.errors import InputError, InputTypeError
from countylines.prevalence import _dates
from countylines.prevalence._dates import Days

Codes = NDArray[np.intp]
Counts = NDArray[np.int64]
Column = str | tuple[str, str] | list[str]

CONVENTIONS = ("closed", "half-open")
RULES = ("until-closed", "until-last-seen", "last-seen-within")
NEVER = int(np.iinfo(np.int64).max // 4)

CONVENTION_WORDS = {
    "closed": "active on the day of opening and on the day of closing, and on those between",
    "half-open": "active on the day of opening, no longer on the day of closing",
}
RULE_WORDS = {
    "until-closed": "active until closed",
    "until-last-seen": "active until the day last seen, or closed if that is earlier",
    "last-seen-within": "active until {within} days after the day last seen, or closed if earlier",
}


@dataclass(frozen=True)
class Conventions:
    """How dates are read; every public function on spells takes these and says so in `attrs`."""

    opened: Column
    closed: Column
    last_seen: str
    id: str | None
    convention: str
    rule: str
    within: int | None
    observed_from: Any
    observed_until: Any


@dataclass(frozen=True)
class Spells:
    """Spells in day numbers, one a row, or one a piece of a line if lines are counted."""

    opened: tuple[Days, Days]  # earliest and latest
    closed: tuple[Days, Days]  # recorded day of closing; NEVER where none is
    start: tuple[Days, Days]
    stop: tuple[Days, Days]
    ends: Days  # as the latest stop, but also of a spell that covers no day
    group: Codes
    labels: pd.Index | None  # of the groups
    owner: Codes | None  # line of each spell, if lines are counted
    owner_group: Codes
    ranged: bool
    first_day: int | None
    last_day: int | None
    attrs: dict[str, Any]

    @property
    def groups(self) -> int:
        return 1 if self.labels is None else len(self.labels)

    @property
    def possible(self) -> tuple[Days, Days]:
        """Days on which a spell may be active."""
        return self.start[0], self.stop[1]

    @property
    def sure(self) -> tuple[Days, Days]:
        """Days on which a spell is active whatever the truth."""
        return self.start[1], self.stop[0]

    def observed(self, name: str, days: Days) -> None:
        """Refuse days on which nothing was observed."""
        for bad, end, words in (
            (days < (self.first_day or 0), self.first_day, "not before `observed_from`"),
            (days > (self.last_day or 0), self.last_day, "not after `observed_until`"),
        ):
            if end is not None and bad.any():
                got = f"{_dates.show(days[bad][0])} against {_dates.show(end)}"
                remedy = "What was active then is not known from these spells."
                raise InputError(_validate.sentence(name, words, got, remedy=remedy))

    def back(
        self, bounds: Sequence[Counts], index: pd.Index, name: str
    ) -> pd.Series | pd.DataFrame:
        """Counts of shape (groups, places) as a Series, or as a DataFrame with a column a group.

        Two counts are the least and the greatest that ranges of dates leave possible.
        """
        frame: pd.Series | pd.DataFrame
        if self.labels is None and not self.ranged:
            frame = pd.Series(bounds[0][0], index=index, name=name)
        else:
            frame = pd.DataFrame(
                np.stack(bounds, axis=1).reshape(-1, len(index)).T,
                index=index,
                columns=self._columns(),
            )
        frame.attrs.update(self.attrs)
        return frame

    def _columns(self) -> pd.Index:
        bounds = pd.Index(["low", "high"], name="bound")
        if self.labels is None:
            return bounds
        if not self.ranged:
            return self.labels
        rows = [
            (*(label if isinstance(label, tuple) else (label,)), bound)
            for label in self.labels
            for bound in bounds
        ]
        return pd.MultiIndex.from_tuples(rows, names=[*self.labels.names, "bound"])


def read(spells: Any, by: Any, how: Conventions) -> Spells:
    """Check a table of spells and put it under its conventions."""
    frame = _table(spells)
    convention = _validate.option("convention", how.convention, CONVENTIONS)
    rule = _validate.option("rule", how.rule, RULES)
    within = _within(rule, how.within)
    opened, opened_range = _dated(frame, "opened", how.opened)
    closed, closed_range = _dated(frame, "closed", how.closed)
    _refuse(opened[1] == _dates.MISSING, "opened", "a date in every row", "NaT", _NO_OPENING)
    _refuse(
        (closed[0] == _dates.MISSING) & (closed[1] != _dates.MISSING),
        "closed",
        "with an earliest date wherever there is a latest",
        "NaT as the earliest",
        "If only the latest is known, the earliest is the day of opening.",
    )
    unclosed = closed[1] == _dates.MISSING
    latest = np.where(unclosed, NEVER, closed[1])
    earliest = np.where(closed[0] == _dates.MISSING, NEVER, closed[0])
    _refuse(
        latest < opened[0],
        "closed",
        "on or after the day opened",
        "an earlier date",
        "Swap or mend the dates: nothing is left out silently.",
    )
    seen = None if rule == "until-closed" else _last_seen(frame, how.last_seen, opened, latest)
    first_day = _ends("observed_from", how.observed_from)
    last_day = _ends("observed_until", how.observed_until)
    _check_observation(opened[1], latest, unclosed, seen, last_day)
    # the other dates bound what is possible: no spell closes, or is seen, before it opens
    opened = opened[0], np.minimum(opened[1], latest if seen is None else seen)
    closed = np.maximum(earliest, opened[0] if seen is None else seen), latest
    start, stop, ends = _active(opened, closed, seen, convention, within, last_day)
    group, labels = _groups(frame, by)
    owner, owner_group = _owners(frame, how.id, group)
    return Spells(
        opened=opened,
        closed=closed,
        start=start,
        stop=stop,
        ends=ends,
        group=group,
        labels=labels,
        owner=owner,
        owner_group=owner_group,
        ranged=opened_range or closed_range,
        first_day=first_day,
        last_day=last_day,
        attrs={
            "counted": "spells" if how.id is None else f"distinct {how.id!r}",
            "convention": f"{convention}: {CONVENTION_WORDS[convention]}",
            "rule": f"{rule}: {RULE_WORDS[rule].format(within=within)}",
            "observed_from": None if first_day is None else _dates.show(first_day),
            "observed_until": None if last_day is None else _dates.show(last_day),
        },
    )


_NO_OPENING = "If the day is known within a range, give two columns: opened=('earliest', 'latest')."


def _table(spells: Any) -> pd.DataFrame:
    if hasattr(spells, "to_pandas"):
        spells = spells.to_pandas()
    if not isinstance(spells, pd.DataFrame):
        got = f"{_validate.show(spells)} of type {type(spells).__name__}"
        raise InputTypeError(_validate.sentence("spells", "a DataFrame with one spell a row", got))
    _validate.not_empty("spells", len(spells))
    return spells


def _column(frame: pd.DataFrame, argument: str, name: Any) -> pd.Series:
    if not isinstance(name, str) or name not in frame.columns:
        words = [str(column) for column in frame.columns]
        shown = ", ".join(repr(word) for word in words[:10]) + (", ..." if len(words) > 10 else "")
        raise InputError(
            _validate.sentence(argument, f"a column of `spells` ({shown})", _validate.show(name))
        )
    column = frame[name]
    if isinstance(column, pd.DataFrame):
        raise InputError(
            _validate.sentence(argument, "one column of `spells`", f"several called {name!r}")
        )
    return column


def _dated(frame: pd.DataFrame, argument: str, name: Column) -> tuple[tuple[Days, Days], bool]:
    """Earliest and latest day of one date, and whether it was given as a range."""
    if not isinstance(name, (tuple, list)):
        days = _dates.column(str(name), _column(frame, argument, name))
        return (days, days), False
    if len(name) != 2:
        raise InputError(
            _validate.sentence(
                argument, "one column, or two (earliest, latest)", f"{len(name)} columns"
            )
        )
    low, high = (_dates.column(str(n), _column(frame, argument, n)) for n in name)
    missing = low == _dates.MISSING if argument == "opened" else np.zeros(low.size, dtype=bool)
    _refuse(missing, str(name[0]), "a date in every row", "NaT", "")
    both = (low != _dates.MISSING) & (high != _dates.MISSING)
    _refuse(both & (low > high), str(name[1]), f"on or after `{name[0]}`", "an earlier date", "")
    return (low, high), True


def _refuse(bad: NDArray[np.bool_], name: str, rule: str, got: str, remedy: str) -> None:
    if bad.any():
        raise InputError(_validate.sentence(name, rule, got, _dates.rows(bad), remedy))


def _within(rule: str, within: Any) -> int:
    if rule == "last-seen-within":
        return _validate.whole_number("within", within, high=36525)
    if within is not None:
        remedy = "Use rule='last-seen-within'."
        raise InputError(
            _validate.sentence(
                "within", f"None with rule={rule!r}", _validate.show(within), "", remedy
            )
        )
    return 0


def _last_seen(frame: pd.DataFrame, name: str, opened: tuple[Days, Days], latest: Days) -> Days:
    seen = _dates.column(str(name), _column(frame, "last_seen", name))
    _refuse(seen == _dates.MISSING, name, "a date in every row", "NaT", "")
    _refuse(seen < opened[0], name, "on or after the day opened", "an earlier date", "")
    remedy = "What is seen after it was closed has a new spell."
    _refuse(seen > latest, name, "on or before the day closed", "a later date", remedy)
    return seen


def _active(
    opened: tuple[Days, Days],
    closed: tuple[Days, Days],
    seen: Days | None,
    convention: str,
    within: int,
    last_day: int | None,
) -> tuple[tuple[Days, Days], tuple[Days, Days], Days]:
    """First active day and first day after it, each at the earliest and at the latest."""
    starts, stops = list(opened), []
    for day in closed:
        stop = np.where(day == NEVER, NEVER, day + 1) if convention == "closed" else day
        if seen is not None:
            stop = np.minimum(stop, seen + 1 + within)
        stops.append(stop if last_day is None else np.minimum(stop, last_day + 1))
    ends = stops[1]
    if convention == "half-open":  # a spell that may close on the day it opens may have no day
        for late, early in ((0, 1), (1, 0)):
            empty = starts[late] >= stops[early]
            starts[late] = np.where(empty, NEVER, starts[late])
            stops[early] = np.where(empty, NEVER, stops[early])
    return (starts[0], starts[1]), (stops[0], stops[1]), ends


def _ends(name: str, value: Any) -> int | None:
    return None if value is None else _dates.single(name, value)


def _check_observation(
    opened: Days, closed: Days, unclosed: NDArray[np.bool_], seen: Days | None, end: int | None
) -> None:
    if end is None:
        if unclosed.any():
            raise InputError(
                "`observed_until` must be given where spells have no day of closing, got None "
                f"with {int(unclosed.sum())} of {unclosed.size} spells open. Pass the last day on "
                "which a closing would have been recorded."
            )
        return
    remedy = "Declare the day on which the records really end, or cut the spells to it."
    rule = f"on or before `observed_until`, {_dates.show(end)}"
    _refuse(opened > end, "opened", rule, "a later date", remedy)
    _refuse((closed > end) & ~unclosed, "closed", rule, "a later date", remedy)
    if seen is not None:
        _refuse(seen > end, "last_seen", rule, "a later date", remedy)


def _groups(frame: pd.DataFrame, by: Any) -> tuple[Codes, pd.Index | None]:
    """Code of the group of each row, and the labels of the groups."""
    if by is None:
        return np.zeros(len(frame), dtype=np.intp), None
    names = [by] if isinstance(by, str) else by
    if not isinstance(names, (list, tuple)) or not names:
        got = f"{_validate.show(by)} of type {type(by).__name__}"
        raise InputTypeError(_validate.sentence("by", "a column or a list of columns", got))
    codes, levels = zip(*(_levels(frame, name) for name in names), strict=True)
    if len(names) == 1:
        return codes[0], levels[0]
    flat = np.ravel_multi_index(codes, tuple(len(level) for level in levels))
    met, group = np.unique(flat, return_inverse=True)
    parts = np.unravel_index(met, tuple(len(level) for level in levels))
    arrays = [level.take(part) for level, part in zip(levels, parts, strict=True)]
    return group.astype(np.intp), pd.MultiIndex.from_arrays(arrays, names=list(names))


def _levels(frame: pd.DataFrame, name: Any) -> tuple[Codes, pd.Index]:
    column = _column(frame, "by", name)
    missing = column.isna().to_numpy()
    remedy = "Name them, for example with .fillna('unknown'): they would drop out silently."
    _refuse(missing, str(name), "without missing values", "one", remedy)
    if isinstance(column.dtype, pd.CategoricalDtype):
        levels = pd.Index(np.asarray(column.cat.categories), name=name)
        return column.cat.codes.to_numpy().astype(np.intp), levels
    codes, values = pd.factorize(column, sort=True)
    return codes.astype(np.intp), pd.Index(values, name=name)


def _owners(frame: pd.DataFrame, name: str | None, group: Codes) -> tuple[Codes | None, Codes]:
    """Code of the line of each spell, within its group, and the group of each line."""
    if name is None:
        return None, group
    column = _column(frame, "id", name)
    remedy = "Without it two spells cannot be told to be of one line."
    _refuse(column.isna().to_numpy(), str(name), "a value in every row", "none", remedy)
    codes, _ = pd.factorize(column)
    pairs, owner = np.unique(group * (int(codes.max()) + 1) + codes, return_inverse=True)
    return owner.astype(np.intp), (pairs // (int(codes.max()) + 1)).astype(np.intp)


def pieces(spells: Spells, which: tuple[Days, Days]) -> tuple[Days, Days, Codes]:
    """Start, stop and group of the spells, or of the pieces of the lines, if lines are counted."""
    start, stop = which
    if spells.owner is None:
        return start, stop, spells.group
    start, stop, owner, _ = spell_counts.merge(start, stop, spells.owner)
    return start, stop, spells.owner_group[owner]


def windows(spells: Spells, start: Any, end: Any) -> tuple[Days, Days, pd.IntervalIndex]:
    """First days of the windows and the days after their last, and the index to label them with."""
    low, _ = _dates.given("start", start)
    high, _ = _dates.given("end", end)
    if low.size != high.size and 1 not in (low.size, high.size):
        raise InputError(
            _validate.sentence("end", f"one date or {low.size}, one a start", f"{high.size} dates")
        )
    closed = spells.attrs["convention"].startswith("closed")
    low, high = (np.array(days) for days in np.broadcast_arrays(low, high))
    bad = high < low if closed else high <= low
    rule = "on or after `start`" if closed else "after `start`"
    remedy = "" if closed else "A half-open window does not hold the day of its end."
    if bad.any():
        got = f"{_dates.show(high[bad][0])} against {_dates.show(low[bad][0])}"
        raise InputError(_validate.sentence("end", rule, got, "", remedy))
    stop = high + 1 if closed else high
    spells.observed("start", low)
    spells.observed("end", stop - 1)
    index = pd.IntervalIndex.from_arrays(
        _dates.labels(low), _dates.labels(high), closed="both" if closed else "left", name="window"
    )
    return low, stop, index


def exact_only(spells: Spells, function: str) -> None:
    """Refuse what a range of dates leaves undetermined."""
    if spells.ranged and spells.owner is not None:
        raise InputError(
            f"`id` must be None in {function}() where a date is known within a range only, got "
            "both. Count spells, or one date of the range at a time."
        )


def dated_within(spells: Spells, dates: tuple[Days, Days], low: Days, high: Days) -> list[Counts]:
    """Number of dates in each window: surely, if ranges are given, and possibly."""
    earliest, latest = dates
    if not spells.ranged:
        return [spell_counts.within(earliest, spells.group, spells.groups, low, high)]
    possible = spell_counts.meeting(earliest, latest + 1, spells.group, spells.groups, low, high)
    sure = np.empty_like(possible)
    for i in range(low.size):
        inside = (earliest >= low[i]) & (latest < high[i])
        sure[:, i] = np.bincount(spells.group[inside], minlength=spells.groups)
    return [sure, possible]


def surely_within(spells: Spells, low: Days, high: Days) -> Counts:
    """Spells without a day of certain activity, but with some day of it in the window."""
    start, stop = spells.sure
    moving = (start >= stop) & (start < NEVER)
    return spell_counts.meeting(
        start[moving], stop[moving], spells.group[moving], spells.groups, low, high
    )


def line_closings(spells: Spells) -> tuple[Days, Codes]:
    """Days on which lines were closed, by a recorded closing that ended their activity."""
    assert spells.owner is not None
    start, stop = spells.possible
    _, ends, owner, ending = spell_counts.merge(start, stop, spells.owner)
    day = spells.closed[0][ending]
    shift = 1 if spells.attrs["convention"].startswith("closed") else 0
    closed = (day != NEVER) & (day + shift == ends)
    return day[closed], spells.owner_group[owner[closed]]
