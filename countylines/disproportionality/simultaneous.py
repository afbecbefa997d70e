"""Many intervals that hold at once."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import numpy as np
from numpy.typing import ArrayLike as NumpyLike
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from countylines import _frames, _labels, _validate, resampling
from countylines._kernels import multiplicity
from countylines._typing import RNG
from countylines.errors import InputError, InputTypeError
from countylines.results import Estimate, Note

FloatArray = NDArray[np.float64]

METHODS = ("sidak", "bonferroni", "max-t")
STRONGEST = 0.9  # beyond, the quadrature of equal correlations loses digits
DRAWS = 100_000
REFERENCES = {"sidak": "sidak1967", "bonferroni": "dunn1961", "max-t": "hothorn2008"}


def simultaneous(
    estimate: Estimate,
    *,
    method: str = "sidak",
    number: int | None = None,
    correlation: float | NumpyLike | None = None,
    rng: RNG = None,
) -> Estimate:
    r"""The same estimates with intervals that all hold at once, of groups by regions for example.

    It answers: which of these forty ratios may be picked out for being high, without the picking
    making it so? Separate 95 % intervals of 43 areas leave out two true values on average. It is
    not a smaller level for the finding that a reader happens to like: all that were looked at
    count, whether shown or not.

    Parameters
    ----------
    estimate : Estimate
        What an estimator with a test returned for many values, such as
        :func:`rate_ratio` or :func:`countylines.prevalence.proportion`. Its level is the level at
        which all intervals are to hold.
    method : {"sidak", "bonferroni", "max-t"}, default "sidak"
        How the level of each is found, see Notes.
    number : int or None, optional
        How many intervals are looked at, if there are more than `estimate` holds. None: as many as
        it holds, those that have no estimate included.
    correlation : float or array_like or None, optional
        For ``"max-t"``: the correlation between any two estimates, in [0, 0.9], or their
        correlation matrix in the order of the values.
    rng : int, Generator, SeedSequence or None, optional
        Source of randomness for a correlation matrix.

    Returns
    -------
    Estimate
        The same estimates with wider limits, of the same interval method, and adjusted p-values;
        ``level`` is that of all together.

    Raises
    ------
    InputError
        If `estimate` was not made by a method that can be asked for another level, has one value
        only, or `correlation` is missing or not a correlation.

    See Also
    --------
    joint_proportions : shares of one whole.
    false_discovery : fewer false findings among many, without intervals.

    Notes
    -----
    All intervals are made anew, by their own method, at the level

    .. math:: (1 - \alpha)^{1/m}, \qquad 1 - \frac{\alpha}{m}, \qquad
              2 \Phi(c) - 1 \;\text{ with }\; P\left(\max_i |Z_i| \le c\right) = 1 - \alpha

    for ``"sidak"``, ``"bonferroni"`` and ``"max-t"``, with :math:`Z` normal and correlated as
    given. So a mid-P interval stays one, and what it does at zero does not change. ``"sidak"`` is
    exact for independent estimates, such as those of areas apart from each other, and never falls
    short for two-sided normal ones, however correlated. ``"bonferroni"`` needs nothing.
    ``"max-t"`` gains where estimates share a reference group: with :math:`x_i` and :math:`x_j`
    events against the same :math:`y`, log rate ratios are correlated by

    .. math:: \rho_{ij} = \frac{1/y}{\sqrt{(1/x_i + 1/y)(1/x_j + 1/y)}} .

    The p-values are adjusted to match: one is below :math:`\alpha` exactly when its interval
    leaves out the null value (for a correlation matrix up to the simulation of 100,000 draws).

    Assumptions that fail in practice: intervals that miss their own level in the far tail miss it
    here (43 intervals at 95 % are made at 99.9 % each, where large-sample methods fail first);
    estimates of nested areas, or of groups that are part of one another, are neither independent
    nor equally correlated.

    References
    ----------
    .. [1] Šidák, Z. (1967). Rectangular confidence regions for the means of multivariate normal
       distributions. *Journal of the American Statistical Association* 62, 626-633.
       https://doi.org/10.1080/01621459.1967.10482935
    .. [2] Dunn, O. J. (1961). Multiple comparisons among means. *Journal of the American
       Statistical Association* 56, 52-64. https://doi.org/10.1080/01621459.1961.10482090
    .. [3] Hothorn, T., Bretz, F. and Westfall, P. (2008). Simultaneous inference in general
       parametric models. *Biometrical Journal* 50, 346-363. https://doi.org/10.1002/bimj.200810425

    Examples
    --------
    Events in a group and in the other, per resident of three areas, made up:

    >>> ratio = cl.disproportionality.rate_ratio(
    ...     [19, 60, 12],
    ...     [2_579, 5_200, 800],
    ...     [2_365, 4_100, 2_000],
    ...     [487_409, 700_000, 250_000],
    ... )
    >>> together = cl.disproportionality.simultaneous(ratio)
    >>> for low, wider in zip(ratio.low, together.low):
    ...     print(f"{low:.2f} {wider:.2f}")
    0.94 0.84
    1.51 1.42
    1.01 0.87

    By itself the interval of the third area ends above 1. Three areas were looked at, and of all
    three together only the second can be said to lie above.
    """
    if not isinstance(estimate, Estimate):
        raise InputTypeError(_validate.sentence("estimate", "an Estimate", type(estimate).__name__))
    method = _validate.option("method", method, METHODS)
    recompute = estimate._recompute
    keywords = recompute.keywords if isinstance(recompute, functools.partial) else {}
    if recompute is None or "level" not in keywords or estimate.level is None:
        raise InputError(
            _validate.sentence(
                "estimate",
                "one whose intervals can be made at another level",
                f"{estimate.quantity} by {estimate.method!r}",
                remedy="Call its estimator with a level of 1 - 0.05 / m instead.",
            )
        )
    level = estimate.level
    estimate = estimate.compute()
    held = int(np.size(estimate.estimate))
    if held < 2 and number is None:
        raise InputError(_validate.sentence("estimate", "of several values", "one"))
    count = held if number is None else _validate.whole_number("number", number, low=max(held, 2))
    known = _correlation(correlation, method, held, number)
    seed = _validate.seed(rng) if isinstance(known, np.ndarray) else 0
    if method == "max-t":
        text = f"max-t over {count}"
    else:
        text = f"{'Sidak' if method == 'sidak' else 'Bonferroni'} over {count}"
    family = _Family(method, count, known, seed, text)
    return _together(family, recompute, level, estimate.null, estimate.alternative)


@dataclasses.dataclass(frozen=True)
class _Family:
    """How the intervals belong together."""

    method: str
    number: int
    correlation: Any
    seed: int
    text: str

    @functools.cached_property
    def maxima(self) -> FloatArray:
        """Largest of the correlated statistics, many times."""
        return np.sort(resampling.replicate(self._draw, replicates=DRAWS, rng=self.seed), axis=0)

    def _draw(self, rng: np.random.Generator, size: int) -> FloatArray:
        values, vectors = np.linalg.eigh(self.correlation)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        z = rng.normal(size=(size, len(values))) @ root.T
        return np.stack([np.abs(z).max(axis=1), z.max(axis=1)], axis=1)

    def each(self, level: float, two_sided: bool) -> float:
        """Level at which each interval is made."""
        if self.method != "max-t":
            return multiplicity.level_of_each(level, self.number, self.method)
        if isinstance(self.correlation, float):
            return multiplicity.equal_correlation_level(
                level, self.number, self.correlation, two_sided=two_sided
            )
        place = int(np.ceil(level * DRAWS)) - 1
        critical = self.maxima[place, 0 if two_sided else 1]
        return float(1.0 - (2.0 if two_sided else 1.0) * ndtr(-critical))

    def adjusted(self, p: FloatArray, two_sided: bool) -> FloatArray:
        """P-values of the same family."""
        if self.method != "max-t":
            rows = np.column_stack([p, np.ones((len(p), self.number - 1))])
            return multiplicity.METHODS[self.method](rows)[:, 0]
        with np.errstate(divide="ignore"):
            critical = -ndtri(p / 2.0 if two_sided else p)
        if isinstance(self.correlation, float):
            held = multiplicity.all_within(
                critical, self.number, self.correlation, two_sided=two_sided
            )
            return np.where(np.isnan(p), np.nan, np.maximum(1.0 - held, p))
        within = np.searchsorted(self.maxima[:, 0 if two_sided else 1], critical)
        return np.where(np.isnan(p), np.nan, np.maximum(1.0 - within / DRAWS, p))


def _correlation(value: Any, method: str, held: int, number: int | None) -> Any:
    """None, one number, or a matrix that is a correlation."""
    if (value is None) == (method == "max-t"):
        rule = "given with method='max-t', and only then"
        raise InputError(_validate.sentence("correlation", rule, _validate.show(value)))
    if value is None or np.ndim(value) == 0:
        if value is None:
            return None
        return _validate.number("correlation", value, low=0.0, high=STRONGEST)
    matrix = np.asarray(value, dtype=np.float64)
    if number is not None:
        rule = "one number when `number` is given"
        raise InputError(_validate.sentence("correlation", rule, _validate.show(matrix)))
    if matrix.shape != (held, held):
        rule = f"a matrix of {held} by {held}"
        raise InputError(_validate.sentence("correlation", rule, _validate.show(matrix)))
    _validate.finite("correlation", matrix.ravel())
    symmetric = np.allclose(matrix, matrix.T, atol=1e-10)
    if not symmetric or not np.allclose(np.diag(matrix), 1.0, atol=1e-10):
        rule = "symmetric with ones on its diagonal"
        raise InputError(_validate.sentence("correlation", rule, "another matrix"))
    if np.linalg.eigvalsh(matrix).min() < -1e-8:
        rule = "a correlation matrix, without negative eigenvalues"
        raise InputError(_validate.sentence("correlation", rule, "one with such"))
    return matrix


def _together(
    family: _Family, recompute: Any, level: float, null: Any, alternative: str
) -> Estimate:
    """Make all intervals anew, and say that they hold together."""
    two_sided = alternative == "two-sided"
    each = family.each(level, two_sided)
    asked: dict[str, Any] = {"level": each, "alternative": alternative}
    if null is not None:
        asked["null"] = null
    again: Estimate = recompute(**asked).compute()
    pvalue = again.pvalue
    if pvalue is not None:
        values = _labels.align(pvalue=pvalue)
        pvalue = values.back(family.adjusted(values.flat[0], two_sided))
    note = Note(
        "simultaneous",
        f"All {family.number} intervals hold together at level {level:g}; each is made at "
        f"{each:.6g}.",
    )
    return dataclasses.replace(
        again,
        level=level,
        pvalue=_frames.single(pvalue),
        interval_method=f"{again.interval_method}, {family.text}",
        notes=(note, *again.notes),
        references=(*again.references, REFERENCES[family.method]),
        _recompute=functools.partial(_retest, family, recompute, level),
    )


def _retest(
    family: _Family, recompute: Any, level: float, *, null: Any, alternative: str
) -> Estimate:
    return _together(family, recompute, level, null, alternative)
