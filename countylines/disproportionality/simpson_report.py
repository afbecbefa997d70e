"""The ratio of the totals against the ratio within strata, and what lies between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from countylines import _validate
from countylines._typing import ArrayLike
from countylines.disproportionality import _strata
from countylines.disproportionality._two_groups import NOT_A_CAUSE
from countylines.disproportionality.pool import pool
from countylines.errors import InputError
from countylines.results import OK, Estimate, Note, Verdict

FloatArray = NDArray[np.float64]

MEASURES = ("rate-ratio", "risk-ratio")
REFERENCES = ("miettinen1972", "kitagawa1955", "simpson1951")
NO_RATIO = Verdict(
    False, "no-data", ("One of the two ratios is 0, infinite or unknown: nothing lies between.",)
)


@dataclass(frozen=True, eq=False)
class SimpsonReport:
    """A ratio of totals, taken apart.

    Parameters
    ----------
    crude : Estimate
        The ratio of the totals.
    pooled : Estimate
        The ratio within strata.
    composition : Estimate
        Their quotient: what comes from where the two groups are.
    table : DataFrame
        A row a stratum.
    reverses : bool
        Whether one ratio is above 1 and the other below.
    sentence : str
        What was found, in words.
    notes : tuple of Note
        Facts that the reader must know.
    references : tuple of str
        Keys of the package's bibliography.

    See Also
    --------
    simpson_report : makes it.

    Notes
    -----
    The estimates of `pooled` and `composition` multiply to that of `crude`; their limits do not.

    Examples
    --------
    A *made-up* group that is worse off in both of two places, and lives where little is recorded:

    >>> report = cl.disproportionality.simpson_report(
    ...     [300, 40], [30_000, 1_000], [50, 1_000], [10_000, 50_000]
    ... )
    >>> print(f"{report.crude.estimate:.2f}, within places {report.pooled.estimate:.2f}")
    0.63, within places 2.00
    >>> report.reverses
    True

    The totals would say that the group is recorded less often; wherever it lives, it is recorded
    twice as often.
    """

    crude: Estimate
    pooled: Estimate
    composition: Estimate
    table: pd.DataFrame
    reverses: bool
    sentence: str
    notes: tuple[Note, ...] = ()
    references: tuple[str, ...] = REFERENCES

    def __str__(self) -> str:
        return self.sentence

    def to_frame(self) -> pd.DataFrame:
        """Crude, pooled and composition, a row each.

        Returns
        -------
        DataFrame
            With the columns of :meth:`Estimate.to_frame`.
        """
        parts = {"crude": self.crude, "pooled": self.pooled, "composition": self.composition}
        frame = pd.concat({name: part.to_frame() for name, part in parts.items()}, names=["part"])
        frame = frame.droplevel(1)
        frame.attrs = {"references": self.references}
        return frame


def simpson_report(
    count: ArrayLike,
    size: ArrayLike,
    ref_count: ArrayLike,
    ref_size: ArrayLike,
    *,
    measure: str = "rate-ratio",
    level: float = 0.95,
) -> SimpsonReport:
    r"""Take the ratio of two groups' totals apart: within strata, and between them.

    It answers: is the ratio of the totals what people meet where they are, or does it come from
    the groups' being in different places? It does not say which of the two is the right figure,
    and neither is evidence of a cause: living where more is recorded may itself be what is asked
    about.

    Parameters
    ----------
    count, size, ref_count, ref_size : array_like, shape (strata,)
        Events of the group, its exposure or total, and the same of the group compared with; see
        :func:`pool`.
    measure : {"rate-ratio", "risk-ratio"}, default "rate-ratio"
        Odds ratios are not offered: those of totals and strata differ even where both groups are
        in the same places.
    level : float, default 0.95
        Confidence level, a share in (0, 1).

    Returns
    -------
    SimpsonReport
        ``crude``, ``pooled`` and ``composition`` with intervals, ``table``, ``reverses`` and
        ``sentence``.

    Raises
    ------
    InputError
        If a count is not one or has no population, the measure is an odds ratio, or the data are
        not one row of strata.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    Warns
    -----
    DegenerateDataWarning
        If the common ratio is 0 or infinite, or does not exist.

    See Also
    --------
    pool : the ratio within strata, by other methods.
    homogeneity : whether strata have one ratio at all.

    Notes
    -----
    The split is of the logarithm, and adds up exactly:

    .. math:: \log \hat\theta_\mathrm{crude} = \log \hat\theta_\mathrm{MH} + \log \hat\kappa,

    where :math:`\hat\theta_\mathrm{MH}` is the ratio of Mantel and Haenszel (see :func:`pool`) and
    :math:`\hat\kappa`, the composition, what Miettinen called the confounding ratio. As both rest
    on the same counts, its interval is by the delta method on their difference: with
    :math:`R = \sum x_j m_j / N_j` and :math:`S = \sum y_j n_j / N_j`,

    .. math:: \operatorname{var} \log\hat\kappa =
              \sum_j v(x_j) \left(\frac{1}{X} - \frac{m_j}{N_j R}\right)^2
              + \sum_j v(y_j) \left(\frac{1}{Y} - \frac{n_j}{N_j S}\right)^2

    with Poisson or binomial variances. Populations are taken as known.

    In ``table`` the *difference* of the two rates is split by stratum, after Kitagawa:
    ``within`` is :math:`\frac12 (p_j + q_j)(r_j - s_j)` and ``composition``
    :math:`(p_j - q_j)(\frac12 (r_j + s_j) - \bar r)`, with the shares p and q of the two groups
    that are in the stratum, their rates r and s there, and the rate of all people. Over all
    strata both columns together are the difference of the crude rates. Where one group is absent
    its rate is taken as the other's, so that all of it is composition.

    Strata with one group only count in the totals and not in the pooled ratio; a note names them.
    A ratio of 0 or infinity has no parts, and the composition is then not estimable.

    Assumptions that fail in practice: one ratio in all strata; where it differs the pooled ratio is
    an average, weighted by size. A stratum such as a police force is itself a mix of places.

    References
    ----------
    .. [1] Miettinen, O. S. (1972). Components of the crude risk ratio. *American Journal of
       Epidemiology* 96, 168-172. https://doi.org/10.1093/oxfordjournals.aje.a121443
    .. [2] Kitagawa, E. M. (1955). Components of a difference between two rates. *Journal of the
       American Statistical Association* 50, 1168-1194.
       https://doi.org/10.1080/01621459.1955.10501299
    .. [3] Simpson, E. H. (1951). The interpretation of interaction in contingency tables. *Journal
       of the Royal Statistical Society B* 13, 238-241.
       https://doi.org/10.1111/j.2517-6161.1951.tb00088.x

    Examples
    --------
    Stops and searches of Black and of White people in 2020, by police force:

    >>> stops = cl.datasets.load_stop_search_pfa_2019_2021().query("year == 2020")
    >>> table = stops.pivot(index="force", columns="ethnic_group")
    >>> groups = [table[c][g] for g in ("Black", "White") for c in ("stopped", "population")]
    >>> report = cl.disproportionality.simpson_report(*groups)
    >>> for part in (report.crude, report.pooled, report.composition):
    ...     print(f"{part.estimate:.2f} ({part.low:.2f} to {part.high:.2f})")
    5.34 (5.30 to 5.38)
    2.78 (2.76 to 2.80)
    1.92 (1.91 to 1.93)

    Of the 5.3 times as many stops per head, a factor of 2.8 is met within forces; a factor of 1.9
    comes from Black residents' living where everybody is stopped more, above all in London.
    """
    measure = _measure(measure)
    level = _validate.level(level)
    strata = _strata.read(measure, None, count, size, ref_count, ref_size)
    if len(strata.says) != 1 or np.ndim(strata.inputs.template) != 1:
        raise InputError(
            _validate.sentence(
                "count",
                "one row of strata",
                f"shape {np.shape(strata.inputs.template)}",
                remedy="Report on one table at a time.",
            )
        )
    pooled = pool(count, size, ref_count, ref_size, measure=measure, level=level)
    crude = pooled.plain
    composition = _composition(strata, crude, pooled, level)
    reverses = bool((crude.estimate - 1.0) * (pooled.estimate - 1.0) < 0.0)
    return SimpsonReport(
        crude,
        pooled,
        composition,
        _table(strata),
        reverses,
        _sentence(strata, crude, pooled, composition),
        (NOT_A_CAUSE, *strata.notes("They count in the totals, and not in the pooled ratio.")),
    )


def _measure(measure: str) -> str:
    if measure == "odds-ratio":
        raise InputError(
            _validate.sentence(
                "measure",
                f"one of {list(MEASURES)}",
                _validate.show(measure),
                remedy="Odds ratios of totals and of strata differ without any difference in "
                "composition.",
            )
        )
    return _validate.option("measure", measure, MEASURES)


def _composition(
    strata: _strata.Strata, crude: Estimate, pooled: Estimate, level: float
) -> Estimate:
    """The quotient of the two ratios, with an interval by the delta method."""
    x, n, y, m = (column[0] for column in strata.data)
    both = (n > 0.0) & (m > 0.0)
    total = np.where(both, n + m, 1.0)
    a, b = np.where(both, n / total, 0.0), np.where(both, m / total, 0.0)
    exists = 0.0 < pooled.estimate < np.inf
    value, error, low, high, p = np.nan, np.nan, 0.0, np.inf, 1.0
    if exists:
        spread_x, spread_y = x, y
        if strata.measure == "risk-ratio":
            spread_x, spread_y = (
                np.where(size > 0.0, events * (size - events) / np.maximum(size, 1.0), 0.0)
                for events, size in ((x, n), (y, m))
            )
        pull_x = 1.0 / x.sum() - b / (x * b).sum()
        pull_y = 1.0 / y.sum() - a / (y * a).sum()
        error = float(np.sqrt((spread_x * pull_x**2 + spread_y * pull_y**2).sum()))
        centre = float(np.log(crude.estimate) - np.log(pooled.estimate))
        reach = -float(ndtri((1.0 - level) / 2.0)) * error
        value = float(np.exp(centre))
        low, high = float(np.exp(centre - reach)), float(np.exp(centre + reach))
        # one mix of places in both groups leaves nothing that could vary
        p = 2.0 * float(ndtr(-abs(centre) / error)) if error > 1e-12 else 1.0
        error *= value
    return Estimate(
        quantity="ratio of the totals over the pooled ratio",
        estimate=value,
        standard_error=error,
        low=low,
        high=high,
        method="crude over mantel-haenszel",
        level=level,
        interval_method="delta method on the log",
        null=1.0,
        pvalue=p,
        n=len(strata.names),
        verdict=OK if exists else NO_RATIO,
        notes=(NOT_A_CAUSE,),
        references=REFERENCES,
    )


def _table(strata: _strata.Strata) -> pd.DataFrame:
    """One row a stratum: ratios, shares of the groups, parts of the difference of rates."""
    x, n, y, m = (column[0] for column in strata.data)
    with np.errstate(divide="ignore", invalid="ignore"):
        own, other = x / n, y / m
        ratio = own / other
        own, other = np.where(n > 0.0, own, other), np.where(m > 0.0, other, own)
        p, q = n / n.sum(), m / m.sum()
        overall = (x.sum() + y.sum()) / (n.sum() + m.sum())
    nobody = (n == 0.0) & (m == 0.0)
    within = np.where(nobody, 0.0, 0.5 * (p + q) * (own - other))
    composition = np.where(nobody, 0.0, (p - q) * (0.5 * (own + other) - overall))
    frame = pd.DataFrame(
        {
            "count": x.astype(np.int64),
            "ref_count": y.astype(np.int64),
            "ratio": ratio,
            "share_of_group": p,
            "share_of_ref": q,
            "within": within,
            "composition": composition,
        },
        index=strata.names,
    )
    frame.attrs = {"references": REFERENCES}
    return frame


def _sentence(
    strata: _strata.Strata, crude: Estimate, pooled: Estimate, composition: Estimate
) -> str:
    if not composition.estimable:
        return "One of the two ratios is 0, infinite or unknown, so nothing can be taken apart."
    words: Any = _strata.WORDS[strata.measure]
    numbers = (
        f"The {words} of the totals is {crude.estimate:.3g} ({crude.low:.3g} to {crude.high:.3g}); "
        f"within strata it is {pooled.estimate:.3g} ({pooled.low:.3g} to {pooled.high:.3g}). "
        f"A factor of {composition.estimate:.3g} ({composition.low:.3g} to {composition.high:.3g}) "
        "comes from where the groups are."
    )
    if (crude.estimate - 1.0) * (pooled.estimate - 1.0) >= 0.0:
        return f"{numbers} The direction does not reverse."
    one, other = (part.low > 1.0 or part.high < 1.0 for part in (crude, pooled))
    if one and other:
        return f"{numbers} The direction reverses."
    return f"{numbers} The direction reverses in the estimates, but an interval includes 1."
