"""How far a line runs that stays in its area, by the size of the area."""

from __future__ import annotations

from typing import Any

import numpy as np

from countylines import _labels, _validate
from countylines._typing import ArrayLike

_FACTORS = {"from-centre": 2.0 / 3.0, "between-points": 128.0 / (45.0 * np.pi)}


def intrazonal_distance(area: ArrayLike, *, rule: str = "from-centre") -> Any:
    r"""Mean distance within an area, were it a disc.

    It answers: how far does a line run that starts and ends in one force's area, if nothing but the
    size of the area is known? It is a convention and not a measurement: people do not live evenly
    over an area, and areas are no discs. Compare rules before a conclusion leans on one.

    Parameters
    ----------
    area : array_like
        Areas, say in square kilometres.
    rule : {"from-centre", "between-points"}, default "from-centre"
        Distance from the centre of the disc to a random point, or between two random points.

    Returns
    -------
    number or labelled numbers
        Of the kind of `area`, in its unit of length.

    Raises
    ------
    InputError
        If an area is not above 0 or the rule is unknown.

    See Also
    --------
    LineFlows.mean_distance : means with the lines that stay in their area.

    Notes
    -----
    With :math:`R = \sqrt{A / \pi}` the distances are :math:`2 R / 3` and
    :math:`128 R / (45 \pi) = 0.905 R`.

    References
    ----------
    .. [1] Head, K. and Mayer, T. (2002). Illusory border effects: distance mismeasurement inflates
       estimates of home bias in trade. CEPII working paper 2002-01.
       https://www.cepii.fr/CEPII/en/publications/wp/abstract.asp?NoDoc=144

    Examples
    --------
    Dyfed-Powys and the area of the Metropolitan Police:

    >>> places = cl.datasets.load_police_force_centroids().set_index("force")
    >>> area = places.loc[["Dyfed-Powys", "Metropolitan Police"], "area_km2_approx"]
    >>> cl.localisation.intrazonal_distance(area).round(1).tolist()
    [39.6, 15.0]

    By this rule a line that stays in the largest area runs 40 km and is internal; many shorter ones
    are external.
    """
    rule = _validate.option("rule", rule, _FACTORS)
    inputs = _labels.align(area=area)

    def kernel(area: Any) -> tuple[Any, ...]:
        return (_FACTORS[rule] * np.sqrt(area / np.pi),)

    def check(area: Any, where: _validate.Where) -> None:
        _validate.exposure("area", area, where)

    return inputs.apply(kernel, outputs=["distance"], check=check)["distance"]
