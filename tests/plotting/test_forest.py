"""Forest plots: what is drawn, and that nothing is drawn wrongly."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import countylines as cl
from countylines.errors import InputError

pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")


def labels_of(ax):
    return [text.get_text() for text in ax.get_yticklabels()]


def share(counts=(3, 9), index=("a", "b")):
    return cl.prevalence.proportion(pd.Series(counts, index=list(index)), 12)


def test_one_line_for_each_estimate():
    result = share()
    ax = cl.plotting.forest(result)
    assert labels_of(ax) == ["a", "b"]
    bars = [line.get_xdata() for line in ax.get_lines() if len(line.get_xdata()) == 2]
    np.testing.assert_array_equal(bars[0], [result.low["a"], result.high["a"]])
    assert ax.get_xlabel() == "proportion"
    assert result.plot().get_xlabel() == "proportion"


def test_names_of_a_mapping_stand_before_the_labels():
    ax = cl.plotting.forest({"first": share(), "second": share()})
    assert labels_of(ax) == ["first: a", "first: b", "second: a", "second: b"]
    one = cl.prevalence.proportion(3, 12)
    assert labels_of(cl.plotting.forest({"alone": one, "other": one})) == ["alone", "other"]


def test_infinite_ends_become_arrows_and_missing_estimates_words():
    people = cl.capture_recapture.lincoln_petersen([10, 10], [12, 0], [0, 0])
    ax = cl.plotting.forest(people, log=True)
    assert ">" in [line.get_marker() for line in ax.get_lines()]
    assert "not estimable" in [text.get_text() for text in ax.texts]


def test_the_null_is_marked_and_lies_inside():
    ratio = cl.disproportionality.representation_ratio(6, 20, 0.04)
    ax = cl.plotting.forest(ratio, log=True)
    low, high = ax.get_xlim()
    assert low < 1.0 < high
    assert any(set(line.get_xdata()) == {1.0} for line in ax.get_lines())


def test_hostile_labels_are_drawn_as_they_are():
    ax = cl.plotting.forest(share(index=("A $x_{$", "$$ <script>")))
    ax.figure.canvas.draw()
    assert labels_of(ax)[1].replace("\\", "") == "$$ <script>"


def test_the_given_axes_are_used_and_no_figure_is_kept():
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    assert cl.plotting.forest(share(), ax=ax) is ax
    assert (
        "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()
    )


def test_errors():
    with pytest.raises(InputError, match="`labels` must be one label for each of the 2 lines"):
        cl.plotting.forest(share(), labels=["a"])
    with pytest.raises(InputError, match="`results` must be at least one estimate, got none"):
        cl.plotting.forest([])


def test_without_matplotlib_the_pip_line_is_named():
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "import countylines as cl\n"
        "try:\n    cl.prevalence.proportion(3, 12).plot()\n"
        "except cl.errors.MissingExtraError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 'pip install "countylines[plot]"' in done.stdout
