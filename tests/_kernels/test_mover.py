"""MOVER-R: the equation that its limits solve, and its edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countylines._kernels import mover

POSITIVE = st.floats(0.01, 100.0)
INSIDE = st.floats(0.05, 0.95)
OUTSIDE = st.floats(1.05, 6.0)


def array(*values):
    return np.array(values, dtype=float)


class TestLimits:
    @given(POSITIVE, INSIDE, POSITIVE, OUTSIDE)
    def test_the_low_limit_solves_its_equation(self, top, low, bottom, high):
        top_low, bottom_high = top * low, bottom * high
        limit = float(mover.ratio_low(*map(array, (top, top_low, bottom, bottom_high)))[0])
        left = (top - limit * bottom) ** 2
        right = (top - top_low) ** 2 + limit**2 * (bottom_high - bottom) ** 2
        assert left == pytest.approx(right, rel=1e-9)
        assert 0 < limit < top / bottom

    @given(POSITIVE, OUTSIDE, POSITIVE, INSIDE)
    def test_the_high_limit_solves_its_equation(self, top, high, bottom, low):
        top_high, bottom_low = top * high, bottom * low
        limit = float(mover.ratio_high(*map(array, (top, top_high, bottom, bottom_low)))[0])
        left = (top - limit * bottom) ** 2
        right = (top - top_high) ** 2 + limit**2 * (bottom - bottom_low) ** 2
        assert left == pytest.approx(right, rel=1e-8)
        assert limit > top / bottom

    @given(POSITIVE, INSIDE, POSITIVE, OUTSIDE)
    def test_turning_the_ratio_over_turns_its_limits_over(self, top, top_in, bottom, bottom_out):
        low = mover.ratio_low(
            array(top), array(top * top_in), array(bottom), array(bottom * bottom_out)
        )
        high = mover.ratio_high(
            array(bottom), array(bottom * bottom_out), array(top), array(top * top_in)
        )
        np.testing.assert_allclose(low * high, 1.0, rtol=1e-9)

    @given(POSITIVE, INSIDE, POSITIVE, OUTSIDE, st.floats(1e-6, 1e6))
    def test_units_cancel(self, top, low, bottom, high, scale):
        one = mover.ratio_low(array(top), array(top * low), array(bottom), array(bottom * high))
        other = mover.ratio_low(
            *(scale * array(v) for v in (top, top * low, bottom, bottom * high))
        )
        np.testing.assert_allclose(other, one, rtol=1e-9)

    def test_a_known_bottom_divides(self):
        np.testing.assert_allclose(mover.ratio_low(array(6), array(4), array(2), array(2)), [2.0])
        np.testing.assert_allclose(mover.ratio_high(array(6), array(9), array(2), array(2)), [4.5])

    def test_a_known_top_divides(self):
        np.testing.assert_allclose(mover.ratio_low(array(6), array(6), array(2), array(3)), [2.0])
        np.testing.assert_allclose(mover.ratio_high(array(6), array(6), array(2), array(1)), [6.0])

    def test_no_events_on_top(self):
        assert mover.ratio_low(array(0), array(0), array(2), array(3)).tolist() == [0]
        assert np.isfinite(mover.ratio_high(array(0), array(3), array(2), array(1)))

    def test_no_events_below(self):
        low = mover.ratio_low(array(2), array(1), array(0), array(3))
        assert 0 < low < np.inf
        np.testing.assert_allclose((2 - 1) ** 2 + low**2 * 9, 4, rtol=1e-12)
        assert mover.ratio_high(array(2), array(4), array(0), array(0)).tolist() == [np.inf]

    def test_no_events_at_all(self):
        assert mover.ratio_low(array(0), array(0), array(0), array(3)).tolist() == [0]
        assert mover.ratio_high(array(0), array(3), array(0), array(0)).tolist() == [np.inf]

    def test_a_bottom_that_may_be_anything(self):
        assert mover.ratio_low(array(2), array(1), array(1), array(np.inf)).tolist() == [0]

    def test_a_low_limit_that_would_cancel(self):
        """The roots of a quadratic that nearly cancel, against the same with 60 digits."""
        mpmath = pytest.importorskip("mpmath")
        values = (1e6, 1.0, 1e6, 1.9999999e6)
        found = float(mover.ratio_low(*map(array, values))[0])
        with mpmath.workdps(60):
            top, low, bottom, high = map(mpmath.mpf, values)
            a, b, c = high * (2 * bottom - high), top * bottom, low * (2 * top - low)
            exact = float((b - mpmath.sqrt(b**2 - a * c)) / a)
        assert found == pytest.approx(exact, rel=1e-13)
