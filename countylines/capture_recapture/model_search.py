"""Every hierarchical log-linear model of a table, compared."""

from __future__ import annotations

import math
from typing import Any

from countylines import _validate
from countylines._kernels import criteria
from countylines.capture_recapture import _loglinear_notes, _model_walks, _models
from countylines.capture_recapture._model_family import Family
from countylines.capture_recapture.histories import CaptureHistories
from countylines.capture_recapture.model_search_result import ModelSearch
from countylines.errors import ConvergenceError, InputError
from countylines.results import Note

STRATEGIES = ("auto", "exhaustive", "bounded", "downhill")
EXHAUSTIVE_LISTS = 5
REFERENCES = ("fienberg2012", "chan2021", "burnham2002")
BANDED = ("overstall2014",)
CITED_FOR = {"bounded": ("furnival1974",)}
CITED = {"bic": "schwarz1978", "aic": "akaike1974", "aicc": "hurvich1989"}


def model_search(
    histories: CaptureHistories,
    *,
    criterion: str = "bic",
    max_order: int | None = None,
    strategy: str = "auto",
    within: float = 10.0,
    max_fits: int = 20_000,
) -> ModelSearch:
    r"""Fit every hierarchical log-linear model of a table and compare them.

    It answers: which models of who is on which list do the counts prefer, and how far apart are the
    population sizes that the preferred ones give? Its answer is a table, not a number. A criterion
    ranks models by how well they fit the cells that are seen; the hidden cell is not among them, so
    models of nearly equal rank can differ several-fold in what matters.

    Parameters
    ----------
    histories : CaptureHistories
        One table without strata. A cell known only as a band enters with the probability of its
        band, as in :func:`loglinear`.
    criterion : {"bic", "aic", "aicc"}, default "bic"
        What the table is sorted by and the weights are made from. Every parameter of the model
        counts, also those at minus infinity; n is the number observed.
    max_order : int or None, optional
        Largest interaction, from 2 to one less than the number of lists. None: that for up to 5
        lists, 2 for more.
    strategy : {"auto", "exhaustive", "bounded", "downhill"}, default "auto"
        ``"exhaustive"``: all models. ``"bounded"``: the best model and every other within `within`
        of it, exactly, by bounds that spare fitting the rest. ``"downhill"``: a walk from
        independence that adds or takes away one interaction at a time for as long as the criterion
        improves; it can end at a model that is not the best, and says so. ``"auto"`` takes all
        models for up to 5 lists, and for 6 with ``max_order=2``; beyond that bounds, and the walk
        if they do not settle the matter within `max_fits`.
    within : float, default 10.0
        With bounds: how far from the best a model's criterion may be; 10 is a weight of 1 to 148.
    max_fits : int, default 20_000
        With bounds: how many models may be fitted.

    Returns
    -------
    ModelSearch
        ``.table`` (one row a model; models without an estimate stay in, with their verdict),
        ``.best``, ``.disagreement()``, ``.average()``; with bands ``.over_bands()``.

    Raises
    ------
    InputError
        If the table has strata or too many lists, or the models are too many to list.
    ConvergenceError
        If a fit does not converge, or ``strategy="bounded"`` needs more than `max_fits`.

    Warns
    -----
    DegenerateDataWarning
        If all units of one list are on another, which may be compiled from it.

    See Also
    --------
    loglinear : one model, with its interval.
    existence : why a model has no estimate.

    Notes
    -----
    With all main effects and without the saturated model there are 8 models of three lists, 113 of
    four, 6,893 of five and, with pairs only, 32,768 of six. All are
    fitted at once by Newton's method; before that a linear programme per distinct pattern of zeros
    decides which estimates exist. Time and memory grow with the number of models, and that of one
    fit with the cells, :math:`2^k` for k lists, times the terms: on one core about 20,000 models a
    second of five lists, 15,000 of six and 3,000 of eight.

    Bounds rest on one fact: a model's deviance is at least that of any model that contains it. So
    every model between two others has a criterion of at least minus twice the log-likelihood of the
    larger plus the penalty of the smaller. What is found is the same set that fitting all models
    would give, to 1e-8 of the criterion [3]_. How many fits it takes depends on how clearly the
    counts speak, not only on the number of models: 2,000 by BIC for the 32,768 models of the six
    lists that the example below has merged into five. Flat criteria (few counts, AIC, a large
    `within`) need many more.

    .. math:: \mathrm{BIC} = -2\ell + k \log n, \qquad \mathrm{AIC} = -2\ell + 2k, \qquad
              \mathrm{AICc} = \mathrm{AIC} + \frac{2k(k+1)}{n-k-1}

    Choosing one model and quoting its interval ignores the choice. With many empty cells AIC gains
    from parameters at minus infinity that cost little fit, and chi-square tests do not hold.

    References
    ----------
    .. [1] Fienberg, S. E. and Rinaldo, A. (2012). Maximum likelihood estimation in log-linear
       models. *Annals of Statistics* 40, 996-1023. https://doi.org/10.1214/12-AOS986
    .. [2] Chan, L., Silverman, B. W. and Vincent, K. (2021). Multiple systems estimation for sparse
       capture data: inferential challenges when there are nonoverlapping lists. *Journal of the
       American Statistical Association* 116, 1297-1306.
       https://doi.org/10.1080/01621459.2019.1708748
    .. [3] Furnival, G. M. and Wilson, R. W. (1974). Regressions by leaps and bounds.
       *Technometrics* 16, 499-511. https://doi.org/10.1080/00401706.1974.10489231

    Examples
    --------
    Potential victims of modern slavery in the United Kingdom in 2013, on five lists:

    >>> people = cl.datasets.load_mse("uk_2013_5")
    >>> lists = [name for name in people.columns if name != "n"]
    >>> table = cl.CaptureHistories.from_table(people, lists=lists)
    >>> search = cl.capture_recapture.model_search(table, max_order=2)
    >>> search.table["estimate"].head(3).round().tolist()
    [22991.0, 12262.0, 25978.0]

    The three models that BIC ranks highest, out of 1,024, say 23,000, 12,300 and 26,000. The counts
    hardly tell them apart, so none of the three numbers is the estimate.
    """
    criterion = _validate.option("criterion", criterion, criteria.NAMES)
    strategy = _validate.option("strategy", strategy, STRATEGIES)
    within = _validate.number("within", within, low=0)
    max_fits = _validate.whole_number("max_fits", max_fits, low=1)
    counts = _models.counts_of(histories)
    total = len(histories.lists)
    if total < 3:
        raise InputError(
            _validate.sentence(
                "histories", "of three lists or more", total, remedy="Use chapman() for two lists."
            )
        )
    order = _order(max_order, total)
    few = total <= EXHAUSTIVE_LISTS or (total == EXHAUSTIVE_LISTS + 1 and order <= 2)
    if strategy == "exhaustive" and not few:
        raise InputError(
            _validate.sentence(
                "strategy",
                f"'bounded' or 'downhill' for {total} lists and max_order={order}",
                "'exhaustive'",
                remedy="There are too many models to fit them all; or merge or drop lists.",
            )
        )
    family = Family.up_to(order, counts, histories.lists)
    ran_out = False
    if strategy == "exhaustive" or (strategy == "auto" and few):
        strategy, walk = "exhaustive", _model_walks.exhaustive(family)
    else:
        walk = _model_walks.downhill(family, criterion)
        if strategy != "downhill":
            start = walk.found.masks
            exact = _model_walks.bounded(family, criterion, within, max_fits, start)
            ran_out = exact is None
            if strategy == "bounded" and exact is None:
                raise ConvergenceError(
                    f"The bounds did not settle the search within {max_fits:,} fits. Use "
                    "strategy='downhill', a smaller `within`, a larger `max_fits`, or fewer lists."
                )
            strategy = "downhill" if exact is None else "bounded"
            walk = walk if exact is None else exact
    return ModelSearch(
        table=family.table(walk.found, criterion),
        criterion=criterion,
        max_order=order,
        strategy=strategy,
        histories=histories,
        within=within if strategy == "bounded" else math.inf,
        left_out=walk.left_out,
        notes=_notes(strategy, within, walk.left_out, max_fits if ran_out else None)
        + _banded(counts)
        + _loglinear_notes.copies(counts, histories.lists),
        references=(
            *REFERENCES,
            CITED[criterion],
            *CITED_FOR.get(strategy, ()),
            *BANDED[: counts.is_banded],
        ),
    )


