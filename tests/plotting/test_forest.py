"""Forest plots: what is drawn, where, and that nothing is drawn wrongly."""

from __future__ import annotations

import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from results import KINDS, estimate, lazy, population

import countylines as cl
from countylines import plotting
from countylines.errors import InputError, InputTypeError, MissingExtraError
from countylines.results import OK

pytest.importorskip("matplotlib")


def labels_of(ax):
    """Names of the lines from the top, as they were given."""
    rows = sorted(zip(ax.get_yticks(), ax.get_yticklabels(), strict=True), key=lambda r: -r[0])
    return [text.get_text().replace(r"\$", "$") for _, text in rows]


def bars_of(ax):
    """Ends of the bars by line number."""
    bars = {}
    for line in ax.get_lines():
        x, y = line.get_xdata(), line.get_ydata()
        if len(x) == 2 and y[0] == y[1]:
            bars[-int(y[0])] = (x[0], x[1])
    return bars


def marks_of(ax, marker):
    """Places of the markers of one kind by line number."""
    return {
        -int(line.get_ydata()[0]): line.get_xdata()[0]
        for line in ax.get_lines()
        if line.get_marker() == marker
    }


def reference_of(ax):
    lines = [line for line in ax.get_lines() if line.get_linestyle() == "--"]
    assert len(lines) <= 1
    return lines[0].get_xdata()[0] if lines else None


def many(estimates, lows, highs, **changes):
    index = [f"line {i}" for i in range(len(estimates))]
    parts = {"estimate": estimates, "low": lows, "high": highs}
    made = {name: pd.Series(values, index=index, dtype=float) for name, values in parts.items()}
    return estimate(**made, verdict=OK, pvalue=None, n=None, null=None, **changes)


class TestLines:
    def test_one_line_for_each_element_in_the_order_of_the_data(self):
        ax = plotting.forest(many([3, 1, 2], [2, 0, 1], [4, 2, 3]))
        assert labels_of(ax) == ["line 0", "line 1", "line 2"]
        assert bars_of(ax) == {0: (2, 4), 1: (0, 2), 2: (1, 3)}
        assert marks_of(ax, "o") == {0: 3, 1: 1, 2: 2}
        assert ax.get_ylim()[0] < -2 < 0 < ax.get_ylim()[1]

    @pytest.mark.parametrize("kind", KINDS)
    def test_every_kind(self, kind):
        ax = plotting.forest(estimate(kind))
        assert len(ax.get_yticks()) == (1 if kind == "number" else 2)
        assert bars_of(ax)[0] == (0.1, 0.5)

    def test_labels_of_the_data(self):
        assert labels_of(plotting.forest(estimate("multi"))) == ["North, 2023", "South, 2023"]
        assert labels_of(plotting.forest(estimate("frame"))) == ["North, first", "South, first"]
        assert labels_of(plotting.forest(estimate())) == ["proportion"]

    def test_several_results(self):
        by_name = plotting.forest({"first": estimate(), 2: estimate()})
        assert labels_of(by_name) == ["first", "2"]
        in_order = plotting.forest([estimate(quantity="share"), estimate("series")])
        assert labels_of(in_order) == ["share", "North", "South"]
        nested = plotting.forest({"men": estimate("series"), "women": estimate("series")})
        assert labels_of(nested) == ["men: North", "men: South", "women: North", "women: South"]

    def test_labels_given(self):
        ax = plotting.forest(estimate("series"), labels=["a", 2])
        assert labels_of(ax) == ["a", "2"]
        assert labels_of(plotting.forest(estimate("series"), labels=pd.Index(["x", "y"]))) == [
            "x",
            "y",
        ]

    def test_zero_dimensions(self):
        one = estimate(**{n: xr.DataArray(v) for n, v in {"estimate": 2.0, "low": 1.0}.items()})
        assert bars_of(plotting.forest(one)) == {0: (1, 0.5)}

    def test_lazy_results_are_computed(self):
        pytest.importorskip("dask")
        assert bars_of(plotting.forest(lazy())) == {0: (0.1, 0.5), 1: (0.2, 0.9)}

    def test_a_population(self):
        ax = plotting.forest(population())
        assert bars_of(ax) == {0: (105, 150)}
        assert ax.get_xlabel() == "population size"

    def test_a_posterior(self):
        ax = cl.Posterior.from_pmf([3, 4, 5], [0.25, 0.5, 0.25], n_observed=3).plot()
        assert bars_of(ax) == {0: (3, 5)}
        assert ax.get_title(loc="left") == "95 % credible interval"

    def test_the_plot_of_a_result_is_this_plot(self):
        result = many([3, 1], [2, 0.5], [4, 2])
        assert bars_of(result.plot(log=True)) == bars_of(plotting.forest(result, log=True))

    def test_hostile_labels_are_drawn_as_they_are(self):
        names = ["A $x_{$", "$$ <script>", r"\frac{1}", "a_b^c", ""]
        ax = plotting.forest(many(range(5), range(5), range(1, 6)), labels=names)
        ax.figure.canvas.draw()
        assert labels_of(ax) == names


