"""SYNTHETIC data with known truth: for examples, and to see whether an estimator finds it.

Nothing made here is a figure about the world. Every table says SYNTHETIC in its ``attrs``.

- :func:`coverage`: how often an interval holds a known truth.
- :func:`register`: lines that exist, and which of them were recorded.
- :func:`people`: people recorded by region and role, with an ethnic group that may be missing.
"""

from __future__ import annotations

from countylines.simulate.coverage import coverage
from countylines.simulate.people import people
from countylines.simulate.register import register

__all__ = ["coverage", "people", "register"]
