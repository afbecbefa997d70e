"""Benchmarks and geography: residents of regions and police force areas, and where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from countylines.datasets import _loading

if TYPE_CHECKING:
    import pandas as pd


def load_census2021_ethnicity_region() -> pd.DataFrame:
    """Load residents by ethnic group and region, Census 2021.

    It answers: what share of the residents of a region belongs to a group? It is of all ages and
    both sexes, which is not the make-up of the people whom police charge.

    Returns
    -------
    DataFrame
        One group and geography a row: ``geography_level``, ``geography_code``, ``geography``,
        ``n_categories`` (1, 5 or 19), ``ethnic_group5``, ``ethnic_group``, ``population``
        [people], ``percent`` [percent]. Provenance in ``attrs``.

    Raises
    ------
    CountyLinesError
        If the file is not the one that was shipped.

    See Also
    --------
    load_census2021_ethnicity_pfa : by police force area.
    countylines.disproportionality.representation_ratio : a count against such a share.

    Notes
    -----
    The three classifications stand below each other; keep to one ``n_categories`` and one
    ``geography_level`` when adding. Wales stands among the regions.

    Examples
    --------
    >>> census = cl.datasets.load_census2021_ethnicity_region()
    >>> black = census[(census["n_categories"] == 5) & (census["ethnic_group"] == "Black")]
    >>> float(black.set_index("geography").loc["England and Wales", "percent"])
    4.0426

    So 4.04 % of the residents of England and Wales are Black, without Mixed White and Black.
    """
    return _loading.table("census2021_ethnicity_region")


def load_census2021_ethnicity_pfa() -> pd.DataFrame:
    """Load residents by ethnic group and police force area, Census 2021.

    It answers: what share of the residents of a force area belongs to a group? Residents are not
    those who are arrested or charged there.

    Returns
    -------
    DataFrame
        One group and force a row: ``force``, ``ons_code``, ``region``, ``level`` (total, group or
        subgroup), ``ethnic_group5``, ``ethnic_group``, ``population`` [people]. Provenance in
        ``attrs``.

    Raises
    ------
    CountyLinesError
        If the file is not the one that was shipped.

    See Also
    --------
    load_census2021_ethnicity_region : by region, with 19 groups and percentages.
    load_police_force_population : by age.

    Notes
    -----
    Rows of level *group* add to the row of level *total*. Rows of level *subgroup* are parts of a
    group: Mixed White and Black of Mixed, White British of White.

    Examples
    --------
    >>> census = cl.datasets.load_census2021_ethnicity_pfa()
    >>> exporters = ["Metropolitan Police", "Merseyside", "West Midlands", "Greater Manchester"]
    >>> there = (
    ...     census[census["force"].isin(exporters)].groupby("ethnic_group")["population"].sum()
    ... )
    >>> print(f"{there['Black'] / there['All']:.2%}")
    9.88%

    So in the four areas that are named as exporters 9.9 % of the residents are Black, against
    4.0 % in England and Wales: the choice of benchmark moves a ratio by a factor of 2.4.
    """
    return _loading.table("census2021_ethnicity_pfa")


def load_census2021_age_region() -> pd.DataFrame:
    """Load residents by age band and region, Census 2021.

    It answers: how many residents of a region are children, or of the ages that police charge? Age
    by ethnic group was not found.

    Returns
    -------
    DataFrame
        One age band and geography a row: ``geography_level``, ``geography_code``, ``geography``,
        ``age_band``, ``population`` [people]. Provenance in ``attrs``.

    Raises
    ------
    CountyLinesError
        If the file is not the one that was shipped.

    See Also
    --------
    load_police_force_population : by police force area.

    Notes
    -----
    The band ``"all"`` is the total of the other six: leave it out when adding.

    Examples
    --------
    >>> census = cl.datasets.load_census2021_age_region()
    >>> children = census[census["age_band"] == "10-17"].set_index("geography")["population"]
    >>> int(children["England and Wales"])
    5635551

    So there were 5.6 million residents aged 10 to 17 in England and Wales.
    """
    return _loading.table("census2021_age_region")


def load_police_force_population() -> pd.DataFrame:
    """Load residents by age band and police force area, Census 2021.

    It answers: what is the population behind a count by force? Census day was 21 March 2021, not
    the middle of the year of the count.

    Returns
    -------
    DataFrame
        One age band and force a row: ``force``, ``ons_code``, ``region``, ``age_band``,
        ``population`` [people]. Provenance in ``attrs``.

    Raises
    ------
    CountyLinesError
        If the file is not the one that was shipped.

    See Also
    --------
    load_nrm_criminal_exploitation_force : counts to set against it.
    load_census2021_age_region : by region.

    Notes
    -----
    The band ``"all"`` is the total of the other six: leave it out when adding. For one column a
    band: ``table.pivot(index="force", columns="age_band", values="population")``.

    Examples
    --------
    >>> people = cl.datasets.load_police_force_population()
    >>> everybody = people[people["age_band"] == "all"].set_index("force")["population"]
    >>> everybody.idxmin(), int(everybody.min())
    ('London, City of', 8583)

    So the City of London has 8,583 residents: a rate per resident means little there.
    """
    return _loading.table("police_force_population")


def load_police_force_centroids() -> pd.DataFrame:
    """Load where police force areas are and how large they are.

    It answers: where is the middle of a force area, and the middle of its people? The areas are
    approximate, with estuaries.

    Returns
    -------
    DataFrame
        One force a row: ``force``, ``ons_code``, ``region``, ``lon_centroid``, ``lat_centroid``,
        ``lon_popweighted``, ``lat_popweighted`` [degrees], ``area_km2_approx`` [km2]. Provenance
        in ``attrs``.

    Raises
    ------
    CountyLinesError
        If the file is not the one that was shipped.

    See Also
    --------
    load_police_force_pairs : distances and common borders.

    Notes
    -----
    The population-weighted centroid weights the centroids of local authorities, not addresses.

    Examples
    --------
    >>> places = cl.datasets.load_police_force_centroids().set_index("force")
    >>> places["area_km2_approx"].idxmax()
    'Dyfed-Powys'

    So a line that starts and ends in Dyfed-Powys is internal, however far it runs across the
    largest of the areas.
    """
    return _loading.table("police_force_centroids")


def load_police_force_pairs() -> pd.DataFrame:
    """Load distances and common borders of police force areas.

    It answers: how far apart are two forces, and do they touch? Distances are as the crow flies
    between centres of population.

    Returns
    -------
    DataFrame
        One pair a row: ``ons_code_a``, ``ons_code_b``, ``force_a``, ``force_b``,
        ``distance_km_popweighted`` [km], ``adjacent``, ``shared_border_km_approx`` [km],
        ``note``. Provenance in ``attrs``.

    Raises
    ------
    CountyLinesError
        If the file is not the one that was shipped.

    See Also
    --------
    load_police_force_centroids : the points between which distances are measured.

    Notes
    -----
    Each of the 903 pairs stands once, with the smaller code first. ``adjacent`` means more than
    1 km of common border; ``note`` says where there is water between.

    Examples
    --------
    >>> pairs = cl.datasets.load_police_force_pairs()
    >>> int(pairs["adjacent"].sum()), len(pairs)
    (101, 903)

    So 101 of the 903 pairs of forces share a border that a line could cross.
    """
    return _loading.table("police_force_pairs")
