"""Counting spells: how many cover a day, meet a window, begin or end in it, and for how many days.

A spell is a half-open range of whole days, ``start <= day < stop``, as is a window. Each spell has
the code of its group, 0 to ``groups - 1``; results have a row a group and a column a time or
window. A spell with ``stop <= start`` covers no day. No loop runs over spells: each of them is put
into its place among the sorted times once, and the places are counted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.int64]
Codes = NDArray[np.intp]
Counts = NDArray[np.int64]


def up_to(days: Days, group: Codes, groups: int, times: Days) -> Counts:
    """Number of `days` at or before each time."""
    order = np.argsort(times, kind="stable")
    width = times.size + 1
    place = np.searchsorted(times[order], days, side="left")
    counted = np.bincount(group * width + place, minlength=groups * width)
    result = np.empty((groups, times.size), dtype=np.int64)
    result[:, order] = np.cumsum(counted.reshape(groups, width)[:, :-1], axis=1)
    return result


def within(days: Days, group: Codes, groups: int, start: Days, stop: Days) -> Counts:
    """Number of `days` in each window."""
    edges = up_to(days, group, groups, np.concatenate([start, stop]) - 1)
    return edges[:, start.size :] - edges[:, : start.size]


def covering(start: Days, stop: Days, group: Codes, groups: int, times: Days) -> Counts:
    """Number of spells that cover each time."""
    kept = start < stop
    begun = up_to(start[kept], group[kept], groups, times)
    return begun - up_to(stop[kept], group[kept], groups, times)


def days_covered(
    start: Days, stop: Days, group: Codes, groups: int, low: Days, high: Days
) -> Counts:
    """Days covered within each window, summed over the spells."""
    kept = start < stop
    edges = np.concatenate([low, high])
    total = _days_since(start[kept], group[kept], groups, edges)
    total -= _days_since(stop[kept], group[kept], groups, edges)
    return total[:, low.size :] - total[:, : low.size]


def _days_since(days: Days, group: Codes, groups: int, times: Days) -> Counts:
    """Sum of ``time - day`` over the days before each time."""
    order = np.argsort(times, kind="stable")
    width = times.size + 1
    place = group * width + np.searchsorted(times[order], days, side="left")
    counted = np.bincount(place, minlength=groups * width).reshape(groups, width)
    summed = np.bincount(place, weights=days, minlength=groups * width)
    number = np.cumsum(counted[:, :-1], axis=1)
    total = np.cumsum(np.rint(summed).astype(np.int64).reshape(groups, width)[:, :-1], axis=1)
    result = np.empty((groups, times.size), dtype=np.int64)
    result[:, order] = number * times[order] - total
    return result


def meeting(start: Days, stop: Days, group: Codes, groups: int, low: Days, high: Days) -> Counts:
    """Number of spells with ``start < high`` and ``stop > low``, for windows ``[low, high)``.

    Those with ``stop <= start`` count too: they are spells of which the ends are known within
    ranges, and which meet a window that holds both.
    """
    proper = start < stop
    begun = up_to(start[proper], group[proper], groups, high - 1)
    result = begun - up_to(stop[proper], group[proper], groups, low)
    if not proper.all():
        begins, ends, codes = start[~proper], stop[~proper], group[~proper]
        for i in range(low.size):
            hit = (begins < high[i]) & (ends > low[i])
            result[:, i] += np.bincount(codes[hit], minlength=groups)
    return result


def distinct_meeting(
    start: Days,
    stop: Days,
    owner: Codes,
    owner_group: Codes,
    groups: int,
    low: Days,
    high: Days,
) -> Counts:
    """As `meeting`, but of owners with at least one such spell; each owner has one group."""
    result = np.empty((groups, low.size), dtype=np.int64)
    seen = np.empty(owner_group.size, dtype=bool)
    for i in range(low.size):
        seen[:] = False
        seen[owner[(start < high[i]) & (stop > low[i])]] = True
        result[:, i] = np.bincount(owner_group[seen], minlength=groups)
    return result


def merge(start: Days, stop: Days, owner: Codes) -> tuple[Days, Days, Codes, NDArray[np.intp]]:
    """Union of the spells of each owner: start, stop and owner of its pieces, and the last spell.

    Pieces that only touch stay apart: what ends on the day another begins did end. The last item is
    the position of the spell that ends each piece.
    """
    kept = np.flatnonzero(start < stop)
    order = kept[np.lexsort((stop[kept], start[kept], owner[kept]))]
    begins, ends, owners = start[order], stop[order], owner[order]
    if not order.size:
        return begins, ends, owners, order
    # the running latest end within an owner: owners are kept apart by a step above every date
    step = int(ends.max()) - int(begins.min()) + 1
    origin = int(begins.min())
    dense = np.cumsum(np.r_[0, owners[1:] != owners[:-1]])
    latest = np.maximum.accumulate(ends - origin + dense * step)
    fresh = np.r_[True, (begins - origin + dense * step)[1:] >= latest[:-1]]
    fresh[1:] |= owners[1:] != owners[:-1]
    first = np.flatnonzero(fresh)
    last = np.r_[first[1:], order.size] - 1
    ended = latest[last] - dense[last] * step + origin
    # of the spells of a piece, the one whose end is the latest
    piece = np.cumsum(fresh) - 1
    by_end = np.lexsort((ends, piece))
    ending = order[by_end[np.r_[np.flatnonzero(np.diff(piece[by_end])), order.size - 1]]]
    return begins[first], ended, owners[first], ending
