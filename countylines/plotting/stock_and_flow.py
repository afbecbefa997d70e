"""Stock and flow: how many are active as a line, openings and closings as bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _validate
from countylines.errors import InputError, InputTypeError
from countylines.plotting._matplotlib import BLUE, GREY, new_axes

if TYPE_CHECKING:
    from countylines.results import Estimate

FloatArray = NDArray[np.float64]
Table = pd.Series | pd.DataFrame

OPENED, CLOSED = "#7fa8c9", "#d0a27c"
RULE = "a Series, a DataFrame with columns low and high, or an Estimate with one index"
BAR = 0.8  # of the width of a window


def stock_and_flow(
    stock: Table | Estimate,
    *,
    openings: Table | None = None,
    closures: Table | None = None,
    ax: Any = None,
) -> Any:
    """Draw how many are active over time, with openings above and closings below the axis.

    It shows a stock and the flows that move it on one scale. What is known within a range only is
    drawn as the range, without a line through its middle.

    Parameters
    ----------
    stock : Series, DataFrame or Estimate
        Stock by time: counts, as from `active_at`; columns ``low`` and ``high`` where dates leave a
        range; an Estimate with the labels of a Series, drawn with its interval or its range; or a
        whole table of `stock_flow_audit` or `expected_stock`, which has the flows too.
    openings, closures : Series, DataFrame or None, optional
        Flows by window: counts, or columns ``low`` and ``high``.
    ax : matplotlib Axes or None, optional
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib Axes
        The stock stands at the end of its window, where the index has windows.

    Raises
    ------
    InputError
        If there is more than one group, or nothing to draw.
    MissingExtraError
        If matplotlib is not installed.

    See Also
    --------
    countylines.prevalence.active_at : the stock, from records.
    countylines.prevalence.stock_flow_audit : stock and flows together.

    Examples
    --------
    Made-up openings of 100 a month for a year, then of 50, and lives of 2.4 months on average:

    >>> import numpy as np
    >>> table = cl.prevalence.expected_stock(
    ...     [100] * 12 + [50] * 3, lambda age: np.exp(-age / 2.4)
    ... )
    >>> ax = cl.plotting.stock_and_flow(table)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['active', 'opened', 'closed']

    The line of the active turns down only some time after the bars of the opened do.
    """
    if isinstance(stock, pd.DataFrame) and "stock_end" in stock.columns:
        openings = stock["openings"] if openings is None else openings
        closures = stock["closures"] if closures is None else closures
        stock = stock["stock_end"]
    level = _series("stock", stock)
    flows = {
        "opened": None if openings is None else _series("openings", openings),
        "closed": None if closures is None else _series("closures", closures),
    }
    ax = new_axes(ax, "stock_and_flow()", height=3.6)
    for (label, flow), colour in zip(flows.items(), (OPENED, CLOSED), strict=True):
        if flow is not None:
            _bars(ax, flow, label, colour, -1.0 if label == "closed" else 1.0)
    _line(ax, level)
    ax.axhline(0.0, color=GREY, linewidth=0.8, zorder=0)
    if level.names is not None:
        ax.set_xticks(level.end, labels=[str(name) for name in level.names])
    ax.set_ylabel("lines")
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    ax.yaxis.set_major_locator(MaxNLocator(integer=True))  # labels are whole numbers
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{abs(value):,.0f}"))
    handles, labels = ax.get_legend_handles_labels()
    order = np.argsort([label in flows for label in labels], kind="stable")
    ax.legend(
        [handles[i] for i in order], [labels[i] for i in order], frameon=False, fontsize="small"
    )
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    return ax


@dataclass(frozen=True)
class _Series:
    """Values with their ends, where on the axis each window begins and ends, and its labels."""

    value: FloatArray
    low: FloatArray
    high: FloatArray
    start: Any
    end: Any
    names: pd.Index | None
    what: str


def _series(name: str, given: Any) -> _Series:
    what = "range"
    if hasattr(given, "interval_kind"):
        what = "range" if given.interval_kind == "identification" else "interval"
        given = given.compute()
        columns = {"value": given.estimate, "low": given.low, "high": given.high}
        if not all(isinstance(column, pd.Series) for column in columns.values()):
            raise InputTypeError(_validate.sentence(name, RULE, "an Estimate without an index"))
        table = pd.DataFrame(columns)
    elif isinstance(given, pd.Series):
        table = pd.DataFrame({"value": given, "low": given, "high": given})
    elif isinstance(given, pd.DataFrame) and {"low", "high"} <= set(given.columns):
        same = given["low"].where(given["low"] == given["high"])
        table = pd.DataFrame({"value": same, "low": given["low"], "high": given["high"]})
    elif isinstance(given, pd.DataFrame):
        remedy = "Choose one group: its column of counts, or its columns low and high."
        raise InputError(_validate.sentence(name, RULE, "several columns", remedy=remedy))
    else:
        got = f"{_validate.show(given)} of type {type(given).__name__}"
        raise InputTypeError(_validate.sentence(name, RULE, got))
    _validate.not_empty(name, len(table))
    if isinstance(table.index, pd.MultiIndex):
        remedy = "Choose one group with .loc[group]."
        raise InputError(_validate.sentence(name, "of one group", "several levels", remedy=remedy))
    value, low, high = table.to_numpy(dtype=np.float64).T
    return _Series(value, low, high, *_places(table.index), what)


def _places(index: pd.Index) -> tuple[Any, Any, pd.Index | None]:
    """Where each window begins and ends; labels where the index is not of times or numbers."""
    if isinstance(index, pd.IntervalIndex):
        end = index.right
        if index.closed == "both" and isinstance(end, pd.DatetimeIndex):
            end = end + pd.Timedelta(days=1)
        return index.left, end, None
    if isinstance(index, pd.PeriodIndex):
        return index.start_time, index.end_time.ceil("D"), None
    if isinstance(index, pd.DatetimeIndex):
        step = np.median(np.diff(index)) if len(index) > 1 else np.timedelta64(1, "D")
        return index - step, index, None
    if index.dtype.kind in "iuf":
        step = float(np.median(np.diff(index))) if len(index) > 1 else 1.0
        return index.to_numpy() - step, index.to_numpy(), None
    place = np.arange(len(index), dtype=np.float64)
    return place - 0.5, place, index


def _bars(ax: Any, flow: _Series, label: str, colour: str, sign: float) -> None:
    """Bars up to what is sure, with the rest of a range in outline."""
    width = flow.end - flow.start
    left = flow.start + width * (1 - BAR) / 2
    ax.bar(left, sign * flow.low, width * BAR, align="edge", color=colour, label=label, linewidth=0)
    rest = flow.high - flow.low
    if (rest > 0).any():
        ax.bar(
            left,
            sign * rest,
            width * BAR,
            bottom=sign * flow.low,
            align="edge",
            facecolor="none",
            edgecolor=colour,
        )


def _line(ax: Any, level: _Series) -> None:
    if (level.low < level.high).any():
        high = np.where(np.isinf(level.high), np.nan, level.high)
        ax.fill_between(
            level.end, level.low, high, color=BLUE, alpha=0.25, linewidth=0, label=level.what
        )
    if np.isfinite(level.value).any():
        ax.plot(
            level.end, level.value, color=BLUE, marker="o", markersize=3.5, label="active", zorder=3
        )
