"""What the two-list estimators share: checks, values, verdicts, notes, the result."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _labels, _validate
from countylines._kernels import two_list
from countylines._kernels.method import Method
from countylines._typing import RNG
from countylines.errors import DegenerateDataWarning, InputError, SparseDataWarning, warn
from countylines.results import OK, Estimate, Note, PopulationEstimate, Verdict, verdict_array

FloatArray = NDArray[np.float64]

FEW_RECAPTURES = 7
CODES = ("ok", "hidden-zero", "hidden-infinite", "not-identified")
VERDICTS = (
    OK,
    Verdict(
        False,
        "hidden-zero",
        (
            "One list lies within the other, so nothing speaks for a hidden unit: the number "
            "observed stands in for the estimate, and only the upper limit says something.",
        ),
    ),
    Verdict(
        False,
        "hidden-infinite",
        ("No unit is on both lists: the data give a lower limit but no upper one.",),
    ),
    Verdict(
        False,
        "not-identified",
        ("A list is empty, so nothing is known of its reach and nothing of the hidden number.",),
    ),
)
REFERENCES = {
    "normal": ("seber1982",),
    "lognormal": ("chao1987",),
    "logit": ("sadinle2009",),
    "profile": ("cormack1992",),
    "bootstrap": ("buckland1991",),
}
SOURCE = {
    two_list.LINCOLN_PETERSEN: ("seber1982",),
    two_list.CHAPMAN: ("chapman1951", "seber1970"),
}
WORDS = {
    two_list.LINCOLN_PETERSEN: "Lincoln-Petersen",
    two_list.CHAPMAN: "Chapman",
}


def estimate_population(
    estimator: str,
    public: Callable[..., PopulationEstimate],
    n_first: Any,
    n_second: Any,
    n_both: Any,
    *,
    method: str,
    level: float,
    null: Any,
    alternative: Any,
    replicates: int,
    rng: RNG,
) -> PopulationEstimate:
    """Total and hidden number from two lists by one of the two estimators."""
    table = two_list.METHODS[estimator]
    method = _validate.option("method", method, table)
    level = _validate.level(level)
    alternative = _validate.alternative(alternative)
    replicates = _validate.whole_number("replicates", replicates, low=99)
    seed = _validate.seed(rng)
    given = {"n_first": n_first, "n_second": n_second, "n_both": n_both}
    if null is not None:
        given["null"] = null
    inputs = _labels.align(**given)
    if method == "bootstrap" and inputs.is_lazy:
        raise InputError(
            _validate.sentence(
                "method",
                "one without simulation for dask-backed data",
                "'bootstrap'",
                remedy="Use .compute() first, or method='logit' or 'profile'.",
            )
        )
    limits, test = _bound(table[method], method, replicates, seed)

    def kernel(*values: FloatArray) -> tuple[Any, ...]:
        lists, tested = values[:3], values[3:]
        observed = lists[0] + lists[1] - lists[2]
        total = two_list.ESTIMATES[estimator](*lists)
        error = np.sqrt(two_list.VARIANCES[estimator](*lists))
        error = np.where(two_list.is_nested(*lists), np.nan, error)
        low, high = limits(*lists, level=level, alternative=alternative)
        empty = two_list.is_unidentified(lists[0], lists[1])
        low, high = np.where(empty, observed, low), np.where(empty, np.inf, high)
        codes = two_list.verdict_code(*lists, estimator=estimator)
        verdict = verdict_array(np.argmax(codes[:, None] == np.array(CODES), axis=1), VERDICTS)
        results = total, error, low, high, verdict, observed
        hidden = total - observed, low - observed, high - observed
        if not tested:
            return *results, *hidden
        p = test(*lists, null=tested[0], alternative=alternative)
        nothing = np.where((tested[0] < observed) & (alternative != "less"), 0.0, 1.0)
        return *results, *hidden, np.where(empty, nothing, p)

    names = ["estimate", "standard_error", "low", "high", "verdict", "n_observed"]
    hidden_names = ["hidden", "hidden_low", "hidden_high"]
    out = inputs.apply(
        kernel,
        outputs=[*names, *hidden_names, *(["pvalue"] if null is not None else [])],
        check=_check,
        dtypes={"verdict": object, "n_observed": np.int64},
    )
    notes = _notes(inputs, estimator, method, level, alternative)
    kept = {name: inputs.given(name) for name in ("n_first", "n_second", "n_both")}
    shared: dict[str, Any] = {
        "method": WORDS[estimator],
        "level": level,
        "interval_method": method,
        "alternative": alternative,
        "verdict": out["verdict"],
        "references": tuple(dict.fromkeys((*SOURCE[estimator], *REFERENCES[method]))),
    }
    hidden = Estimate(
        quantity="hidden number",
        estimate=out.pop("hidden"),
        low=out.pop("hidden_low"),
        high=out.pop("hidden_high"),
        standard_error=out["standard_error"],
        n=out["n_observed"],
        **shared,
    )
    return PopulationEstimate(
        quantity="population size",
        null=None if null is None else inputs.given("null"),
        n=out["n_observed"],
        notes=notes,
        hidden=hidden,
        model="independence of two lists",
        draws=_draws(inputs, estimator, method, replicates, seed),
        _recompute=functools.partial(
            public, **kept, method=method, level=level, replicates=replicates, rng=seed
        ),
        **{name: value for name, value in out.items() if name != "verdict"},
        **shared,
    )


def _check(n_first: Any, n_second: Any, n_both: Any, *rest: Any) -> None:
    *tested, where = rest
    for name, values in (("n_first", n_first), ("n_second", n_second), ("n_both", n_both)):
        _validate.counts(name, values, where)
    remedy = "n_both counts units on both lists, which are part of each."
    _validate.not_above("n_both", n_both, "n_first", n_first, where, remedy)
    _validate.not_above("n_both", n_both, "n_second", n_second, where, remedy)
    for values in tested:
        _validate.exposure("null", values, where, zero=True)


def _bound(
    chosen: Method, method: str, replicates: int, seed: int
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Limits and p-value; for the bootstrap both see the same simulated replicates."""
    if method != "bootstrap":
        return chosen.limits, chosen.pvalue

    def limits(*lists: FloatArray, **options: Any) -> Any:
        rng = np.random.default_rng(seed)
        return chosen.limits(*lists, **options, replicates=replicates, rng=rng)

    def pvalue(*lists: FloatArray, **options: Any) -> Any:
        rng = np.random.default_rng(seed)
        return chosen.pvalue(*lists, **options, replicates=replicates, rng=rng)

    return limits, pvalue


