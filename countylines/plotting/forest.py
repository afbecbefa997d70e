"""Forest plot: estimates with their intervals, one a line."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from countylines import _frames, _render, _validate
from countylines.errors import InputError, InputTypeError
from countylines.plotting._matplotlib import BLUE, GREY, new_axes

if TYPE_CHECKING:
    from countylines.results import Estimate


Row = tuple[str, float, float, float]


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
        Value to mark by a vertical line, always inside the axis; the null value if None and there
        is a single one.
    log : bool, default False
        Whether the axis is logarithmic, as suits ratios.
    ax : matplotlib Axes or None, optional
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib Axes
        With one line an estimate. An end that is infinite, or not above 0 where the axis is
        logarithmic, becomes an arrow; an estimate that does not exist is written as such.
        ``to_frame()`` of the estimate holds the numbers drawn.

    Raises
    ------
    InputError
        If there is nothing to draw, `labels` do not match, or `reference` has no place on the axis.
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
    if reference is not None:
        low = 0.0 if log else -math.inf
        reference = _validate.number("reference", reference, low=low, open_low=log)
    names, several = _named(results)
    lines = [
        row
        for name, result in zip(names, several, strict=True)
        for row in _rows(name, result, isinstance(results, Mapping))
    ]
    if not lines:
        raise InputError(_validate.sentence("results", "at least one estimate", "none"))
    if labels is not None:
        lines = _relabelled(lines, labels)
    ax = new_axes(ax, "forest()", height=1.2 + 0.32 * len(lines))
    if log:
        ax.set_xscale("log")
    if reference is None:
        reference = _single_null(several, log)
    if reference is not None:
        ax.axvline(reference, color=GREY, linewidth=1, linestyle="--", zorder=0)
    _draw(ax, lines, log, reference)
    ax.set_xlabel(_shared(r.quantity + (f" [{r.unit}]" if r.unit else "") for r in several))
    title = _shared(_render.interval_words(r) for r in several)
    ax.set_title(title or "intervals of several kinds", fontsize="small", loc="left")
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    return ax


def _named(results: Any) -> tuple[list[str], list[Any]]:
    """Names and computed estimates of what is to be drawn."""
    if isinstance(results, Mapping):
        names, several = [str(name) for name in results], list(results.values())
    elif isinstance(results, Sequence) and not isinstance(results, str):
        several = list(results)
        names = [str(getattr(r, "quantity", "")) for r in several]
    else:
        names, several = [str(getattr(results, "quantity", ""))], [results]
    for item in several:
        if not all(hasattr(item, name) for name in ("estimate", "low", "high", "compute")):
            rule = "an Estimate, or a mapping or sequence of them"
            got = f"{_validate.show(item)} of type {type(item).__name__}"
            raise InputTypeError(_validate.sentence("results", rule, got))
    return names, [item.compute() for item in several]


def _relabelled(lines: list[Row], labels: Sequence[str]) -> list[Row]:
    rule = f"one label for each of the {len(lines)} lines"
    if isinstance(labels, str):
        raise InputTypeError(_validate.sentence("labels", rule, _validate.show(labels)))
    if len(labels) != len(lines):
        raise InputError(_validate.sentence("labels", rule, len(labels)))
    return [(str(label), *row[1:]) for label, row in zip(labels, lines, strict=True)]


def _single_null(several: list[Any], log: bool) -> float | None:
    """The null value that all estimates share, if there is one and it has a place on the axis."""
    nulls = {_frames.single(r.null) for r in several if np.ndim(r.null) == 0}
    if len(nulls) != 1 or None in nulls:
        return None
    null = float(nulls.pop())
    return null if np.isfinite(null) and (null > 0 or not log) else None


def _shared(words: Iterable[str]) -> str:
    different = set(words)
    return different.pop() if len(different) == 1 else ""


def _rows(name: str, result: Estimate, named: bool) -> list[Row]:
    labels, estimates = _frames.long(result.estimate)
    count = len(estimates)
    lows, highs = _frames.column(result.low, count), _frames.column(result.high, count)
    rows = []
    for i in range(count):
        place = ", ".join(str(labels.iloc[i, j]) for j in range(labels.shape[1]))
        label = ": ".join(part for part in (name if named or not place else "", place) if part)
        rows.append((label, float(estimates[i]), float(lows[i]), float(highs[i])))
    return rows


def _draw(ax: Any, lines: list[Row], log: bool, reference: float | None) -> None:
    marked = [] if reference is None else [reference]
    values = np.array([v for row in lines if not np.isnan(row[1]) for v in row[1:]] + marked)
    shown = values[np.isfinite(values) & ((values > 0) if log else True)]
    left, right = _span(shown, log)
    for position, (_, estimate, low, high) in enumerate(lines):
        y = -position
        if np.isnan(estimate):
            ax.text(left, y, "not estimable", va="center", fontsize="small", color=GREY)
            continue
        start = low if np.isfinite(low) and (low > 0 or not log) else left
        end = high if np.isfinite(high) and (high > 0 or not log) else right
        if not (np.isnan(low) or np.isnan(high)):
            ax.plot([start, end], [y, y], color=BLUE, linewidth=1.6, solid_capstyle="butt")
            if start != low:
                ax.plot([left], [y], marker="<", color=BLUE, markersize=6, clip_on=False)
            if end != high:
                ax.plot([right], [y], marker=">", color=BLUE, markersize=6, clip_on=False)
        if np.isfinite(estimate) and (estimate > 0 or not log):
            ax.plot([estimate], [y], marker="o", color=BLUE, markersize=5.5)
    ax.set_xlim(left, right)
    ax.set_ylim(-len(lines) + 0.4, 0.6)
    ax.set_yticks(
        [-i for i in range(len(lines))], labels=[row[0].replace("$", r"\$") for row in lines]
    )
    ax.tick_params(axis="y", length=0)


def _span(shown: NDArray[np.float64], log: bool) -> tuple[float, float]:
    """Ends of the axis: everything finite that is drawn, and some air."""
    least, most = (float(shown.min()), float(shown.max())) if shown.size else (0.1, 1.0)
    if log:
        pad = (most / least) ** 0.08 if most > least else 1.5
        return least / pad, most * pad
    pad = 0.08 * (most - least) if most > least else 0.5 * (abs(most) or 1.0)
    return least - pad, most + pad
