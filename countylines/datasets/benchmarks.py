"""The shipped census tables as benchmarks, with their name and vintage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from countylines.datasets.places import load_census2021_ethnicity_region
from countylines.errors import InputError, InputTypeError

if TYPE_CHECKING:
    from countylines.benchmark import Benchmark


def census2021_benchmark(
    ethnic_group: str | Sequence[str], *, place: str | None = None
) -> Benchmark:
    """Share of an ethnic group among residents, by region or of one place, Census 2021.

    It answers: against which census share is a group compared, and of whom is it a share? It is of
    residents of all ages and both sexes, which is not the make-up of the people whom police charge.

    Parameters
    ----------
    ethnic_group : str or sequence of str
        A group of the classification with 5 groups (``"Black"``) or with 19
        (``"White and Black Caribbean"``), or several groups that do not overlap, added up.
    place : str or None, optional
        A region, ``"Wales"``, ``"England"`` or ``"England and Wales"``; None for the nine regions
        of England, and Wales, one share each.

    Returns
    -------
    Benchmark
        ``share`` [of 0 to 1] is one number for a `place` and otherwise a Series by region; ``name``
        and ``vintage`` say what it is of.

    Raises
    ------
    InputError
        If there is no such group or place, or two of the groups overlap.

    See Also
    --------
    load_census2021_ethnicity_region : the table that it is taken from.
    countylines.disproportionality.representation_ratio : a count against such a share.

    Notes
    -----
    The shares are computed from the numbers of people, not from the rounded percentages.

    Examples
    --------
    >>> black = cl.datasets.census2021_benchmark("Black")
    >>> print(
    ...     f"{black.share['North East']:.4f} and {black.share['London']:.4f}: {black.vintage}"
    ... )
    0.0101 and 0.1350: Census 2021

    So the same share of a record is over-representation in one region and its opposite in another.
    """
    # pandas and xarray stand behind these: on use
    from countylines import _validate
    from countylines.benchmark import Benchmark

    groups = [ethnic_group] if isinstance(ethnic_group, str) else list(ethnic_group)
    if not groups or not all(isinstance(group, str) for group in groups):
        raise InputTypeError(
            _validate.sentence("ethnic_group", "a group or a list of groups", "something else")
        )
    census = load_census2021_ethnicity_region()
    known = census[census["n_categories"].isin([5, 19])]
    for group in groups:
        _validate.option("ethnic_group", group, list(dict.fromkeys(known["ethnic_group"])))
    rows = known[known["ethnic_group"].isin(groups)]
    broad = {row.ethnic_group5 for row in rows.itertuples() if row.n_categories == 5}
    fine = {row.ethnic_group5 for row in rows.itertuples() if row.n_categories == 19}
    if len(set(groups)) < len(groups) or broad & fine:
        raise InputError(
            _validate.sentence(
                "ethnic_group", "groups that do not overlap", ", ".join(map(repr, groups))
            )
        )
    everyone = census[census["n_categories"] == 1].set_index("geography")["population"]
    share = rows.groupby("geography", sort=False)["population"].sum() / everyone
    regions = census.loc[census["geography_level"] == "region", "geography"].unique()
    of = "residents of all ages" if place is None else f"residents of {place}, all ages"
    name, vintage = f"{' and '.join(groups)} among {of}", "Census 2021"
    if place is not None:
        _validate.option("place", place, list(everyone.index))
        return Benchmark(float(share[place]), name, vintage)
    listed = [*regions, *({"Wales"} - set(regions))]
    return Benchmark(share[listed].rename("share"), name, vintage)
