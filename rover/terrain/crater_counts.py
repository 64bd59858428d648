"""Crater counts by size, beside the line at which new craters wear away old ones as fast as they come."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.terrain.crater_efficiency import CraterEfficiency
from rover.terrain.craters import SMALLEST_CELLS, Craters, CraterSearch

Floats = npt.NDArray[np.float64]
CraterLaw = Callable[[Floats], Floats]
"""Cumulative craters per km2 from (n,) diameters in metres."""

ENOUGH = 10
"""Craters that a size must have for its ratio to count in the figure for all sizes."""

_SIZES_PER_OCTAVE = 2
_LEAST_SHARE = 0.1
"""Where fewer are found, what is found does not tell how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CraterCounts:
    """Cumulative counts, each crater weighed by the area in which its like would have been found.

    Attributes:
        diameter_m: (n,) sizes D, by factors of sqrt 2 from the smallest resolved to the largest that fits.
        count: (n,) craters of D or more.
        by_chance: (n,) as many in the DEM upside down.
        per_km2, law_per_km2: (n,) N(>D) as found and by the law.
        corrected_per_km2: (n,) found less by chance, each over the share of its like that the search finds; NaN where
            that is not known.
    """

    diameter_m: Floats
    count: npt.NDArray[np.int64]
    by_chance: npt.NDArray[np.int64]
    per_km2: Floats
    law_per_km2: Floats
    corrected_per_km2: Floats

    def __post_init__(self) -> None:
        size = (len(self.diameter_m),)
        for name in ("diameter_m", "per_km2", "law_per_km2", "corrected_per_km2"):
            object.__setattr__(self, name, locked(getattr(self, name), np.float64, size, name))
        for name in ("count", "by_chance"):
            object.__setattr__(self, name, locked(getattr(self, name), np.int64, size, name))

    @property
    def ratio(self) -> Floats:
        """(n,) found over law."""
        return self.per_km2 / self.law_per_km2

    @property
    def ratio_overall(self) -> float:
        """Geometric mean of the ratio over sizes with `ENOUGH` craters; NaN where there are none."""
        return self._overall(self.ratio)

    @property
    def corrected_ratio(self) -> Floats:
        """(n,) corrected over law."""
        return self.corrected_per_km2 / self.law_per_km2

    @property
    def corrected_ratio_overall(self) -> float:
        """As `ratio_overall`, corrected."""
        return self._overall(self.corrected_ratio)

    def _overall(self, ratio: Floats) -> float:
        ratios = ratio[self.count >= ENOUGH]
        if not ratios.size or not (ratios > 0).all():
            return math.nan
        return float(np.exp(np.log(ratios).mean()))


def equilibrium_per_km2(diameter_m: Floats) -> Floats:
    """Return N(>D) per km2 on ground in equilibrium, 0.0468 D^-1.83 with D in km.

    Hartmann 1984, doi:10.1016/0019-1035(84)90026-6; Xiao and Werner 2015, doi:10.1002/2015JE004860.
    """
    return np.asarray(0.0468 * (diameter_m / 1000) ** -1.83, np.float64)


def count_craters(
    search: CraterSearch,
    law: CraterLaw = equilibrium_per_km2,
    *,
    efficiency: CraterEfficiency | None = None,
) -> CraterCounts:
    """Count craters by size, between the sizes for which the search is fair.

    Args:
        search: What was found.
        law: That counts are set beside.
        efficiency: What share of craters the search finds, from the same DEM.
    """
    octaves = max(0.0, math.log2(search.largest_m / search.smallest_m))
    sizes = search.smallest_m * 2.0 ** (np.arange(int(octaves * _SIZES_PER_OCTAVE) + 1) / _SIZES_PER_OCTAVE)
    found, chance = (_at_least(sizes, craters) for craters in (search.craters, search.by_chance))
    corrected = np.full(len(sizes), math.nan)
    if efficiency is not None:
        true, false = (
            np.where(wide, _corrected_weight(craters, search, efficiency), 0.0).sum(axis=1)
            for wide, craters in ((found, search.craters), (chance, search.by_chance))
        )
        corrected = true - false
    return CraterCounts(
        diameter_m=sizes,
        count=found.sum(axis=1),
        by_chance=chance.sum(axis=1),
        per_km2=found.astype(np.float64) @ (1e6 / search.craters.searched_m2),
        law_per_km2=law(sizes),
        corrected_per_km2=corrected,
    )


def _corrected_weight(craters: Craters, search: CraterSearch, efficiency: CraterEfficiency) -> Floats:
    """(m,) craters per km2 that each crater stands for."""
    share = efficiency.share_at(craters.diameter_m * (SMALLEST_CELLS / search.smallest_m))
    return np.asarray(1e6 / craters.searched_m2 / np.where(share > _LEAST_SHARE, share, math.nan))


def _at_least(sizes: Floats, craters: Craters) -> npt.NDArray[np.bool_]:
    """(n, m) which craters have which size."""
    return np.asarray(craters.diameter_m[None, :] >= sizes[:, None])
