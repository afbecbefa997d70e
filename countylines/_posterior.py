"""What a posterior says in numbers: checks, medians and limits, modes, diagnostics, notes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from countylines import _frames, _labels, _render, _validate
from countylines._kernels import discrete_quantile, mcmc_diagnostics, modes
from countylines._kernels.method import tail_area
from countylines.errors import ConvergenceWarning, InputError, InputTypeError, warn
from countylines.results import OK, Note, Verdict

FloatArray = NDArray[np.float64]

DOUBTFUL_RHAT = 1.01
DISAGREEING_RHAT = 1.05
FEW_EFFECTIVE = 400
CUT_OFF = 1e-2  # of the highest probability, at the last total
SUM_TO_ONE = 1e-6
NUMBERS = ("estimate", "low", "high", "standard_error")


class Summary(NamedTuple):
    """One posterior in numbers."""

    estimate: float
    low: float
    high: float
    standard_error: float
    modes: pd.DataFrame
    verdict: Verdict = OK
    diagnostics: dict[str, float] | None = None


# --- checks ---------------------------------------------------------------------------------


def chains_last(draws: Any) -> tuple[Any, Any]:
    """Draws with chain and draw as the last two axes, and the first draw of the first chain."""
    rule = "draws with chain and draw as the last two axes"
    if isinstance(draws, (pd.Series, pd.DataFrame)):
        got = f"a pandas {type(draws).__name__}"
        remedy = "Use .to_numpy().reshape(chains, draws), or a DataArray."
        raise InputTypeError(_validate.sentence("draws", rule, got, remedy=remedy))
    if isinstance(draws, xr.DataArray):
        if not {"chain", "draw"} <= set(draws.dims):
            remedy = "Rename its dimensions to 'chain' and 'draw'."
            got = f"dimensions {[str(d) for d in draws.dims]}"
            raise InputError(_validate.sentence("draws", rule, got, remedy=remedy))
        _validate.numeric_dtype("draws", draws.dtype)
        draws = draws.transpose(..., "chain", "draw").astype(np.float64).compute()
        _validate.not_empty("draws", draws.size)
        first = draws.isel(chain=0, draw=0, drop=True)
        return draws, first if first.ndim else float(first)
    array = np.asarray(draws)
    _validate.numeric_dtype("draws", array.dtype)
    _validate.not_empty("draws", array.size)
    if array.ndim < 2:
        remedy = "For a single chain pass draws[None, :]."
        got = f"an array of shape {array.shape}"
        raise InputError(_validate.sentence("draws", rule, got, remedy=remedy))
    array = array.astype(np.float64)
    return array, array[..., 0, 0] if array.ndim > 2 else float(array[0, 0])


def checked_draws(array: Any, inputs: _labels.Inputs) -> tuple[FloatArray, FloatArray]:
    """Draws of shape (posteriors, chain, draw), and how many were seen in each."""
    values = np.asarray(array)
    totals = values.reshape(-1, *values.shape[-2:])
    observed = inputs.flat[inputs.names.index("n_observed")]
    if observed.size != len(totals):
        rule = f"one number for each of {len(totals)} posteriors"
        raise InputError(_validate.sentence("n_observed", rule, f"{observed.size} numbers"))
    if values.shape[-1] < mcmc_diagnostics.FEWEST_DRAWS:
        rule = f"at least {mcmc_diagnostics.FEWEST_DRAWS} draws a chain"
        raise InputError(_validate.sentence("draws", rule, values.shape[-1]))
    _validate.counts("n_observed", observed, inputs.where)
    missing = np.isnan(totals).sum(axis=(1, 2))
    if missing.any():
        got = f"{int(missing.sum()):,} nan among {totals.size:,}{inputs.where(missing > 0)}"
        remedy = "A draw without a value says that the sampler failed: nothing is left out."
        raise InputError(_validate.sentence("draws", "free of nan", got, remedy=remedy))
    least = totals.min(axis=(1, 2))
    below = least < observed
    if below.any():
        got = f"{_validate.show(float(least[below][0]))} < {observed[below][0]:g}"
        remedy = "Draws are totals: add `n_observed` to draws of the hidden number."
        rule = "at least `n_observed`"
        raise InputError(_validate.sentence("draws", rule, got, inputs.where(below), remedy))
    return totals, observed


def checked_pmf(values: Any, probabilities: Any, seen: int) -> tuple[FloatArray, FloatArray]:
    """Totals and their probabilities, as plain arrays."""
    arrays = []
    for name, given in (("values", values), ("probabilities", probabilities)):
        array = np.asarray(given)
        _validate.numeric_dtype(name, array.dtype)
        _validate.not_empty(name, array.size)
        if array.ndim != 1:
            got = f"an array of shape {array.shape}"
            raise InputError(_validate.sentence(name, "one-dimensional", got))
        arrays.append(array.astype(np.float64))
    totals, chances = arrays
    if totals.size != chances.size:
        rule = f"of the length of `values`, {totals.size}"
        raise InputError(_validate.sentence("probabilities", rule, chances.size))
    _validate.counts("values", totals)
    if not np.all(np.diff(totals) > 0):
        place = int(np.argmax(np.diff(totals) <= 0))
        got = f"{totals[place]:g} before {totals[place + 1]:g}"
        raise InputError(_validate.sentence("values", "in strictly ascending order", got))
    if totals[0] < seen:
        got = f"{totals[0]:g} < {seen}"
        remedy = "Values are totals: add `n_observed` to the hidden number."
        rule = "at least `n_observed`"
        raise InputError(_validate.sentence("values", rule, got, remedy=remedy))
    _validate.share("probabilities", chances, open_low=False, open_high=False)
    whole = float(chances.sum())
    if abs(whole - 1.0) > SUM_TO_ONE:
        remedy = "Divide weights by their sum."
        rule = "probabilities that sum to 1"
        got = f"a sum of {_validate.show(whole)}"
        raise InputError(_validate.sentence("probabilities", rule, got, remedy=remedy))
    return totals, chances / whole


# --- one posterior --------------------------------------------------------------------------


def summary_of_draws(totals: FloatArray, seen: float, level: float, alternative: str) -> Summary:
    """Median, limits, modes and diagnostics of the chains of one posterior."""
    ordered = np.sort(totals.ravel())
    weight = np.full(ordered.size, 1.0 / ordered.size)
    diagnostics = {
        "r_hat": float(mcmc_diagnostics.rank_rhat(totals)),
        "ess_bulk": float(mcmc_diagnostics.bulk_ess(totals)),
        "ess_tail": float(mcmc_diagnostics.tail_ess(totals)),
        "chains": float(totals.shape[0]),
        "draws": float(totals.shape[1]),
    }
    worth = diagnostics["ess_bulk"]
    hills = modes.modes_of_draws(totals, worth if np.isfinite(worth) else float(totals.size))
    table = _modes_table(hills, ordered, weight, level)
    verdict = _agreement(totals, diagnostics["r_hat"])
    if not verdict.estimable:
        return Summary(np.nan, np.nan, np.nan, np.nan, table, verdict, diagnostics)
    spread = float(ordered.std(ddof=1)) if np.isfinite(ordered[-1]) else np.nan
    median, low, high = _limits(ordered, weight, seen, level, alternative)
    return Summary(median, low, high, spread, table, verdict, diagnostics)


def summary_of_pmf(
    totals: FloatArray, chances: FloatArray, seen: int, level: float, alternative: str
) -> Summary:
    """Median, limits and modes of one exact posterior."""
    median, low, high = _limits(totals, chances, seen, level, alternative)
    mean = float(chances @ totals)
    spread = float(np.sqrt(chances @ (totals - mean) ** 2))
    table = _modes_table(modes.modes_of_pmf(totals, chances), totals, chances, level)
    return Summary(median, low, high, spread, table)


def _limits(
    values: FloatArray, weight: FloatArray, seen: float, level: float, alternative: str
) -> tuple[float, float, float]:
    tail = tail_area(level, alternative)
    median = discrete_quantile.from_below(values, weight, 0.5)
    low = discrete_quantile.from_below(values, weight, tail)
    high = discrete_quantile.from_above(values, weight, tail)
    return (
        median,
        seen if alternative == "less" else low,
        np.inf if alternative == "greater" else high,
    )


def _modes_table(
    hills: modes.Modes, values: FloatArray, weight: FloatArray, level: float
) -> pd.DataFrame:
    """Each mode with its mass and the interval of equal tails within it, the likeliest first."""
    rows = []
    for mode, mass, first, last in zip(*hills, strict=True):
        inside = (values >= first) & (values <= last)
        part = weight[inside] / weight[inside].sum()
        tail = tail_area(level, "two-sided")
        low = discrete_quantile.from_below(values[inside], part, tail)
        high = discrete_quantile.from_above(values[inside], part, tail)
        rows.append((float(mode), float(mass), low, high))
    rows.sort(key=lambda row: -row[1])
    return pd.DataFrame(rows, columns=["mode", "mass", "low", "high"])


def _agreement(totals: FloatArray, rhat: float) -> Verdict:
    if not rhat > DISAGREEING_RHAT:
        return OK
    middles = [_render.number(discrete_quantile.from_below(*_even(c), 0.5)) for c in totals[:4]]
    several = "of the chains" if len(totals) > 1 else "of the chain"
    more = f" and {len(totals) - 4} more" if len(totals) > 4 else ""
    reason = (
        f"R-hat is {rhat:.3f}, above {DISAGREEING_RHAT}: the medians {several} are "
        f"{', '.join(middles)}{more}, or the chains differ in spread or from half to half. No "
        "estimate is given; run them longer, or find out what keeps them apart."
    )
    return Verdict(False, "chains-disagree", (reason,))


def _even(chain: FloatArray) -> tuple[FloatArray, FloatArray]:
    return np.sort(chain), np.full(chain.size, 1.0 / chain.size)


# --- several posteriors ---------------------------------------------------------------------


def columns(summaries: list[Summary]) -> dict[str, FloatArray]:
    """Each number over all posteriors."""
    return {n: np.array([getattr(s, n) for s in summaries], dtype=np.float64) for n in NUMBERS}


def objects(values: list[Any]) -> NDArray[np.object_]:
    """An array of objects that numpy must not look into."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def stacked_modes(summaries: list[Summary], inputs: _labels.Inputs) -> pd.DataFrame:
    """The modes of all posteriors, with label columns where there are several."""
    table = pd.concat([s.modes for s in summaries], ignore_index=True)
    place = np.repeat(np.arange(len(summaries)), [len(s.modes) for s in summaries])
    return _labelled(table, place, inputs)


