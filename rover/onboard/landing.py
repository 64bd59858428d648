"""Where the lander comes down: by a picture from two kilometres, then by a scan from a hundred metres.

The picture tells shadow and texture only: dark ground is steep or hidden, ground brighter or darker than what is about
it leans, and what varies much over a few metres has craters and boulders. The scan gives heights, of which the same
layers are derived, and in which the same hazards are looked for, as on a rover's map; what is chosen has no hazard
under the footprint and none as near as the lander may stray until it stands.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt, maximum_filter, uniform_filter

from rover.core.grid import Dem, GridGeometry, Site
from rover.core.lander import LanderBodyParams
from rover.hazard.detect import Hazard, HazardMap, detect_hazards
from rover.terrain.derive import Terrain, derive_terrain

Floats = npt.NDArray[np.float64]

COARSE_WINDOW_M = 24.0
"""Side of the squares that the picture is judged by: what a scan from the hover can set right, halved."""

_DARK_SHARE = 0.35
"""Of the picture's median: ground darker than this is taken for shadow."""

_BROAD_M = 400.0
"""Over so much the light of level ground changes by the angle that it is seen at, and is taken as even."""

_LEAN_PRICE = 0.5
"""Of a relative difference from the light of the ground about, which leans to the Sun or away: as texture."""

_SHADOW_PRICE = 8.0
"""Of a share of shadow, in relative texture."""

_WAY_PRICE_PER_M = 2e-4
"""Of going aside: a hundred metres weigh as much as two per cent of texture."""

CELL_M = 0.25
"""Of the map that a scan makes: a little more than a range from its middle to the next at 100 m."""

_WIDE_CELLS = 4
"""Cells to a side of those that slopes are derived by."""

MARGINS = ((0.75, 0.6), (0.75, 0.75), (0.85, 0.85), (1.0, 1.0))
"""Shares of the limits of slope and of step that ground must keep within by the scan: the first that any place meets.

Steps are those between the highest ranges of cells: the mean over a cell would show a stone by half of its height.
"""

_STRAY_M = 1.5
"""How far the lander may come down from where it aims, beyond which clear ground is worth nothing more."""

_SLOPE_PRICE_M = 2.0
"""Of slope as a share of its limit, in metres of clear ground."""

_STEP_PRICE_M = 6.0
"""Of the highest step under the footprint as a share of its limit, likewise: stones are higher than a scan shows."""

_STEP_NOISE = 0.5
"""Share of the limit up to which steps are the scan's noise: less tells nothing."""

