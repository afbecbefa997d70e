"""matplotlib, on use."""

from __future__ import annotations

from typing import Any

from countylines.errors import missing_extra

BLUE = "#1f5a8a"
GREY = "#8a8f94"


def new_axes(ax: Any, feature: str, *, width: float = 7.0, height: float = 3.0) -> Any:
    """The given Axes, or those of a new figure that no global state keeps alive."""
    if ax is not None:
        return ax
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise missing_extra(feature, "matplotlib", "plot") from error
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure.add_subplot()
