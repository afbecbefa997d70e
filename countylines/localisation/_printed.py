"""Figures as they are printed: percentages with their decimals, and shares, as exact fractions."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from numbers import Real
from typing import Any

import numpy as np

from countylines import _validate
from countylines._kernels.rounding import RULES, RatioBounds, ratio_bounds
from countylines.errors import InputError, InputTypeError

MOST_DECIMALS = 12
LARGEST_TOTAL = 10_000_000


def exact(name: str, value: Any) -> Fraction:
    """The number that is written, not the nearest binary one: -12.2 is -122/10."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (Real, np.number, Decimal)):
        got = f"{_validate.show(value)} of type {type(value).__name__}"
        raise InputTypeError(_validate.sentence(name, "a single number", got))
    if not math.isfinite(value):
        raise InputError(_validate.sentence(name, "a finite number", _validate.show(value)))
    if isinstance(value, (Decimal, Fraction)):
        return Fraction(value)
    if isinstance(value, (int, np.integer)):
        return Fraction(int(value))
    return Fraction(repr(float(value)))


def printed_change(name: str, change: Any, decimals: Any, rounding: str) -> RatioBounds:
    """Bounds of after / before that a printed percentage change leaves."""
    decimals = _validate.whole_number(decimals_name(name), decimals, high=MOST_DECIMALS)
    value = exact(name, change)
    scaled = value * 10**decimals
    if scaled.denominator != 1:
        rule = f"a percentage with as many decimals as `{decimals_name(name)}` says, {decimals}"
        remedy = "Give the percentage as it is printed, and its number of decimals."
        raise InputError(_validate.sentence(name, rule, _validate.show(change), "", remedy))
    bounds = ratio_bounds(int(scaled), decimals, _validate.option("rounding", rounding, RULES))
    if bounds.high < 0 or (bounds.high == 0 and not bounds.high_closed):
        rule = "a percentage change of at least -100"
        remedy = "Nothing can fall by more than all of it."
        raise InputError(_validate.sentence(name, rule, _validate.show(change), "", remedy))
    return bounds


def decimals_name(name: str) -> str:
    """The name under which the decimals of a change are given."""
    return name.replace("changes", "decimals") if name.startswith("changes") else "decimals"