_AWAY_PRICE = 0.02
"""Of a metre of going aside, in metres of clear ground."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sight:
    """How an instrument that looks down sees: a grid of directions and the attitude it is held at.

    Attributes:
        tangents: (rows, cols, 2) by which a pixel's direction leans to the body's x and y, for one downwards.
        axes: (3, 3) the body's x, y and z as rows, ahead, left and up.
        offset_m: (3,) of the instrument from the lander's middle, ahead, left and up.
    """

    tangents: Floats
    axes: Floats
    offset_m: Floats

    def directions(self) -> Floats:
        """Return (rows, cols, 3) unit vectors ahead, left and up."""
        ways = self.tangents[..., :1] * self.axes[0] + self.tangents[..., 1:] * self.axes[1] - self.axes[2]
        return np.asarray(ways / np.linalg.norm(ways, axis=-1, keepdims=True))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoarseChoice:
    """What is made of the picture.

    Attributes:
        aside_m: Ahead and left of the lander, the place to hover over.
        price: Of that place.
        price_below: Of the place that would have been come down on.
    """

    aside_m: tuple[float, float]
    price: float
    price_below: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FineChoice:
    """What is made of the scan.

    Attributes:
        aside_m: Ahead and left of the lander, the place to come down on.
        aimed_m: The same of where it was aimed at before.
        is_safe: Whether no hazard is within the footprint there, by the shares of the limits that are told.
        margin: Those shares, of slope and of step.
        clear_m: From the place to the nearest hazard.
        slope_rad: Over the footprint there.
        hazards: The map, whose east and north are ahead and left.
        below_is_safe: The same of where it was aimed at.
    """

    aside_m: tuple[float, float]
    aimed_m: tuple[float, float]
    is_safe: bool
    margin: tuple[float, float]
    clear_m: float
    slope_rad: float
    hazards: HazardMap
    below_is_safe: bool


def sight_tangents(rows: int, cols: int, fov_rad: float) -> Floats:
    """Return (rows, cols, 2) tangents of a pinhole that looks down, row 0 ahead and column 0 left."""
    focal = cols / 2.0 / math.tan(fov_rad / 2.0)
    ahead = ((rows - 1) / 2.0 - np.arange(rows)) / focal
    left = ((cols - 1) / 2.0 - np.arange(cols)) / focal
    return np.stack(np.broadcast_arrays(ahead[:, None], left[None, :]), axis=-1)


def choose_coarse(
    picture: npt.NDArray[np.uint16],
    sight: Sight,
    *,
    height_m: float,
    reach_m: float,
    target_m: tuple[float, float],
) -> CoarseChoice:
    """Choose by shadow and texture where to hover.

    Args:
        picture: (rows, cols) numbers of the camera, dark to bright.
        sight: Of the camera.
        height_m: Over the ground, taken for level.
        reach_m: How far aside of the target the descent can lead.
        target_m: Place ahead and left of the lander that is come down on if nothing is chosen.
    """
    ways = sight.directions()
    far = -(height_m + sight.offset_m[2]) / np.minimum(ways[..., 2], -1e-3)
    ahead, left = (far * ways[..., axis] + sight.offset_m[axis] for axis in (0, 1))
    bright = picture.astype(np.float64)
    pixel_m = height_m * float(sight.tangents[0, 0, 0] - sight.tangents[1, 0, 0])
    window = max(3, round(COARSE_WINDOW_M / pixel_m))
    dark = uniform_filter((bright < _DARK_SHARE * np.median(bright)).astype(np.float64), window)
    mean = uniform_filter(bright, window)
    lit = np.abs(mean / np.maximum(uniform_filter(mean, max(3, round(_BROAD_M / pixel_m))), 1.0) - 1.0)
    varied = np.sqrt(np.maximum(uniform_filter(bright**2, window) - mean**2, 0.0)) / np.maximum(mean, 1.0)
    away = np.hypot(ahead - target_m[0], left - target_m[1])
    price = _SHADOW_PRICE * dark + varied + _LEAN_PRICE * lit + _WAY_PRICE_PER_M * away
    below = np.unravel_index(np.argmin(away), away.shape)
    within = np.where(away <= reach_m, price, math.inf)
    within[: window // 2], within[-(window // 2) :] = math.inf, math.inf
    best = np.unravel_index(np.argmin(within), within.shape)
    if not math.isfinite(within[best]):
        best = below
    return CoarseChoice(
        aside_m=(float(ahead[best]), float(left[best])),
        price=float(price[best]),
        price_below=float(price[below]),
    )


def scan_map(ranges_m: Floats, sight: Sight) -> Dem:
    """Return the heights of a scan as a map about the lander: means over cells, unknown where none was hit.

    The variance is that of a cell's ranges about their mean; of two, the higher one lies its root above the mean.

    Args:
        ranges_m: (rows, cols), infinite or NaN where nothing came back.
        sight: Of the scanner.
    """
    points = ranges_m[..., None] * sight.directions() + sight.offset_m
    known = np.isfinite(points).all(axis=-1)
    x, y, z = points[known].T
    half = max(1, math.ceil(max(np.abs(x).max(), np.abs(y).max()) / CELL_M)) if known.any() else 1
    side = 2 * half + 1
    col, row = np.rint(x / CELL_M).astype(np.int64) + half, np.rint(y / CELL_M).astype(np.int64) + half
    cell = row * side + col
    count = np.bincount(cell, minlength=side * side)
    mean = np.bincount(cell, weights=z, minlength=side * side) / np.where(count > 0, count, np.nan)
    squares = np.bincount(cell, weights=(z - mean[cell]) ** 2, minlength=side * side)
    variance = squares / np.where(count > 0, count, np.nan)
    datum = float(np.median(z)) if known.any() else 0.0
    return Dem(
        geometry=GridGeometry(
            rows=side,
            cols=side,
            resolution_m=CELL_M,
            east_m=-half * CELL_M,
            north_m=-half * CELL_M,
            site=Site(latitude_rad=math.nan, longitude_rad=math.nan, body="moon", crs_wkt=""),
        ),
        elevation_m=(mean - datum).reshape(side, side).astype(np.float32),
        variance_m2=variance.reshape(side, side).astype(np.float32),
        datum_m=datum,
        source="scan from the hover",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _StrictLimits:
    """A lander's limits with the margin that a scan's errors ask for, as hazard detection takes a vehicle's."""

    body: LanderBodyParams
    margin: tuple[float, float]

    @property
    def tilt_limit_rad(self) -> float:
        return self.margin[0] * self.body.slope_limit_rad

    @property
    def step_limit_m(self) -> float:
        return self.margin[1] * self.body.step_limit_m

    @property
    def roughness_limit_m(self) -> float:
        return self.margin[0] * self.body.clearance_m

    @property
    def belly_clearance_m(self) -> float:
        return self.margin[0] * self.body.clearance_m

    @property
    def length_m(self) -> float:
        return self.body.length_m

    @property
    def width_m(self) -> float:
        return self.body.width_m


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _ScanLayers:
    """What is derived of a scan's map.

    Attributes:
        fine: Steps over a foot between the tops of cells, and the slope over the footprint that is taken off them:
            that of three cells would take the steps off too.
        wide: Slope and roughness over the footprint, by cells `_WIDE_CELLS` times as wide: a plane laid through three
            fine cells would be out by decimetres at the feet for the noise of the scan.
    """

    fine: Terrain
    wide: Terrain


