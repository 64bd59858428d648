"""From elevation to the four layers that hazards are read from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.grid import Dem, GridGeometry
from rover.terrain.derive_kernels import derive_window

Layer = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Terrain:
    """What the ground is like at each cell; NaN is unknown.

    Attributes:
        geometry: Where the cells are.
        slope_rad: (rows, cols) steepest slope, Horn's 3 x 3.
        aspect_rad: (rows, cols) azimuth that the slope faces (downhill), clockwise from the raster's north.
        roughness_m: (rows, cols) largest deviation from the local plane over `roughness_window_m`.
        step_m: (rows, cols) largest height difference over `step_window_m`.
        roughness_window_m, step_window_m: Centre-to-centre sides of those windows.
    """

    geometry: GridGeometry
    slope_rad: Layer
    aspect_rad: Layer
    roughness_m: Layer
    step_m: Layer
    roughness_window_m: float
    step_window_m: float

    def __post_init__(self) -> None:
        for name in ("slope_rad", "aspect_rad", "roughness_m", "step_m"):
            held = locked(getattr(self, name), np.float32, self.geometry.shape, name)
            object.__setattr__(self, name, held)


def derive_terrain(
    dem: Dem,
    *,
    footprint_m: float | None = None,
    wheelbase_m: float | None = None,
    out: tuple[Layer, Layer, Layer, Layer] | None = None,
) -> Terrain:
    """Derive slope, aspect, roughness and step.

    Args:
        dem: The elevations.
        footprint_m: Side of the roughness window, None for 3 x 3 cells; never less than 3 x 3.
        wheelbase_m: Side of the step window, likewise.
        out: Four (rows, cols) float32 arrays to write slope, aspect, roughness and step into.

    Returns:
        The layers. Cells whose window leaves the raster or holds a NaN are NaN.

    Source:
        Horn 1981, Hill shading and the reflectance map, doi:10.1109/PROC.1981.11918.
    """
    resolution_m = dem.geometry.resolution_m
    rough_half = _half_window(footprint_m, resolution_m)
    step_half = _half_window(wheelbase_m, resolution_m)
    layers = out or tuple(np.empty(dem.geometry.shape, np.float32) for _ in range(4))
    derive_window(dem.elevation_m, resolution_m, rough_half, step_half, *layers)
    slope_rad, aspect_rad, roughness_m, step_m = layers
    return Terrain(
        geometry=dem.geometry,
        slope_rad=slope_rad,
        aspect_rad=aspect_rad,
        roughness_m=roughness_m,
        step_m=step_m,
        roughness_window_m=2 * rough_half * resolution_m,
        step_window_m=2 * step_half * resolution_m,
    )


def _half_window(side_m: float | None, resolution_m: float) -> int:
    return 1 if side_m is None else max(1, round(side_m / 2 / resolution_m))
