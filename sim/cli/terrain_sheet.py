"""From a report on a DEM to the sheet that is drawn of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rover.core.grid import Dem
from rover.terrain.report import TerrainReport
from rover.terrain.statistics import SLOPE_PERCENT
from sim.cli.terrain_tables import NO_ROCKS_SHOWN, heading_of, law_words, relief_words
from sim.view.terrain import RockCurve, TerrainSheet


def sheet_of(report: TerrainReport, dem: Dem, site: str | None) -> TerrainSheet:
    """Return what is drawn of a report.

    Args:
        report: The statistics.
        dem: What they are of.
        site: Whose laws they are set beside.
    """
    slopes, structure, counts = report.slopes, report.structure, report.counts
    craters = report.search.craters
    return TerrainSheet(
        title=Path(dem.source).name,
        lines=[heading_of(report, dem), relief_words(report)],
        dem=dem,
        percent=SLOPE_PERCENT,
        baseline_m=slopes.baseline_m,
        slope_deg=np.degrees(slopes.slope_rad),
        bidirectional_deg=np.degrees(slopes.bidirectional_rad),
        lag_m=structure.lag_m,
        azimuth_deg=np.degrees(structure.azimuth_rad),
        directed_m=structure.directed_m,
        overall_m=structure.overall_m,
        hurst=structure.hurst_overall,
        size_m=counts.diameter_m,
        per_km2=counts.per_km2,
        error_per_km2=counts.per_km2 / np.sqrt(np.maximum(counts.count, 1)),
        law_per_km2=counts.law_per_km2,
        law_words=law_words(site),
        craters_m=np.column_stack([craters.east_m, craters.north_m, craters.diameter_m]),
        rocks=_curves(report, site),
        rock_words=NO_ROCKS_SHOWN if report.rocks_shown is None else "",
        targets=report.targets,
    )


def _curves(report: TerrainReport, site: str | None) -> list[RockCurve]:
    made = [
        RockCurve(words=words, diameter_m=coverage.diameter_m, fraction=coverage.fraction)
        for coverage, words in (
            (report.rocks_listed, "rocks of the list"),
            (report.rocks_shown, "seen in the DEM"),
        )
        if coverage is not None
    ]
    ruled = report.rocks_listed or report.rocks_shown
    if ruled is not None and ruled.law_fraction is not None:
        words, sizes = f"law of {site}", ruled.diameter_m
        made.append(RockCurve(words=words, diameter_m=sizes, fraction=ruled.law_fraction, is_law=True))
    return made
