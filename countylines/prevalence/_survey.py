"""A share from rows of a survey: weights, clusters, a finite population."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from countylines import _labels, _shares, _validate
from countylines._kernels import binomial, survey
from countylines._kernels.method import tail_area
from countylines.bands import Band
from countylines.errors import DegenerateDataWarning, InputError, InputTypeError, warn
from countylines.results import Estimate, Note

KORN_GRAUBARD = "korn-graubard"
LEAST_CLUSTERS = 2
FEW_CLUSTERS = 30


def survey_proportion(
    count: Any,
    total: Any,
    *,
    weights: Any,
    cluster: Any,
    population: Any,
    design_effect: Any,
    method: str,
    level: float,
    null: Any,
    alternative: str,
) -> Estimate:
    """What `proportion` does where `weights` or `cluster` is given: all rows, one estimate."""
    _validate.option("method", method, [*binomial.METHODS, KORN_GRAUBARD])
    inner = "clopper-pearson" if method == KORN_GRAUBARD else method
    level = _validate.level(level)
    _validate.alternative(alternative)
    _refuse(count, design_effect, inner)
    if null is not None:
        null = _validate.number("null", null, low=0, high=1)
    inputs = _aligned(count, total, weights, cluster)
    flat = dict(zip(inputs.names, inputs.flat, strict=True))
    _shares.check_share(flat["count"], flat["total"], inputs.where)
    weight = flat.get("weights", np.ones(flat["count"].size))
    _validate.exposure("weights", weight, inputs.where, zero=True)
    clusters = flat.get("cluster", np.arange(float(weight.size)))
    used = weight * flat["total"] > 0
    number = np.unique(clusters[used]).size
    if number < LEAST_CLUSTERS:
        what = "cluster" if cluster is not None else "count"
        rule = f"that of at least {LEAST_CLUSTERS} {'clusters' if cluster is not None else 'rows'}"
        remedy = "One alone does not show how much they vary."
        raise InputError(_validate.sentence(what, rule, f"{number} with weight", "", remedy))
    if population is not None:
        population = _validate.whole_number("population", population, low=number)
    rows = [column[used] for column in (flat["count"], flat["total"], weight, clusters)]
    sample = survey.linearise(rows[0], rows[1], rows[2], rows[3], population)
    ends = {"greater": (1,), "less": (-1,), "two-sided": (1, -1)}[alternative]
    tail = tail_area(level, alternative)
    limit = {side: survey.one_sided_limit(sample, tail, side, inner) for side in ends}
    pvalue = None
    if null is not None:
        values = [survey.one_sided_pvalue(sample, null, side, inner) for side in ends]
        pvalue = min(1.0, len(ends) * min(values))
    kept = {name: inputs.labelled(name) for name in inputs.names}
    return Estimate(
        quantity="proportion",
        estimate=sample.share,
        standard_error=float(np.sqrt(sample.variance)),
        low=limit.get(1, 0.0),
        high=limit.get(-1, 1.0),
        method=method,
        level=level,
        interval_method=method,
        null=null,
        alternative=alternative,
        pvalue=pvalue,
        n=sample.looked_at,
        notes=_notes(sample, number, cluster is not None, inner),
        references=(*_shares.REFERENCES[inner], "korn1998"),
        _recompute=functools.partial(
            survey_proportion,
            **{"weights": None, "cluster": None, **kept},
            population=population,
            design_effect=None,
            method=method,
            level=level,
        ),
    )


def _refuse(count: Any, design_effect: Any, method: str) -> None:
    """What does not go with a survey design."""
    if isinstance(count, Band):
        rule = "a number for every row where `weights` or `cluster` is given"
        raise InputTypeError(_validate.sentence("count", rule, "a Band"))
    if design_effect is not None:
        rule = "left out with `weights` or `cluster`, which show the design effect"
        raise InputError(_validate.sentence("design_effect", rule, "both"))
    _shares.whole_counts_only(method, "weights` or `cluster")
    if method == "modified-jeffreys":
        rule = "one without exceptions for counts of 0, 1, n - 1 and n, with `weights` or `cluster`"
        raise InputError(
            _validate.sentence("method", rule, repr(method), remedy="Use method='jeffreys'.")
        )


def _aligned(count: Any, total: Any, weights: Any, cluster: Any) -> _labels.Inputs:
    """The rows, in memory, of one dimension."""
    given = {"count": count, "total": total}
    if weights is not None:
        given["weights"] = weights
    if cluster is not None:
        given["cluster"] = _codes(cluster)
    inputs = _labels.align(**given)
    if inputs.is_lazy:
        rule = "in memory where `weights` or `cluster` is given"
        remedy = "Use .compute() first."
        raise InputError(
            _validate.sentence("count", rule, "values that wait for dask", remedy=remedy)
        )
    if inputs.kind == "scalar" or np.ndim(inputs.template) != 1:
        shape = np.shape(inputs.template) if inputs.kind != "scalar" else "a single number"
        rule = "of one dimension, a value a row, where `weights` or `cluster` is given"
        raise InputError(_validate.sentence("count", rule, shape))
    return inputs


def _codes(cluster: Any) -> Any:
    """Whole numbers for the labels of the clusters, with the index of the labels."""
    values = cluster.values if hasattr(cluster, "values") else cluster
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        rule = "a sequence with a label for every row"
        raise InputTypeError(_validate.sentence("cluster", rule, _validate.show(values)))
    labels = list(np.asarray(values).ravel() if hasattr(values, "dtype") else values)
    flat = pd.Series(labels, dtype=object)  # as they are: numpy would make text of a missing label
    codes = pd.factorize(flat)[0]
    if (codes < 0).any():
        where = _validate.nowhere(codes < 0)
        rule = "a sequence with a label for every row"
        raise InputError(_validate.sentence("cluster", rule, "a missing one", where))
    numbers = codes.astype(np.float64)
    if isinstance(cluster, pd.Series):
        return pd.Series(numbers, index=cluster.index)
    if isinstance(cluster, xr.DataArray):
        return cluster.copy(data=numbers.reshape(cluster.shape))
    return numbers


def _notes(sample: survey.Sample, number: int, clustered: bool, method: str) -> tuple[Note, ...]:
    """Facts about the design; each warning is also a note."""
    units = "clusters" if clustered else "rows"
    if sample.complete:
        text = f"All {number} {units} of the population are in: the share has no sampling error."
        return (Note("complete", text),)
    if sample.variance == 0.0:
        text = (
            f"The share is the same in all {number} {units}, so that they show no variance; the "
            "interval is that of a simple random sample of the number looked at."
        )
        warn(text, DegenerateDataWarning)
        return (Note("no-variance", text),)
    effect = sample.looked_at / sample.effective
    text = (
        f"{number} {units}; the variance is {effect:.3g} times that of a simple random sample, so "
        f"that {sample.looked_at:.10g} looked at count as {sample.effective:.3g}."
    )
    notes: tuple[Note, ...] = (Note("design", text),)
    if number < FEW_CLUSTERS and method != "clopper-pearson":
        text = (
            f"With {number} {units} the {method} interval may hold the truth less often than it "
            "says, above all where weights differ. Use method='korn-graubard'."
        )
        notes += (Note("few-clusters", text),)
    return notes
