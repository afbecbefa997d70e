"""How the models of one table disagree: the total that each gives, against how well it ranks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from countylines import _render, _validate
from countylines._kernels import criteria
from countylines.errors import InputError, InputTypeError
from countylines.plotting._matplotlib import BLUE, GREY, new_axes

if TYPE_CHECKING:
    from countylines.capture_recapture import ModelSearch

FloatArray = NDArray[np.float64]

AGAINST = ("difference", "weight")
NAMES = {"bic": "BIC", "aic": "AIC", "aicc": "AICc"}
ROOM = 1.25  # factor beyond the outermost totals


def disagreement(
    search: ModelSearch,
    *,
    criterion: str | None = None,
    against: str = "difference",
    within: float = 10.0,
    ax: Any = None,
) -> Any:
    """Draw the total that each model gives against how well it ranks.

    It shows whether the models that the counts prefer say one thing or several. How well a model
    ranks says nothing of how well it tells who is on no list.

    Parameters
    ----------
    search : ModelSearch
        What :func:`~countylines.capture_recapture.model_search` returns.
    criterion : {"bic", "aic", "aicc"} or None, optional
        What ranks the models; that of the search if None.
    against : {"difference", "weight"}, default "difference"
        The upright axis: by how much the criterion exceeds the best, which is at the top; or the
        share of the weight.
    within : float, default 10.0
        Models whose criterion exceeds the best by more are not drawn.
    ax : matplotlib Axes or None, optional
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib Axes
        With one mark a model on a logarithmic axis of totals: filled, or open where it has effects
        at minus infinity. Models without an estimate are triangles at the end of the axis: to the
        right where the hidden number is infinite, to the left where it is zero, and crosses at the
        right where it is not identified. Dashed lines are the modes with their share of the weight
        of the models with an estimate, the dotted line is the number observed (its ends where it is
        known as a band).

    Raises
    ------
    InputError
        If no model within reach can be drawn, or `within` goes beyond what the search has kept.
    InputTypeError
        If `search` is not a ModelSearch.
    MissingExtraError
        If matplotlib is not installed.

    See Also
    --------
    countylines.capture_recapture.ModelSearch.disagreement : the same in numbers.

    Examples
    --------
    >>> people = cl.datasets.load_mse("uk_2013_5")
    >>> lists = [name for name in people.columns if name != "n"]
    >>> table = cl.CaptureHistories.from_table(people, lists=lists)
    >>> search = cl.capture_recapture.model_search(table, max_order=2)
    >>> ax = cl.plotting.disagreement(search)
    >>> [text.get_text() for text in ax.texts]
    ['23,560\\n52 %', '12,028\\n48 %']

    The models of potential victims of modern slavery form two clouds, round 12,000 and 23,600.
    """
    if not hasattr(search, "disagreement") or not hasattr(search, "table"):
        got = f"a {type(search).__name__}"
        remedy = "Make one with countylines.capture_recapture.model_search."
        raise InputTypeError(_validate.sentence("search", "a ModelSearch", got, remedy=remedy))
    name = _validate.option(
        "criterion", search.criterion if criterion is None else criterion, criteria.NAMES
    )
    against = _validate.option("against", against, AGAINST)
    within = _validate.number("within", within, low=0)
    shown = search.disagreement(within=min(within, search.within))
    row = shown[(shown["criterion"] == name) & (shown["counted"] == "all")].iloc[0]
    table = search.table
    score = table[name].to_numpy()
    estimable = table["estimable"].to_numpy()
    if row["models"] == 0:
        raise InputError(
            "`search` must have a model with an estimate, got none. See .table['code']."
        )
    difference = score - score[estimable].min()
    drawn = difference <= within
    level = difference
    if against == "weight":
        level = criteria.weights(score, np.ones(len(score), dtype=bool))
    least, most = _observed(search.histories.n_observed)
    ax = new_axes(ax, "disagreement()", width=7.0, height=4.2)
    ax.set_xscale("log")
    left, right = _span(table["estimate"].to_numpy()[drawn & estimable], least, row["modes"])
    _marks(ax, table[drawn], level[drawn], left, right)
    _modes(ax, row["modes"], row["shares"])
    for place in dict.fromkeys((least, most)):
        ax.axvline(place, color=GREY, linewidth=1, linestyle=":", zorder=0)
    ax.set_xlim(left, right)
    seen = f"{least:,.0f}" if least == most else f"{least:,.0f} to {most:,.0f}"
    ax.set_xlabel(
        f"total (dotted: the {seen} observed;\n"
        "dashed: where the weight gathers, with the share of it)"
    )
    if against == "difference":
        met = "" if row["settled"] else " of those met"
        ax.set_ylabel(f"{NAMES[name]} above the best{met}")
        ax.set_ylim(within + 0.04 * max(within, 1.0), -0.06 * max(within, 1.0))
    else:
        ax.set_ylabel(f"share of the weight by {NAMES[name]}")
        ax.set_ylim(bottom=0)
    _plain_ticks(ax)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    if ax.get_legend_handles_labels()[1]:
        ax.legend(
            loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2, frameon=False, fontsize=8
        )
    return ax


def _observed(seen: Any) -> tuple[float, float]:
    """Smallest and largest number that can have been seen."""
    return float(getattr(seen, "low", seen)), float(getattr(seen, "high", seen))


def _span(totals: FloatArray, observed: float, modes: tuple[float, ...]) -> tuple[float, float]:
    values = [*totals, *modes, observed]
    return min(values) / ROOM, max(values) * ROOM


def _marks(ax: Any, table: Any, level: FloatArray, left: float, right: float) -> None:
    """The models, each kind with a mark of its own that needs no colour."""
    totals, codes = table["estimate"].to_numpy(), table["code"].to_numpy()
    boundary = (table["parameters"] > table["on_face"]).to_numpy()
    estimable = table["estimable"].to_numpy()
    kinds = [
        (estimable & ~boundary, totals, "o", BLUE, "a model"),
        (estimable & boundary, totals, "o", "none", "with effects at minus infinity"),
        (codes == "hidden-infinite", right, ">", "none", "no estimate: infinite"),
        (codes == "hidden-zero", left, "<", "none", "no estimate: nobody hidden"),
        (codes == "not-identified", right, "x", BLUE, "no estimate: not identified"),
    ]
    for which, place, mark, face, label in kinds:
        if which.any():
            x = np.broadcast_to(place, which.shape)[which]
            line = ax.scatter(
                x, level[which], s=26, marker=mark, linewidths=1.0, label=label, clip_on=False
            )
            line.set_facecolor(face)
            line.set_edgecolor(BLUE)


def _modes(ax: Any, places: tuple[float, ...], shares: tuple[float, ...]) -> None:
    aside = {min(places): "right", max(places): "left"} if len(places) > 1 else {}
    for place, part in zip(places, shares, strict=True):
        ax.axvline(place, color="black", linewidth=1, linestyle="--", zorder=0)
        ax.text(
            place,
            1.01,
            f"{_render.number(place)}\n{100 * part:.0f} %",
            transform=ax.get_xaxis_transform(),
            ha=aside.get(place, "center"),
            va="bottom",
            fontsize=8,
        )


def _plain_ticks(ax: Any) -> None:
    """Totals written out, at powers of ten and what lies between as far as there is room."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

    left, right = ax.get_xlim()
    decades = math.log10(right / left)
    digits: tuple[float, ...] = (1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
    if decades > 0.4:
        digits = (1.0, 2.0, 3.0, 5.0) if decades <= 1.1 else (1.0, 2.0, 5.0)
    if decades > 2.5:
        digits = (1.0,)
    ax.xaxis.set_major_locator(LogLocator(subs=digits))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_minor_formatter(NullFormatter())
