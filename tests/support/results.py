"""Results of every kind, made by hand: nothing here depends on an estimator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from countylines.results import OK, Estimate, Note, PopulationEstimate, TestResult, Verdict

EMPTY = Verdict(False, "no-data", ("The total is 0.",))
KINDS = ("number", "array", "matrix", "series", "multi", "frame", "dataarray", "cube")
MULTI = pd.MultiIndex.from_product([["North", "South"], [2023]], names=["region", "year"])
INDEX = pd.Index(["North", "South"], name="region")


def of_kind(kind: str, values: Any) -> Any:
    """Two values (or the first) as one of the kinds."""
    dtype = object if isinstance(values[0], Verdict) else None
    pair = np.empty(2, dtype=dtype or np.asarray(values).dtype)
    pair[:] = values
    made = {
        "number": lambda: values[0],
        "array": lambda: pair,
        "matrix": lambda: pair.reshape(1, 2),
        "series": lambda: pd.Series(pair, index=INDEX),
        "multi": lambda: pd.Series(pair, index=MULTI),
        "frame": lambda: pd.DataFrame(pair.reshape(2, 1), index=INDEX, columns=["first"]),
        "dataarray": lambda: xr.DataArray(pair, dims="region", coords={"region": INDEX.values}),
        "cube": lambda: xr.DataArray(
            pair.reshape(1, 2, 1), dims=("sex", "region", "year"), coords={"region": INDEX.values}
        ),
    }
    return made[kind]()


def estimate(kind: str = "number", **changes: Any) -> Estimate:
    """A made-up proportion; the second of its two values does not exist."""
    fields = {
        "quantity": "proportion",
        "estimate": of_kind(kind, [0.25, np.nan]),
        "low": of_kind(kind, [0.1, 0.0]),
        "high": of_kind(kind, [0.5, 1.0]),
        "standard_error": of_kind(kind, [0.1, np.nan]),
        "method": "mid-p",
        "interval_method": "mid-p",
        "null": 0.5,
        "pvalue": of_kind(kind, [0.00001, 1.0]),
        "n": of_kind(kind, [8, 0]),
        "verdict": of_kind(kind, [OK, EMPTY]),
        "notes": (Note("no-data", "The total is 0 in 1 of 2 places."),),
        "references": ("berry1995",),
    }
    return Estimate(**(fields | changes))


def population(kind: str = "number", **changes: Any) -> PopulationEstimate:
    """A made-up population of which 100 were seen."""
    hidden = estimate(
        kind,
        quantity="hidden number",
        estimate=of_kind(kind, [20.0, np.inf]),
        low=of_kind(kind, [5.0, 40.0]),
        high=of_kind(kind, [50.0, np.inf]),
    )
    fields = {
        "quantity": "population size",
        "estimate": of_kind(kind, [120.0, np.inf]),
        "low": of_kind(kind, [105.0, 140.0]),
        "high": of_kind(kind, [150.0, np.inf]),
        "method": "lincoln-petersen",
        "verdict": of_kind(kind, [OK, Verdict(False, "hidden-infinite", ("No overlap.",))]),
        "hidden": hidden,
        "n_observed": of_kind(kind, [100, 100]),
        "model": "independence of two lists",
        "log_likelihood": -12.5,
        "aic": 31.0,
        "params": pd.Series([0.5, -np.inf], index=["A", "A:B"]),
    }
    return PopulationEstimate(**(fields | changes))


def a_test(kind: str = "number", **changes: Any) -> TestResult:
    """A made-up test."""
    fields = {
        "statistic": of_kind(kind, [2.5, np.nan]),
        "pvalue": of_kind(kind, [0.0124, np.nan]),
        "alternative": "two-sided",
        "null_hypothesis": "The trend is flat.",
        "method": "exact",
        "effect": estimate(),
        "table": pd.DataFrame({"region": ["North"], "count": [3], "share": [0.5]}),
        "n": of_kind(kind, [8, 0]),
        "notes": (Note("ties", "There are ties."),),
        "references": ("berry1995",),
    }
    return TestResult(**(fields | changes))


def lazy(explode: bool = False) -> Estimate:
    """An estimate whose fields wait for dask, and, with `explode`, must not be computed."""
    import dask.array as da

    def block(values: Any) -> Any:
        if explode:
            raise AssertionError("computed")
        return values

    def field(values: Any) -> xr.DataArray:
        array = da.from_array(np.array(values), chunks=1).map_blocks(
            block, dtype=np.float64, meta=np.empty(0)
        )
        return xr.DataArray(array, dims="region", coords={"region": INDEX.values})

    return estimate(
        estimate=field([0.25, 0.5]),
        low=field([0.1, 0.2]),
        high=field([0.5, 0.9]),
        standard_error=field([0.1, 0.1]),
        pvalue=field([0.5, 0.5]),
        n=field([8.0, 9.0]),
        verdict=OK,
        notes=(),
    )
