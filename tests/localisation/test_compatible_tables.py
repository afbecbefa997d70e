"""Whole numbers behind printed figures: brute force, the special case, what is refused."""

from __future__ import annotations

import itertools
import math
import sys
from fractions import Fraction
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countylines._kernels import whole_programme as kernel
from countylines.errors import ConvergenceError, DegenerateDataWarning, InputError, InputTypeError
from countylines.localisation import (
    Printed,
    compatible_counts,
    compatible_range,
    compatible_tables,
)

BEFORE, AFTER = ["internal_before", "external_before"], ["internal_after", "external_after"]


def published(untyped=False):
    after = [*AFTER, "untyped"] if untyped else AFTER
    figures = [
        Printed.count(BEFORE, 4007),
        Printed.count(after, 6644),
        Printed.change("internal_after", 232, since="internal_before"),
        Printed.change("external_after", -12.2, since="external_before", decimals=1),
    ]
    return [*figures, Printed.share("untyped", 0, 0.2, of=after)] if untyped else figures


@pytest.mark.reference
def test_the_published_figures_leave_the_same_fourteen_tables():
    changes = {"internal": 232, "external": -12.2}
    known = compatible_counts(4007, 6644, changes=changes, decimals={"internal": 0, "external": 1})
    found = compatible_tables(published())[list(known.columns)]
    assert found.to_numpy().tolist() == known.to_numpy().tolist()
    assert len(found) == 14


def test_the_share_ranges_over_these_tables():
    tables = compatible_tables(published())
    shares = tables["internal_after"] / 6644
    found = compatible_range(published(), "internal_after", of=AFTER)
    assert (found.low, found.high) == (shares.min(), shares.max())
    assert found.verdict.code == "not-identified"
    count = compatible_range(published(), "internal_after")
    assert (count.low, count.high) == (4246, 4252)


def test_lines_without_a_type_agree_with_the_special_case():
    changes = {"internal": 232, "external": -12.2}
    known = compatible_counts(
        4007,
        6644,
        changes=changes,
        decimals={"internal": 0, "external": 1},
        untyped=(0.0, 0.2),
    )
    share = known["internal_after"] / (known["internal_after"] + known["external_after"])
    found = compatible_range(published(untyped=True), "internal_after", of=AFTER)
    assert (found.low, found.high) == pytest.approx((share.min(), share.max()), rel=1e-14)


def rounded(value, rounding, decimals):
    """What is printed of an exact percentage, in units of the last decimal."""
    scaled = value * 10**decimals
    if rounding == "floor":
        return math.floor(scaled)
    if rounding == "truncate":
        return math.trunc(scaled)
    return math.floor(abs(scaled) + Fraction(1, 2)) * (1 if scaled >= 0 else -1)


rules = st.sampled_from(["nearest", "truncate", "floor"])


@given(st.integers(0, 12), st.integers(0, 12), st.integers(1, 12), rules, st.integers(0, 1))
def test_all_tables_by_brute_force(a, b, c, rounding, decimals):
    """Print figures of a table; exactly the tables that print alike come back."""

    def figures(x, y, z):
        share = rounded(Fraction(100 * x, x + y + z), rounding, decimals)
        change = rounded(100 * Fraction(y - z, z), rounding, decimals) if z else None
        return x + y + z, share, change

    total, share, change = figures(a, b, c)
    unit = 10**decimals
    printed = [
        Printed.count(["a", "b", "c"], total),
        Printed.percent(
            "a", share / unit, of=["a", "b", "c"], decimals=decimals, rounding=rounding
        ),
        Printed.change("b", change / unit, since="c", decimals=decimals, rounding=rounding),
    ]
    alike = [
        t
        for t in itertools.product(range(total + 1), repeat=3)
        if sum(t) == total and figures(*t) == (total, share, change)
    ]
    found = [tuple(row) for row in compatible_tables(printed).to_numpy().tolist()]
    assert found == sorted(alike)
    ratio = [Fraction(x, x + z) for x, _, z in alike]
    range_ = compatible_range(printed, "a", of=["a", "c"])
    assert (range_.low, range_.high) == (float(min(ratio)), float(max(ratio)))


def test_rounded_totals():
    found = compatible_range([Printed.count("n", 6600, rounded_to=100)], "n")
    assert (found.low, found.high) == (6550, 6649)
    found = compatible_range([Printed.count("n", 5, rounded_to=5)], "n")
    assert (found.low, found.high) == (3, 7)
    found = compatible_range([Printed.count("n", 0, rounded_to=5)], "n")
    assert (found.low, found.high) == (0, 2)


def test_one_value_left_is_an_estimate():
    printed = [Printed.count(["a", "b"], 10), Printed.between("a", 4, 4)]
    found = compatible_range(printed, "b")
    assert found.estimate == 6
    assert found.verdict.code == "ok"


def test_figures_that_contradict_leave_nothing():
    printed = [Printed.count(["a", "b"], 3), Printed.percent("a", 50, of=["a", "b"], decimals=0)]
    with pytest.warns(DegenerateDataWarning, match="No whole numbers agree"):
        assert compatible_tables(printed).empty
    with pytest.warns(DegenerateDataWarning, match="No whole numbers agree"):
        found = compatible_range(printed, "a")
    assert found.verdict.code == "out-of-range"
    assert math.isnan(found.low)