def stacked_diagnostics(summaries: list[Summary], inputs: _labels.Inputs) -> Any:
    """Diagnostics as a Series, or as a frame with label columns where there are several."""
    table = pd.DataFrame([s.diagnostics for s in summaries])
    if inputs.kind == "scalar":
        return table.iloc[0].rename(None)
    return _labelled(table, np.arange(len(summaries)), inputs)


def _labelled(table: pd.DataFrame, place: NDArray[np.intp], inputs: _labels.Inputs) -> pd.DataFrame:
    if inputs.kind == "scalar":
        return table
    labels, _ = _frames.long(inputs.labelled("n_observed"))
    return pd.concat([labels.iloc[place].reset_index(drop=True), table], axis=1)


# --- notes ----------------------------------------------------------------------------------


def notes_on_draws(totals: FloatArray, summaries: list[Summary]) -> tuple[Note, ...]:
    """Facts about the chains and the modes; those about the chains are also warned of."""
    found = [s.diagnostics for s in summaries if s.diagnostics is not None]
    rhat = np.array([d["r_hat"] for d in found])
    least = np.array([min(d["ess_bulk"], d["ess_tail"]) for d in found])
    notes = []
    if (rhat > DISAGREEING_RHAT).any():
        text = (
            f"Chains disagree{_places(rhat > DISAGREEING_RHAT)}: R-hat is up to "
            f"{np.nanmax(rhat):.3f}, above {DISAGREEING_RHAT}, so there is no estimate."
        )
        notes.append(Note("chains-disagree", text))
    doubtful = (rhat > DOUBTFUL_RHAT) & (rhat <= DISAGREEING_RHAT)
    if doubtful.any():
        text = (
            f"R-hat is {rhat[doubtful].max():.4f}{_places(doubtful)}, above {DOUBTFUL_RHAT}: the "
            "chains may not have settled yet. Run them longer."
        )
        notes.append(Note("chains-doubtful", text))
    few = (least < FEW_EFFECTIVE) & ~(rhat > DISAGREEING_RHAT)
    if few.any():
        text = (
            f"The draws are worth {least[few].min():.0f} independent ones{_places(few)}, below "
            f"{FEW_EFFECTIVE}: limits are rough. Run the chains longer."
        )
        notes.append(Note("few-effective-draws", text))
    for note in notes:
        warn(note.text, ConvergenceWarning)
    if totals.shape[1] == 1:
        text = "There is a single chain: places that it never went to cannot be seen."
        notes.append(Note("one-chain", text))
    equal = (totals == totals[:, :1, :1]).all(axis=(1, 2))
    if equal.any():
        text = f"All draws are equal{_places(equal)}, so that R-hat is not defined."
        notes.append(Note("draws-equal", text))
    infinite = int(np.isinf(totals).sum())
    if infinite:
        text = f"{infinite:,} of {totals.size:,} draws are infinite and stay so in the quantiles."
        notes.append(Note("infinite-draws", text))
    return (*notes, *_notes_on_modes(summaries))