def _draws(
    inputs: _labels.Inputs,
    estimator: str,
    method: str,
    replicates: int,
    seed: int,
) -> Any:
    """The replicates behind the limits of one estimate, as (chain, draw)."""
    if method != "bootstrap" or inputs.kind != "scalar":
        return None
    return two_list.bootstrap_draws(
        *inputs.flat[:3],
        estimator=estimator,
        replicates=replicates,
        rng=np.random.default_rng(seed),
    )


def _notes(
    inputs: _labels.Inputs, estimator: str, method: str, level: float, alternative: str
) -> tuple[Note, ...]:
    notes = [
        Note(
            "independence",
            "Assumes a closed population, perfect linkage, and that being on one list says nothing "
            "about being on the other. Lists that share sources give too few hidden; lists that "
            "avoid each other's cases, or missed links, give too many.",
        )
    ]
    if inputs.is_lazy:
        return tuple(notes)
    lists = inputs.flat[:3]
    empty = two_list.is_unidentified(lists[0], lists[1])
    disjoint = two_list.is_without_overlap(*lists)
    if empty.any():
        notes.append(_warned("empty-list", VERDICTS[3].reasons[0], DegenerateDataWarning))
    if disjoint.any():
        text = (
            VERDICTS[2].reasons[0]
            if estimator == two_list.LINCOLN_PETERSEN
            else "No unit is on both lists: the estimate is finite only because 1 is added to each "
            "count, and rests on that 1."
        )
        notes.append(_warned("no-recaptures", text, DegenerateDataWarning))
    if (two_list.is_nested(*lists)).any():
        text = VERDICTS[1].reasons[0]
        if method != "logit":
            text += f" The {method} interval says little there: use method='logit'."
        notes.append(_warned("nested-lists", text, DegenerateDataWarning))
    if ((lists[2] < FEW_RECAPTURES) & ~empty & ~disjoint).any():
        text = (
            f"Fewer than {FEW_RECAPTURES} units are on both lists; with so few the estimate is "
            "biased and its large-sample error says little. Read the interval, not the estimate."
        )
        notes.append(_warned("few-recaptures", text, SparseDataWarning))
    cut = two_list.is_cut(
        *lists, estimator=estimator, method=method, level=level, alternative=alternative
    )
    if cut.any():
        text = f"The {method} interval reached below the number observed and was cut there."
        notes.append(Note("cut-at-observed", text))
    return tuple(notes)


def _warned(code: str, text: str, category: Any) -> Note:
    warn(text, category)
    return Note(code, text)
