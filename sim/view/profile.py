"""The ground along a path: elevation and slope against distance."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from rover.core.grid import Dem, GridGeometry
from sim.view import style

Points = npt.NDArray[np.float64]


def draw_profile(
    elevation_ax: Axes, slope_ax: Axes, dem: Dem, path_m: Points, *, slope_limit_deg: float | None = None
) -> None:
    """Draw elevation and steepest slope of the ground along a path.

    Args:
        elevation_ax, slope_ax: Where; the second lies under the first and shares its distance axis.
        dem: The ground.
        path_m: (n, 2) east and north, n at least 1.
        slope_limit_deg: Drawn as a line where it is given.
    """
    distance, points = along(path_m, min(dem.geometry.resolution_m, dem.geometry.resolution_north_m) / 2)
    _draw_elevation(elevation_ax, distance, elevation_at(dem, points))
    _draw_slope(slope_ax, distance, np.degrees(slope_at(dem, points)), slope_limit_deg)
    slope_ax.set(xlabel="distance along the path (m)", xlim=(0, max(float(distance[-1]), 1.0)))
    for axis in (slope_ax.xaxis, slope_ax.yaxis, elevation_ax.yaxis):
        axis.set_major_formatter(FuncFormatter(style.number))


def _draw_elevation(ax: Axes, distance: Points, elevation: Points) -> None:
    known = elevation[np.isfinite(elevation)]
    floor, span = float(known.min()) if known.size else 0.0, _span(known)
    ax.plot(distance, elevation, color=style.INK, lw=1.5, gid="elevation")
    ax.fill_between(distance, elevation, floor - 0.08 * span, color=style.GROUND(0.55), lw=0)
    ax.set(ylabel="elevation (m)", ylim=(floor - 0.08 * span, floor + 1.12 * span))
    ax.yaxis.set_major_locator(MaxNLocator(4))


def _draw_slope(ax: Axes, distance: Points, slope_deg: Points, limit_deg: float | None) -> None:
    ax.plot(distance, slope_deg, color=style.VERMILLION, lw=1.3, gid="slope")
    ax.fill_between(distance, slope_deg, 0, color=style.VERMILLION, alpha=0.2, lw=0)
    if limit_deg is not None:
        ax.axhline(limit_deg, color=style.INK, lw=1, ls="--", gid="slope limit")
        beside, words, halo = ax.get_yaxis_transform(), f"limit {limit_deg:g}\u00b0", style.halo(3)
        ax.text(0.005, limit_deg, words, transform=beside, va="top", fontsize=8, path_effects=halo)
    known = slope_deg[np.isfinite(slope_deg)]
    steepest = float(known.max(initial=limit_deg or 0.0))
    ax.set(ylabel="slope (deg)", ylim=(0, max(5.0, 1.2 * steepest)))


def _span(known: Points) -> float:
    return max(float(np.ptp(known)), 0.5) if known.size else 1.0


def along(path_m: Points, step_m: float) -> tuple[Points, Points]:
    """Return (n,) distances, at most `step_m` apart, and the (n, 2) points of a path there."""
    corner = np.r_[0.0, np.cumsum(np.hypot(*np.diff(path_m, axis=0).T))]
    count = max(2, int(np.ceil(corner[-1] / step_m)) + 1)
    distance = np.linspace(0.0, float(corner[-1]), count)
    east, north = (np.interp(distance, corner, path_m[:, axis]) for axis in (0, 1))
    return distance, np.column_stack([east, north])


def elevation_at(dem: Dem, points_m: Points) -> Points:
    """Return (n,) elevations above the body's sphere under points, bilinear; NaN off the map or by a gap."""
    return _bilinear(dem.geometry, np.asarray(dem.elevation_m, np.float64), points_m) + dem.datum_m


def slope_at(dem: Dem, points_m: Points) -> Points:
    """Return (n,) steepest slope of the ground under points in radians, by central differences."""
    cell = dem.geometry
    run = [
        (elevation_at(dem, points_m + step) - elevation_at(dem, points_m - step)) / (2 * step.sum())
        for step in (np.array([cell.resolution_m, 0.0]), np.array([0.0, cell.resolution_north_m]))
    ]
    return np.asarray(np.arctan(np.hypot(*run)), np.float64)


def _bilinear(geometry: GridGeometry, values: Points, points_m: Points) -> Points:
    col = (points_m[:, 0] - geometry.east_m) / geometry.resolution_m
    row = (points_m[:, 1] - geometry.north_m) / geometry.resolution_north_m
    inside = (col >= 0) & (col <= geometry.cols - 1) & (row >= 0) & (row <= geometry.rows - 1)
    west = np.clip(np.floor(np.where(inside, col, 0)).astype(int), 0, max(geometry.cols - 2, 0))
    south = np.clip(np.floor(np.where(inside, row, 0)).astype(int), 0, max(geometry.rows - 2, 0))
    east, north = np.minimum(west + 1, geometry.cols - 1), np.minimum(south + 1, geometry.rows - 1)
    u, v = col - west, row - south
    below = values[south, west] * (1 - u) + values[south, east] * u
    above = values[north, west] * (1 - u) + values[north, east] * u
    return np.where(inside, below * (1 - v) + above * v, np.nan)
