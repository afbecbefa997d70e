"""SYNTHETIC data with known truth: for examples, and to see whether an estimator finds it.

Nothing made here is a figure about the world. Every table says SYNTHETIC in its ``attrs``.

- :func:`coverage`: how often an interval holds a known truth.
- :func:`register`: lines that exist, and which of them were recorded.
"""

from __future__ import annotations

from countylines.simulate.coverage import coverage
from countylines.simulate.register import register

__all__ = ["coverage", "register"]
