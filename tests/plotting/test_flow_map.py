"""The map of flows: one arrow a pair, circles by size, words, errors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from countylines.errors import InputError
from countylines.localisation import LineFlows
from countylines.plotting import flow_map

NAMES = ["City", "Shire", "Coast$"]
FLOWS = LineFlows([[52, 24, 15], [4, 30, 5], [1, 0, 12]], areas=NAMES)
PLACES = pd.DataFrame({"lon": [0.0, 1.0, 0.5], "lat": [51.0, 51.5, 52.0]}, NAMES)


def arrows(ax):
    return [text for text in ax.texts if getattr(text, "arrow_patch", None) is not None]


def test_what_is_drawn():
    ax = flow_map(FLOWS, PLACES.loc[NAMES[::-1]])
    assert len(arrows(ax)) == 5
    widest = max(arrows(ax), key=lambda text: text.arrow_patch.get_linewidth())
    np.testing.assert_allclose(widest.xy, PLACES.loc["Shire"])
    sizes = ax.collections[1].get_sizes()
    np.testing.assert_allclose(sizes / sizes[0], [1, 30 / 52, 12 / 52])
    assert ax.get_title(loc="left") == (
        "143 lines: 94 within an area (circles), 49 between areas (arrows)"
    )


def test_small_flows_are_left_out_and_said():
    ax = flow_map(FLOWS, PLACES, least=5, label=1)
    assert len(arrows(ax)) == 3
    assert "5 lines of pairs with fewer lines are not drawn" in ax.get_title(loc="left")
    assert [t.get_text() for t in ax.texts if t.get_text()] == ["City"]


def test_nothing_to_draw_and_the_axes_given():
    from matplotlib.figure import Figure

    given = Figure().add_subplot()
    ax = flow_map(LineFlows(np.zeros((3, 3), dtype=int), areas=NAMES), PLACES, ax=given)
    assert ax is given
    assert arrows(ax) == []
    ax.figure.draw_without_rendering()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1]], PLACES), "`flows` must be a LineFlows"),
        ((FLOWS, PLACES["lon"]), "a DataFrame with longitude and latitude"),
        ((FLOWS, PLACES.iloc[:2]), "none for 'Coast\\$'"),
        ((FLOWS, PLACES * np.nan), "`centroids` must be finite"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(InputError, match=message):
        flow_map(*arguments)