class TestEnds:
    def test_an_infinite_end_is_an_arrow_at_the_edge(self):
        ax = plotting.forest(many([2, 3, np.inf], [1, 2, 5], [4, np.inf, np.inf]))
        right = ax.get_xlim()[1]
        assert bars_of(ax) == {0: (1, 4), 1: (2, right), 2: (5, right)}
        assert marks_of(ax, ">") == {1: right, 2: right}
        assert marks_of(ax, "<") == {}
        assert marks_of(ax, "o") == {0: 2, 1: 3}

    def test_an_end_at_minus_infinity(self):
        ax = plotting.forest(many([2, 0], [-np.inf, -1], [4, 1]))
        left = ax.get_xlim()[0]
        assert bars_of(ax)[0] == (left, 4)
        assert marks_of(ax, "<") == {0: left}

    def test_an_end_of_0_on_a_logarithmic_axis_is_an_arrow(self):
        ax = plotting.forest(many([0, 2], [0, 1], [3, 4]), log=True)
        left = ax.get_xlim()[0]
        assert 0 < left < 1
        assert bars_of(ax)[0] == (left, 3)
        assert marks_of(ax, "<") == {0: left}
        assert marks_of(ax, "o") == {1: 2}

    def test_an_end_of_0_on_a_plain_axis_is_an_end(self):
        ax = plotting.forest(many([0], [0], [3]))
        assert bars_of(ax) == {0: (0, 3)}
        assert marks_of(ax, "<") == {}

    def test_an_estimate_that_does_not_exist_is_written_as_such(self):
        ax = plotting.forest(many([2, np.nan], [1, 0], [4, 1e9]))
        assert [text.get_text() for text in ax.texts] == ["not estimable"]
        assert ax.texts[0].get_position()[1] == -1
        assert set(bars_of(ax)) == {0}
        assert ax.get_xlim()[1] < 10  # what is not drawn takes no room

    def test_an_estimate_without_an_interval_is_a_point(self):
        ax = plotting.forest(many([2, 3], [np.nan, 1], [np.nan, 4]))
        assert bars_of(ax) == {1: (1, 4)}
        assert marks_of(ax, "o") == {0: 2, 1: 3}
        assert marks_of(ax, "<") == marks_of(ax, ">") == {}

    @pytest.mark.parametrize("log", [False, True])
    def test_nothing_finite_at_all(self, log):
        ax = plotting.forest(many([np.nan, np.inf], [np.nan, np.inf], [np.nan, np.inf]), log=log)
        low, high = ax.get_xlim()
        assert np.isfinite([low, high]).all()
        assert low < high
        ax.figure.canvas.draw()

    @pytest.mark.parametrize("log", [False, True])
    def test_a_single_value(self, log):
        ax = plotting.forest(many([2], [2], [2]), log=log)
        low, high = ax.get_xlim()
        assert low < 2 < high

    def test_a_single_0(self):
        low, high = plotting.forest(many([0], [0], [0])).get_xlim()
        assert low < 0 < high


class TestReference:
    @pytest.mark.parametrize("reference", [-50, 0, 3, 1e4])
    def test_it_lies_inside_the_axis(self, reference):
        ax = plotting.forest(many([2, 3], [1, 2], [4, 5]), reference=reference)
        low, high = ax.get_xlim()
        assert low < reference < high
        assert low < 1 < 5 < high
        assert reference_of(ax) == reference

    @pytest.mark.parametrize("reference", [1e-6, 1, 1e6])
    def test_it_lies_inside_a_logarithmic_axis(self, reference):
        ax = plotting.forest(many([2], [1], [4]), reference=reference, log=True)
        low, high = ax.get_xlim()
        assert 0 < low < reference < high

    def test_the_null_value_is_marked(self):
        assert reference_of(plotting.forest(estimate(null=2.5))) == 2.5
        assert reference_of(plotting.forest(estimate(null=np.int64(2)))) == 2
        assert reference_of(plotting.forest([estimate(null=1), estimate(null=1.0)])) == 1
        low, high = plotting.forest(estimate(null=40.0)).get_xlim()
        assert low < 40 < high

    def test_null_values_that_differ_or_are_many_are_not_marked(self):
        assert reference_of(plotting.forest([estimate(null=1), estimate(null=2)])) is None
        assert reference_of(plotting.forest([estimate(null=1), estimate(null=None)])) is None
        assert reference_of(plotting.forest(estimate("array", null=np.array([1.0, 2.0])))) is None
        assert reference_of(plotting.forest(estimate(null=None))) is None

    def test_a_null_value_without_a_place_is_not_marked(self):
        assert reference_of(plotting.forest(estimate(null=0.0), log=True)) is None
        assert reference_of(plotting.forest(estimate(null=0.0))) == 0
        assert reference_of(plotting.forest(estimate(null=np.inf))) is None

    def test_a_reference_given_takes_precedence(self):
        assert reference_of(plotting.forest(estimate(null=1), reference=3)) == 3


