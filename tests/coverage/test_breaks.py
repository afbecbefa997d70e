"""How often breaks and trends are claimed that are not there, and found that are, at small counts.

Counts of n periods are Poisson, or gamma-Poisson with twice the variance (``dispersion`` 2; the
gamma part of a period is then shared by its four seasons or regions). ``coverage`` is the share of
series in which what is true is not rejected at 5 %: one minus the size. ``power`` is the share in
which it is rejected where something else is true:

- change point and ``step or slope: level``: one level, against a doubling halfway;
- ``step or slope: slope`` and ``step``: a steady doubling, against that step, and the reverse;
- joinpoint: a steady doubling, against a doubling up to the middle and a way back;
- seasonal and regional Mann-Kendall: one level, against a steady doubling in each of four;
- partial Mann-Kendall: counts in proportion to a covariate, which keeps its level or doubles,
  against counts that double beside it.

``pytest -m slow tests/coverage/test_breaks.py`` checks the recorded table against a new simulation
with other random numbers; ``python tests/coverage/test_breaks.py`` records it.
"""

from __future__ import annotations

import itertools
import json
import warnings
from pathlib import Path

import numpy as np
import pytest

from countylines.errors import CountyLinesWarning
from countylines.localisation import (
    change_point,
    joinpoint,
    partial_mann_kendall,
    regional_mann_kendall,
    seasonal_mann_kendall,
    step_or_slope,
)

RESULTS = Path(__file__).parent / "results" / "breaks.json"
LEVEL = 0.95
SERIES = 150
RANKED = 300
REPLICATES = 99
PARTS = 4
SETTINGS = list(itertools.product((8, 14), ((4, 1), (25, 1), (25, 2))))
TRUTHS = ("level", "slope", "step", "bend")


def rates(truth, n):
    half = n // 2
    up = 2.0 ** (np.arange(n) / (n - 1))
    bent = 2.0 ** (np.minimum(np.arange(n), n - 1 - np.arange(n)) / half)
    step = np.repeat([1.0, 2.0], [half, n - half])
    return {"level": np.ones(n), "slope": up, "step": step, "bend": bent}[truth]


def draw(rng, mean, dispersion, shape=None):
    """Counts; the gamma part is drawn once for each value of `mean`, before it is shared."""
    if dispersion > 1:
        mean = rng.gamma(mean / (dispersion - 1.0)) * (dispersion - 1.0)
    return rng.poisson(mean if shape is None else mean[..., None], shape)


def series(setting, truth, seed, number=SERIES):
    n, (mean, dispersion) = setting
    rng = np.random.default_rng([seed, n, mean, dispersion, TRUTHS.index(truth)])
    return draw(rng, np.tile(mean * rates(truth, n), (number, 1)), dispersion)


def several(setting, truth, seed, number):
    """Series of periods of four parts each: (series, periods, parts)."""
    n, (mean, dispersion) = setting
    rng = np.random.default_rng([seed, n, mean, dispersion, TRUTHS.index(truth)])
    rate = np.tile(mean * rates(truth, n), (number, 1))
    return draw(rng, rate, dispersion, (number, n, PARTS))


def entry(setting, method, size, power=None, number=SERIES):
    n, (mean, dispersion) = setting
    row = {"method": method, "n": n, "mean": mean, "dispersion": dispersion}
    row["coverage"] = float(1 - np.mean(size))
    if power is not None:
        row["power"] = float(np.mean(power))
    return {**row, "tables": number}


def change_points(setting, seed):
    for name in ("pettitt", "snht", "buishand", "poisson"):
        options = {"method": name, "pvalue": "monte-carlo", "replicates": REPLICATES}
        out = [
            [
                change_point(x, rng=i, **options).pvalue <= 1 - LEVEL
                for i, x in enumerate(series(setting, truth, seed))
            ]
            for truth in ("level", "step")
        ]
        yield entry(setting, f"change point, {name}", *out)


def shapes(setting, seed):
    out = {
        truth: np.array(
            [
                step_or_slope(x, replicates=REPLICATES, rng=i).table["pvalue"].to_numpy()[:3]
                for i, x in enumerate(series(setting, truth, seed))
            ]
        )
        <= 1 - LEVEL
        for truth in ("level", "slope", "step")
    }
    yield entry(setting, "step or slope: level", out["level"][:, 0], out["step"][:, 0])
    yield entry(setting, "step or slope: slope", out["slope"][:, 1], out["step"][:, 1])
    yield entry(setting, "step or slope: step", out["step"][:, 2], out["slope"][:, 2])


