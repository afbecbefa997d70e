"""Forest plot: estimates with their intervals, one a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from countylines import _frames, _render, _validate
from countylines.errors import InputError
from countylines.plotting._matplotlib import BLUE, GREY, new_axes

if TYPE_CHECKING:
    from countylines.results import Estimate


def forest(
    results: Estimate | Mapping[str, Estimate] | Sequence[Estimate],
    *,
    labels: Sequence[str] | None = None,
    reference: float | None = None,
    log: bool = False,
    ax: Any = None,
) -> Any:
    """Draw estimates with their intervals, one a line.

    It shows which intervals leave a reference value out. Intervals that overlap can still differ:
    a difference has an interval of its own.

    Parameters
    ----------
    results : Estimate, mapping of str to Estimate, or sequence of Estimate
        What to draw; the elements of a labelled estimate become lines.
    labels : sequence of str or None, optional
        Names of the lines, from the top; the labels of the data if None.
    reference : float or None, optional
        Value to mark by a vertical line; the null value if None and there is a single one.
    log : bool, default False
        Whether the axis is logarithmic, as suits ratios.
    ax : matplotlib Axes or None, optional
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib Axes
        With one line an estimate. An end that is infinite becomes an arrow; an estimate that does
        not exist is written as such. ``to_frame()`` of the estimate holds the numbers drawn.

    Raises
    ------
    InputError
        If there is nothing to draw, or `labels` do not match.
    MissingExtraError
        If matplotlib is not installed.

    See Also
    --------
    countylines.Estimate.plot : the same for one result.

    Examples
    --------
    >>> share = cl.prevalence.proportion([38, 20], [43, 43])
    >>> ax = cl.plotting.forest(share, labels=["2017", "a made-up year"])
    >>> ax.get_xlabel()
    'proportion'

    Two intervals, one above the other.
    """
    log = _validate.flag("log", log)
    if isinstance(results, Mapping):
        names, several = [str(name) for name in results], list(results.values())
    elif isinstance(results, Sequence):
        names, several = [r.quantity for r in results], list(results)
    else:
        names, several = [results.quantity], [results]
    several = [result.compute() for result in several]
    lines = [
        row for name, result in zip(names, several, strict=True) for row in _rows(name, result)
    ]
    if not lines:
        raise InputError(_validate.sentence("results", "at least one estimate", "none"))
    if labels is not None:
        if len(labels) != len(lines):
            rule = f"one label for each of the {len(lines)} lines"
            raise InputError(_validate.sentence("labels", rule, len(labels)))
        lines = [(str(label), *row[1:]) for label, row in zip(labels, lines, strict=True)]
    ax = new_axes(ax, "forest()", height=1.2 + 0.32 * len(lines))
    if log:
        ax.set_xscale("log")
    nulls = {r.null for r in several if isinstance(r.null, (int, float))}
    if reference is None and len(nulls) == 1:
        reference = float(nulls.pop())
    if reference is not None:
        ax.axvline(reference, color=GREY, linewidth=1, linestyle="--", zorder=0)
    _draw(ax, lines, log)
    first = several[0]
    ax.set_xlabel(first.quantity + (f" [{first.unit}]" if first.unit else ""))
    ax.set_title(_render.interval_words(first), fontsize="small", loc="left")
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    return ax


Row = tuple[str, float, float, float]


def _rows(name: str, result: Estimate) -> list[Row]:
    labels, estimates = _frames.long(result.estimate)
    count = len(estimates)
    lows, highs = _frames.column(result.low, count), _frames.column(result.high, count)
    rows = []
    for i in range(count):
        label = ", ".join(str(labels.iloc[i, j]) for j in range(labels.shape[1])) or name
        rows.append((label, float(estimates[i]), float(lows[i]), float(highs[i])))
    return rows


def _draw(ax: Any, lines: list[Row], log: bool) -> None:
    values = np.array([row[1:] for row in lines], dtype=float)
    shown = values[np.isfinite(values) & ((values > 0) if log else True)]
    least, most = (shown.min(), shown.max()) if shown.size else (0.1, 1.0)
    if log:
        pad = (most / least) ** 0.08 if most > least else 1.5
        left, right = least / pad, most * pad
    else:
        pad = 0.08 * (most - least) if most > least else 0.5 * (abs(most) or 1.0)
        left, right = least - pad, most + pad
    for position, (_, estimate, low, high) in enumerate(lines):
        y = -position
        if np.isnan(estimate):
            ax.text(left, y, "not estimable", va="center", fontsize="small", color=GREY)
            continue
        start = low if np.isfinite(low) and (low > 0 or not log) else left
        end = high if np.isfinite(high) else right
        ax.plot([start, end], [y, y], color=BLUE, linewidth=1.6, solid_capstyle="butt")
        if not np.isfinite(high):
            ax.plot([right], [y], marker=">", color=BLUE, markersize=6, clip_on=False)
        if start != low:
            ax.plot([left], [y], marker="<", color=BLUE, markersize=6, clip_on=False)
        if np.isfinite(estimate) and (estimate > 0 or not log):
            ax.plot([estimate], [y], marker="o", color=BLUE, markersize=5.5)
    ax.set_xlim(left, right)
    ax.set_ylim(-len(lines) + 0.4, 0.6)
    ax.set_yticks([-i for i in range(len(lines))], labels=[row[0] for row in lines])
    ax.tick_params(axis="y", length=0)