def _layers_of(dem: Dem, body: LanderBodyParams) -> _ScanLayers:
    span_m = 2.0 * body.feet_radius_m
    fine = derive_terrain(_tops(dem), wheelbase_m=2.0 * body.foot_radius_m, baseline_m=span_m)
    wide = derive_terrain(_widened(dem), footprint_m=span_m, baseline_m=span_m)
    return _ScanLayers(fine=fine, wide=wide)


def _tops(dem: Dem) -> Dem:
    """Return the map with what stands out of a cell's mean, as far as the spread of its ranges tells."""
    if dem.variance_m2 is None:
        return dem
    return replace(dem, elevation_m=dem.elevation_m + np.sqrt(dem.variance_m2))


def _widened(dem: Dem) -> Dem:
    """Return the map in wide cells, whole ones only, from the same corner; unknown where any of their cells is."""
    rows, cols = (count // _WIDE_CELLS for count in dem.geometry.shape)
    cut = dem.elevation_m[: rows * _WIDE_CELLS, : cols * _WIDE_CELLS]
    means = cut.reshape(rows, _WIDE_CELLS, cols, _WIDE_CELLS).mean(axis=(1, 3))
    shift = (_WIDE_CELLS - 1) / 2 * CELL_M
    geometry = replace(
        dem.geometry, rows=rows, cols=cols, resolution_m=_WIDE_CELLS * CELL_M, resolution_north_m=_WIDE_CELLS * CELL_M,
        east_m=dem.geometry.east_m + shift, north_m=dem.geometry.north_m + shift,
    )  # fmt: skip
    return replace(dem, geometry=geometry, elevation_m=means.astype(np.float32), variance_m2=None)


def _highest(step_m: npt.NDArray[np.float32], radius_m: float) -> npt.NDArray[np.float32]:
    """Return the greatest step in the square about a circle, by cell; infinite where one is not known."""
    known = np.where(np.isfinite(step_m), step_m, np.float32(math.inf))
    return np.asarray(
        maximum_filter(known, 2 * math.ceil(radius_m / CELL_M) + 1, mode="constant", cval=math.inf)
    )


def _by_fine_cell(wide: npt.NDArray[Any], shape: tuple[int, int], beyond: float) -> npt.NDArray[Any]:
    """Return a layer of wide cells by the fine ones; `beyond` where no whole wide cell lies."""
    out = np.full(shape, beyond, wide.dtype)
    rows, cols = wide.shape[0] * _WIDE_CELLS, wide.shape[1] * _WIDE_CELLS
    out[:rows, :cols] = wide.repeat(_WIDE_CELLS, axis=0).repeat(_WIDE_CELLS, axis=1)
    return out


def _hazards_of(layers: _ScanLayers, limits: _StrictLimits) -> HazardMap:
    """Return the hazards of both scales: steps by fine cells, tilt and clearance by wide ones."""
    fine, wide = detect_hazards(layers.fine, limits), detect_hazards(layers.wide, limits)
    stepped = fine.flags & np.uint8(Hazard.STEP | Hazard.UNKNOWN)
    over_all = wide.flags & ~np.uint8(Hazard.STEP)
    return HazardMap(
        geometry=fine.geometry,
        flags=stepped | _by_fine_cell(over_all, fine.geometry.shape, int(Hazard.UNKNOWN)),
    )


def choose_fine(
    dem: Dem, body: LanderBodyParams, *, reach_m: float, target_m: tuple[float, float]
) -> FineChoice:
    """Choose where to come down: no hazard under the footprint, then far from any, level and near.

    Where no place in reach has its footprint free, less margin to the limits is asked; where none has by the limits
    themselves, the place with the least slope and the smallest share of hazards under the footprint is taken.

    Args:
        dem: Of `scan_map`.
        body: The lander's.
        reach_m: How far aside of the lander avoidance can lead.
        target_m: Place ahead and left that is come down on if nothing is chosen.
    """
    layers = _layers_of(dem, body)
    choice = _chosen(layers, body, reach_m, target_m, MARGINS[0])
    for margin in MARGINS[1:]:
        if choice.is_safe:
            break
        choice = _chosen(layers, body, reach_m, target_m, margin)
    return choice


def _chosen(
    layers: _ScanLayers,
    body: LanderBodyParams,
    reach_m: float,
    target_m: tuple[float, float],
    margin: tuple[float, float],
) -> FineChoice:
    """Return the best place by a share of the limits."""
    hazards = _hazards_of(layers, _StrictLimits(body=body, margin=margin))
    free = np.pad(hazards.flags == 0, 1)  # beyond the map all is unknown
    clear = distance_transform_edt(free)[1:-1, 1:-1] * CELL_M
    geometry = hazards.geometry
    ahead = geometry.east_m + CELL_M * np.arange(geometry.cols)[None, :]
    left = geometry.north_m + CELL_M * np.arange(geometry.rows)[:, None]
    away = np.hypot(ahead - target_m[0], left - target_m[1])
    needed = body.footprint_radius_m
    safe = clear > needed
    slope = _by_fine_cell(layers.wide.slope_rad, geometry.shape, math.nan)
    worth = (
        np.minimum(clear - needed, _STRAY_M)
        - _SLOPE_PRICE_M * np.where(np.isfinite(slope), slope, math.inf) / body.slope_limit_rad
        - _STEP_PRICE_M * np.maximum(_highest(layers.fine.step_m, needed) / body.step_limit_m, _STEP_NOISE)
        - _AWAY_PRICE * away
    )
    within = np.hypot(ahead, left) <= reach_m
    if (within & safe).any():
        ranked = np.where(within & safe, worth, -math.inf)
    else:
        bad = uniform_filter((hazards.flags != 0).astype(np.float64), round(2.0 * needed / CELL_M))
        ranked = np.where(within & np.isfinite(slope), -bad - slope / body.slope_limit_rad, -math.inf)
    row, col = divmod(int(np.argmax(ranked)), geometry.cols)
    below = divmod(int(np.argmin(away)), geometry.cols)
    return FineChoice(
        aside_m=(float(ahead[0, col]), float(left[row, 0])),
        aimed_m=target_m,
        is_safe=bool(safe[row, col]),
        margin=margin,
        clear_m=float(clear[row, col]),
        slope_rad=float(slope[row, col]),
        hazards=hazards,
        below_is_safe=bool(safe[below]),
    )
