"""All the statistics of a DEM in one record, and the figures among them that a site may have targets for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from rover.core.grid import Dem
from rover.core.targets import TargetRange
from rover.terrain.crater_counts import CraterCounts, CraterLaw, count_craters, equilibrium_per_km2
from rover.terrain.crater_efficiency import (
    CraterEfficiency,
    RatioLaw,
    measure_efficiency,
    small_crater_ratio,
)
from rover.terrain.craters import CraterSearch, find_craters
from rover.terrain.rocks import RockCoverage, RockLaw, Rocks, find_rocks, rock_coverage
from rover.terrain.statistics import (
    Relief,
    SlopeStatistics,
    StructureFunction,
    relief_of,
    slopes_of,
    structure_of,
)

ROVER_BASELINE_M = 10.0
"""Where the bidirectional slope is read for its target: published figures are of 5 to 17 m."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TerrainReport:
    """The statistics of a DEM.

    Attributes:
        relief, slopes, structure, search, efficiency, counts: As their makers say.
        rocks_listed: Coverage by the rocks of a list, or None where none was given.
        rocks_shown: Coverage by those that stand out of the DEM, or None where its cells are too wide.
        targets: Range by name of figure, as in `figures`; may be empty, and may hold names that no figure has.
    """

    relief: Relief
    slopes: SlopeStatistics
    structure: StructureFunction
    search: CraterSearch
    efficiency: CraterEfficiency
    counts: CraterCounts
    rocks_listed: RockCoverage | None
    rocks_shown: RockCoverage | None
    targets: Mapping[str, TargetRange] = field(default_factory=dict)

    @property
    def figures(self) -> dict[str, float]:
        """One number each for what a target can be set for; NaN where this DEM does not tell.

        The bidirectional slope is that at 10 m, the rock fraction that of all rocks of the list. Counts are over law by
        `CraterCounts.corrected_ratio_overall`, and depth over diameter is the mean times
        `CraterEfficiency.depth_factor`: both corrected for what the search misses.
        """
        ratio = self.search.craters.ratio
        median, steep = (math.degrees(self.slopes.slope_rad[0, column]) for column in (0, 2))
        listed = self.rocks_listed
        return {
            "relief_m": self.relief.high_m - self.relief.low_m,
            "slope_p50_deg": median,
            "slope_p95_deg": steep,
            "bidirectional_slope_deg": math.degrees(self.slopes.bidirectional_at(ROVER_BASELINE_M)),
            "hurst_exponent": self.structure.hurst_overall,
            "anisotropy": self.structure.anisotropy_overall,
            "crater_ratio_to_law": self.counts.corrected_ratio_overall,
            "depth_over_diameter": self.efficiency.depth_factor * ratio.mean() if ratio.size else math.nan,
            "rock_fraction": math.nan if listed is None else float(listed.fraction[0]),
        }


def report_terrain(
    dem: Dem,
    *,
    rocks: Rocks | None = None,
    crater_law: CraterLaw = equilibrium_per_km2,
    crater_ratio: RatioLaw = small_crater_ratio,
    rock_law: RockLaw | None = None,
    targets: Mapping[str, TargetRange] | None = None,
) -> TerrainReport:
    """Return the statistics of a DEM.

    Args:
        dem: Any with some known ground.
        rocks: A list of rocks in its frame.
        crater_law, rock_law: What counts and coverage are set beside.
        crater_ratio: How deep the craters are by which it is told what the search misses.
        targets: Range by name of figure.

    Raises:
        ValueError: No elevation is known.
    """
    search, shown = find_craters(dem), find_rocks(dem)
    efficiency = measure_efficiency(dem, search, ratio=crater_ratio)
    return TerrainReport(
        relief=relief_of(dem),
        slopes=slopes_of(dem),
        structure=structure_of(dem),
        search=search,
        efficiency=efficiency,
        counts=count_craters(search, crater_law, efficiency=efficiency),
        rocks_listed=None if rocks is None else rock_coverage(rocks, dem, law=rock_law),
        rocks_shown=None if shown is None else rock_coverage(shown, dem, from_dem=True, law=rock_law),
        targets=targets or {},
    )