class TestWords:
    def test_axis_and_title(self):
        ax = plotting.forest(estimate("series", unit="share of lines"))
        assert ax.get_xlabel() == "proportion [share of lines]"
        assert ax.get_title(loc="left") == "95 % confidence interval"

    def test_results_that_differ_share_no_words(self):
        ax = plotting.forest([estimate(), estimate(quantity="ratio", level=0.9)])
        assert ax.get_xlabel() == ""
        assert ax.get_title(loc="left") == "intervals of several kinds"


class TestAxes:
    def test_the_given_axes_are_used(self):
        from matplotlib.figure import Figure

        ax = Figure().add_subplot()
        assert plotting.forest(estimate(), ax=ax) is ax
        assert estimate().plot(ax=ax) is ax

    def test_a_new_figure_for_every_call_that_can_be_saved(self, tmp_path):
        one, two = plotting.forest(estimate("series")), plotting.forest(estimate("series"))
        assert one.figure is not two.figure
        for ending in ("png", "svg", "pdf"):
            one.figure.savefig(tmp_path / f"forest.{ending}")
            assert (tmp_path / f"forest.{ending}").stat().st_size > 1000

    def test_no_global_state(self):
        code = (
            "import sys, matplotlib\n"
            "before = dict(matplotlib.rcParams)\n"
            "import countylines as cl\n"
            "ax = cl.Posterior.from_pmf([3, 4], [0.5, 0.5], n_observed=3).plot()\n"
            "assert 'matplotlib.pyplot' not in sys.modules\n"
            "assert dict(matplotlib.rcParams) == before\n"
        )
        done = subprocess.run(
            [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    def test_figures_of_pyplot_are_not_touched(self):
        import matplotlib.pyplot as plt

        plt.close("all")
        plotting.forest(estimate("series"))
        assert plt.get_fignums() == []

    def test_taller_with_more_lines(self):
        few = plotting.forest(many([1], [0], [2])).figure.get_figheight()
        more = plotting.forest(many(range(30), range(30), range(1, 31))).figure.get_figheight()
        assert more > 2 * few

    def test_nothing_warns(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for log in (False, True):
                ax = plotting.forest(many([0, 2, np.nan], [0, 1, 0], [3, np.inf, 1]), log=log)
                ax.figure.canvas.draw()


class TestRefused:
    @pytest.mark.parametrize(
        ("results", "options", "error", "message"),
        [
            ([], {}, InputError, "`results` must be at least one estimate, got none."),
            ({}, {}, InputError, "`results` must be at least one estimate, got none."),
            (
                "estimate",
                {},
                InputTypeError,
                "`results` must be an Estimate, or a mapping or sequence of them, got 'estimate' "
                "of type str.",
            ),
            (
                [1.5],
                {},
                InputTypeError,
                "`results` must be an Estimate, or a mapping or sequence of them, got 1.5 of type "
                "float.",
            ),
            (
                estimate("series"),
                {"labels": ["a"]},
                InputError,
                "`labels` must be one label for each of the 2 lines, got 1.",
            ),
            (
                estimate("series"),
                {"labels": "ab"},
                InputTypeError,
                "`labels` must be one label for each of the 2 lines, got 'ab'.",
            ),
            (
                estimate(),
                {"reference": 0, "log": True},
                InputError,
                "`reference` must be a finite number above 0, got 0.",
            ),
            (
                estimate(),
                {"reference": np.inf},
                InputError,
                "`reference` must be a finite number, got inf.",
            ),
            (
                estimate(),
                {"reference": "1"},
                InputTypeError,
                "`reference` must be a single number, got '1' of type str.",
            ),
            (estimate(), {"log": 1}, InputTypeError, "`log` must be True or False, got 1."),
        ],
        ids=range(10),
    )
    def test_with_its_message(self, results, options, error, message):
        with pytest.raises(error) as raised:
            plotting.forest(results, **options)
        assert str(raised.value) == message

    def test_without_matplotlib_the_pip_line_is_named(self, monkeypatch):
        for name in [n for n in sys.modules if n.partition(".")[0] == "matplotlib"]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, "matplotlib", None)
        with pytest.raises(MissingExtraError) as raised:
            plotting.forest(estimate())
        assert str(raised.value) == (
            'forest() needs matplotlib. Install it with: pip install "countylines[plot]"'
        )
        assert isinstance(raised.value, ImportError)
        assert raised.value.name == "matplotlib"

    def test_without_matplotlib_everything_else_works(self):
        code = (
            "import sys; sys.modules['matplotlib'] = None\n"
            "import countylines as cl, countylines.plotting\n"
            "posterior = cl.Posterior.from_pmf([3, 4], [0.5, 0.5], n_observed=3)\n"
            "str(posterior)\n"
            "try:\n    posterior.plot()\n"
            "except cl.errors.MissingExtraError as error:\n    print(error)\n"
        )
        done = subprocess.run(
            [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
        )
        assert 'pip install "countylines[plot]"' in done.stdout