def test_large_counts_stay_exact():
    """A million lines and a percentage of six decimals: one table, in exact arithmetic."""
    top, total = 333_333, 1_000_003
    share = Printed.percent("a", 33.3332, of=["a", "b"], decimals=4)
    printed = [Printed.count(["a", "b"], total), share]
    found = compatible_range(printed, "a")
    for end in (found.low, found.high):
        assert rounded(Fraction(100 * int(end), total), "nearest", 4) == 333_332
    for end in (found.low - 1, found.high + 1):
        assert rounded(Fraction(100 * int(end), total), "nearest", 4) != 333_332
    assert found.low <= top <= found.high


def test_a_table_that_the_solver_alone_does_not_find():
    """The second change is so large that its strict bound is within the solver's tolerance."""
    figures = [
        Printed.count(BEFORE, 29_640),
        Printed.count(AFTER, 186_191),
        Printed.change("internal_after", 88.832, since="internal_before", decimals=3),
        Printed.change("external_after", 40_156.923, since="external_before", decimals=3),
    ]
    assert compatible_tables(figures).to_numpy().tolist() == [[29_315, 325, 55_356, 130_835]]
    assert compatible_range(figures, "external_after").estimate == 130_835


@given(st.integers(0, 59), st.integers(1, 60), st.sampled_from([10**4, 10**6]))
def test_what_lies_on_an_open_end_is_not_taken(part, whole, unit):
    """x / y < (part + 1/2) / whole over all y of up to 60, by trying every one."""
    lowest, highest = 2 * part - 1, 2 * part + 1
    rows = [
        kernel.Row(((0, 2 * whole * unit), (1, -lowest * unit)), 0, None),
        kernel.Row(((0, 2 * whole * unit), (1, -highest * unit)), None, -1),
        kernel.Row(((1, 1),), 1, 60),
    ]
    pairs = [
        (x, y)
        for y in range(1, 61)
        for x in range(60 * 60)
        if lowest * y <= 2 * whole * x < highest * y
    ]
    if not pairs:
        with pytest.raises(kernel.InconsistentError):
            kernel.extent(rows, 2, [1, 0])
        return
    found = kernel.extent(rows, 2, [1, 0])
    assert found == (min(x for x, _ in pairs), max(x for x, _ in pairs))
    gaps = [3 * x - y for x, y in pairs]
    assert kernel.extent(rows, 2, [3, -1]) == (min(gaps), max(gaps))


def test_an_inexact_answer_is_refused(monkeypatch):
    answer = SimpleNamespace(x=[3.0], status=0)
    monkeypatch.setattr(kernel, "milp", lambda *args, **kwargs: answer)
    with pytest.raises(ConvergenceError, match="could not be solved exactly"):
        compatible_range([Printed.between("n", 5, 9)], "n")


def test_the_figures_are_told():
    tables = compatible_tables(published())
    assert (
        "external_after changed by -12.2 % since external_before" in tables.attrs["conditions"][3]
    )
    assert tables.attrs["references"] == ("brown2017",)
    assert "Dinkelbach" in compatible_range(published(), "internal_after", of=AFTER).cite()


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: Printed.count("a", -1), InputError, "`value` must be"),
        (lambda: Printed.count("a", 6601, rounded_to=100), InputError, "a multiple of 100"),
        (lambda: Printed.count([], 5), InputError, "`cells` must be a name"),
        (lambda: Printed.count(["a", "a"], 5), InputError, "of different names"),
        (lambda: Printed.count(3, 5), InputError, "`cells` must be a name or a list"),
        (lambda: Printed.between("a", 5, 4), InputError, "`low` must be at most `high`"),
        (lambda: Printed.percent("a", -1, of="b"), InputError, "`value` must be at least 0"),
        (lambda: Printed.percent("a", 1.25, of="b", decimals=1), InputError, "of 1 decimals"),
        (lambda: Printed.percent("a", 1, of="b", rounding="up"), InputError, "`rounding` must"),
        (lambda: Printed.percent("a", "64", of="b"), InputTypeError, "a single number"),
        (lambda: Printed.share("a", 0, 20, of="b"), InputError, "a share in"),
        (lambda: Printed.share("a", 0.5, 0.2, of="b"), InputError, "`low` must be at most"),
        (lambda: Printed.change("a", -101, since="b"), InputError, "at least -100"),
        (lambda: compatible_tables([]), InputError, "`printed` must be non-empty"),
        (lambda: compatible_tables("a is 5"), InputTypeError, "a list of Printed, got str"),
        (lambda: compatible_tables(["a is 5"]), InputTypeError, "list of Printed, got str"),
        (lambda: compatible_range(published(), "children"), InputError, "`cells` must be among"),
        (lambda: compatible_range(published(), AFTER, of="x"), InputError, "`of` must be among"),
        (
            lambda: compatible_tables([Printed.change("a", 10, since="b")]),
            InputError,
            "no upper bound of a",
        ),
        (
            lambda: compatible_range([Printed.change("a", 10, since="b")], "a"),
            InputError,
            "upper bound of a",
        ),
        (
            lambda: compatible_tables([Printed.count(["a", "b", "c"], 500)], max_tables=100),
            InputError,
            "more than 100 agree",
        ),
    ],
)
def test_bad_arguments(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_a_search_that_is_too_long_says_so(monkeypatch):
    module = sys.modules["countylines.localisation.compatible_tables"]
    monkeypatch.setattr(module, "NODES", 10)
    with pytest.raises(InputError, match="the search is too long"):
        compatible_tables([Printed.count(["a", "b"], 500)])
