"""Every check, with every message in full: what must hold, what was given, what to do."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from countylines import _validate as check
from countylines.errors import InputError, InputTypeError

NAN, INF = math.nan, math.inf


def message(function, *arguments, error=InputError, **options):
    with pytest.raises(InputError) as raised:
        function(*arguments, **options)
    assert type(raised.value) is error
    return str(raised.value)


def message_of_any_type(function, *arguments, **options):
    with pytest.raises(InputError) as raised:
        function(*arguments, **options)
    return str(raised.value)


def array(*values):
    return np.array(values, dtype=np.float64)


class TestWords:
    def test_a_sentence(self):
        assert check.sentence("x", "even", 3) == "`x` must be even, got 3."
        assert check.sentence("x", "even", 3, " at 'A'", "Add 1.") == (
            "`x` must be even, got 3 at 'A'. Add 1."
        )

    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            (1.0, "1"),
            (0.1, "0.1"),
            (np.float32(0.5), "0.5"),
            (1 / 3, "0.3333333333"),
            (1e300, "1e+300"),
            (NAN, "nan"),
            (np.int64(3), "3"),
            ("a", "'a'"),
            ("x" * 100, "'" + "x" * 56 + "..."),
            ([1] * 100, "[" + "1, " * 18 + "1,..."),
            (10**5000, "a number of more than 300 digits"),
            (np.ones((2, 3)), "values of shape (2, 3)"),
            (pd.DataFrame({"name": ["a person"]}), "values of shape (1, 1)"),
        ],
        ids=range(13),
    )
    def test_values_are_shown_shortly(self, value, shown):
        assert check.show(value) == shown
        assert len(check.show(value)) <= 60

    def test_offenders_without_labels_are_counted(self):
        assert check.nowhere(np.array([True])) == ""
        assert check.nowhere(np.array([True, False, True])) == " (2 of 3 values)"


class TestOptions:
    WORDS = ("mid-p", "wilson", "exact")

    def test_accepted(self):
        assert check.option("method", "wilson", self.WORDS) == "wilson"

    def test_unknown(self):
        assert message(check.option, "method", "bayes", self.WORDS) == (
            "`method` must be one of 'mid-p', 'wilson', 'exact', got 'bayes'."
        )

    def test_nearly_right(self):
        assert message(check.option, "method", "Wilson", self.WORDS) == (
            "`method` must be one of 'mid-p', 'wilson', 'exact', got 'Wilson'. "
            "Did you mean 'wilson'?"
        )

    @pytest.mark.parametrize("value", [None, 3, True, ["wilson"], ("wilson",), b"wilson"], ids=repr)
    def test_not_a_word(self, value):
        assert message(check.option, "method", value, self.WORDS) == (
            f"`method` must be one of 'mid-p', 'wilson', 'exact', got {value!r}."
        )

    def test_alternative(self):
        assert check.alternative("less") == "less"
        assert message(check.alternative, "larger") == (
            "`alternative` must be one of 'two-sided', 'less', 'greater', got 'larger'."
        )

    def test_flag(self):
        assert check.flag("log", True) is True
        assert check.flag("log", np.False_) is False
        for value in (1, 0, None, "yes"):
            assert message(check.flag, "log", value, error=InputTypeError) == (
                f"`log` must be True or False, got {value!r}."
            )

    def test_mapping(self):
        assert check.mapping("cells", {"11": 3}, "a dict") == {"11": 3}
        text = message(check.mapping, "cells", [3], "a dict", error=InputTypeError)
        assert text == "`cells` must be a dict, got [3] of type list."
        with pytest.raises(InputTypeError):  # a Series is no mapping
            check.mapping("cells", pd.Series([3]), "a dict")


class TestNumber:
    @pytest.mark.parametrize(
        "value",
        [
            3,
            3.0,
            np.int8(3),
            np.float32(3),
            np.longdouble(3),
            Fraction(3),
            np.array(3),
            xr.DataArray(3.0),
        ],
        ids=["int", "float", "int8", "float32", "longdouble", "Fraction", "0-d", "DataArray"],
    )
    def test_one_real_number(self, value):
        number = check.number("x", value)
        assert (number, type(number)) == (3.0, float)

    @pytest.mark.parametrize(
        ("value", "got"),
        [
            (True, "True of type bool"),
            (np.True_, "np.True_ of type bool"),
            ("3", "'3' of type str"),
            (None, "None of type NoneType"),
            ([3], "[3] of type list"),
            (np.array([3]), "values of shape (1,) of type ndarray"),
            (np.array(True), "True of type bool"),
            (np.array("3"), "'3' of type str"),
            (1j, "1j of type complex"),
            (np.complex64(1), "np.complex64(1+0j) of type complex64"),
            (np.clongdouble(1), "np.clongdouble('1+0j') of type clongdouble"),
            (Decimal(3), "Decimal('3') of type Decimal"),
            (pd.NA, "<NA> of type NAType"),
        ],
        ids=range(13),
    )
    def test_anything_else(self, value, got):
        assert message(check.number, "x", value, error=InputTypeError) == (
            f"`x` must be a single number, got {got}."
        )

    @pytest.mark.parametrize(
        ("options", "value", "rule", "got"),
        [
            ({}, NAN, "a finite number", "nan"),
            ({}, INF, "a finite number", "inf"),
            ({}, 10**400, "a finite number", "inf"),
            ({}, -(10**400), "a finite number", "-inf"),
            ({"finite": False}, NAN, "a number", "nan"),
            ({"low": 0}, -1, "a finite number of at least 0", "-1"),
            ({"low": 0}, INF, "a finite number of at least 0", "inf"),
            ({"low": 0, "open_low": True}, 0, "a finite number above 0", "0"),
            ({"low": 0, "open_low": True, "finite": False}, 0, "a number above 0", "0"),
            ({"high": 2}, 3, "a finite number of at most 2", "3"),
            ({"high": 2, "open_high": True}, 2, "a finite number below 2", "2"),
            ({"low": 0, "high": 1}, 1.5, "a number in [0, 1]", "1.5"),
            ({"low": 0, "high": 1, "open_low": True}, 0, "a number in (0, 1]", "0"),
            ({"low": 0, "high": 1, "open_high": True}, 1, "a number in [0, 1)", "1"),
            ({"low": 0, "high": 1}, NAN, "a number in [0, 1]", "nan"),
        ],
        ids=range(15),
    )
    def test_out_of_range(self, options, value, rule, got):
        assert message(check.number, "x", value, **options) == f"`x` must be {rule}, got {got}."
        assert message(check.number, "x", value, remedy="Think.", **options) == (
            f"`x` must be {rule}, got {got}. Think."
        )

    def test_ends_belong_to_closed_ranges(self):
        assert check.number("x", 0, low=0, high=1) == 0
        assert check.number("x", 1, low=0, high=1) == 1
        assert check.number("x", INF, low=0, finite=False) == INF


class TestWholeNumber:
    @pytest.mark.parametrize(
        "value", [3, 3.0, np.uint8(3), np.float64(3), np.array(3), Fraction(3)], ids=range(6)
    )
    def test_accepted(self, value):
        number = check.whole_number("n", value)
        assert (number, type(number)) == (3, int)

    def test_large_integers_stay_exact(self):
        assert check.whole_number("n", 10**30 + 1) == 10**30 + 1

    @pytest.mark.parametrize(
        ("value", "got"), [(-1, "-1"), (2.5, "2.5"), (NAN, "nan"), (INF, "inf"), (-1.0, "-1")]
    )
    def test_refused(self, value, got):
        assert message(check.whole_number, "n", value) == (
            f"`n` must be a whole number of at least 0, got {got}."
        )

    def test_range(self):
        assert message(check.whole_number, "n", 0, low=1, high=16) == (
            "`n` must be a whole number of at least 1 and at most 16, got 0."
        )
        assert message(check.whole_number, "n", 17, low=1, high=16) == (
            "`n` must be a whole number of at least 1 and at most 16, got 17."
        )

    @pytest.mark.parametrize(
        ("value", "got"),
        [
            (True, "True of type bool"),
            ("3", "'3' of type str"),
            (None, "None of type NoneType"),
            ([3], "[3] of type list"),
            (np.complex128(3), "np.complex128(3+0j) of type complex128"),
        ],
        ids=range(5),
    )
    def test_not_a_number(self, value, got):
        assert message(check.whole_number, "n", value, error=InputTypeError) == (
            f"`n` must be a whole number of at least 0, got {got}."
        )


class TestLevel:
    @pytest.mark.parametrize("value", [0.5, 0.95, np.float32(0.5), 1e-9])
    def test_accepted(self, value):
        assert check.level(value) == float(value)

    @pytest.mark.parametrize(("value", "use"), [(95, "0.95"), (99.5, "0.995"), (2, "0.02")])
    def test_a_percentage(self, value, use):
        assert message(check.level, value) == (
            f"`level` must be a share in (0, 1), got {value}. It looks like a percentage: use "
            f"level={use}."
        )

    @pytest.mark.parametrize(
        ("value", "got"), [(0, "0"), (1, "1"), (-0.5, "-0.5"), (100, "100"), (NAN, "nan")]
    )
    def test_out_of_range(self, value, got):
        assert message(check.level, value) == f"`level` must be a number in (0, 1), got {got}."

    def test_not_a_number(self):
        assert message(check.level, "95%", error=InputTypeError) == (
            "`level` must be a single number, got '95%' of type str."
        )
        assert "True of type bool" in message(check.level, True, error=InputTypeError)


class TestGenerator:
    def test_a_seed_gives_the_same_numbers_a_generator_goes_on(self):
        assert check.generator(1).random() == check.generator(1).random()
        generator = np.random.default_rng(1)
        assert check.generator(generator) is generator
        assert check.generator(np.random.SeedSequence(1)).random() == check.generator(1).random()
        assert check.generator([1, 2]).random() == check.generator([1, 2]).random()

    def test_none_is_fresh_every_time(self):
        assert check.generator(None).random() != check.generator(None).random()

    @pytest.mark.parametrize(
        "rng", ["1", 1.0, np.float32(1), True, np.True_, -1, -1.5, {"seed": 1}], ids=repr
    )
    def test_refused(self, rng):
        assert message(check.generator, rng, error=InputTypeError) == (
            "`rng` must be a numpy Generator, a whole-number seed of at least 0 or None, got "
            f"{check.show(rng)}. Use rng=numpy.random.default_rng(1)."
        )


class TestArrays:
    """The place is named by a function of the mask; here it only counts."""

    @staticmethod
    def where(mask):
        return f" at {np.flatnonzero(mask).tolist()}"

    def test_finite(self):
        check.finite("x", array(0, -1, 2.5))
        assert message(check.finite, "x", array(0, NAN, INF), self.where) == (
            "`x` must be finite, got nan at [1, 2]. Drop or fill those values first: nothing is "
            "left out silently."
        )

    @pytest.mark.parametrize(
        ("values", "text"),
        [
            (
                (1, NAN, INF),
                "a whole number of at least 0, got nan at [1]. Drop or fill the missing values "
                "first: nothing is left out silently.",
            ),
            ((1, INF, -1), "a whole number of at least 0, got inf at [1]. A count is finite."),
            ((1, -INF), "a whole number of at least 0, got -inf at [1]. A count is finite."),
            (
                (1, -1, 0.5),
                "a whole number of at least 0, got -1 at [1]. A count cannot be negative.",
            ),
            (
                (1, 0.5),
                "a whole number of at least 0, got 0.5 at [1]. Pass the counts themselves, not "
                "rates, shares or rounded averages.",
            ),
            (
                (1, 2.0**53),
                "below 2**53, got 9.007199255e+15 at [1]. Larger counts are not exact as "
                "floating-point numbers.",
            ),
        ],
        ids=range(6),
    )
    def test_counts(self, values, text):
        assert message(check.counts, "n", array(*values), self.where) == f"`n` must be {text}"

    def test_counts_that_may_be_fractional(self):
        check.counts("n", array(0.5, 3), whole=False)
        assert message(check.counts, "n", array(-0.5), whole=False) == (
            "`n` must be a number of at least 0, got -0.5. A count cannot be negative."
        )

    def test_the_largest_count(self):
        check.counts("n", array(0, 2.0**53 - 1))

    @pytest.mark.parametrize(
        ("values", "zero", "text"),
        [
            (
                (1, NAN),
                False,
                "finite and above 0, got nan at [1]. Drop or fill the missing values first: "
                "nothing is left out silently.",
            ),
            ((1, INF), False, "finite and above 0, got inf at [1]."),
            ((1, 0), False, "finite and above 0, got 0 at [1]. {areas}"),
            ((1, -2), True, "finite and at least 0, got -2 at [1]. {areas}"),
        ],
        ids=range(4),
    )
    def test_exposure(self, values, zero, text):
        areas = "Leave out the areas that have no such population, by name."
        assert message(check.exposure, "ref_exposure", array(*values), self.where, zero=zero) == (
            "`ref_exposure` must be " + text.format(areas=areas)
        )

    def test_values_that_are_no_exposure_get_no_advice_on_areas(self):
        assert message(check.exposure, "null", array(-1)) == (
            "`null` must be finite and above 0, got -1."
        )
        check.exposure("null", array(0), zero=True)

    @pytest.mark.parametrize(
        ("values", "options", "text"),
        [
            (
                (0.2, 4.04),
                {},
                "a share in (0, 1), got 4.04 at [1]. It looks like a percentage: divide by 100 to "
                "get 0.0404.",
            ),
            ((0.2, 0), {}, "a share in (0, 1), got 0 at [1]."),
            ((0.2, 1), {}, "a share in (0, 1), got 1 at [1]."),
            ((0.2, NAN), {}, "a share in (0, 1), got nan at [1]."),
            ((0.2, 101), {}, "a share in (0, 1), got 101 at [1]."),
            ((0.2, -0.1), {"open_low": False}, "a share in [0, 1), got -0.1 at [1]."),
            ((0, 1), {"open_low": False}, "a share in [0, 1), got 1 at [1]."),
            ((1, 0), {"open_high": False}, "a share in (0, 1], got 0 at [1]."),
            (
                (0, 1, INF),
                {"open_low": False, "open_high": False},
                "a share in [0, 1], got inf at [2].",
            ),
        ],
        ids=range(9),
    )
    def test_share(self, values, options, text):
        assert message(check.share, "p", array(*values), self.where, **options) == (
            f"`p` must be {text}"
        )

    def test_not_above(self):
        check.not_above("count", array(1, 2), "total", array(1, 3))
        assert message(check.not_above, "count", array(1, 5), "total", array(3, 3), self.where) == (
            "`count` must be at most `total`, got 5 > 3 at [1]. Check that both come from the same "
            "period and area."
        )
        assert message(check.not_above, "x", array(5), "y", array(3), remedy="") == (
            "`x` must be at most `y`, got 5 > 3."
        )

    def test_not_above_names_the_pair_after_broadcasting(self):
        values, ceilings = np.array([[1.0], [7.0]]), array(9, 6)
        assert "got 7 > 6 (1 of 4 values)" in message(check.not_above, "x", values, "y", ceilings)

    def test_the_first_offender_is_shown_and_never_the_array(self):
        text = message(check.counts, "n", -np.arange(1.0, 5001.0))
        assert "got -1 (5000 of 5000 values)" in text
        assert len(text) < 120


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_number_is_returned_as_it_is_or_refused(value):
    if math.isfinite(value):
        assert check.number("x", value) == value
    else:
        with pytest.raises(InputError):
            check.number("x", value)


@given(
    st.one_of(st.integers(), st.floats(), st.text(), st.none(), st.booleans(), st.complex_numbers())
)
def test_whole_numbers_never_fail_in_another_way(value):
    inside = isinstance(value, (int, float)) and not isinstance(value, bool) and 1 <= value <= 10
    if inside and value == int(value):
        assert check.whole_number("n", value, low=1, high=10) == value
    else:
        rule = "`n` must be a whole number of at least 1 and at most 10, got "
        assert rule in message_of_any_type(check.whole_number, "n", value, low=1, high=10)