def notes_on_pmf(totals: FloatArray, chances: FloatArray, summary: Summary) -> tuple[Note, ...]:
    """Facts about the list of totals, and the modes."""
    notes = []
    if chances.size > 1 and chances[-1] > CUT_OFF * chances.max():
        text = (
            f"The last total listed, {totals[-1]:,.0f}, has probability {chances[-1]:.2g}: if the "
            "list was cut off there, larger totals are possible and the high limit is too low."
        )
        notes.append(Note("cut-off", text))
    return (*notes, *_notes_on_modes([summary]))


def _notes_on_modes(summaries: list[Summary]) -> tuple[Note, ...]:
    several = np.array([len(s.modes) > 1 and s.verdict.estimable for s in summaries])
    if not several.any():
        return ()
    places = ""
    if len(summaries) == 1:
        rows = zip(summaries[0].modes["mode"], summaries[0].modes["mass"], strict=True)
        places = ", near " + " and ".join(
            f"{_render.number(mode)} ({100 * mass:.0f} %)" for mode, mass in rows
        )
    text = (
        f"The posterior has several modes{_places(several)}{places}: the single interval spans "
        "totals between them that are hardly probable. Read the intervals of `.modes`."
    )
    return (Note("several-modes", text),)


def _places(mask: NDArray[np.bool_]) -> str:
    return "" if mask.size == 1 else f" in {int(mask.sum())} of {mask.size} places"
