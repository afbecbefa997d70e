"""One population size out of several benchmarks."""

from __future__ import annotations

from typing import Literal

from scipy.special import chdtrc

from countylines import _validate
from countylines._kernels import heterogeneity
from countylines._typing import ArrayLike
from countylines.errors import ApproximationWarning, warn
from countylines.prevalence import _multipliers
from countylines.results import Estimate, Note

CONFLICT = 0.1  # p-value of Cochran's test below which sources are said to disagree


def combined_multiplier(
    benchmark: ArrayLike,
    count: ArrayLike,
    total: ArrayLike,
    *,
    model: str = "dersimonian-laird",
    scale: Literal["log", "logit"] = "log",
    interval: Literal["t", "normal"] = "t",
    level: float = 0.95,
) -> Estimate:
    r"""Size of a population, from several lists or several samples.

    It answers: each list with its sample gives a size; taken together, which size do they give, and
    how far can they be trusted to speak of one population? If they disagree by more than chance a
    single number hides that at least one is wrong, and a note says so.

    Parameters
    ----------
    benchmark : array_like, shape (n,)
        Numbers on each list, above 0; a single one if several samples were asked about one list.
    count, total : array_like, shape (n,)
        Numbers of each sample on its list, and sizes of the samples, of 2 sources or more; each
        count above 0 and below its total.
    model : str, default "dersimonian-laird"
        How the variance between sources is estimated: ``"dersimonian-laird"``, ``"reml"``,
        ``"paule-mandel"``, ``"ml"``, ``"hedges"``, ``"hunter-schmidt"``, ``"sidik-jonkman"``, or
        ``"fixed"`` for none.
    scale : {"log", "logit"}, default "log"
        Whether log sizes are pooled, or the logits of the shares, which needs a single benchmark.
    interval : {"t", "normal"}, default "t"
        Limits after Knapp and Hartung, with a factor of at least 1, or by the normal distribution.
    level : float, default 0.95
        Confidence level, a share in (0, 1).

    Returns
    -------
    Estimate
        ``estimate``, ``low``, ``high`` in the unit of the lists; ``n`` is the number of sources.
        ``region_low`` and ``region_high`` are the least and the greatest size of a single source.

    Raises
    ------
    InputError
        If there are fewer than 2 sources, or a count is 0 or its total.

    Warns
    -----
    ApproximationWarning
        If the sources disagree: the p-value of Cochran's test is below 0.1.

    See Also
    --------
    multiplier : one source.
    multiplier_conflict : the test, source by source.

    Notes
    -----
    With :math:`y_i = \log N_i`, sampling variances :math:`v_i = (1 - p_i) / x_i` and variance
    :math:`\tau^2` between sources the mean has weights :math:`1 / (v_i + \tau^2)` [1]_. The
    benchmarks are taken as exact and the samples as independent.

    When sources conflict: look for the one that differs by `multiplier_conflict`, ask what its list
    counts, report every source beside each other, and pool only what remains comparable. An
    interval widened by :math:`\tau^2` covers a mean over sources like these; it does not mend a
    bias that they share, such as samples drawn from treatment when the lists are of treatment.

    References
    ----------
    .. [1] DerSimonian, R. and Laird, N. (1986). Meta-analysis in clinical trials. *Controlled
       Clinical Trials* 7, 177-188. https://doi.org/10.1016/0197-2456(86)90046-2

    Examples
    --------
    Four made-up samples of lines were held against the 410 lines closed by taskforces from July to
    September 2024:

    >>> lines = cl.prevalence.combined_multiplier(410, [5, 8, 6, 11], [40, 38, 55, 70])
    >>> print(f"{lines.estimate:.0f} ({lines.low:.0f} to {lines.high:.0f})")
    2668 (1566 to 4548)

    Together they give about 2,700 lines, between 1,600 and 4,500, and do not contradict each other.
    """
    _validate.option("model", model, heterogeneity.METHODS)
    _validate.option("interval", interval, ("t", "normal"))
    level = _validate.level(level)
    sources = _multipliers.read(benchmark, count, total, scale)
    pool = _multipliers.pool(sources.y, sources.v, model, interval)
    low, high = pool.limits(level, interval, sources.y.size)
    each = sources.size(sources.y)
    size = float(sources.size(pool.centre)[0])
    pvalue = float(chdtrc(sources.y.size - 1, pool.q[0]))
    return Estimate(
        quantity="size of the population",
        method=f"multipliers pooled by {model}, {scale} scale",
        level=level,
        interval_method="Knapp-Hartung, factor at least 1" if interval == "t" else "normal",
        estimate=size,
        low=float(sources.size(low)[0]),
        high=float(sources.size(high)[0]),
        region_low=float(each.min()),
        region_high=float(each.max()),
        n=sources.y.size,
        notes=_notes(
            pvalue,
            float(pool.q[0]),
            float(heterogeneity.i_squared(sources.y, sources.v, pool.between)[0]),
            model,
        ),
        references=("cheng2020", "dersimonian1986"),
    )


def _notes(pvalue: float, q: float, i_squared: float, model: str) -> tuple[Note, ...]:
    notes = [
        Note(
            "heterogeneity",
            f"Cochran's Q is {q:.3g} (p = {pvalue:.2g}); between sources is {i_squared:.0%} of the "
            f"variance.",
        ),
        Note("range", "The region is the range of the single sources, not a statement of chance."),
    ]
    if pvalue < CONFLICT:
        text = (
            f"The sources disagree by more than chance (p = {pvalue:.2g}). A pooled size hides it: "
            "see multiplier_conflict, and report each of them."
        )
        if model == "fixed":
            text += " With model='fixed' the interval leaves the disagreement out."
        notes.append(Note("conflict", text))
        warn(text, ApproximationWarning)
    return tuple(notes)
