"""Lines between areas on a map."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from countylines import _kinds, _validate
from countylines.errors import InputError, LabelMismatchError
from countylines.localisation import LineFlows
from countylines.plotting._matplotlib import BLUE, GREY, new_axes

RED = "#b5482f"
_WIDEST = 6.0
_LARGEST = 620.0


def flow_map(
    flows: LineFlows, centroids: Any, *, least: float = 1.0, label: int = 6, ax: Any = None
) -> Any:
    """Draw lines between areas as arrows, and lines within them as circles.

    It answers: where do lines go? Width and area are proportional to numbers of *detected* lines.
    Periods are added up.

    Parameters
    ----------
    flows : LineFlows
        Lines by origin and destination.
    centroids : DataFrame
        Longitude and latitude in degrees, in its first two columns, labelled by the areas.
    least : float, default 1
        Pairs with fewer lines are not drawn; the title says how many lines that leaves out.
    label : int, default 6
        How many areas are named: those with most lines that start or end there.
    ax : matplotlib Axes or None, optional
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib Axes
        Arrows bend to the right of their direction, so that both directions of a pair are seen.

    Raises
    ------
    InputError
        If `centroids` are not finite or miss an area, or `flows` are no LineFlows.
    MissingExtraError
        If matplotlib is not installed.

    See Also
    --------
    countylines.localisation.expected_internal_share : whether the circles are larger than expected.

    Examples
    --------
    *Made-up* lines:

    >>> places = cl.datasets.load_police_force_centroids().set_index("force")
    >>> names = ["Merseyside", "Cheshire", "North Wales"]
    >>> flows = cl.localisation.LineFlows([[30, 9, 12], [1, 5, 2], [0, 1, 8]], areas=names)
    >>> ax = cl.plotting.flow_map(flows, places[["lon_popweighted", "lat_popweighted"]])
    >>> ax.get_title(loc="left")
    '68 lines: 43 within an area (circles), 25 between areas (arrows)'

    Merseyside is drawn as the one that sends.
    """
    if not isinstance(flows, LineFlows):
        raise InputError(_validate.sentence("flows", "a LineFlows", _validate.show(flows)))
    least = _validate.number("least", least, low=0.0)
    label = _validate.whole_number("label", label)
    place = _places(centroids, flows.areas)
    ax = new_axes(ax, "flow_map()", width=6.2, height=6.6)
    counts = flows.to_sparse().toarray().astype(np.float64)
    inside, between = np.diagonal(counts).copy(), counts - np.diag(np.diagonal(counts))
    drawn = np.argwhere((between >= least) & (between > 0))
    drawn = drawn[np.argsort(between[tuple(drawn.T)], kind="stable")]
    top = between.max(initial=0.0)
    for first, second in drawn:
        _arrow(ax, place[first], place[second], between[first, second] / top)
    area = _LARGEST * inside / max(float(inside.max(initial=0.0)), 1.0)
    ax.scatter(place[:, 0], place[:, 1], s=4, color=GREY, zorder=3)
    ax.scatter(place[:, 0], place[:, 1], s=area, color=RED, alpha=0.55, edgecolor="white", zorder=4)
    busy = counts.sum(axis=0) + counts.sum(axis=1) - inside
    for i in np.argsort(-busy, kind="stable")[:label]:
        ax.annotate(
            str(flows.areas[i]).replace("$", r"\$"),
            place[i],
            xytext=(6, 6),
            textcoords="offset points",
            fontsize="small",
            bbox={"boxstyle": "round,pad=0.1", "facecolor": "white", "alpha": 0.75, "linewidth": 0},
            zorder=5,
        )
    _explain(ax, place, inside, between, drawn)
    return ax


def _places(centroids: Any, areas: pd.Index) -> Any:
    """Longitude and latitude in the order of the areas."""
    if not isinstance(centroids, pd.DataFrame) or centroids.shape[1] < 2:
        rule = "a DataFrame with longitude and latitude in its first two columns"
        raise InputError(_validate.sentence("centroids", rule, _validate.show(centroids)))
    lost = areas[~areas.isin(centroids.index)]
    if len(lost) or not centroids.index.is_unique:
        got = f"none for {_kinds.text(lost[0])}" if len(lost) else "labels twice"
        raise LabelMismatchError(
            _validate.sentence("centroids", "labelled once by every area", got)
        )
    frame = _kinds.accept("centroids", centroids.loc[areas].iloc[:, :2])
    place = frame.to_numpy(dtype=np.float64, na_value=np.nan)
    _validate.finite("centroids", place)
    return place


def _arrow(ax: Any, start: Any, end: Any, share: float) -> None:
    width = _WIDEST * share
    ax.annotate(
        "",
        xy=end,
        xytext=start,
        arrowprops={
            "arrowstyle": f"-|>,head_width={0.12 + 0.03 * width:.3f},head_length=0.35",
            "connectionstyle": "arc3,rad=0.18",
            "linewidth": max(width, 0.3),
            "color": BLUE,
            "alpha": 0.25 + 0.55 * share,
            "shrinkA": 2,
            "shrinkB": 3,
        },
        zorder=2,
    )


def _explain(ax: Any, place: Any, inside: Any, between: Any, drawn: Any) -> None:
    middle = np.deg2rad(place[:, 1].mean())
    ax.set_aspect(1.0 / max(float(np.cos(middle)), 0.05))
    ax.margins(0.12)
    ax.set_axis_off()
    inner, outer = int(inside.sum()), int(between.sum())
    title = (
        f"{inner + outer:,} lines: {inner:,} within an area (circles), "
        f"{outer:,} between areas (arrows)"
    )
    hidden = outer - int(between[tuple(drawn.T)].sum())
    if hidden:
        title += f"\n{hidden:,} lines of pairs with fewer lines are not drawn"
    ax.set_title(title, loc="left", fontsize="small")
