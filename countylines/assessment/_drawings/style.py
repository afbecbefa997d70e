"""Colours, and what every panel of the report has in common."""

from __future__ import annotations

from typing import Any

BLUE = "#1f5a8a"
ORANGE = "#b3541e"
GREEN = "#2f6f4f"
GREY = "#6b7278"
LIGHT = "#d5d9dc"
PALE_BLUE = "#c9dbea"
INK = "#1d2226"


def bare(ax: Any, *, left: bool = False) -> Any:
    """Take the frame off a panel, but for the axis that carries the scale."""
    for side in ("top", "right") if left else ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    for side in ("bottom", "left"):
        ax.spines[side].set_color(GREY)
    ax.tick_params(colors=INK, length=3)
    if not left:
        ax.tick_params(axis="y", length=0)
    return ax


def thousands(ax: Any, axis: str = "x") -> None:
    """Write the numbers of an axis with their thousands separated."""
    getattr(ax, f"{axis}axis").set_major_formatter(lambda value, _: f"{value:,.0f}")


def plain_log(ax: Any, axis: str, ticks: list[float], write: Any = None) -> None:
    """A logarithmic axis with the given ticks in plain numbers and no others."""
    getattr(ax, f"set_{axis}scale")("log")
    words = [(write or (lambda value: f"{value:g}"))(tick) for tick in ticks]
    getattr(ax, f"set_{axis}ticks")(ticks, labels=words)
    getattr(ax, f"set_{axis}ticks")([], minor=True)
