"""Time to start: a new interpreter that imports the package and ends."""

from __future__ import annotations

import subprocess
import sys

import pytest


def start(statement: str) -> None:
    subprocess.run([sys.executable, "-P", "-c", statement], check=True)


@pytest.mark.benchmark(group="import, new interpreter", min_rounds=5)
def test_import_ours(benchmark):
    benchmark(start, "import countylines")


@pytest.mark.benchmark(group="import, new interpreter", min_rounds=5)
def test_import_xarray(benchmark):
    benchmark(start, "import xarray")


@pytest.mark.benchmark(group="import, new interpreter", min_rounds=5)
def test_import_nothing(benchmark):
    benchmark(start, "pass")


@pytest.mark.benchmark(group="import and one topic, new interpreter", min_rounds=5)
def test_import_topic_ours(benchmark):
    benchmark(start, "import countylines.prevalence")


@pytest.mark.benchmark(group="import and one topic, new interpreter", min_rounds=5)
def test_import_topic_statsmodels(benchmark):
    benchmark(start, "import statsmodels.stats.proportion")
