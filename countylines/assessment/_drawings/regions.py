"""Figures on "in all regions": what a regional sample must show, and against which benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from countylines.assessment._drawings.style import BLUE, GREY, LIGHT, ORANGE, bare, plain_log

SHADES = ("#a9c6de", "#6f9fc4", "#3b78a8", "#12395a")


def ratio_needed(
    figure: Any, *, regions: Sequence[str], sizes: Sequence[int], ratios: Sequence[Sequence[float]]
) -> None:
    """Smallest ratio to the census share that each size of sample can establish, by region."""
    ax = bare(figure.add_subplot())
    values = np.array(ratios)
    places = -np.arange(len(regions), dtype=float)
    ax.axvline(1, color=GREY, linewidth=1, linestyle="--")
    ax.hlines(places, 1, values.max(axis=1), color=LIGHT, linewidth=1, zorder=0)
    for column, size in enumerate(sizes):
        ax.plot(
            values[:, column],
            places,
            linestyle="none",
            marker="osD^"[column % 4],
            markersize=6,
            color=SHADES[column % len(SHADES)],
            label=f"{size:,}",
        )
    ax.set_yticks(places, labels=list(regions))
    plain_log(ax, "x", [1, 1.5, 2, 3, 4, 6, 8])
    ax.set_xlim(0.93, max(8.5, float(values.max()) * 1.05))
    ax.set_xlabel("observed share over census share, at the least")
    ax.legend(
        title="people sampled in the region",
        ncols=len(sizes),
        loc="lower center",
        bbox_to_anchor=(0.35, 1.0),
        frameon=False,
        handletextpad=0.2,
        columnspacing=1.2,
        borderaxespad=0.2,
    )


def benchmark_choice(
    figure: Any, *, names: Sequence[str], ratios: Sequence[tuple[float, float]], share: float
) -> None:
    """One observed share against several benchmarks, by two rules for who is counted."""
    ax = bare(figure.add_subplot())
    places = -np.arange(len(names), dtype=float)
    values = np.array(ratios)
    ax.axvline(1, color=GREY, linewidth=1, linestyle="--")
    ax.text(1.02, places.min() - 0.5, "neither over nor under", color=GREY, va="bottom")
    ax.hlines(places, values.min(axis=1), values.max(axis=1), color=LIGHT, linewidth=2, zorder=0)
    for column, (colour, marker, words) in enumerate(
        ((BLUE, "o", "Black"), (ORANGE, "s", "with Mixed White and Black"))
    ):
        ax.plot(
            values[:, column],
            places,
            linestyle="none",
            marker=marker,
            color=colour,
            label=words,
            markersize=7,
        )
    for (black, _), place in zip(values, places, strict=True):
        ax.annotate(
            f"{black:.1f}",
            (black, place),
            xytext=(0, 8),
            textcoords="offset points",
            ha="center",
            color=BLUE,
            weight="bold",
        )
    ax.set_yticks(places, labels=list(names))
    plain_log(ax, "x", [0.75, 1, 1.5, 2, 3, 4, 6])
    ax.set_xlim(0.7, max(6.5, float(values.max()) * 1.1))
    ax.set_ylim(places.min() - 0.6, 0.6)
    ax.set_xlabel(f"ratio, if {100 * share:.0f} % of a sample were Black")
    ax.legend(
        ncols=2,
        loc="lower center",
        bbox_to_anchor=(0.35, 1.0),
        frameon=False,
        handletextpad=0.2,
        columnspacing=1.2,
        borderaxespad=0.2,
    )
