"""A benchmark share that knows which population it is of, and when that was counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from countylines import _frames, _kinds, _validate
from countylines._typing import ArrayLike
from countylines.errors import InputError, InputTypeError
from countylines.verdicts import Note

__all__ = ["Benchmark"]


@dataclass(frozen=True, eq=False, repr=False)
class Benchmark:
    """A group's share of a comparison population, with the name and the vintage of that population.

    A ratio means nothing without its benchmark: residents or people arrested, which ages, which
    census. Given in place of a plain share, this one writes both into the notes of the result. It
    does not check that the population is the right one.

    Parameters
    ----------
    share : array_like, shape (...)
        The group's share of the population, in (0, 1): 0.0404, not 4.04. Labels are kept.
    name : str
        The population in words, as a reader should see it: ``"residents of all ages"``.
    vintage : str or int
        When it was counted, and in which edition: ``"Census 2021"``, ``2021``.
    n : array_like or None, optional
        Size of the sample behind `share`; None for a census, whose share is taken as known.

    Attributes
    ----------
    share, n : float, ndarray, Series, DataFrame or DataArray
        As given, read-only; `n` may be None.
    name, vintage : str
        As given.

    Raises
    ------
    InputError
        If a share is not in (0, 1), a sample size is not above 0, or `name` or `vintage` is empty.

    See Also
    --------
    countylines.datasets.census2021_benchmark : the shipped census tables as benchmarks.
    countylines.disproportionality.benchmark_sensitivity : several benchmarks side by side.

    Notes
    -----
    The functions that take a benchmark say so; a plain share works as well, and their notes then
    say that its population and vintage were not stated.

    Examples
    --------
    A HYPOTHETICAL sample: 6 of 258 people in the North East, where 1.01 % of residents were Black.

    >>> residents = cl.Benchmark(
    ...     0.0101, name="residents of the North East", vintage="Census 2021"
    ... )
    >>> ratio = cl.disproportionality.representation_ratio(6, 258, residents)
    >>> next(note.text for note in ratio.notes if note.code == "benchmark")
    'Benchmark: residents of the North East (Census 2021).'

    So whoever reads the ratio of 2.3 also reads which population it is relative to.
    """

    share: Any
    name: str
    vintage: str
    n: Any = None

    def __init__(
        self, share: ArrayLike, name: str, vintage: str | int, n: ArrayLike | None = None
    ) -> None:
        values = _kinds.accept("share", share)
        if not _frames.is_lazy(values):
            _validate.share("share", np.asarray(values, dtype=np.float64))
        sample = None if n is None else _kinds.accept("n", n)
        if sample is not None and not _frames.is_lazy(sample):
            _validate.exposure("n", np.asarray(sample, dtype=np.float64))
        object.__setattr__(self, "share", _frames.read_only(values))
        object.__setattr__(self, "name", _words("name", name))
        if isinstance(vintage, (int, np.integer)) and not isinstance(vintage, bool):
            vintage = str(int(vintage))
        object.__setattr__(self, "vintage", _words("vintage", vintage))
        object.__setattr__(self, "n", None if sample is None else _frames.read_only(sample))

    def __repr__(self) -> str:
        size = "" if self.n is None else ", from a sample"
        return f"Benchmark({self.name!r}, vintage={self.vintage!r}{size})"

    def __str__(self) -> str:
        return f"{self.name} ({self.vintage})"


UNNAMED = Note(
    "benchmark",
    "The population and the vintage of the benchmark are not stated: countylines.Benchmark carries "
    "both into the result.",
)


def unpacked(benchmark: Any, benchmark_n: Any = None) -> tuple[Any, Any]:
    """Share and sample size of a benchmark, named or plain."""
    if not isinstance(benchmark, Benchmark):
        return benchmark, benchmark_n
    if benchmark.n is not None and benchmark_n is not None:
        raise InputError(
            _validate.sentence(
                "benchmark_n",
                "None where the benchmark has a size of its own",
                _validate.show(benchmark_n),
                remedy="Give the size once.",
            )
        )
    return benchmark.share, benchmark_n if benchmark.n is None else benchmark.n


def known_share(benchmark: Any, function: str) -> Any:
    """The share of a benchmark that is taken as known; one from a sample is refused."""
    share, size = unpacked(benchmark)
    if size is not None:
        raise InputError(
            _validate.sentence(
                "benchmark",
                f"a known share in {function}",
                "one from a sample",
                remedy="Use representation_ratio, which takes the sampling error of both in.",
            )
        )
    return share


def note(benchmark: Any) -> Note:
    """Which population a result is relative to, for its notes."""
    if isinstance(benchmark, Benchmark):
        return Note("benchmark", f"Benchmark: {benchmark}.")
    return UNNAMED


def renamed(benchmark: Any, share: Any) -> Any:
    """A share that has been aligned, under the name it came with and without its size."""
    if isinstance(benchmark, Benchmark):
        return Benchmark(share, benchmark.name, benchmark.vintage)
    return share


def _words(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InputTypeError(_validate.sentence(name, "a text", _validate.show(value)))
    if not value.strip():
        raise InputError(
            _validate.sentence(
                name,
                "a text that says what the population is",
                "an empty one",
                remedy="For example name='residents aged 18 to 34', vintage='Census 2021'.",
            )
        )
    return value.strip()
