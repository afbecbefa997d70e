"""What a search over models found: their table, their ranking, and how far they disagree."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from countylines import _render, _validate
from countylines._kernels import criteria
from countylines.capture_recapture.histories import CaptureHistories
from countylines.capture_recapture.loglinear import loglinear
from countylines.errors import InputError
from countylines.results import PopulationEstimate


@dataclass(frozen=True, eq=False, repr=False)
class ModelSearch:
    r"""Models of one table, compared; what :func:`model_search` returns.

    It is not an estimate. Its summary shows how far the models that the counts support disagree,
    and never one number alone.

    Parameters
    ----------
    table : DataFrame
        One row a model, best first: ``model, generators, estimate, hidden, standard_error,
        deviance, df, parameters, on_face`` (parameters that are not at minus infinity),
        ``log_likelihood, aic, aicc, bic, weight, estimable, code``.
    criterion : str
        What the table is sorted by and the weights are made from.
    max_order : int
        Largest interaction allowed.
    strategy : str
        ``"exhaustive"``, or ``"downhill"``: then the table has only the models met on the way.
    histories : CaptureHistories
        The table of counts.

    See Also
    --------
    model_search : how it is made.

    Notes
    -----
    Weights are :math:`\exp(-\Delta_i / 2)` over their sum, with :math:`\Delta_i` the criterion less
    its smallest value among the models that have an estimate.

    Examples
    --------
    >>> cells = {"111": 28, "110": 21, "101": 17, "011": 18, "100": 69, "010": 55, "001": 63}
    >>> cases = cl.CaptureHistories.from_cells(cells, lists=["P", "Q", "E"])
    >>> search = cl.capture_recapture.model_search(cases)
    >>> shown = search.disagreement()
    >>> shown.loc[0, ["lowest", "highest"]].astype(float).round().tolist()
    [1313.0, 1313.0]

    Among the eight models of this hepatitis outbreak one alone is supported; it has as many
    parameters as cells, so its fit says nothing for it.
    """

    table: pd.DataFrame
    criterion: str
    max_order: int
    strategy: str
    histories: CaptureHistories = field(repr=False)

    @functools.cached_property
    def best(self) -> PopulationEstimate:
        """The estimate of the model ranked highest; its interval ignores the search."""
        usable = self.table[self.table["estimable"]]
        if usable.empty:
            raise InputError(
                "`histories` must give an estimate under some model, got none. See .table['code']."
            )
        return loglinear(self.histories, usable["generators"].iloc[0])

    def disagreement(self, *, within: float = 6.0) -> pd.DataFrame:
        """How far the preferred models disagree, under every criterion and both counts.

        Parameters
        ----------
        within : float, default 6.0
            Models whose criterion exceeds the best by no more than this are taken as supported: a
            weight of at least 1 to 20 against the best.

        Returns
        -------
        DataFrame
            One row for each criterion and way of counting parameters (``"all"``, or ``"on face"``,
            without those at minus infinity): the best model, its estimate, that of the runner-up,
            the lowest and highest estimates among the supported models, and their number.
        """
        within = _validate.number("within", within, low=0)
        usable = self.table[self.table["estimable"]]
        n = float(self.histories.n_observed)  # type: ignore[arg-type]
        rows = []
        for counted in ("parameters", "on_face"):
            values = criteria.criteria(
                usable["log_likelihood"].to_numpy(), usable[counted].to_numpy(dtype=np.int64), n
            )
            for name in criteria.NAMES:
                order = np.argsort(values[name], kind="stable")
                close = order[values[name][order] <= values[name][order[:1]] + within]
                estimates = usable["estimate"].to_numpy()
                rows.append(
                    {
                        "criterion": name,
                        "counted": "all" if counted == "parameters" else "on face",
                        "model": usable["model"].iloc[order[0]],
                        "estimate": estimates[order[0]],
                        "runner_up": estimates[order[1]] if len(order) > 1 else np.nan,
                        "lowest": estimates[close].min(),
                        "highest": estimates[close].max(),
                        "models": len(close),
                    }
                )
        return pd.DataFrame(rows)

    def summary(self) -> str:
        """The disagreement in words and numbers.

        Returns
        -------
        str
        """
        usable = int(self.table["estimable"].sum())
        lines = [
            f"Search of {len(self.table):,} models ({self.strategy}, interactions of up to "
            f"{self.max_order} lists); {usable:,} give an estimate",
            "  criterion  parameters  best model's total  runner-up  supported models",
            *(
                f"  {row.criterion:<9}  {row.counted:<10}  {_render.number(row.estimate):>18}  "
                f"{_render.number(row.runner_up):>9}  {row.models} of them, "
                f"{_render.number(row.lowest)} to {_render.number(row.highest)}"
                for row in self.disagreement().itertuples()
            ),
            "  note: Models that fit the lists equally well need not agree on who is on none.",
            "  note: The range is no interval: it holds no sampling error.",
        ]
        if self.strategy == "downhill":
            lines.append(
                "  note: A downhill search stops at the first model that no single change "
                "improves; better ones may exist."
            )
        return "\n".join(lines)

    def __repr__(self) -> str:
        return (
            f"<ModelSearch of {len(self.table):,} models by {self.criterion}; "
            "see .disagreement() and .table>"
        )

    def __str__(self) -> str:
        return self.summary()
