"""SYNTHETIC people recorded by region and role, with an ethnic group that is sometimes missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit

from countylines import _validate
from countylines._typing import RNG
from countylines.datasets import census2021_benchmark, load_census2021_ethnicity_region
from countylines.errors import InputError, InputTypeError

FloatArray = NDArray[np.float64]

SYNTHETIC = "SYNTHETIC: made by countylines.simulate.people; no person in it exists."
PUBLISHED = 2577  # people in the one sample that the release of the assessment mentions
ROLES = {"offender": 0.75, "victim": 0.25}  # assumed
REFUSED_AT = 5_000_000


def people(
    n: int = PUBLISHED,
    *,
    ratio: float | pd.Series | pd.DataFrame = 2.0,
    group: str = "Black",
    regions: Mapping[str, float] | None = None,
    roles: Mapping[str, float] | None = None,
    missing: float = 0.12,
    missing_odds: float = 1.0,
    cluster_size: float = 1.0,
    alike: float = 0.0,
    under_18: float = 0.25,
    rng: RNG = None,
) -> pd.DataFrame:
    r"""Make a SYNTHETIC sample of people by region, role and ethnic group, one row a person.

    It answers: would an estimator find the truth, if the truth were this? It is not data. Only the
    number of people and the shares of residents are published figures; no count by region, role or
    ethnic group is public, and every other default is an assumption.

    Parameters
    ----------
    n : int, default 2577
        People in all.
    ratio : float, Series or DataFrame, default 2.0
        True representation ratio of `group`: one number, a Series by region or by role, or a
        DataFrame of regions by roles. Its product with the share of residents is at most 1.
    group : str, default "Black"
        One of the five broad ethnic groups of Census 2021.
    regions : mapping of str to float or None, optional
        Parts of the sample by region, up to a common factor; None: the nine regions of England, and
        Wales, in equal parts. Sizes of regions are not random.
    roles : mapping of str to float or None, optional
        Probabilities of the roles, up to a common factor; None: three offenders to one victim.
    missing : float, default 0.12
        Share of people whose ethnic group is not recorded, in [0, 1).
    missing_odds : float, default 1.0
        Odds that it is not recorded for `group` over those for everybody else, above 0; 1: missing
        whatever the group.
    cluster_size : float, default 1.0
        Mean number of people recorded together, such as co-defendants, at least 1; sizes are one
        more than a Poisson number, within regions.
    alike : float, default 0.0
        Correlation, in [0, 1], of being of `group` between two people of one cluster (and one
        role).
    under_18 : float, default 0.25
        Share of people under 18, in [0, 1], whatever their group.
    rng : int, Generator, SeedSequence or None, optional
        Source of randomness.

    Returns
    -------
    DataFrame
        One row a person: ``person`` and ``cluster`` (names), ``region``, ``role``, ``age`` ("under
        18" or "18 and over"), ``ethnicity`` as recorded (missing where it is not) and
        ``true_ethnicity``. ``attrs["synthetic"]`` says what it is. ``attrs["truth"]`` holds the
        ``ratio`` and the ``benchmark`` by region (and role), the least ratio, the design effect to
        expect and what was asked for.

    Raises
    ------
    InputError
        If a number or share is bad, a region, role or group is not known, or `ratio` asks for a
        share above 1.

    See Also
    --------
    countylines.disproportionality.over_represented_in_all : whether it holds in all regions.
    countylines.datasets.census2021_benchmark : the shares of residents.

    Notes
    -----
    A person of a region with benchmark :math:`q` is of the group with probability
    :math:`\rho q`, and otherwise of another in proportion to residents. Each person takes the
    draw of the cluster with probability :math:`\sqrt{a}`, and a draw of their own otherwise, so
    that two of one cluster have the correlation :math:`a`. The design effect of clusters of sizes
    :math:`b` is

    .. math:: 1 + a \Bigl(\frac{\sum b^2}{\sum b} - 1\Bigr).

    The log odds of not being recorded are :math:`c` for others and :math:`c + \log(\text{odds})`
    for the group, with :math:`c` such that `missing` is expected in all.

    An assumption that fails in practice: that ratios are the same at all ages.

    Examples
    --------
    The claim is false here: the ratio is 1 in Wales, and 3 in every other region.

    >>> import pandas as pd
    >>> ratio = pd.Series(3.0, index=cl.datasets.census2021_benchmark("Black").share.index)
    >>> ratio["Wales"] = 1.0
    >>> sample = cl.simulate.people(ratio=ratio, rng=1)
    >>> len(sample), sample.attrs["truth"]["smallest_ratio"]
    (2577, 1.0)
    >>> int(sample["ethnicity"].isna().sum())
    322

    Whatever a test says of this SYNTHETIC sample, the right answer is: not in all regions.
    """
    n = _validate.whole_number("n", n, low=1, high=REFUSED_AT)
    missing = _validate.number("missing", missing, low=0, high=1, open_high=True)
    odds = _validate.number("missing_odds", missing_odds, low=0, open_low=True)
    size = _validate.number("cluster_size", cluster_size, low=1)
    alike = _validate.number("alike", alike, low=0, high=1)
    under_18 = _validate.number("under_18", under_18, low=0, high=1)
    shares = _residents(group)
    parts = _parts("regions", regions, dict.fromkeys(shares.index, 1.0), list(shares.index))
    chances = _parts("roles", roles, ROLES, None)
    shares = shares.loc[parts.index]
    true = _ratios(ratio, parts.index, chances.index)
    wanted = true.mul(shares[group], axis=0)
    if (wanted > 1.0).to_numpy().any():
        place = str(wanted.max(axis=1).idxmax())
        raise InputError(
            _validate.sentence(
                "ratio",
                "at most one over the share of residents",
                _validate.show(float(np.max(true.loc[place]))),
                f" in {place}",
                f"There it can be {1.0 / float(shares[group][place]):.4g} at most.",
            )
        )
    generator = _validate.generator(rng)
    region = np.repeat(np.arange(len(parts)), _sizes(n, np.asarray(parts, dtype=np.float64)))
    role = generator.choice(len(chances), size=n, p=chances.to_numpy())
    cluster = _clusters(generator, region, size)
    chance = wanted.to_numpy()[region, role]
    ethnic = _ethnic(generator, shares, group, region, chance, cluster, alike)
    unknown = _unknown(generator, ethnic == 0, chance, missing, odds)
    names = np.array([group, *shares.columns.drop(group)], dtype=object)
    recorded = names[ethnic]
    recorded[unknown] = None
    frame = pd.DataFrame(
        {
            "person": [f"SYNTHETIC-{i:07d}" for i in range(1, n + 1)],
            "cluster": [f"C{i:07d}" for i in cluster + 1],
            "region": parts.index.to_numpy(dtype=object)[region],
            "role": chances.index.to_numpy(dtype=object)[role],
            "age": np.where(generator.random(n) < under_18, "under 18", "18 and over"),
            "ethnicity": recorded,
            "true_ethnicity": names[ethnic],
        }
    )
    together = np.bincount(cluster)
    frame.attrs["synthetic"] = SYNTHETIC
    frame.attrs["truth"] = {
        "group": group,
        "ratio": true.to_dict(orient="index"),
        "benchmark": shares[group].to_dict(),
        "smallest_ratio": float(true.to_numpy().min()),
        "design_effect": 1.0 + alike * (float((together**2).sum()) / n - 1.0),
        "missing": missing,
        "missing_odds": odds,
        "under_18": under_18,
    }
    return frame


def _residents(group: Any) -> pd.DataFrame:
    """Shares of the five broad groups among residents, by region."""
    census = load_census2021_ethnicity_region()
    groups = list(dict.fromkeys(census.loc[census["n_categories"] == 5, "ethnic_group"]))
    _validate.option("group", group, groups)
    return pd.DataFrame({name: census2021_benchmark(name).share for name in groups})


def _parts(
    name: str, given: Any, default: Mapping[str, float], known: list[str] | None
) -> pd.Series[float]:
    """Probabilities out of parts."""
    if given is None:
        given = default
    if not isinstance(given, (Mapping, pd.Series)):
        rule = "a mapping of names to parts"
        raise InputTypeError(_validate.sentence(name, rule, _validate.show(given)))
    parts = pd.Series({str(key): value for key, value in given.items()}, dtype=object)
    _validate.not_empty(name, len(parts))
    for key, value in parts.items():
        if known is not None:
            _validate.option(name, key, known)
        _validate.number(f"{name}[{key!r}]", value, low=0, open_low=True)
    numbers = parts.astype(np.float64)
    return numbers / numbers.sum()


def _ratios(ratio: Any, regions: pd.Index, roles: pd.Index) -> pd.DataFrame:
    """The true ratio of every region and role."""
    if isinstance(ratio, pd.DataFrame):
        complete = bool(regions.isin(ratio.index).all() and roles.isin(ratio.columns).all())
        table = ratio.loc[regions, roles] if complete else None
    elif isinstance(ratio, pd.Series):
        by_region = bool(regions.isin(ratio.index).all())
        complete = by_region or bool(roles.isin(ratio.index).all())
        values = np.asarray(ratio.loc[regions if by_region else roles]) if complete else 0.0
        shape = (len(regions), len(roles))
        spread = np.asarray(values)[:, np.newaxis] if by_region else np.asarray(values)
        table = pd.DataFrame(np.broadcast_to(spread, shape), index=regions, columns=roles)
    else:
        value = _validate.number("ratio", ratio, low=0)
        return pd.DataFrame(value, index=regions, columns=roles)
    if not complete or table is None:
        rule = "labelled by every region, by every role, or by both"
        raise InputError(_validate.sentence("ratio", rule, "other labels"))
    for dtype in table.dtypes:
        _validate.numeric_dtype("ratio", dtype)
    table = table.astype(np.float64)
    _validate.exposure("ratio", table.to_numpy().ravel(), zero=True)
    return table


def _sizes(n: int, parts: FloatArray) -> NDArray[np.intp]:
    """Whole numbers that add up to n, by largest remainder."""
    ideal = n * parts
    sizes = np.floor(ideal).astype(np.intp)
    first = np.argsort(-(ideal - sizes), kind="stable")[: n - int(sizes.sum())]
    sizes[first] += 1
    return sizes


def _clusters(
    generator: np.random.Generator, region: NDArray[np.intp], size: float
) -> NDArray[np.intp]:
    """The cluster of each person, within regions; people of a region stand together."""
    n = region.size
    lengths = 1 + generator.poisson(size - 1.0, size=n)
    numbers = np.repeat(np.arange(n), lengths)[:n]
    start = np.r_[True, (np.diff(numbers) > 0) | (np.diff(region) > 0)]
    cluster: NDArray[np.intp] = np.cumsum(start) - 1
    return cluster


def _ethnic(
    generator: np.random.Generator,
    shares: pd.DataFrame,
    group: str,
    region: NDArray[np.intp],
    chance: FloatArray,
    cluster: NDArray[np.intp],
    alike: float,
) -> NDArray[np.intp]:
    """Number of the ethnic group of each person: 0 for the group, the others in their order."""
    own, common = generator.random(region.size), generator.random(int(cluster[-1]) + 1)
    draw = np.where(generator.random(region.size) < np.sqrt(alike), common[cluster], own)
    others = shares.drop(columns=group).to_numpy()
    steps = np.cumsum(others / others.sum(axis=1, keepdims=True), axis=1)[:, :-1]
    edges = chance[:, np.newaxis] + (1.0 - chance[:, np.newaxis]) * steps[region]
    beyond = (draw[:, np.newaxis] >= edges).sum(axis=1)
    return np.where(draw < chance, 0, 1 + beyond).astype(np.intp)


def _unknown(
    generator: np.random.Generator,
    of_group: NDArray[np.bool_],
    chance: FloatArray,
    missing: float,
    odds: float,
) -> NDArray[np.bool_]:
    """Whose group is not recorded."""
    draw = generator.random(of_group.size)
    if missing == 0.0:
        return np.zeros(of_group.size, dtype=bool)
    share, step = float(chance.mean()), float(np.log(odds))

    def excess(c: float) -> float:
        return float(share * expit(c + step) + (1.0 - share) * expit(c) - missing)

    middle = float(logit(missing))
    width = abs(step) + 1.0
    c = brentq(excess, middle - width, middle + width, xtol=1e-12)
    result: NDArray[np.bool_] = draw < expit(c + step * of_group)
    return result
