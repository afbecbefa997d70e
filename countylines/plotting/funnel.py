"""Funnel plot: rates of many areas against their size, with control limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _frames, _validate
from countylines._kernels import funnel as kernel
from countylines._typing import ArrayLike
from countylines.errors import InputError, InputTypeError
from countylines.plotting._matplotlib import BLUE, GREY, new_axes
from countylines.prevalence.funnel_limits import funnel_limits

RED = "#b3392f"
_GRID = 400
# Where a name may stand beside its point, in points: right, left, above, below, and further off.
_PLACES = ((6, 0), (-6, 0), (0, 9), (0, -9), (6, 9), (6, -9), (-6, 9), (-6, -9), (8, 18), (8, -18))
_LABELS = ("outside", "all", "none")


def funnel(
    count: ArrayLike,
    exposure: ArrayLike,
    *,
    target: float | None = None,
    measure: str = "rate",
    per: float = 1,
    levels: Sequence[float] = (0.95, 0.998),
    method: str = "interpolated",
    overdispersion: str | None = None,
    dispersion: float | None = None,
    estimator: str = "dersimonian-laird",
    winsorise: float = 0.1,
    transform: str = "stabilising",
    leave_out: Sequence[Any] = (),
    label: str = "outside",
    log: bool = False,
    ax: Any = None,
) -> Any:
    """Draw the rates of many areas against their size, with the limits that chance sets.

    It shows which areas chance does not explain. It is not a league table: the areas within the
    limits have no order. An area outside may record differently; where many are outside, ask that
    first, or say by `overdispersion` that areas differ anyway.

    Parameters
    ----------
    count, exposure : array_like, shape (areas,)
        Number of events, and what they happened to, of one dimension; labels name the areas.
    target : float or None, optional
        Rate per `per`, share, or ratio that areas are held against; the pooled one if None.
    measure : {"rate", "proportion", "ratio"}, default "rate"
        Poisson counts over an exposure, binomial counts among a total, or observed over expected.
    per : float, default 1
        Rates are per so many units of exposure.
    levels : sequence of float, default (0.95, 0.998)
        Shares of areas in control that lie within each pair of limits; the widest is drawn solid.
    method : {"interpolated", "exact", "mid-p"}, default "interpolated"
        How the limits are placed, see :func:`countylines.prevalence.funnel_limits`.
    overdispersion : {"multiplicative", "additive"} or None, optional
        Whether areas in control vary by more than chance.
    dispersion : float or None, optional
        By how much; estimated if None.
    estimator : {"dersimonian-laird", "reml"}, default "dersimonian-laird"
        How the variance between areas is estimated.
    winsorise : float, default 0.1
        Share of the areas at each end whose scores are drawn in for that.
    transform : {"stabilising", "log", "none"}, default "stabilising"
        Scale on which over-dispersion is estimated.
    leave_out : sequence of labels, default ()
        Areas that have no population to divide by, named; the figure says that they are left out.
    label : {"outside", "all", "none"}, default "outside"
        Which areas are named: those outside the widest limits, all, or none.
    log : bool, default False
        Whether the axis of the exposure is logarithmic, as suits areas of very different size.
    ax : matplotlib Axes or None, optional
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib Axes
        With one point an area, a line at the target, and two lines a level. The title says what
        was assumed of over-dispersion.

    Raises
    ------
    InputError
        If `levels` is empty, or as for :func:`countylines.prevalence.funnel_limits`.
    MissingExtraError
        If matplotlib is not installed.

    See Also
    --------
    countylines.prevalence.funnel_limits : the numbers that are drawn.
    forest : estimates with intervals of their own.

    Examples
    --------
    >>> import pandas as pd
    >>> areas = ["Ashire", "Beeshire", "Ceeshire", "Deeshire"]
    >>> count = pd.Series([45, 88, 12, 190], index=areas)
    >>> people = pd.Series([40_200, 70_500, 15_200, 131_000], index=areas)
    >>> ax = cl.plotting.funnel(count, people, per=100_000)
    >>> ax.get_ylabel()
    'rate per 100,000'

    Four made-up areas, none of them outside what chance allows.
    """
    log = _validate.flag("log", log)
    label = _validate.option("label", label, _LABELS)
    widths = sorted((_validate.level(level) for level in _several(levels)), reverse=True)
    options: dict[str, Any] = {
        "measure": measure,
        "per": per,
        "method": method,
        "overdispersion": overdispersion,
        "transform": transform,
    }
    limits = funnel_limits(
        exposure,
        target=target,
        count=count,
        level=widths[0],
        dispersion=dispersion,
        estimator=estimator,
        winsorise=winsorise,
        leave_out=leave_out,
        **options,
    ).compute()
    names, aims = _frames.long(limits.estimate)
    used = ~np.isnan(aims)
    size, events = _values(exposure, aims.size, "exposure"), _values(limits.n, aims.size, "count")
    rates = np.full(aims.shape, np.nan)
    rates[used] = events[used] / size[used] * per
    aim = float(aims[used][0])
    if overdispersion is not None and dispersion is None:
        dispersion = kernel.dispersion(
            events[used],
            size[used] / per,
            aim,
            share=measure == "proportion",
            overdispersion=overdispersion,
            estimator=estimator,
            winsorise=winsorise,
            transform=transform,
        )
        if overdispersion == "multiplicative":
            dispersion = max(1.0, dispersion)
    ax = new_axes(ax, "funnel()", height=4.4)
    _draw_limits(ax, size[used], aim, widths, log, {**options, "dispersion": dispersion})
    low, high = (_frames.column(end, aims.size) for end in (limits.low, limits.high))
    out = used & ((rates < low) | (rates > high))
    ax.plot(size[used & ~out], rates[used & ~out], "o", color=BLUE, markersize=5, zorder=3)
    ax.plot(size[out], rates[out], "o", color=RED, markersize=5, zorder=3)
    shown = {"outside": out, "all": used, "none": np.zeros_like(used)}[label]
    _explain(ax, limits, measure, leave_out)
    _name(ax, names, size, rates, shown)
    return ax


def _several(levels: Any) -> list[float]:
    if isinstance(levels, (str, float, int)) or not isinstance(levels, Sequence):
        rule = "a sequence of shares in (0, 1)"
        raise InputTypeError(_validate.sentence("levels", rule, _validate.show(levels)))
    if not levels:
        _validate.not_empty("levels", 0)
    return list(levels)


def _values(values: Any, length: int, name: str) -> NDArray[np.float64]:
    flat = np.asarray(values, dtype=np.float64)
    if flat.ndim != 1:
        rule = "of one dimension, a value an area"
        raise InputError(_validate.sentence(name, rule, _validate.show(values)))
    return np.broadcast_to(flat, (length,))


def _draw_limits(
    ax: Any,
    size: NDArray[np.float64],
    aim: float,
    widths: list[float],
    log: bool,
    options: dict[str, Any],
) -> None:
    """The target, and two lines a level over the sizes that there are, and some room."""
    if log:
        ax.set_xscale("log")
        ends = size.min() / 1.3, size.max() * 1.3
        grid = np.geomspace(*ends, _GRID)
    else:
        ends = 0.0, size.max() * 1.08
        grid = np.linspace(size.min() / 2, ends[1], _GRID)
    if options["measure"] == "proportion":
        grid = np.unique(np.maximum(np.round(grid), 1.0))
    ax.axhline(aim, color=GREY, linewidth=1, zorder=1)
    for place, level in enumerate(widths):
        limits = funnel_limits(grid, target=aim, level=level, **options)
        style = "-" if place == 0 else "--"
        for end in (limits.low, limits.high):
            ax.plot(grid, end, style, color=GREY, linewidth=1.2, zorder=2)
        ax.plot([], [], style, color=GREY, linewidth=1.2, label=f"{100 * level:.10g} %")
    ax.set_xlim(*ends)
    if ends[1] >= 1000:
        ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.legend(title="limits", fontsize="small", title_fontsize="small", frameon=False)


def _name(
    ax: Any, names: Any, size: NDArray[Any], rates: NDArray[Any], shown: NDArray[np.bool_]
) -> None:
    """Write the names beside their points, where nothing that is drawn yet is in the way."""
    if not names.shape[1]:
        return
    ax.figure.draw_without_rendering()  # so that the axes have the place that they will have
    drawn = np.isfinite(rates)
    points = ax.transData.transform(np.c_[size[drawn], rates[drawn]])
    taken = [(x - 3.0, y - 3.0, x + 3.0, y + 3.0) for x, y in points]
    frame = ax.get_window_extent()
    unit = ax.figure.dpi / 72.0
    for place in np.flatnonzero(shown):
        text = ", ".join(str(part) for part in names.iloc[place])
        x, y = ax.transData.transform((size[place], rates[place]))
        width, height = 4.2 * unit * len(text), 8.0 * unit
        for right, up in _PLACES:
            left = x + unit * right if right >= 0 else x + unit * right - width
            left = x - width / 2 if right == 0 else left
            low = y + unit * up - height / 2
            box = (left, low, left + width, low + height)
            fits = frame.x0 <= box[0] and box[2] <= frame.x1
            if fits and not any(_overlap(box, other) for other in taken):
                break
        taken.append(box)
        ax.annotate(
            text.replace("$", r"\$"),
            (size[place], rates[place]),
            xytext=(right, up),
            textcoords="offset points",
            ha="left" if right > 0 else "right" if right < 0 else "center",
            va="center",
            fontsize="x-small",
            zorder=4,
        )


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _explain(ax: Any, limits: Any, measure: str, leave_out: Sequence[Any]) -> None:
    ax.set_ylabel(measure + (f" {limits.unit}" if limits.unit else ""))
    ax.set_xlabel({"rate": "exposure", "proportion": "total", "ratio": "expected"}[measure])
    said = [note.text for note in limits.notes if note.code == "over-dispersion"]
    lines = said or ["Limits by chance alone."]
    if len(leave_out):
        lines.append("Left out: " + ", ".join(str(name) for name in leave_out) + ".")
    ax.set_title("\n".join(lines), fontsize="small", loc="left")
    ax.set_ylim(bottom=0.0)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
