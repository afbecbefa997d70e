"""Which shape a series has: what the comparison of a step with a slope returns."""

from __future__ import annotations

from dataclasses import dataclass

from countylines.results import TestResult

__all__ = ["ShapeTest"]


@dataclass(frozen=True, eq=False, repr=False)
class ShapeTest(TestResult):
    """The shape of a series, and the tests that it rests on.

    Parameters
    ----------
    shape : str
        ``"step"``, ``"slope"``, ``"step and slope"``, ``"no change shown"`` or ``"cannot tell"``.
    sentence : str
        The same as a sentence.

    See Also
    --------
    countylines.localisation.step_or_slope : what makes it.
    TestResult : the fields and methods common to all tests.

    Notes
    -----
    ``statistic`` and ``pvalue`` are those of no change at all. ``table`` has a row for each shape:
    ``deviance``, ``aicc``, ``time`` (the last before the step) and ``pvalue``, which is small where
    that shape leaves too much unexplained.

    Examples
    --------
    *Made-up* lines by half-year:

    >>> found = cl.localisation.step_or_slope([9, 12, 8, 11, 10, 9, 12, 10], rng=1)
    >>> found.shape
    'no change shown'

    Neither a step nor a slope is needed: one level explains these counts.
    """

    shape: str = ""
    sentence: str = ""
