"""The picture of who is on which list: what is drawn, what is hidden, what is said."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import countylines as cl
from countylines.errors import InputError, InputTypeError
from countylines.plotting import overlap

CELLS = {"110": 20, "101": 3, "100": 210, "011": 4, "010": 77, "001": 90}
LISTS = ["police", "charity", "council"]


def table(cells=CELLS, **options):
    return cl.CaptureHistories.from_cells(cells, lists=LISTS, **options)


def parts(ax):
    ax.figure.canvas.draw()
    return ax.child_axes


def texts(ax):
    return [text.get_text() for text in ax.texts]


def columns(matrix):
    """Rows of the filled marks of each column, from the coloured scatters."""
    filled = matrix.collections[1::2]
    return [sorted(int(y) for _, y in points.get_offsets()) for points in filled]


class TestDrawn:
    def test_bars_matrix_and_lists(self):
        bars, matrix, totals = parts(overlap(table()))
        assert [bar.get_height() for bar in bars.patches] == [210, 90, 77, 20, 4, 3]
        assert texts(bars) == ["210", "90", "77", "20", "4", "3"]
        assert columns(matrix) == [[0], [2], [1], [0, 1], [1, 2], [0, 2]]
        assert [label.get_text() for label in matrix.get_yticklabels()] == LISTS
        assert [bar.get_width() for bar in totals.patches] == [233, 101, 97]
        assert texts(totals) == ["233", "101", "97"]

    def test_the_title_counts(self):
        title = overlap(table()).get_title(loc="left")
        assert title == "404 units on 3 lists; 6 of 7 patterns occur"

    def test_few_units(self):
        """No tick between whole units, none said twice."""
        one = cl.CaptureHistories.from_cells({"11": 1}, lists=["police", "charity"])
        ax = overlap(one)
        assert ax.get_title(loc="left") == "1 unit on 2 lists; 1 of 3 patterns occur"
        bars, _, _ = parts(ax)
        low, high = bars.get_ylim()
        shown = [t for t in bars.get_yticks() if low <= t <= high]
        assert shown == [0, 1]

    @pytest.mark.parametrize(
        ("sort", "heights"),
        [
            ("count", [210, 90, 77, 20, 4, 3]),
            ("lists", [210, 90, 77, 20, 4, 3]),
            ("pattern", [20, 3, 210, 4, 77, 90]),
        ],
    )
    def test_order(self, sort, heights):
        bars, _, _ = parts(overlap(table(), sort=sort))
        assert [bar.get_height() for bar in bars.patches] == heights

    def test_lists_first(self):
        bars, matrix, _ = parts(overlap(table(CELLS | {"111": 500}), sort="lists"))
        assert [len(rows) for rows in columns(matrix)] == [1, 1, 1, 2, 2, 2, 3]
        assert bars.patches[-1].get_height() == 500

    def test_what_is_not_drawn_is_said(self):
        ax = overlap(table(), most=4)
        assert len(parts(ax)[0].patches) == 4
        assert ax.get_title(loc="left").endswith("\nnot drawn: 2 patterns with 7 units")

    @pytest.mark.parametrize("lists", [2, 6, 10, 20])
    def test_any_number_of_lists(self, lists):
        rows = np.random.default_rng(lists).random((300, lists)) < 0.15
        patterns, counts = np.unique(rows[rows.any(axis=1)], axis=0, return_counts=True)
        cells = {
            "".join("01"[int(x)] for x in p): int(n) for p, n in zip(patterns, counts, strict=True)
        }
        histories = cl.CaptureHistories.from_cells(cells, lists=[f"list {j}" for j in range(lists)])
        bars, matrix, totals = parts(overlap(histories, most=25))
        assert len(bars.patches) == min(len(cells), 25)
        assert len(totals.patches) == lists
        assert len(matrix.get_yticklabels()) == lists

    def test_bands_are_hatched(self):
        bars, _, totals = parts(overlap(table(CELLS | {"110": (12, 31), "011": (1, 4)})))
        hatched = {bar.get_height() for bar in bars.patches if bar.get_hatch()}
        assert hatched == {31 - 12, 4 - 1}
        assert "12\N{EN DASH}31" in texts(bars)
        assert "225\N{EN DASH}244" in texts(totals)

    def test_structural_zeros_are_crossed(self):
        bars, matrix, _ = parts(overlap(table(structural_zeros=["111"])))
        assert len(bars.patches) == 6
        assert texts(bars)[-1] == "\N{MULTIPLICATION SIGN}"
        assert columns(matrix)[-1] == [0, 1, 2]
        title = overlap(table(structural_zeros=["111"])).get_title(loc="left")
        assert "6 of 6 patterns" in title

    def test_a_logarithmic_axis(self):
        bars, _, _ = parts(overlap(table(), log=True))
        assert bars.get_yscale() == "log"
        tops = [bar.get_y() + bar.get_height() for bar in bars.patches]
        assert tops == [210, 90, 77, 20, 4, 3]

    def test_names_with_dollars_and_long_ones(self):
        histories = cl.CaptureHistories.from_cells(
            {"10": 3, "01": 2}, lists=["$a$", "a very long name of an organisation"]
        )
        _, matrix, _ = parts(overlap(histories))
        names = [label.get_text() for label in matrix.get_yticklabels()]
        assert names[0] == r"\$a\$"
        assert len(names[1]) == 24

    def test_it_draws_where_it_is_told(self):
        from matplotlib.figure import Figure

        ax = Figure().add_subplot()
        assert overlap(table(), ax=ax) is ax

    def test_strata_are_added_up(self):
        frame = table().to_frame()
        twice = cl.CaptureHistories.from_table(
            frame.assign(year=2023).pipe(lambda f: f.merge(f.assign(year=2024), how="outer")),
            lists=LISTS,
            strata="year",
        )
        bars, _, _ = parts(overlap(twice))
        assert bars.patches[0].get_height() == 420


class TestSuppressed:
    def test_small_counts_look_alike(self):
        ax = overlap(table(), suppress=5)
        bars, _, totals = parts(ax)
        small = [bar for bar in bars.patches if bar.get_hatch()]
        assert [bar.get_height() for bar in small] == [4, 4]
        assert texts(bars).count("<5") == 2
        assert texts(totals) == [f"\N{ALMOST EQUAL TO}{n}" for n in (235, 100, 95)]
        assert "\N{ALMOST EQUAL TO}405 units" in ax.get_title(loc="left")

    def test_nothing_exact_is_left(self):
        """Neither the counts nor what would give them by taking away are in the picture."""
        one, other = (
            overlap(table(CELLS | {"101": a, "011": b}), suppress=5) for a, b in ((3, 4), (4, 3))
        )
        said = [
            [text for part in parts(ax) for text in texts(part)] + [ax.get_title(loc="left")]
            for ax in (one, other)
        ]
        assert said[0] == said[1]
        heights = [[bar.get_height() for bar in parts(ax)[0].patches] for ax in (one, other)]
        assert heights[0] == heights[1]


class TestRefused:
    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"most": 0}, "`most` must be a whole number of at least 1"),
            ({"sort": "size"}, "'count', 'lists', 'pattern'"),
            ({"suppress": 1}, "`suppress` must be a whole number of at least 2"),
            ({"log": "yes"}, "`log` must be True or False"),
        ],
    )
    def test_options(self, options, words):
        with pytest.raises(InputError, match=words):
            overlap(table(), **options)

    def test_other_things(self):
        with pytest.raises(InputTypeError, match="must be CaptureHistories, got a dict"):
            overlap(CELLS)


def test_matplotlib_is_imported_on_use():
    code = "import sys, countylines.plotting; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
