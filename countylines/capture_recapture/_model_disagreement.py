"""How far the models that a table prefers disagree: spread, modes, and what has no estimate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _render
from countylines._kernels import criteria
from countylines._kernels.log_normal_mixture import Mixture

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]

COUNTED = {"parameters": "all", "on_face": "on face"}
_LEAST_HIDDEN = 1e-300


def scores(table: pd.DataFrame, criterion: str, counted: str, n: float) -> FloatArray:
    """A criterion of every model, with one of the two ways of counting parameters."""
    likelihood = table["log_likelihood"].to_numpy()
    parameters = table[counted].to_numpy(dtype=np.int64)
    return criteria.penalty(criterion, parameters, n) - 2.0 * likelihood


def mixture(table: pd.DataFrame, weight: FloatArray, least: float) -> Mixture:
    """The models with a positive weight as log-normal distributions of the total beyond `least`."""
    used = weight > 0
    beyond = table["estimate"].to_numpy()[used] - least
    return _log_normal(weight[used], beyond, table["standard_error"].to_numpy()[used])


def hidden_mixture(table: pd.DataFrame, weight: FloatArray) -> Mixture:
    """The same of the hidden number, which differs where counts are banded."""
    used = weight > 0
    hidden, error = (table[name].to_numpy()[used] for name in ("hidden", "hidden_error"))
    return _log_normal(weight[used], hidden, error)


def _log_normal(weight: FloatArray, value: FloatArray, error: FloatArray) -> Mixture:
    value = np.maximum(value, _LEAST_HIDDEN)
    return Mixture(weight / weight.sum(), np.log(value), np.sqrt(np.log1p((error / value) ** 2)))


def rows(
    table: pd.DataFrame,
    n: float,
    least: float,
    within: float,
    settled: Callable[[str, str], bool],
) -> pd.DataFrame:
    """One row for each criterion and way of counting parameters.

    `least` is the smallest number that can have been seen, `n` the number that the criteria take;
    `settled` says for which of them no model outside the table can be the best.
    """
    found = [
        {
            "criterion": name,
            "counted": words,
            **_row(table, scores(table, name, counted, n), least, within),
            "settled": settled(name, words),
        }
        for counted, words in COUNTED.items()
        for name in criteria.NAMES
    ]
    return pd.DataFrame(found)


def _row(table: pd.DataFrame, score: FloatArray, least: float, within: float) -> dict[str, Any]:
    estimable = table["estimable"].to_numpy()
    everything = criteria.weights(score, np.ones(len(score), dtype=bool))
    lost = float(everything[~estimable].sum())
    usable = np.flatnonzero(estimable & np.isfinite(score))
    if not usable.size:
        empty = dict.fromkeys(("estimate", "runner_up", "lowest", "highest"), np.nan)
        return {"model": "", **empty, "models": 0, "modes": (), "shares": (), "lost": lost}
    order = usable[np.argsort(score[usable], kind="stable")]
    estimates = table["estimate"].to_numpy()
    close = order[score[order] <= score[order[0]] + within]
    hills = mixture(table, criteria.weights(score, estimable), least).modes()
    likeliest = np.argsort(-hills.mass, kind="stable")
    return {
        "model": table["model"].iloc[order[0]],
        "estimate": estimates[order[0]],
        "runner_up": estimates[order[1]] if len(order) > 1 else np.nan,
        "lowest": estimates[close].min(),
        "highest": estimates[close].max(),
        "models": len(close),
        "modes": tuple((least + np.exp(hills.mode[likeliest])).tolist()),
        "shares": tuple(hills.mass[likeliest].tolist()),
        "lost": lost,
    }


def in_words(shown: pd.DataFrame) -> list[list[str]]:
    """The rows as a table of text, with its head."""
    head = ["criterion", "parameters", "best model's total", "runner-up", "supported models"]
    head += ["where the weight is"]
    return [head, *([_named(row), *_told(row)] for row in shown.itertuples())]


def _named(row: Any) -> str:
    return f"{row.criterion}" if row.settled else f"{row.criterion} (of those met)"


def _told(row: Any) -> list[str]:
    if row.models == 0:
        return [row.counted, "none", "none", "0 of them", "no model gives an estimate"]
    spread = f"{row.models:,} of them, {_render.number(row.lowest)} to "
    places = modes_in_words(row.modes, row.shares)
    return [
        row.counted,
        _render.number(row.estimate),
        _render.number(row.runner_up) if np.isfinite(row.runner_up) else "none",
        spread + _render.number(row.highest),
        places + (f"; {share(row.lost)} on none" if row.lost >= 0.005 else ""),
    ]


def modes_in_words(places: tuple[float, ...], shares: tuple[float, ...]) -> str:
    """Modes with their shares of the weight."""
    return " and ".join(
        f"{_render.number(place)} ({share(part)})"
        for place, part in zip(places, shares, strict=True)
    )


def share(part: float) -> str:
    """A share of the weight in whole per cent."""
    if 0 < part < 0.005:
        return "under 1 %"
    return f"{100 * part:.0f} %"