def joinpoints(setting, seed):
    n = setting[0]
    change = 100.0 * (2.0 ** (1.0 / (n - 1)) - 1.0)
    for name in ("permutation", "bic", "bic3"):
        found = {
            truth: [
                joinpoint(x, select=name, replicates=REPLICATES, rng=i)
                for i, x in enumerate(series(setting, truth, seed))
            ]
            for truth in ("slope", "bend")
        }
        out = [[f.n_joinpoints > 0 for f in found[truth]] for truth in found]
        yield entry(setting, f"joinpoint, {name}", *out)
        if name == "permutation":
            ends = np.array([(f.low, f.high) for f in found["slope"]])
            left_out = (ends[:, 0] > change) | (ends[:, 1] < change)
            yield entry(setting, "joinpoint, average change", left_out)


def ranks(setting, seed):
    n, (mean, dispersion) = setting
    truths = ("level", "slope")
    for correlated in (False, True):
        words = ", correlated" if correlated else ""
        out = [
            seasonal_mann_kendall(
                several(setting, truth, seed, RANKED).reshape(RANKED, -1),
                season=PARTS,
                dim=1,
                correlated=correlated,
            ).pvalue
            <= 1 - LEVEL
            for truth in truths
        ]
        yield entry(setting, f"seasonal or regional mann-kendall{words}", *out, number=RANKED)
    rng = np.random.default_rng([seed, n, mean, dispersion])
    for words, truth in (("", "level"), (", covariate doubles", "slope")):
        effort = rng.poisson(mean * rates(truth, n), (RANKED, n))
        alike, beside = (
            draw(rng, effort * rates(own, n), dispersion) for own in ("level", "slope")
        )
        out = [partial_mann_kendall(x, effort, dim=1).pvalue <= 1 - LEVEL for x in (alike, beside)]
        yield entry(setting, f"partial mann-kendall{words}", *out, number=RANKED)


def simulated(setting, seed):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CountyLinesWarning)
        return [
            row
            for kind in (change_points, shapes, joinpoints, ranks)
            for row in kind(setting, seed)
        ]


def record():
    rows = [row for setting in SETTINGS for row in simulated(setting, 1)]
    text = ",\n".join(
        "  " + json.dumps({k: round(v, 6) if isinstance(v, float) else v for k, v in row.items()})
        for row in rows
    )
    RESULTS.write_text(f'{{\n "level": {LEVEL},\n "rows": [\n{text}\n ]\n}}\n', encoding="utf-8")


def recorded(**where):
    rows = json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]
    return [row for row in rows if all(row[key] == value for key, value in where.items())]


def test_regions_are_tested_as_seasons_are():
    (x,) = several((6, (4, 1)), "slope", 1, 1)
    for correlated in (False, True):
        regional = regional_mann_kendall(x, correlated=correlated)
        seasonal = seasonal_mann_kendall(x.ravel(), season=PARTS, correlated=correlated)
        assert regional.pvalue == pytest.approx(seasonal.pvalue, rel=1e-12)


def test_only_poisson_and_independent_seasons_mind_the_scatter():
    minding = {"change point, poisson", "seasonal or regional mann-kendall"}
    for row in recorded(dispersion=2):
        if row["method"] in minding:
            assert row["coverage"] < 0.86, row
        elif row["method"] != "joinpoint, bic":
            assert row["coverage"] > 0.9, row


def test_bic_claims_more_joinpoints_than_permutations_do():
    for n, (mean, dispersion) in SETTINGS:
        where = {"n": n, "mean": mean, "dispersion": dispersion}
        kept = [
            recorded(method=f"joinpoint, {name}", **where)[0]["coverage"]
            for name in ("bic", "permutation")
        ]
        assert kept[0] < kept[1]


def test_buishand_cannot_reject_eight_values():
    """The range is that of every rotation of the series: 8 orders of the halves in 70 reach it."""
    assert max(row["power"] for row in recorded(method="change point, buishand", n=8)) < 0.05
    found = change_point([1.0] * 4 + [9.0] * 4, method="buishand", rng=1)
    assert found.pvalue == pytest.approx(8 / 70, abs=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("setting", SETTINGS)
def test_simulation_gives_the_recorded_shares(setting):
    for row in simulated(setting, 2):
        where = {key: row[key] for key in ("method", "n", "mean", "dispersion")}
        (old,) = recorded(**where)
        for key in {"coverage", "power"} & row.keys():
            share = (old[key] + row[key]) / 2
            error = np.sqrt(2 * max(share * (1 - share), 0.01) / row["tables"])
            assert row[key] == pytest.approx(old[key], abs=4.5 * error), (where, key)


if __name__ == "__main__":
    record()
