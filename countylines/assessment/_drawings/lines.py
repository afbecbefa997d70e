"""Figures on the number of lines: what must not be joined, and what a monthly figure implies."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from countylines.assessment import _words
from countylines.assessment._drawings.style import BLUE, GREY, INK, LIGHT, ORANGE, bare, thousands

Mark = tuple[str, str, float, float | None, bool]

MARKERS = "osD^vPX*"
WRAP = 62


def separate_marks(figure: Any, *, marks: Sequence[Mark]) -> None:
    """Published figures each on a track of its own: no line joins them.

    A mark is its heading, its unit, the figure, the end of its range, and whether it may be
    compared with the others that are so marked.
    """
    ax = bare(figure.add_subplot())
    shapes = {
        unit: MARKERS[i % len(MARKERS)]
        for i, unit in enumerate(dict.fromkeys(mark[1] for mark in marks))
    }
    bottom = 0.0
    for heading, unit, low, high, comparable in marks:
        lines = textwrap.wrap(heading, WRAP)
        bottom -= 0.85 + 0.5 * len(lines)
        colour = BLUE if comparable else GREY
        ax.plot([0, 7000], [bottom, bottom], color=LIGHT, linewidth=0.8, zorder=0)
        if high is not None:
            ax.plot([low, high], [bottom, bottom], color=colour, linewidth=4, alpha=0.6)
        ends = [low] if high is None else [low, high]
        ax.plot(
            ends,
            [bottom] * len(ends),
            linestyle="none",
            marker=shapes[unit],
            markersize=7,
            color=colour,
            markerfacecolor=colour if comparable else "white",
            markeredgewidth=1.4,
            clip_on=False,
            zorder=4,
        )
        value = f"{_words.span(low, low if high is None else high, 'count')} {unit}"
        weight = "bold" if comparable else "normal"
        right = max(ends) < 4800
        ax.annotate(
            value,
            (max(ends) if right else min(ends), bottom),
            xytext=(9 if right else -9, 0),
            textcoords="offset points",
            va="center",
            ha="left" if right else "right",
            color=colour,
            weight=weight,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
            zorder=3,
        )
        ax.text(
            0,
            bottom + 0.42,
            "\n".join(lines),
            color=INK,
            fontsize=9.5,
            va="bottom",
            weight=weight,
            linespacing=1.15,
        )
    ax.set_xlim(0, 7000)
    ax.set_ylim(bottom - 0.5, 0.1)
    ax.set_yticks([])
    thousands(ax)
    ax.set_xlabel("published figure")


def implied_life(
    figure: Any,
    *,
    annual: float,
    monthly: Sequence[float],
    stock: Callable[[Any], Any],
    window: Callable[[Any], Any],
) -> None:
    """Mean active life that each reading of a monthly figure needs to give the annual one."""
    ax = bare(figure.add_subplot(), left=True)
    grid = np.linspace(annual / 12, 2150, 300)
    for life, colour, marker, words, place in (
        (stock, BLUE, "o", "read as lines open\non one day", (-8, 12)),
        (window, ORANGE, "s", "read as lines seen at\nsome time in the month", (4, -22)),
    ):
        ax.plot(grid, life(grid), color=colour, linewidth=1.8)
        ax.plot(monthly, life(np.array(monthly)), marker=marker, color=colour, linestyle="none")
        at = 1480.0
        ax.annotate(
            words,
            (at, float(life(np.array([at]))[0])),
            xytext=place,
            textcoords="offset points",
            ha="right" if place[0] < 0 else "left",
            va="bottom" if place[1] > 0 else "top",
            color=colour,
        )
    for value in monthly:
        ax.axvline(value, color=LIGHT, linewidth=0.8, zorder=0)
    ax.set_xlim(500, 2150)
    ax.set_ylim(0, 6)
    ax.set_xticks(list(monthly))
    thousands(ax)
    ax.set_xlabel(f"figure a month, set against {annual:,.0f} a year")
    ax.set_ylabel("average active life needed (months)")
