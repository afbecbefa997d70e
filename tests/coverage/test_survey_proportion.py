"""Coverage of the intervals for a share from clusters: 2,000 samples a setting.

Each cluster has a share of its own, drawn from a beta distribution with the mean `share` and the
correlation `icc` between two members of a cluster, and `size` members; the weights are equal, or
differ as those of a log-normal distribution with a deviation of 0.7. `below` is the part of samples
whose interval lies wholly below the true share, `above` wholly above. The nominal level is 0.95, so
both should be 0.025; the error of a coverage near 0.95 is 0.005.

``pytest -m slow tests/coverage/test_survey_proportion.py`` draws all again and holds it against the
record; ``python tests/coverage/test_survey_proportion.py`` records it again.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from countylines._kernels import survey

RESULTS = Path(__file__).parent / "results" / "survey_proportion.json"
LEVEL = 0.95
REPLICATES = 2000
SIZE = 8
METHODS = ("mid-p", "clopper-pearson", "jeffreys", "wilson", "logit", "wald")
SETTINGS = [
    (clusters, share, icc, weights)
    for clusters in (10, 40)
    for share in (0.05, 0.3)
    for icc in (0.0, 0.2)
    for weights in ("equal", "unequal")
]


def samples(clusters, share, icc, weights):
    """The samples of a setting: those of a seed of its own."""
    rng = np.random.default_rng(SETTINGS.index((clusters, share, icc, weights)))
    code = np.arange(float(clusters))
    for _ in range(REPLICATES):
        own = np.full(clusters, share)
        if icc > 0:
            both = 1 / icc - 1
            own = rng.beta(share * both, (1 - share) * both, clusters)
        count = rng.binomial(SIZE, own).astype(float)
        weight = np.ones(clusters) if weights == "equal" else rng.lognormal(0, 0.7, clusters)
        yield survey.linearise(count, np.full(clusters, float(SIZE)), weight, code, None)


def rows(setting):
    clusters, share, icc, weights = setting
    missed = {method: np.zeros(2) for method in METHODS}
    tail = (1 - LEVEL) / 2
    for sample in samples(*setting):
        for method in METHODS:
            low, high = (survey.one_sided_limit(sample, tail, side, method) for side in (1, -1))
            missed[method] += [high < share, low > share]
    return [
        {
            "method": method,
            "clusters": clusters,
            "share": share,
            "icc": icc,
            "weights": weights,
            "coverage": 1 - float(missed[method].sum()) / REPLICATES,
            "below": float(missed[method][0]) / REPLICATES,
            "above": float(missed[method][1]) / REPLICATES,
        }
        for method in METHODS
    ]


def record():
    lines = [line for setting in SETTINGS for line in rows(setting)]
    lines.sort(key=lambda line: METHODS.index(line["method"]))
    text = ",\n".join(
        "  " + json.dumps({k: round(v, 4) if isinstance(v, float) else v for k, v in line.items()})
        for line in lines
    )
    head = f'{{\n "level": {LEVEL},\n "replicates": {REPLICATES},\n "rows": [\n'
    RESULTS.write_text(head + text + "\n ]\n}\n", encoding="utf-8")


def recorded(**wanted):
    lines = json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]
    return [line for line in lines if all(line[key] == value for key, value in wanted.items())]


def covered(**wanted):
    return [line["coverage"] for line in recorded(**wanted)]


@pytest.mark.slow
@pytest.mark.parametrize("setting", SETTINGS)
def test_the_record_is_what_the_samples_give(setting):
    names = ("clusters", "share", "icc", "weights")
    for found in rows(setting):
        (known,) = recorded(method=found["method"], **dict(zip(names, setting, strict=True)))
        assert found["coverage"] == pytest.approx(known["coverage"], abs=0.002)


def test_every_setting_is_on_record():
    assert len(recorded()) == len(METHODS) * len(SETTINGS)


def test_korn_and_graubard_are_near_the_level_throughout():
    assert min(covered(method="clopper-pearson")) > 0.91
    assert min(covered(method="clopper-pearson", weights="equal")) > 0.94


def test_many_equal_clusters_hold_the_level():
    for method in METHODS[:-1]:
        assert min(covered(method=method, clusters=40, weights="equal", share=0.3)) > 0.94


def test_failures_are_on_record():
    """Ten clusters with unequal weights say less than their number does."""
    few = {"clusters": 10, "share": 0.05, "icc": 0.2, "weights": "unequal"}
    assert covered(method="mid-p", **few)[0] < 0.85
    assert covered(method="wald", **few)[0] < 0.80


if __name__ == "__main__":
    record()
