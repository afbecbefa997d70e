"""Who is on which list, for any number of lists: counts by pattern over a matrix of lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from countylines import _validate
from countylines.bands import Band
from countylines.errors import InputTypeError
from countylines.plotting._matplotlib import BLUE, GREY, new_axes

if TYPE_CHECKING:
    from countylines.capture_recapture import CaptureHistories

SORTS = ("count", "lists", "pattern")
PALE = "#e3e8ec"
ROW = 0.27  # inches
COLUMN = 0.24
LETTER = 0.068
NAME_LENGTH = 24


@dataclass(frozen=True)
class _Bar:
    """A number of units as it is drawn."""

    low: float
    high: float
    text: str
    hatched: bool = False


def overlap(
    histories: CaptureHistories,
    *,
    most: int = 30,
    sort: str = "count",
    suppress: int | None = None,
    log: bool = False,
    ax: Any = None,
) -> Any:
    """Draw how many units are on exactly which lists (an UpSet plot).

    It shows what an estimate of the hidden number rests on: how much the lists overlap, and where
    nobody is. It does not show the units on no list, whom it cannot know.

    Parameters
    ----------
    histories : CaptureHistories
        The table; strata are added up.
    most : int, default 30
        Most patterns to draw; how many units the others hold is written.
    sort : {"count", "lists", "pattern"}, default "count"
        Order of the patterns from the left: by units, by the number of lists and then by units, or
        as in ``histories.cells()``. The patterns drawn are those with most units in any case.
    suppress : int or None, optional
        Counts from 1 to below this are drawn alike, hatched, and written ``<5``; the sizes of lists
        and the number of units are then rounded to its multiples, so that no count can be found by
        taking away.
    log : bool, default False
        Whether the axis of counts is logarithmic.
    ax : matplotlib Axes or None, optional
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib Axes
        The frame; its ``child_axes`` are the bars of the patterns, the matrix of lists and the
        bars of the lists. A count known as a band is solid to its low end and hatched to its high
        one; a pattern that cannot occur (a structural zero) has a cross and no bar.

    Raises
    ------
    InputError
        If an option is out of its range.
    InputTypeError
        If `histories` are not CaptureHistories.
    MissingExtraError
        If matplotlib is not installed.

    See Also
    --------
    countylines.capture_recapture.CaptureHistories.cells : the same in numbers.

    Examples
    --------
    >>> uk = cl.datasets.load_mse("uk_2013")
    >>> table = cl.CaptureHistories.from_table(uk, lists=uk.attrs["lists"])
    >>> ax = cl.plotting.overlap(table)
    >>> bars, matrix, lists = ax.child_axes
    >>> len(bars.patches), [label.get_text() for label in matrix.get_yticklabels()][:3]
    (25, ['LA', 'NG', 'PF'])

    Twenty-five of 63 patterns occur; the five tallest bars, one for each of five lists alone, hold
    most of the 2,744 people.
    """
    _check(histories)
    most = _validate.whole_number("most", most, low=1)
    sort = _validate.option("sort", sort, SORTS)
    log = _validate.flag("log", log)
    if suppress is not None:
        suppress = _validate.whole_number("suppress", suppress, low=2)
    cells = histories.cells()
    heights = {pattern: _bar(count, suppress) for pattern, count in cells.items()}
    ranked = sorted(cells, key=lambda p: (-heights[p].high, -p.count("1"), p))
    drawn, rest = ranked[:most], ranked[most:]
    places = {pattern: i for i, pattern in enumerate(cells)}
    keys: dict[str, Callable[[str], Any]] = {
        "count": ranked.index,
        "lists": lambda p: (p.count("1"), ranked.index(p)),
        "pattern": places.__getitem__,
    }
    drawn.sort(key=keys[sort])
    impossible = list(histories.structural_zeros)[: max(most - len(drawn), 0)]
    columns: list[tuple[str, _Bar | None]] = [(p, heights[p]) for p in drawn]
    columns += [(p, None) for p in impossible]
    sizes = [_size(histories.overlaps().loc[name, name], suppress) for name in histories.lists]
    names = [_short(name) for name in histories.lists]
    letters = max(len(name) for name in names) * LETTER + 0.15
    width = max(1.5 + letters + COLUMN * max(len(columns), 8), 5.0)
    height = 2.6 + ROW * len(names)
    ax = new_axes(ax, "overlap()", width=width, height=height)
    ax.set_axis_off()
    ax.set_title(_title(histories, cells, suppress, rest), fontsize="small", loc="left")
    left = (1.0 + letters) / width
    bottom = ROW * len(names) / height
    bars = ax.inset_axes((left, bottom + 0.04, 1.0 - left, 0.96 - bottom))
    matrix = ax.inset_axes((left, 0.0, 1.0 - left, bottom))
    totals = ax.inset_axes((0.0, 0.0, 0.85 / width, bottom))
    _draw_bars(bars, columns, log)
    _draw_matrix(matrix, columns, names)
    _draw_totals(totals, sizes)
    return ax


def _check(histories: Any) -> None:
    from countylines.capture_recapture import CaptureHistories

    if not isinstance(histories, CaptureHistories):
        got = f"a {type(histories).__name__}"
        raise InputTypeError(_validate.sentence("histories", "CaptureHistories", got))


def _ends(count: Any) -> tuple[float, float]:
    if isinstance(count, Band):
        return float(count.low), float(count.high)
    return float(count), float(count)


def _bar(count: Any, suppress: int | None) -> _Bar:
    low, high = _ends(count)
    if suppress is not None and 0 < high < suppress:
        return _Bar(0.0, float(suppress - 1), f"<{suppress}", hatched=True)
    text = f"{low:,.0f}" if low == high else f"{low:,.0f}\N{EN DASH}{high:,.0f}"
    return _Bar(low, high, text)


def _size(count: Any, suppress: int | None) -> _Bar:
    low, high = _ends(count)
    if suppress is None:
        return _bar(count, None)
    low, high = (float(suppress * round(end / suppress)) for end in (low, high))
    return _Bar(low, high, f"\N{ALMOST EQUAL TO}{high:,.0f}")


def _short(name: str) -> str:
    name = name if len(name) <= NAME_LENGTH else name[: NAME_LENGTH - 1] + "\N{HORIZONTAL ELLIPSIS}"
    return name.replace("$", r"\$")


def _title(
    histories: CaptureHistories, cells: dict[str, Any], suppress: int | None, rest: list[str]
) -> str:
    total = len(histories.lists)
    seen = _size(histories.n_observed, suppress).text
    possible = 2**total - 1 - len(histories.structural_zeros)
    units = "unit" if seen == "1" else "units"
    text = f"{seen} {units} on {total} lists; {len(cells):,} of {possible:,} patterns occur"
    if rest:
        rounded = _size(sum(_ends(cells[p])[1] for p in rest), suppress).text
        text += f"\nnot drawn: {len(rest):,} patterns with {rounded} units"
    return text


def _draw_bars(ax: Any, columns: list[tuple[str, _Bar | None]], log: bool) -> None:
    from matplotlib.ticker import MaxNLocator

    bars = [bar for _, bar in columns if bar is not None]
    top = max((bar.high for bar in bars), default=1.0)
    if log:
        ax.set_yscale("log")
        ax.set_ylim(0.5, 3.0 * top)
    else:
        ax.set_ylim(0.0, 1.25 * top)
        ax.yaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))
    floor = 0.5 if log else 0.0
    for x, (_, bar) in enumerate(columns):
        if bar is None:
            ax.text(x, floor, "\N{MULTIPLICATION SIGN}", ha="center", va="bottom", color=GREY)
            continue
        if bar.low > floor:
            ax.bar(x, bar.low - floor, bottom=floor, width=0.62, color=BLUE)
        if bar.high > max(bar.low, floor):
            base = max(bar.low, floor)
            ax.bar(
                x,
                bar.high - base,
                bottom=base,
                width=0.62,
                facecolor="white",
                edgecolor=BLUE,
                hatch="/////",
                linewidth=0.8,
            )
        upright = len(bar.text) > 3
        ax.annotate(
            bar.text,
            (x, max(bar.high, floor)),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=7,
            rotation=90 if upright and len(columns) > 10 else 0,
        )
    ax.set_xlim(-0.6, len(columns) - 0.4)
    ax.set_xticks([])
    ax.set_ylabel("units", fontsize="small")
    ax.tick_params(labelsize=8)
    ax.yaxis.set_major_formatter("{x:,.0f}")
    for side in ("top", "right", "bottom"):
        ax.spines[side].set_visible(False)


def _draw_matrix(ax: Any, columns: list[tuple[str, _Bar | None]], names: list[str]) -> None:
    count = len(names)
    for row in range(0, count, 2):
        ax.axhspan(row - 0.5, row + 0.5, color="#f4f6f8", zorder=0, linewidth=0)
    for x, (pattern, bar) in enumerate(columns):
        on = [row for row in range(count) if pattern[row] == "1"]
        color = GREY if bar is None else BLUE
        ax.scatter([x] * count, range(count), s=26, color=PALE, zorder=1, linewidths=0)
        ax.scatter([x] * len(on), on, s=26, color=color, zorder=3, linewidths=0)
        if len(on) > 1:
            ax.plot([x, x], [on[0], on[-1]], color=color, linewidth=1.4, zorder=2)
    ax.set_xlim(-0.6, max(len(columns), 1) - 0.4)
    ax.set_ylim(count - 0.5, -0.5)
    ax.set_xticks([])
    ax.set_yticks(range(count), labels=names, fontsize=8)
    ax.tick_params(axis="y", length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)


def _draw_totals(ax: Any, sizes: list[_Bar]) -> None:
    largest = max((bar.high for bar in sizes), default=1.0) or 1.0
    for row, bar in enumerate(sizes):
        ax.barh(row, bar.low, height=0.6, color=GREY)
        if bar.high > bar.low:
            ax.barh(
                row,
                bar.high - bar.low,
                left=bar.low,
                height=0.6,
                facecolor="white",
                edgecolor=GREY,
                hatch="/////",
                linewidth=0.8,
            )
        ax.annotate(
            bar.text,
            (bar.high, row),
            xytext=(-2, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=7,
        )
    ax.set_xlim(2.1 * largest, 0.0)
    ax.set_ylim(len(sizes) - 0.5, -0.5)
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(False)
