"""A report on a DEM in words and as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from rover.core.grid import Dem
from rover.terrain.crater_efficiency import CLASSES
from rover.terrain.craters import SMALLEST_CELLS
from rover.terrain.report import TerrainReport
from rover.terrain.rocks import COARSEST_M, RockCoverage
from rover.terrain.statistics import RELIEF_PERCENT, SLOPE_PERCENT, SlopeStatistics, StructureFunction

FORMAT = 1

NO_ROCKS_SHOWN = f"Rocks do not show in cells wider than {COARSEST_M:g} m."

_UNTOLD = "-"


def heading_of(report: TerrainReport, dem: Dem) -> str:
    """Return size, resolution and share of unknown ground in one line."""
    rows, cols = dem.geometry.shape
    unknown = 100 * report.relief.unknown_share
    return f"{cols} x {rows} cells of {dem.geometry.resolution_m:.6g} m, {_figure(unknown, 2)} % unknown"


def relief_words(report: TerrainReport) -> str:
    """Return the relief in one line."""
    relief = report.relief
    low, high = relief.percentile_m[0], relief.percentile_m[-1]
    return (
        f"relief {relief.high_m - relief.low_m:.1f} m, from {relief.low_m:.1f} to {relief.high_m:.1f} m; "
        f"middle nine tenths {low:.1f} to {high:.1f} m"
    )


def law_words(site: str | None) -> str:
    """Return which law crater counts are set beside."""
    return "equilibrium, 0.0468 D^-1.83 (D in km)" if site is None else f"law of {site}"


def as_text(report: TerrainReport, dem: Dem, site: str | None) -> str:
    """Return a report as plain tables."""
    parts = [
        [dem.source, f"  {heading_of(report, dem)}", f"  {relief_words(report)}"],
        _slopes(report.slopes),
        _structure(report.structure),
        _craters(report, site),
        _rocks(report),
        _figures(report),
    ]
    return "\n\n".join("\n".join(part) for part in parts)


def as_json(report: TerrainReport, dem: Dem) -> str:
    """Return a report as JSON; what is not known is null."""
    rows, cols = dem.geometry.shape
    structure, counts, craters = report.structure, report.counts, report.search.craters
    relief = asdict(report.relief) | {"percent": RELIEF_PERCENT}
    table = {
        "format": FORMAT,
        "source": dem.source,
        "rows": rows,
        "cols": cols,
        "resolution_m": dem.geometry.resolution_m,
        "relief": relief,
        "slopes": {
            "baseline_m": report.slopes.baseline_m,
            "percent": SLOPE_PERCENT,
            "slope_deg": np.degrees(report.slopes.slope_rad),
            "bidirectional_deg": np.degrees(report.slopes.bidirectional_rad),
        },
        "structure": {
            "lag_m": structure.lag_m,
            "azimuth_deg": np.degrees(structure.azimuth_rad),
            "directed_m": structure.directed_m,
            "overall_m": structure.overall_m,
            "hurst": structure.hurst,
            "anisotropy": structure.anisotropy,
        },
        "crater_counts": asdict(counts) | {"ratio": counts.ratio, "corrected_ratio": counts.corrected_ratio},
        "crater_efficiency": {"from_cells": CLASSES} | asdict(report.efficiency),
        "craters": asdict(craters) | {"least_score": report.search.least_score},
        "rocks": {
            name: None if coverage is None else asdict(coverage)
            for name, coverage in (("listed", report.rocks_listed), ("shown", report.rocks_shown))
        },
        "figures": report.figures,
        "targets": {name: asdict(target) for name, target in report.targets.items()},
    }
    return json.dumps(_plain(table), indent=1, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(held) for key, held in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [_plain(held) for held in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return float(f"{value:.7g}") if math.isfinite(value) else None
    return value


def _slopes(slopes: SlopeStatistics) -> list[str]:
    head = ["baseline m", *(f"p{percent:g}" for percent in SLOPE_PERCENT), "two points"]
    rows = [
        [_length(length), *(_figure(math.degrees(s), 2) for s in steepest), _figure(math.degrees(two), 2)]
        for length, steepest, two in zip(
            slopes.baseline_m, slopes.slope_rad, slopes.bidirectional_rad, strict=True
        )
    ]
    title = (
        "slope in degrees: gradient between points one baseline to each side; median between two points one"
        " baseline apart"
    )
    return [title, *_table(head, rows)]


def _structure(structure: StructureFunction) -> list[str]:
    ways = [f"{math.degrees(azimuth):.0f} deg" for azimuth in structure.azimuth_rad]
    hurst = [*structure.hurst, math.nan]
    rows = [
        [_length(lag), _height(overall), _figure(slope, 2), *map(_height, directed), _figure(ratio, 2)]
        for lag, overall, slope, directed, ratio in zip(
            structure.lag_m,
            structure.overall_m,
            hurst,
            structure.directed_m,
            structure.anisotropy,
            strict=True,
        )
    ]
    title = (
        "rms height difference in metres: overall, Hurst exponent to the next lag, by azimuth, roughest over"
        " smoothest"
    )
    return [title, *_table(["lag m", "overall", "Hurst", *ways, "ratio"], rows)]


def _craters(report: TerrainReport, site: str | None) -> list[str]:
    search, counts, efficiency = report.search, report.counts, report.efficiency
    title = (
        f"craters of D or more per km2, from {SMALLEST_CELLS:g} cells wide to a third of the side, beside the"
        f" {law_words(site)}"
    )
    rows = [
        [
            _length(size),
            str(count),
            str(chance),
            f"{found:.4g}",
            f"{law:.4g}",
            _figure(ratio, 2),
            _figure(corrected, 2),
        ]
        for size, count, chance, found, law, ratio, corrected in zip(
            counts.diameter_m,
            counts.count,
            counts.by_chance,
            counts.per_km2,
            counts.law_per_km2,
            counts.ratio,
            counts.corrected_ratio,
            strict=True,
        )
    ]
    ratio = search.craters.ratio
    lines = [title, *_table(["D m", "found", "upside down", "per km2", "law", "ratio", "corrected"], rows)]
    if ratio.size:
        lines.append(
            f"  depth over diameter: median {np.median(ratio):.3f}, mean {ratio.mean():.3f} as found,"
            f" {_figure(efficiency.depth_factor * ratio.mean(), 3)} corrected"
        )
        shares = ", ".join(
            f"{_figure(100 * share, 0)} % from {cells:.2g}"
            for share, cells in zip(efficiency.share, CLASSES, strict=True)
        )
        lines.append(
            f"  corrected: less by chance, over the share found of {efficiency.added} craters put into this DEM:"
        )
        lines.append(f"  {shares} cells wide")
        lines.append(
            f"  not told from chance, and so not counted: depth over diameter times roundness under"
            f" {search.least_score:.3f}"
        )
    return lines


def _rocks(report: TerrainReport) -> list[str]:
    parts = []
    if report.rocks_listed is not None:
        parts += _coverage(report.rocks_listed, "rocks of the list")
    if report.rocks_shown is not None:
        parts += _coverage(report.rocks_shown, "rocks that stand out of the DEM")
    else:
        parts += [NO_ROCKS_SHOWN]
    return parts


def _coverage(coverage: RockCoverage, words: str) -> list[str]:
    law = coverage.law_fraction
    rows = [
        [
            _length(size),
            str(count),
            f"{100 * fraction:.4f}",
            _UNTOLD if law is None else f"{100 * law[i]:.4f}",
        ]
        for i, (size, count, fraction) in enumerate(
            zip(coverage.diameter_m, coverage.count, coverage.fraction, strict=True)
        )
    ]
    return [
        f"{words}: share of the ground under those of D or more",
        *_table(["D m", "count", "%", "law %"], rows),
    ]


def _figures(report: TerrainReport) -> list[str]:
    """Every figure beside its target; one outside is marked."""
    rows = []
    for name, value in report.figures.items():
        target = report.targets.get(name)
        shown = [name, f"{value:.4g}" if math.isfinite(value) else _UNTOLD]
        if target is not None:
            mark = "" if target.holds(value) else "not told" if math.isnan(value) else "OUTSIDE"
            shown += [f"{target.low:g} to {target.high:g}", mark]
        rows.append([*shown, *[""] * (4 - len(shown))])
    unknown = [[name, "no such figure", "", ""] for name in report.targets if name not in report.figures]
    return ["figures", *_table(["", "here", "target", ""], rows + unknown, left=1)]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 0) -> list[str]:
    """Lines of right-aligned columns, the first `left` of them left-aligned."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    return [
        "  "
        + "  ".join(
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in (head, *rows)
    ]


def _figure(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}" if math.isfinite(value) else _UNTOLD


def _height(value: float) -> str:
    return f"{value:.3g}" if math.isfinite(value) and value < 1000 else _figure(value, 0)


def _length(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"
