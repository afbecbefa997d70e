"""Published tables of who is on which list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from countylines.datasets import _loading

if TYPE_CHECKING:
    import pandas as pd


def list_mse() -> pd.DataFrame:
    """List the tables for multiple-systems estimation, one a row.

    It answers: on which published lists can an estimator of a hidden population be tried? None of
    them is about county lines: no such table has been published.

    Returns
    -------
    DataFrame
        Indexed by the name that `load_mse` takes: ``title``, ``n_lists``, ``n_observed`` (cases on
        at least one list), ``ordered`` (whether the lists are occasions in time), ``known_as``
        (its name in R packages) and ``citation``.

    See Also
    --------
    load_mse : one of the tables.
    list_tables : the tables on county lines and their benchmarks.

    Notes
    -----
    Several tables go by one name in different versions of a package, so `load_mse` takes the names
    given here and not those of ``known_as``.

    Examples
    --------
    >>> tables = cl.datasets.list_mse()
    >>> tables.loc["uk_2013", ["n_lists", "n_observed"]].to_list()
    [6, 2744]

    So 2,744 potential victims were known to at least one of six kinds of organisation.
    """
    import pandas as pd

    entries = _loading.registry()["multiple_systems"]
    shown = ("title", "n_lists", "n_observed", "ordered", "known_as", "citation")
    rows = {name: {**entry, "n_lists": len(entry["lists"])} for name, entry in entries.items()}
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=list(shown))
    return frame.rename_axis(index="name")


def load_mse(name: str) -> pd.DataFrame:
    """Load one published table of lists, one pattern a row.

    It answers: how many cases were on exactly these lists and on no other? It does not hold those
    on none, who are what an estimator is asked for. There is one function for all the tables,
    not a loader each, because all have the same columns (the lists, 0 or 1, and ``n``) and an
    estimator is usually tried on several of them in a loop.

    Parameters
    ----------
    name : str
        Name of the table, as in the index of `list_mse`.

    Returns
    -------
    DataFrame
        One column a list, with 1 where the pattern is on it, then ``n``, the cases with that
        pattern [cases]. Patterns without a case are left out. ``attrs`` holds the provenance, and
        ``lists``, ``ordered`` and ``n_observed``.

    Raises
    ------
    InputError
        If there is no table of that name.
    CountyLinesError
        If the file is not the one that was shipped.

    See Also
    --------
    list_mse : what tables there are.
    countylines.capture_recapture.CaptureHistories : the table as estimators take it.

    Notes
    -----
    The table of New Orleans comes twice. Its article prints 186 cases; the supplementary code of
    [1]_ has one case less on lists C and D, and only these 185 reproduce the estimates printed in
    [2]_. ``"new_orleans"`` is the corrected table, ``"new_orleans_printed"`` the printed one.

    References
    ----------
    .. [1] Silverman, B. W. (2020). Multiple-systems analysis for the quantification of modern
       slavery: classical and Bayesian approaches. *Journal of the Royal Statistical Society:
       Series A* 183, 691-736. https://doi.org/10.1111/rssa.12505
    .. [2] Chan, L., Silverman, B. W. and Vincent, K. (2021). Multiple systems estimation for
       sparse capture data: inferential challenges when there are nonoverlapping lists. *Journal
       of the American Statistical Association* 116, 1297-1306.
       https://doi.org/10.1080/01621459.2019.1708748

    Examples
    --------
    >>> uk = cl.datasets.load_mse("uk_2013")
    >>> uk.attrs["lists"]
    ['LA', 'NG', 'PF', 'GO', 'GP', 'NCA']
    >>> once = uk[uk[uk.attrs["lists"]].sum(axis="columns") == 1]
    >>> int(once["n"].sum()), int(uk["n"].sum())
    (2492, 2744)

    So 2,492 of 2,744 potential victims were known to one kind of organisation only.
    """
    from countylines import _validate

    _validate.option("name", name, _loading.registry()["multiple_systems"])
    return _loading.multiple_systems(name)
