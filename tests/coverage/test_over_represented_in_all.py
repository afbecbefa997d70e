"""Does "in all regions" keep its level? The smallest ratio, the number at least, and clusters.

Three records:

- ``smallest_ratio.json``: two-sided intervals of the smallest ratio. Nothing is simulated: cells
  are independent, so that the chance of a limit to miss is a product over cells of sums over
  counts. One ratio at 1 and the others large is the least favourable case of the test in all.
  "no allowance" takes the minimum of the upper limits as it comes.
- ``over_represented_in_at_least.json``: how often the lower limit of the number of cells exceeds
  the number that is true (`above`); 10,000 samples of ten regions a setting.
- ``over_represented_in_all.json``: one-sided lower limits in a cell whose ratio is 1, where people
  come in clusters: `above` is how often the test of that cell rejects, which is how often the test
  in all does where the other cells are sure; 400 samples of ten cells of 258 people a setting.

``pytest -m slow tests/coverage/test_over_represented_in_all.py`` computes all again and holds it
against the records; ``python tests/coverage/test_over_represented_in_all.py`` records them again.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import countylines as cl
from countylines._kernels import binomial, cluster_correlation, partial_conjunction
from countylines.disproportionality import over_represented_in_all, smallest_ratio

RESULTS = Path(__file__).parent / "results"
LEVEL = 0.95
CENSUS = cl.datasets.census2021_benchmark("Black").share.to_numpy()
SHARES = {"ten equal": np.full(10, 0.05), "census": CENSUS}
RATIOS = {"all 1": np.ones(10), "one 1, others 3": np.r_[np.full(9, 3.0), 1.0]}
TOTALS = (258, 1000)
INTERVALS = ("exact", "mid-p", "skew-score", "exact, no allowance")
SAMPLES = 10_000
CLUSTERED = [(size, alike) for size in (1.5, 3.0, 6.0) for alike in (0.1, 0.3, 1.0)]
CLUSTER_SAMPLES = 400
HANDLING = ("clusters", "design effect", "independent")


def missed(share, ratio, total, method):
    """Chances that the interval of the smallest ratio lies below and above it, exactly."""
    name = {"exact": "clopper-pearson"}.get(method.split(",")[0], method)
    tail = (1 - LEVEL) / 2
    upper = tail if "no allowance" in method else partial_conjunction.sidak_tail(tail, share.size)
    count = np.arange(total + 1.0)
    size = np.full(count.shape, float(total))
    low = binomial.one_sided_limit(count, size, tail=tail, side="greater", method=name)
    high = binomial.one_sided_limit(count, size, tail=upper, side="less", method=name)
    chance = stats.binom.pmf(count[:, None], total, np.minimum(ratio * share, 1))
    null = ratio.min() * share
    above = (chance * (low[:, None] > null)).sum(axis=0).prod()
    covers_from_above = (chance * (high[:, None] >= null)).sum(axis=0).prod()
    return 1 - covers_from_above, above


def smallest_rows():
    rows = []
    for method in INTERVALS:
        for cells, share in SHARES.items():
            for ratios, ratio in RATIOS.items():
                for total in TOTALS:
                    below, above = missed(share, ratio, total, method)
                    rows.append(
                        {
                            "method": method,
                            "benchmarks": cells,
                            "ratios": ratios,
                            "total": total,
                            "coverage": 1 - below - above,
                            "below": below,
                            "above": above,
                        }
                    )
    return rows


def at_least_rows(seed=1):
    rng = np.random.default_rng(seed)
    rows = []
    for cells, share in SHARES.items():
        for true in (0, 3, 7, 9):
            for excess in (1.7, 6.0):
                ratio = np.where(np.arange(10) < true, excess, 1.0)
                count = rng.binomial(258, ratio * share, size=(SAMPLES, 10)).astype(float)
                p = binomial.METHODS["clopper-pearson"].pvalue(
                    count.ravel(),
                    np.full(count.size, 258.0),
                    null=np.broadcast_to(share, count.shape).ravel(),
                    alternative="greater",
                )
                p = p.reshape(count.shape)
                for combine in partial_conjunction.METHODS:
                    bound = (partial_conjunction.simultaneous(p, combine) <= 1 - LEVEL).sum(axis=1)
                    above = float((bound > true).mean())
                    rows.append(
                        {
                            "method": combine,
                            "benchmarks": cells,
                            "true": true,
                            "ratio": excess if true else 1.0,
                            "mean bound": float(bound.mean()),
                            "coverage": 1 - above,
                            "above": above,
                        }
                    )
                if not true:
                    break
    return rows


def clustered(rng, share, size, alike):
    """Counts, sizes and cells of clusters: ten cells of 258 people whose ratios are all 1."""
    counts, sizes, cells = [], [], []
    for cell, q in enumerate(share):
        length = 1.0 + rng.poisson(size - 1.0, 258)
        length = length[: int(np.searchsorted(np.cumsum(length), 258)) + 1]
        length[-1] -= length.sum() - 258
        person = np.repeat(np.arange(length.size), length.astype(int))
        common = rng.random(length.size)[person]
        draw = np.where(rng.random(258) < np.sqrt(alike), common, rng.random(258))
        counts.append(np.bincount(person, weights=draw < q, minlength=length.size))
        sizes.append(length)
        cells.append(np.full(length.size, cell))
    return np.concatenate(counts), np.concatenate(sizes), np.concatenate(cells)


def cluster_rows(setting):
    size, alike = setting
    rng = np.random.default_rng(CLUSTERED.index(setting))
    rejected = dict.fromkeys(HANDLING, 0)
    for _ in range(CLUSTER_SAMPLES):
        count, length, cell = clustered(rng, CENSUS, size, alike)
        total, found = (np.bincount(cell, weights=v) for v in (length, count))
        known = cluster_correlation.pooled_correlation(count, length, cell)
        for name, correlation in zip(HANDLING, (known, alike, 0.0), strict=True):
            effect = cluster_correlation.design_effects(length, cell, correlation)
            p = binomial.METHODS["clopper-pearson"].pvalue(
                found / effect, total / effect, null=CENSUS, alternative="greater"
            )
            rejected[name] += int((p <= 1 - LEVEL).sum())
    return [
        {
            "method": name,
            "people a cluster": size,
            "correlation": alike,
            "coverage": 1 - number / (10 * CLUSTER_SAMPLES),
            "above": number / (10 * CLUSTER_SAMPLES),
        }
        for name, number in rejected.items()
    ]


def write(name, rows, **more):
    lines = [
        {k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()} for row in rows
    ]
    head = "".join(f' "{key}": {value},\n' for key, value in {"level": LEVEL, **more}.items())
    text = ",\n".join("  " + json.dumps(line) for line in lines)
    path = RESULTS / f"{name}.json"
    path.write_text(f'{{\n{head} "rows": [\n{text}\n ]\n}}\n', encoding="utf-8")


def recorded(name, **wanted):
    rows = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))["rows"]
    return [row for row in rows if all(row[key] == value for key, value in wanted.items())]


def all_cluster_rows():
    rows = [row for setting in CLUSTERED for row in cluster_rows(setting)]
    return sorted(rows, key=lambda row: HANDLING.index(row["method"]))


def test_the_enumeration_is_on_record():
    for found, known in zip(smallest_rows(), recorded("smallest_ratio"), strict=True):
        for key, value in known.items():
            wanted = pytest.approx(value, abs=6e-5) if isinstance(value, float) else value
            assert found[key] == wanted, key


def test_the_enumeration_is_of_the_function():
    """A limit of the public function misses exactly where the enumeration says so."""
    share, ratio = SHARES["census"], RATIOS["one 1, others 3"]
    rng = np.random.default_rng(1)
    count = rng.binomial(258, ratio * share, size=(300, 10))
    result = smallest_ratio(count, 258, np.broadcast_to(share, count.shape), dim=1)
    size = np.full(count.size, 258.0)
    for side, tail in (
        ("greater", 0.025),
        ("less", partial_conjunction.sidak_tail(0.025, 10)),
    ):
        limit = binomial.one_sided_limit(
            count.ravel().astype(float), size, tail=tail, side=side, method="clopper-pearson"
        )
        limit = (limit.reshape(count.shape) / share).min(axis=1)
        np.testing.assert_allclose(result.low if side == "greater" else result.high, limit)


def test_exact_intervals_hold_on_both_sides():
    for row in recorded("smallest_ratio", method="exact"):
        assert row["below"] <= 0.025
        assert row["above"] <= 0.025
        assert row["coverage"] >= 0.95


def test_the_least_favourable_case_is_one_at_the_edge():
    """The others far above: the test rejects as often as the one cell does, and no more."""
    edge = recorded("smallest_ratio", method="exact", ratios="one 1, others 3", total=1000)
    equal = recorded("smallest_ratio", method="exact", ratios="all 1", total=1000)
    assert min(row["above"] for row in edge) > 0.005
    assert max(row["above"] for row in equal) < 1e-6


def test_without_allowance_the_upper_limit_fails():
    """0.975^10 = 0.776 but for the grid of counts, which is coarser for small census shares."""
    equal = {"method": "exact, no allowance", "ratios": "all 1"}
    (worst,) = recorded("smallest_ratio", **equal, benchmarks="ten equal", total=258)
    assert worst["coverage"] == pytest.approx(0.975**10, abs=0.005)
    assert max(row["coverage"] for row in recorded("smallest_ratio", **equal)) < 0.9


def test_the_number_at_least_is_kept():
    for combine in partial_conjunction.METHODS:
        rows = recorded("over_represented_in_at_least", method=combine)
        assert max(row["above"] for row in rows) < 0.05 + 0.005
        assert len(rows) == 14


def test_clusters_are_allowed_for_and_matter():
    assert (
        max(row["above"] for row in recorded("over_represented_in_all", method="clusters")) < 0.05
    )
    worst = recorded("over_represented_in_all", method="independent")
    assert max(row["above"] for row in worst) > 0.15


def test_the_public_function_makes_the_same_allowance():
    rng = np.random.default_rng(9)
    count, length, cell = clustered(rng, CENSUS, 3.0, 0.3)
    number = np.arange(count.size)
    benchmark = cl.datasets.census2021_benchmark("Black").share.set_axis(range(10))
    result = over_represented_in_all(count, length, benchmark, by=cell, cluster=number)
    known = cluster_correlation.pooled_correlation(count, length, cell)
    effect = cluster_correlation.design_effects(length, cell, known)
    total, found = (np.bincount(cell, weights=v) for v in (length, count))
    again = over_represented_in_all(found, total, CENSUS, design_effect=effect)
    np.testing.assert_allclose(result.table["pvalue"], again.table["pvalue"], rtol=1e-12)


@pytest.mark.slow
def test_the_numbers_at_least_are_what_other_samples_give():
    known = recorded("over_represented_in_at_least")
    for found, row in zip(at_least_rows(seed=2), known, strict=True):
        assert found["coverage"] == pytest.approx(row["coverage"], abs=0.012)


@pytest.mark.slow
@pytest.mark.parametrize("setting", CLUSTERED)
def test_clusters_give_what_is_on_record(setting):
    for found in cluster_rows(setting):
        wanted = {key: found[key] for key in ("method", "people a cluster", "correlation")}
        (known,) = recorded("over_represented_in_all", **wanted)
        assert found["above"] == pytest.approx(known["above"], abs=1e-4)


if __name__ == "__main__":
    write("smallest_ratio", smallest_rows())
    write("over_represented_in_at_least", at_least_rows(), replicates=SAMPLES)
    write("over_represented_in_all", all_cluster_rows(), replicates=CLUSTER_SAMPLES)
