"""The square of all detections: contours where the formula puts them, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from countylines.errors import InputError
from countylines.localisation import localisation_odds_ratio, tipping_point
from countylines.plotting import detection_contour

SPLIT = (1280, 2727, 4250, 2394)


def null_line(ax):
    """Points of the thick line."""
    (found,) = [c for c in ax.collections if np.allclose(c.get_linewidth(), 2.0)]
    return np.concatenate([path.vertices for path in found.get_paths() if len(path.vertices)])


def test_the_thick_line_is_the_tipping_point():
    x, y = null_line(detection_contour(*SPLIT)).T
    used = x > 0.05
    np.testing.assert_allclose(y[used] / x[used], tipping_point(*SPLIT).estimate, rtol=5e-3)


def test_detection_of_external_lines_moves_it():
    x, y = null_line(detection_contour(*SPLIT, external_detection=(0.5, 0.9))).T
    used = x > 0.05
    wanted = tipping_point(*SPLIT).estimate * 0.9 / 0.5
    np.testing.assert_allclose(y[used] / x[used], wanted, rtol=5e-3)


def test_the_band_lies_between_the_limits():
    ax = detection_contour(*SPLIT)
    odds = localisation_odds_ratio(*SPLIT)
    (band,) = [c for c in ax.collections if c.get_alpha() == 0.18]
    x, y = np.concatenate([path.vertices for path in band.get_paths()]).T
    used = (x > 0.1) & (y < 0.99)
    slopes = y[used] / x[used]
    assert slopes.min() == pytest.approx(odds.low, rel=0.02)
    assert slopes.max() == pytest.approx(odds.high, rel=0.02)


def test_it_is_the_square_of_what_is_possible():
    ax = detection_contour(*SPLIT, external_detection=(0.70, 0.75))
    assert ax.get_xlim() == (0, 1)
    assert ax.get_ylim() == (0, 1)
    assert "0.7 detected before, 0.75 after" in ax.get_title()


def test_given_axes_are_used():
    first = detection_contour(*SPLIT)
    assert detection_contour(*SPLIT, ax=first) is first


@pytest.mark.parametrize(
    ("cells", "options", "words"),
    [
        ((0, 5, 5, 5), {}, "`internal_before` must be"),
        ((5, 5, 5, 2.5), {}, "`external_after` must be"),
        (SPLIT, {"external_detection": 0.5}, "`external_detection` must be two shares"),
        (SPLIT, {"external_detection": (0.5, 1.5)}, "`external_detection` must be"),
        (SPLIT, {"external_detection": (0, 0.5)}, "`external_detection` must be"),
        (SPLIT, {"method": "best"}, "`method` must be one of"),
        (SPLIT, {"level": 95}, "`level` must be"),
    ],
)
def test_bad_arguments(cells, options, words):
    with pytest.raises(InputError, match=words):
        detection_contour(*cells, **options)