def _order(value: Any, lists: int) -> int:
    if value is None:
        return lists - 1 if lists <= EXHAUSTIVE_LISTS else 2
    return _validate.whole_number("max_order", value, low=2, high=lists - 1)


def _notes(strategy: str, within: float, left_out: float, ran_out: int | None) -> tuple[Note, ...]:
    notes = [
        Note(
            "model-dependence",
            "Models that fit the lists equally well need not agree on who is on none.",
        ),
        Note("no-sampling-error", "The range is no interval: it holds no sampling error."),
    ]
    if ran_out is not None:
        text = f"Bounds did not settle the search within {ran_out:,} fits, so it walked downhill."
        notes.append(Note("bounds-ran-out", text))
    if strategy == "downhill":
        text = (
            "A downhill search stops at the first model that no single change improves; better "
            "ones may exist."
        )
        notes.append(Note("downhill", text))
    if strategy == "bounded":
        least = (
            ""
            if left_out >= 1
            else (f" and hold at most {100 * left_out:.2g} % of the weight of all")
        )
        text = (
            f"Every model within {within:g} of the best is here, though most were never fitted; "
            f"the others are worse{least}."
        )
        notes.append(Note("bounded", text))
    return tuple(notes)


def _banded(counts: _models.Counts) -> tuple[Note, ...]:
    if not counts.is_banded:
        return ()
    bands = int((counts.high > counts.low).sum())
    text = (
        f"{bands} cell{'s are' if bands > 1 else ' is'} known only as a band, so models are "
        "compared by the probability of what is known; what the bands leave possible is wider "
        "(.over_bands())."
    )
    return (Note("banded-counts", text),)
