"""Curves over time with their limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _validate
from countylines.errors import InputError, InputTypeError
from countylines.plotting._matplotlib import new_axes

if TYPE_CHECKING:
    from countylines.time_curve import TimeCurve

COLOURS = ("#1f5a8a", "#b5541c", "#3d7a4a", "#7a4a86", "#8a8f94", "#a08a2c")
NUMBERS = 5


def survival(curve: TimeCurve, *, band: bool = True, at_risk: bool = False, ax: Any = None) -> Any:
    """Draw a curve over time with its limits, one line a group.

    It shows a step where something ended, and nothing beyond the last time at which anything was
    under observation. Limits hold at each time by itself: a curve need not lie within all of them.

    Parameters
    ----------
    curve : TimeCurve
        What to draw, for example a :class:`countylines.Survival`.
    band : bool, default True
        Whether to draw the limits.
    at_risk : bool, default False
        Whether to write the number at risk under the axis.
    ax : matplotlib Axes or None, optional
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib Axes
        ``to_frame()`` of the curve holds the numbers drawn.

    Raises
    ------
    InputError
        If there are more groups than can be told apart, or no numbers at risk to write.
    MissingExtraError
        If matplotlib is not installed.

    See Also
    --------
    countylines.Survival.plot : the same, asked of the result.

    Examples
    --------
    >>> import pandas as pd
    >>> lines = pd.DataFrame({"days": [20, 30, 55, 80], "ended": [True, True, True, False]})
    >>> lives = cl.prevalence.survival(lines, duration="days", event="ended")
    >>> ax = cl.plotting.survival(lives)
    >>> ax.get_ylabel()
    'survival'

    Four steps of made-up lives.
    """
    band, at_risk = _validate.flag("band", band), _validate.flag("at_risk", at_risk)
    if not hasattr(curve, "_curves"):
        got = f"{_validate.show(curve)} of type {type(curve).__name__}"
        raise InputTypeError(_validate.sentence("curve", "a curve over time", got))
    if at_risk and curve.at_risk is None:
        remedy = "A model has no risk sets."
        raise InputError(_validate.sentence("at_risk", "False here", "True", remedy=remedy))
    groups = _groups(curve)
    if len(groups) > len(COLOURS):
        rule = f"a curve of at most {len(COLOURS)} groups"
        raise InputError(
            _validate.sentence("curve", rule, len(groups), remedy="Draw some of them.")
        )
    ax = new_axes(ax, "survival()", height=3.6 + (0.22 * len(groups) if at_risk else 0.0))
    draw = _draw_steps if curve.at_risk is not None else _draw_smooth
    draw = draw if getattr(curve, "intervals", None) is None else _draw_intervals
    for (label, parts), inner, colour in zip(
        groups.items(), curve._curves.values(), COLOURS, strict=False
    ):
        lines = [parts[name].to_numpy() for name in ("estimate", "low", "high")]
        time, first = parts.index.to_numpy(dtype=np.float64), float(parts["start"].iloc[0])
        if draw is not _draw_smooth and time[0] > first:
            early = inner.at(np.array([0.5 * (first + time[0])]))
            begin = (early.estimate, early.low, early.high)
            time = np.append(first, time)
            lines = [np.append(one, line) for one, line in zip(begin, lines, strict=True)]
        draw(ax, time, lines, label.replace("$", r"\$"), colour, band)
    ax.set_ylim(0, None if curve.unit else 1.02)
    ax.set_xlim(left=float(np.min(curve.start)))
    ax.set_ylabel(curve.quantity + (f" [{curve.unit}]" if curve.unit else ""))
    ax.set_xlabel("time" + (f" [{curve.time_unit}]" if curve.time_unit else ""))
    if len(groups) > 1:
        ax.legend(frameon=False, fontsize="small")
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    if at_risk:
        _write_numbers(ax, groups)
    return ax


def _groups(curve: TimeCurve) -> dict[str, pd.DataFrame]:
    """The curve of every group, by what it is called."""
    names = ["estimate", "low", "high"] + (["at_risk"] if curve.at_risk is not None else [])
    table = pd.DataFrame({name: getattr(curve, name) for name in names})
    table["start"] = 0.0
    if not curve.by:
        table["start"] = float(curve.start)
        return {"": table}
    outer: list[Any] = list(range(table.index.nlevels - 1))
    found = {}
    level = outer if len(outer) > 1 else outer[0]
    for key, part in table.groupby(level=level, sort=False):
        words = ", ".join(map(str, key)) if isinstance(key, tuple) else str(key)
        found[words] = part.droplevel(outer).assign(start=float(curve.start.loc[key]))
    return found


Lines = list[NDArray[np.float64]]


def _draw_steps(
    ax: Any, time: NDArray[np.float64], lines: Lines, name: str, colour: str, band: bool
) -> None:
    ax.step(time, lines[0], where="post", color=colour, linewidth=1.6, label=name)
    if band:
        _band(ax, time, lines[1], lines[2], colour, step="post")


def _draw_smooth(
    ax: Any, time: NDArray[np.float64], lines: Lines, name: str, colour: str, band: bool
) -> None:
    ax.plot(time, lines[0], color=colour, linewidth=1.6, label=name)
    if band:
        _band(ax, time, lines[1], lines[2], colour)


def _draw_intervals(
    ax: Any, time: NDArray[np.float64], lines: Lines, name: str, colour: str, band: bool
) -> None:
    """Flat where the curve is known, a box where it falls by an unknown path."""
    both = np.repeat(time, 2)[1:-1]
    before, after = np.repeat(lines[0][:-1], 2), np.repeat(lines[0][1:], 2)
    flat = before == after
    ax.plot(both, np.where(flat, before, np.nan), color=colour, linewidth=1.6, label=name)
    ax.fill_between(both, after, before, where=~flat, color=colour, alpha=0.6, linewidth=0)
    if band:
        low = np.where(flat, np.repeat(lines[1][:-1], 2), np.repeat(lines[1][1:], 2))
        _band(ax, both, low, np.repeat(lines[2][:-1], 2), colour)


def _band(
    ax: Any,
    time: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    colour: str,
    **style: str,
) -> None:
    ax.fill_between(time, low, high, color=colour, alpha=0.15, linewidth=0, **style)


def _write_numbers(ax: Any, groups: dict[str, pd.DataFrame]) -> None:
    """Numbers at risk under the ticks, a row for each group."""
    left, right = ax.get_xlim()
    ticks = [t for t in ax.get_xticks() if left <= t <= right][:: max(1, len(ax.get_xticks()) // 8)]
    ax.set_xticks(ticks)
    lines = [f"{tick:g}" for tick in ticks]
    for parts in groups.values():
        time, risk = parts.index.to_numpy(dtype=np.float64), parts["at_risk"].to_numpy()
        place = np.searchsorted(time, ticks, side="left")
        counts = np.append(risk, 0.0)[place]
        lines = [f"{line}\n{count:.0f}" for line, count in zip(lines, counts, strict=True)]
    ax.set_xticks(ticks, labels=lines)
    names = ", then ".join(name for name in groups if name)
    words = "below: at risk when the next spell leaves" + (f" ({names})" if names else "")
    ax.set_xlabel(f"{ax.get_xlabel()}; {words}")
