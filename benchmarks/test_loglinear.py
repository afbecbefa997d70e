"""Log-linear fits: one, and every two-way model of five lists, with statsmodels beside them."""

from __future__ import annotations

import numpy as np
import pytest

import countylines as cl
from countylines._kernels import facial_set, hierarchical, loglinear_fit

CELLS = np.arange(1, 32)


@pytest.fixture(scope="module")
def counts():
    table = cl.datasets.load_mse("uk_2013_5")
    lists = [c for c in table.columns if c != "n"]
    masks = sum(table[c].to_numpy() << (len(lists) - 1 - j) for j, c in enumerate(lists))
    values = np.zeros(32)
    values[masks] = table["n"]
    return values[1:]


def all_models(counts, max_order):
    terms = hierarchical.all_terms(5, max_order)
    masks = hierarchical.all_models(terms)
    faces = facial_set.faces(masks, terms, counts > 0, CELLS)
    chosen = faces.code <= facial_set.BOUNDARY_FINITE
    rows = np.broadcast_to(counts, (int(chosen.sum()), 31))
    return loglinear_fit.fit(rows, terms, faces.basis[chosen], faces.on_face[chosen], CELLS)


@pytest.mark.benchmark(group="loglinear-two-way-models-of-five-lists")
def test_countylines_1024(benchmark, counts):
    fits = benchmark(all_models, counts, 2)
    assert fits.converged.all()


@pytest.mark.benchmark(group="loglinear-two-way-models-of-five-lists")
def test_statsmodels_20_of_1024(benchmark, counts):
    sm = pytest.importorskip("statsmodels.api")
    terms = hierarchical.all_terms(5, 1)
    design = hierarchical.design(CELLS, terms)

    def peer():
        for _ in range(20):
            sm.GLM(counts, design, family=sm.families.Poisson()).fit()

    benchmark.pedantic(peer, rounds=3)


@pytest.mark.benchmark(group="loglinear-every-model-of-five-lists")
def test_countylines_6893(benchmark, counts):
    fits = benchmark.pedantic(all_models, (counts, 4), rounds=3)
    assert fits.converged.all()


@pytest.mark.benchmark(group="loglinear-one-fit")
def test_countylines_one(benchmark, counts):
    terms = hierarchical.all_terms(5, 1)
    masks = np.ones((1, 6), dtype=bool)
    face = np.ones((1, 31), dtype=bool)
    benchmark(loglinear_fit.fit, counts[None], terms, masks, face, CELLS)


@pytest.mark.benchmark(group="loglinear-one-fit")
def test_statsmodels_one(benchmark, counts):
    sm = pytest.importorskip("statsmodels.api")
    design = hierarchical.design(CELLS, hierarchical.all_terms(5, 1))
    benchmark(lambda: sm.GLM(counts, design, family=sm.families.Poisson()).fit())


@pytest.fixture(scope="module")
def table():
    people = cl.datasets.load_mse("uk_2013_5")
    return cl.CaptureHistories.from_table(people, lists=[c for c in people.columns if c != "n"])


@pytest.mark.benchmark(group="loglinear-one-fit")
def test_countylines_one_call_with_wald_limits(benchmark, table):
    benchmark(cl.capture_recapture.loglinear, table, interval="wald")


@pytest.mark.benchmark(group="loglinear-limits")
def test_countylines_profile(benchmark, table):
    benchmark(cl.capture_recapture.loglinear, table)


@pytest.mark.benchmark(group="loglinear-limits")
def test_countylines_bootstrap_of_1999(benchmark, table):
    benchmark(cl.capture_recapture.loglinear, table, interval="bootstrap", rng=1)


@pytest.mark.benchmark(group="loglinear-limits")
def test_countylines_profile_of_a_banded_table(benchmark, table):
    cells = {p: (1, 4) if n < 5 else n for p, n in table.cells().items()}
    banded = cl.CaptureHistories.from_cells(cells, lists=table.lists)
    benchmark.pedantic(cl.capture_recapture.loglinear, (banded,), rounds=3)


@pytest.mark.benchmark(group="loglinear-twelve-lists")
def test_countylines_twelve_lists(benchmark):
    rng = np.random.default_rng(1)
    members = rng.random((20_000, 12)) < rng.uniform(0.05, 0.2, 12)
    codes, counts = np.unique(members @ (1 << np.arange(12)), return_counts=True)
    cells = {f"{c:012b}": int(n) for c, n in zip(codes, counts, strict=True) if c}
    histories = cl.CaptureHistories.from_cells(cells, lists=[f"L{j}" for j in range(12)])
    benchmark.pedantic(cl.capture_recapture.loglinear, (histories, "all-two-way"), rounds=3)


@pytest.mark.benchmark(group="histories-split")
def test_countylines_split_500_strata(benchmark):
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(1)
    rows = np.column_stack([np.repeat(np.arange(500), 31), np.tile(CELLS, 500)])
    frame = pd.DataFrame({"stratum": rows[:, 0], "n": rng.integers(1, 9, len(rows))})
    for j in range(5):
        frame[f"L{j}"] = rows[:, 1] >> j & 1
    histories = cl.CaptureHistories.from_table(
        frame, lists=[f"L{j}" for j in range(5)], strata="stratum"
    )
    assert len(benchmark(histories.split)) == 500
