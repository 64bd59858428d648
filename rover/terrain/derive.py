"""From elevation to the four layers that hazards are read from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.grid import Dem, GridGeometry
from rover.core.strips import by_strips
from rover.terrain.derive_kernels import BLOCK, WORK_SIZE, nine_rows
from rover.terrain.roughness_kernels import roughness_of_columns
from rover.terrain.window_kernels import angle_rows, step_rows

Layer = npt.NDArray[np.float32]

_LAYERS = ("slope_rad", "aspect_rad", "roughness_m", "step_m")
_SIDES = ("slope_baseline_m", "roughness_window_m", "step_window_m")
_LEAST_CELLS = 1 << 16
"""Cells of a strip: fewer are made sooner than handed to a thread."""

_GIVEN_LATER = cast("float", None)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Terrain:
    """What the ground is like at each cell; NaN is unknown.

    Attributes:
        geometry: Where the cells are.
        slope_rad: (rows, cols) steepest slope, Horn's nine points over `slope_baseline_m`.
        aspect_rad: (rows, cols) azimuth that the slope faces (downhill), clockwise from the raster's north.
        roughness_m: (rows, cols) largest deviation over `roughness_window_m` from the local plane: that through the
            window's mean with the gradient of Horn's 3 x 3 cells.
        step_m: (rows, cols) largest height difference over `step_window_m`.
        roughness_window_m, step_window_m: Centre-to-centre east-west sides of those windows.
        slope_baseline_m: The same of the slope's window; by default two cells.
        slope_baseline_north_m, roughness_window_north_m, step_window_north_m: The north-south sides; by default
            as the east-west ones. They differ where a cell is not square.
    """

    geometry: GridGeometry
    slope_rad: Layer
    aspect_rad: Layer
    roughness_m: Layer
    step_m: Layer
    roughness_window_m: float
    step_window_m: float
    slope_baseline_m: float = _GIVEN_LATER
    slope_baseline_north_m: float = _GIVEN_LATER
    roughness_window_north_m: float = _GIVEN_LATER
    step_window_north_m: float = _GIVEN_LATER

    def __post_init__(self) -> None:
        for name in _LAYERS:
            held = locked(getattr(self, name), np.float32, self.geometry.shape, name)
            object.__setattr__(self, name, held)
        two_cells = {
            "slope_baseline_m": 2 * self.geometry.resolution_m,
            "slope_baseline_north_m": 2 * self.geometry.resolution_north_m,
        }
        if getattr(self, "slope_baseline_m") is None:  # noqa: B009 - declared a float, and one from here on
            _set(self, two_cells)
        sides = {name.replace("_m", "_north_m"): getattr(self, name) for name in _SIDES}
        _set(self, {name: side_m for name, side_m in sides.items() if getattr(self, name) is None})


def _set(terrain: Terrain, fields: dict[str, float]) -> None:
    for name, value in fields.items():
        object.__setattr__(terrain, name, value)


def derive_terrain(
    dem: Dem,
    *,
    footprint_m: float | None = None,
    wheelbase_m: float | None = None,
    baseline_m: float | None = None,
    out: tuple[Layer, Layer, Layer, Layer] | None = None,
) -> Terrain:
    """Derive slope, aspect, roughness and step, on all cores; cells need not be square.

    Each window has as many whole cells to each side of the middle as come closest to half the length asked for, and
    never less than one.

    Args:
        dem: The elevations.
        footprint_m: Side of the roughness window, None for 3 x 3 cells.
        wheelbase_m: Side of the step window, likewise.
        baseline_m: Side of the slope window, likewise: Horn's nine points lie that far apart, and cells between them
            are not read but must be known.
        out: Four C-contiguous (rows, cols) float32 arrays to write slope, aspect, roughness and step into.

    Returns:
        The layers. Cells whose window leaves the raster or holds a NaN are NaN. Slope is within 2e-7 rad and aspect
        within 4e-7 rad of the angles of the same gradient.

    Raises:
        ValueError: A length that is not above zero, or arrays of another kind in `out`.

    Source:
        Horn 1981, Hill shading and the reflectance map, doi:10.1109/PROC.1981.11918.
    """
    geometry = dem.geometry
    lengths = {"baseline_m": baseline_m, "footprint_m": footprint_m, "wheelbase_m": wheelbase_m}
    slope, rough, step = (_half_window(name, side_m, geometry) for name, side_m in lengths.items())
    layers = _checked(out, geometry.shape) if out is not None else _blank(geometry.shape)
    sides = (geometry.resolution_north_m, geometry.resolution_m)
    nine = slope == (1, 1)
    near = nine and rough == (1, 1), nine and step == (1, 1)

    def strip(first: int, last: int) -> None:
        work = _aligned(WORK_SIZE)
        if nine:
            nine_rows(dem.elevation_m, first, last, sides, near, work, *layers)
        else:
            wide = _staggered(2, BLOCK + 2 * slope[1], np.float64)
            angle_rows(dem.elevation_m, first, last, sides, slope, wide, work, *layers[:2])
        if not near[0]:
            _fill_roughness(dem.elevation_m, (first, last), sides, rough, work, layers[2])
        if not near[1]:
            step_rows(dem.elevation_m, first, last, step, _staggered(3, geometry.cols), layers[3])

    by_strips(geometry.rows, strip, least=max(16, _LEAST_CELLS // geometry.cols))
    held: dict[str, Any] = dict(zip(_LAYERS, layers, strict=True))
    for name, half in zip(_SIDES, (slope, rough, step), strict=True):
        held[name.replace("_m", "_north_m")] = 2 * half[0] * geometry.resolution_north_m
        held[name] = 2 * half[1] * geometry.resolution_m
    return Terrain(geometry=geometry, **held)


def _fill_roughness(
    heights: Layer,
    strip: tuple[int, int],
    sides: tuple[float, float],
    half: tuple[int, int],
    work: Layer,
    roughness: Layer,
) -> None:
    """Roughness of a strip of rows, by blocks of columns; unknown where the window leaves the raster."""
    rows, cols = heights.shape
    along, across = half
    first, last = max(strip[0], along), min(strip[1], rows - along)
    if first >= last or cols <= 2 * across:
        roughness[strip[0] : strip[1]] = np.nan
        return
    roughness[strip[0] : first] = roughness[last : strip[1]] = np.nan
    roughness[first:last, :across] = roughness[first:last, cols - across :] = np.nan
    width = BLOCK + 2 * across
    slots, wide = _staggered(2 * along + 1, width), _staggered(2, width, np.float64)
    for begin in range(across, cols - across, BLOCK):
        columns = begin, min(begin + BLOCK, cols - across)
        roughness_of_columns(heights, (first, last), columns, sides, half, slots, wide, work, roughness)


def _staggered(count: int, least: int, kind: type[Any] = np.float32) -> npt.NDArray[Any]:
    """Row buffers that begin where cache lines do and do not lie a whole number of 4096 bytes apart.

    Where they do, cells of one column share a set of the cache, which holds eight lines, and turn each other out.
    """
    apart = (least + 1023) // 1024 * 1024 + 80
    return _aligned(count * apart, kind).reshape(count, apart)


def _aligned(size: int, kind: type[Any] = np.float32) -> npt.NDArray[Any]:
    """An array that begins where a cache line of 64 bytes does."""
    each = np.dtype(kind).itemsize
    held = np.empty(size + 64 // each, kind)
    begin = -held.ctypes.data // each % (64 // each)
    return held[begin : begin + size]


def _half_window(name: str, side_m: float | None, geometry: GridGeometry) -> tuple[int, int]:
    """Cells to each side of the middle, by rows and by columns."""
    if side_m is None:
        return 1, 1
    if not (side_m > 0 and math.isfinite(side_m)):
        raise ValueError(f"{name} = {side_m} is not a length above zero")
    rows, cols = (
        max(1, round(side_m / 2 / cell_m)) for cell_m in (geometry.resolution_north_m, geometry.resolution_m)
    )
    # A window wider than the raster is unknown everywhere, however much wider.
    return min(rows, geometry.rows), min(cols, geometry.cols)


def _blank(shape: tuple[int, int]) -> tuple[Layer, Layer, Layer, Layer]:
    one, two, three, four = (np.empty(shape, np.float32) for _ in _LAYERS)
    return one, two, three, four


def _checked(
    out: tuple[Layer, Layer, Layer, Layer], shape: tuple[int, int]
) -> tuple[Layer, Layer, Layer, Layer]:
    for name, layer in zip(_LAYERS, out, strict=True):
        fits = layer.shape == shape and layer.dtype == np.float32
        if not (fits and layer.flags.c_contiguous and layer.flags.writeable):
            raise ValueError(f"out: {name} is to be a C-contiguous, writable float32 array of {shape}")
    return out
