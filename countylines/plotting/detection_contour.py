"""The odds ratio of the lines themselves over all that detection may have been."""

from __future__ import annotations

from typing import Any

import numpy as np

from countylines import _validate
from countylines.errors import InputError
from countylines.localisation.localisation_odds_ratio import localisation_odds_ratio
from countylines.plotting._matplotlib import BLUE, GREY, new_axes

RED = "#b3392f"
_GRID = 201
_STEPS = (1, 1.5, 2, 3, 5, 10)


def detection_contour(
    internal_before: float,
    external_before: float,
    internal_after: float,
    external_after: float,
    *,
    external_detection: tuple[float, float] = (0.7, 0.7),
    method: str = "skew-score",
    level: float = 0.95,
    ax: Any = None,
) -> Any:
    """Draw the odds ratio of the lines for every detection of internal lines before and after.

    It shows which detection leaves a rise, none or a fall, within what is possible: no probability
    exceeds 1, so the square is all there is. It does not show which point in the square is true;
    the counts cannot tell.

    Parameters
    ----------
    internal_before, external_before, internal_after, external_after : float
        Detected lines: whole numbers, none of them 0.
    external_detection : tuple of float, default (0.7, 0.7)
        Probability that an external line is detected, before and after, shares in (0, 1]. Where
        both are the same their value does not matter.
    method : str, default "skew-score"
        How the limits of the odds ratio are made; see
        :func:`countylines.localisation.localisation_odds_ratio`.
    level : float, default 0.95
        Confidence level of the limits, a share in (0, 1).
    ax : matplotlib Axes or None, optional
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib Axes
        With a contour line for each odds ratio, a thick one at 1, and a shaded band where the
        limits hold 1: there the lines may have changed either way. On the diagonal detection of
        internal lines did not change.

    Raises
    ------
    InputError
        If a count is 0, or detection is not within (0, 1].
    MissingExtraError
        If matplotlib is not installed.

    See Also
    --------
    countylines.localisation.tipping_point : the change at the thick line.
    countylines.localisation.detection_bounds : what ranges of detection leave open.

    Examples
    --------
    >>> ax = cl.plotting.detection_contour(1280, 2727, 4250, 2394)
    >>> ax.get_xlabel()
    'share of internal lines detected before'

    Nearly all of the square lies below the thick line, where a rise of the odds is left; above it,
    with detection 3.8 times better than before, the odds fell.
    """
    cells = [
        _validate.whole_number(name, value, low=1)
        for name, value in (
            ("internal_before", internal_before),
            ("external_before", external_before),
            ("internal_after", internal_after),
            ("external_after", external_after),
        )
    ]
    before, after = _pair(external_detection)
    seen = localisation_odds_ratio(*cells, method=method, level=level)
    ax = new_axes(ax, "plotting.detection_contour", width=6.0, height=5.4)
    grid = np.linspace(1.0 / (_GRID - 1), 1.0, _GRID)
    x, y = np.meshgrid(grid, grid)
    factor = (x / before) / (y / after)
    ratio = np.log(seen.estimate * factor)
    steps = np.log(np.array(sorted({1 / s for s in _STEPS} | set(_STEPS))))
    shown = steps[(steps > ratio.min()) & (steps < ratio.max()) & (steps != 0)]
    lines = ax.contour(x, y, ratio, levels=shown, colors=GREY, linewidths=0.8, linestyles="solid")
    ax.clabel(lines, fmt=lambda v: f"{np.exp(v):.3g}", fontsize=8)
    null = ax.contour(x, y, ratio, levels=[0.0], colors=RED, linewidths=2.0)
    ax.clabel(null, fmt=lambda _: "1: no change", fontsize=8)
    band = np.maximum(np.log(seen.low * factor), -np.log(seen.high * factor))
    ax.contourf(x, y, band, levels=[-np.inf, 0.0], colors=[RED], alpha=0.18)
    ax.plot([0, 1], [0, 1], color=BLUE, linestyle="--", linewidth=1)
    ax.annotate(
        "detection unchanged",
        (0.62, 0.62),
        rotation=45,
        rotation_mode="anchor",
        va="bottom",
        fontsize=8,
        color=BLUE,
        xytext=(0, 3),
        textcoords="offset points",
    )
    ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    ax.set_xlabel("share of internal lines detected before")
    ax.set_ylabel("share of internal lines detected after")
    words = f"external lines: {before:.3g} detected before, {after:.3g} after"
    ax.set_title(f"Odds ratio of the lines themselves\n{words}", fontsize=10)
    return ax


def _pair(value: Any) -> tuple[float, float]:
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise InputError(
            _validate.sentence(
                "external_detection", "two shares, before and after", _validate.show(value)
            )
        )
    first, second = (
        _validate.number("external_detection", v, low=0, high=1, open_low=True) for v in value
    )
    return first, second
