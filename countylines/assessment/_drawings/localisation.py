"""Figures on localisation: lines of no known type, and a change in detection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from countylines.assessment import _words
from countylines.assessment._drawings.style import (
    BLUE,
    GREY,
    LIGHT,
    ORANGE,
    PALE_BLUE,
    bare,
    plain_log,
)


def untyped_share(
    figure: Any,
    *,
    share: Callable[[Any], Any],
    before: float,
    majority_lost: float,
    example: float,
) -> None:
    """Internal share of the second year, by how many of its lines had no type."""
    ax = bare(figure.add_subplot(), left=True)
    grid = np.linspace(0, 0.3, 200)
    ax.axhline(0.5, color=GREY, linewidth=1, linestyle="--")
    ax.text(0.3, 0.507, "half of the lines", color=GREY, ha="right", va="bottom")
    ax.axhline(before, color=ORANGE, linewidth=1.2)
    words = f"the year before: {_words.percent(before)}"
    ax.text(0.005, before - 0.012, words, color=ORANGE, va="top")
    ax.plot(grid, share(grid), color=BLUE, linewidth=2)
    for at, shift in ((0.0, (7, 6)), (majority_lost, (4, 7)), (example, (-2, -16))):
        value = float(share(np.array([at]))[0])
        ax.plot([at], [value], "o", color=BLUE, clip_on=False)
        ax.annotate(
            _words.percent(value),
            (at, value),
            xytext=shift,
            textcoords="offset points",
            color=BLUE,
            weight="bold",
        )
    ax.set_xlim(0, 0.3)
    ax.set_ylim(0, 0.8)
    ax.set_xticks([0, 0.1, 0.2, 0.3], labels=["none", "10 %", "20 %", "30 %"])
    ax.set_yticks([0, 0.2, 0.4, 0.6, 0.8], labels=["0 %", "20 %", "40 %", "60 %", "80 %"])
    ax.set_xlabel("lines of 2023/24 that had no type")
    ax.set_ylabel("internal share of 2023/24")


def detection_change(
    figure: Any, *, ratio: float, low: float, high: float, to_limit: float, to_one: float
) -> None:
    """Odds ratio that is left after a change in the relative detection of internal lines."""
    ax = bare(figure.add_subplot(), left=True)
    grid = np.geomspace(1, 5, 200)
    ax.axhline(1, color=GREY, linewidth=1, linestyle="--")
    ax.text(1.02, 0.985, "no change in the lines", color=GREY, va="top")
    ax.fill_between(grid, low / grid, high / grid, color=PALE_BLUE, linewidth=0)
    ax.plot(grid, ratio / grid, color=BLUE, linewidth=2)
    for at, text, shift in ((to_limit, "interval\nreaches 1", -6), (to_one, "nothing\nleft", 6)):
        ax.axvline(at, color=LIGHT, linewidth=1, zorder=0)
        ax.annotate(
            f"{at:.2f} times\n{text}",
            (at, 3.9),
            xytext=(shift, 0),
            textcoords="offset points",
            ha="right" if shift < 0 else "left",
            va="top",
            color=BLUE,
        )
    plain_log(ax, "x", [1, 1.5, 2, 3, 4, 5])
    plain_log(ax, "y", [0.75, 1, 1.5, 2, 3, 4])
    ax.set_xlim(1, 5)
    ax.set_ylim(0.68, 4.4)
    ax.set_xlabel("how many times better internal lines came to be\ndetected, relative to external")
    ax.set_ylabel(f"odds ratio left of {_words.ratio(ratio)}")
