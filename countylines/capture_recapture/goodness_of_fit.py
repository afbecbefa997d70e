"""Whether a log-linear model fits the counts, by simulation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtrc

from countylines import _validate, resampling
from countylines._kernels.many_tables import ManyTables, TableFits
from countylines._typing import RNG, Progress
from countylines.capture_recapture import _models, _patterns
from countylines.capture_recapture._loglinear_bootstrap import suppressed, suppression_rule
from countylines.capture_recapture.histories import CaptureHistories
from countylines.errors import InputError
from countylines.results import Note, TestResult

FloatArray = NDArray[np.float64]

STATISTICS = ("deviance", "pearson")
_SMALL = 5.0


def goodness_of_fit(
    histories: CaptureHistories,
    model: Any = "independence",
    *,
    statistic: str = "deviance",
    replicates: int = 1999,
    rng: RNG = None,
    progress: Progress = False,
) -> TestResult:
    r"""Test whether the counts on the lists follow a log-linear model, by parametric bootstrap.

    It answers: would counts of units on these lists scatter round this model as much as those that
    were seen? It cannot test what the estimate rests on most, that units on no list follow the
    model too: a model that fits the cells seen may still be wrong about the one that is not.

    Parameters
    ----------
    histories : CaptureHistories
        One table without strata; with bands that are all alike replicates are suppressed likewise.
    model : str or sequence of sequence of str, default "independence"
        As for :func:`loglinear`.
    statistic : {"deviance", "pearson"}, default "deviance"
        Twice the log-likelihood below that of a mean of its own for each cell, or the sum of
        squared Pearson residuals, which takes exact counts.
    replicates : int, default 1999
        Simulated tables, at least 99.
    rng : int, Generator or None, optional
        Random numbers (SPEC 7).
    progress : bool or callable, default False
        True writes to standard error; a callable gets ``(done, total)`` replicates.

    Returns
    -------
    TestResult
        ``statistic``, ``pvalue``, and ``table`` with the count, fitted value, Pearson residual and
        part of the statistic of each cell (with bands: ends and fitted value).

    Raises
    ------
    InputError
        If the model does not name every list, the table has strata, or its bands differ.

    See Also
    --------
    loglinear : the estimate under the model.
    model_search : models compared by information criteria.

    Notes
    -----
    .. math:: G^2 = 2 \sum_i y_i \log \frac{y_i}{\hat\mu_i}, \qquad
              X^2 = \sum_i \frac{(y_i - \hat\mu_i)^2}{\hat\mu_i}

    over the cells with a positive fitted value. Where many cells expect fewer than five units, and
    where empty cells send effects to minus infinity, neither follows a chi-square distribution on
    any number of degrees of freedom [1]_. So tables of the number of units seen are drawn from the
    fitted shares of the cells, the model is fitted to each on its own facial set, and the p-value
    is the share of statistics at least as large, the table itself counted as one of them [2]_. It
    is never 0. The fit is tested whether or not the hidden number has an estimate.

    A model that has a parameter for every cell fits any counts: its statistic is 0, its p-value 1,
    and that says nothing for it. A small p-value speaks against the model; a large one in a sparse
    table says little, for few models could have been told apart.

    References
    ----------
    .. [1] Chan, L., Silverman, B. W. and Vincent, K. (2021). Multiple systems estimation for sparse
       capture data: inferential challenges when there are nonoverlapping lists. *Journal of the
       American Statistical Association* 116, 1297-1306.
       https://doi.org/10.1080/01621459.2019.1708748
    .. [2] Davison, A. C. and Hinkley, D. V. (1997). *Bootstrap Methods and their Application*,
       section 4.2. Cambridge University Press. https://doi.org/10.1017/CBO9780511802843

    Examples
    --------
    An outbreak of hepatitis A, known from three lists:

    >>> cells = {"111": 28, "110": 21, "101": 17, "011": 18, "100": 69, "010": 55, "001": 63}
    >>> cases = cl.CaptureHistories.from_cells(cells, lists=["P", "Q", "E"])
    >>> test = cl.capture_recapture.goodness_of_fit(cases, rng=1)
    >>> round(test.statistic, 1), round(test.pvalue, 4)
    (24.4, 0.0005)

    Had the three lists been independent, counts would hardly ever lie so far from the model: the
    lists depend on each other, and the total of 388 that independence gives is not supported.
    """
    statistic = _validate.option("statistic", statistic, STATISTICS)
    replicates = _validate.whole_number("replicates", replicates, low=99)
    counts = _models.counts_of(histories)
    parsed = _models.parse(model, histories.lists, histories.absent)
    rule = suppression_rule(counts)
    if rule is not None and statistic == "pearson":
        raise InputError(
            _validate.sentence(
                "statistic",
                "'deviance' where counts are banded",
                "'pearson'",
                remedy="A band has no squared distance from its fitted value.",
            )
        )
    many = ManyTables(parsed.terms, counts.cells)
    fits = many.fit(counts.low[None], counts.high[None])
    observed = float(_statistic(fits, statistic)[0])
    fitted = fits.fitted[0]
    seen = float(fitted.sum())
    shares = fitted / (seen or 1.0)

    def draw(generator: np.random.Generator, size: int) -> FloatArray:
        drawn = generator.multinomial(round(seen), shares, size=size)
        return np.asarray(drawn, dtype=np.float64)

    def refit(tables: FloatArray) -> FloatArray:
        return _statistic(many.fit(*suppressed(tables, rule)), statistic)

    values = resampling.replicate(
        draw, refit, replicates=replicates, rng=_validate.generator(rng), progress=progress
    )
    slack = 1e-9 * max(1.0, observed)  # rounding must not decide whether a statistic is as large
    p = resampling.permutation_pvalue(values, observed - slack, alternative="greater")
    return TestResult(
        statistic=observed,
        pvalue=p,
        alternative="greater",
        null_hypothesis=f"The counts on the lists follow the model {parsed.formula}.",
        method=f"parametric bootstrap of the {statistic}",
        table=_table(counts, fits, parsed, statistic),
        n=seen if counts.is_banded else int(counts.low.sum()),
        notes=_notes(fits, observed, values),
        references=("chan2021", "davison1997"),
    )


def _statistic(fits: TableFits, statistic: str) -> FloatArray:
    return fits.deviance if statistic == "deviance" else fits.pearson


def _table(
    counts: _models.Counts, fits: TableFits, model: _models.Model, statistic: str
) -> pd.DataFrame:
    """One row a cell, from the highest pattern down."""
    fitted = fits.fitted[0]
    index = pd.Index(
        [_patterns.text(c, len(model.lists)) for c in counts.cells.tolist()], name="pattern"
    )
    if counts.is_banded:
        frame = pd.DataFrame({"low": counts.low, "high": counts.high, "fitted": fitted}, index)
        return frame.iloc[::-1]
    count = counts.low
    inside = fitted > 0
    mean = np.where(inside, fitted, 1.0)
    residual = np.where(inside, (count - fitted) / np.sqrt(mean), 0.0)
    ratio = np.where(inside & (count > 0), count, 1.0) / np.where(count > 0, mean, 1.0)
    parts = {
        "deviance": 2.0 * (count * np.log(ratio) - (count - fitted)),
        "pearson": residual**2,
    }
    columns = {"count": count, "fitted": fitted, "residual": residual, "part": parts[statistic]}
    return pd.DataFrame(columns, index).iloc[::-1]


def _notes(fits: TableFits, observed: float, values: FloatArray) -> tuple[Note, ...]:
    notes = [
        Note(
            "hidden-cell-untested",
            "Only cells that are seen are tested: that units on no list follow the model is not.",
        )
    ]
    fitted = fits.fitted[0]
    free = int((fitted > 0).sum()) - int(fits.rank[0])
    if free == 0:
        text = "The model has a parameter for every cell that it fits: nothing tests its fit."
        notes.append(Note("saturated", text))
        return tuple(notes)
    small = int(((fitted > 0) & (fitted < _SMALL)).sum())
    text = (
        f"A chi-square distribution on {free} degrees of freedom would give a p-value of "
        f"{chdtrc(free, observed):.2g}; simulated statistics have a mean of {values.mean():.3g}. "
        f"{small} cells expect fewer than {_SMALL:.0f} units."
    )
    notes.append(Note("chi-square", text))
    return tuple(notes)
