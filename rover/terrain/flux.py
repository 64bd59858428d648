"""Direct sunlight on the ground: how much falls on each cell, by its slope and by what it sees of the Sun."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.bodies import AU_M, SOLAR_CONSTANT_W_M2
from rover.core.errors import UsageError
from rover.core.grid import Dem, GridGeometry
from rover.sky.sun import Track
from rover.terrain.aim import elevations_over
from rover.terrain.derive import Terrain

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurfaceNormals:
    """Unit vectors that stand on the ground, along the raster's axes; NaN is unknown.

    Attributes:
        geometry: Where the cells are.
        east, north, up: (rows, cols) float32.
    """

    geometry: GridGeometry
    east: Floats
    north: Floats
    up: Floats

    def __post_init__(self) -> None:
        for name in ("east", "north", "up"):
            held = locked(getattr(self, name), np.float32, self.geometry.shape, name)
            object.__setattr__(self, name, held)


def terrain_normals(terrain: Terrain) -> SurfaceNormals:
    """Return the normals of slope and aspect: Horn's, each of eight neighbours, which rounds edges off."""
    slope, aspect = terrain.slope_rad, terrain.aspect_rad
    level = np.sin(slope)
    return SurfaceNormals(
        geometry=terrain.geometry,
        east=np.asarray(level * np.sin(aspect), np.float32),
        north=np.asarray(level * np.cos(aspect), np.float32),
        up=np.asarray(np.cos(slope), np.float32),
    )


def central_normals(dem: Dem) -> SurfaceNormals:
    """Return the normals of central differences: each of four neighbours, closer to the surface at sharp edges.

    At the map's edge the differences are one-sided; a cell beside one whose elevation is unknown is unknown.
    """
    z, geometry = dem.elevation_m, dem.geometry
    north, east = _rise(z, 0, geometry.resolution_north_m), _rise(z, 1, geometry.resolution_m)
    up: Floats = np.asarray(1 / np.sqrt(1 + east * east + north * north), np.float32)
    up[np.isnan(z)] = np.nan
    return SurfaceNormals(geometry=dem.geometry, east=-east * up, north=-north * up, up=up)


def direct_flux_w_m2(
    lit: Floats,
    normals: SurfaceNormals,
    sun: Track,
    *,
    solar_constant_w_m2: float = SOLAR_CONSTANT_W_M2,
) -> Floats:
    """Return the direct sunlight on the ground of each cell: S lit cos(incidence), Lambert's cosine law.

    Incidence is counted from the centre of the disc, whatever share of it is in view: with the Sun cut by the horizon
    that is off by 0.1 deg or so. The Sun's elevation over each cell is that of `rover.terrain.aim`.

    Args:
        lit: (rows, cols) lit fraction.
        normals: Of the same cells.
        sun: The Sun at one time over the map's site, its azimuth from true north, as `sun_from_moon` gives it; its
            distance sets the irradiance.
        solar_constant_w_m2: Irradiance at 1 au.

    Returns:
        (rows, cols) float32, per m2 of the ground itself, 0 where it faces away; NaN where light or ground is unknown.

    Raises:
        UsageError: Not one instant, or a lit fraction of another shape.
    """
    geometry = normals.geometry
    if len(sun.azimuth_rad) != 1 or lit.shape != geometry.shape:
        raise UsageError(
            "not one lit map of these cells and its Sun",
            remedy=f"give the lit fraction of {geometry.rows} x {geometry.cols} cells and the Sun at its time",
            field="lit",
            value=f"{' x '.join(map(str, lit.shape))} cells, {len(sun.azimuth_rad)} times",
        )
    azimuth = float(sun.azimuth_rad[0]) - geometry.site.grid_north_rad
    height = elevations_over(geometry, azimuth, float(sun.elevation_rad[0]))
    level = normals.east * np.float32(np.sin(azimuth)) + normals.north * np.float32(np.cos(azimuth))
    cosine = np.sin(height) * normals.up + np.cos(height) * level
    irradiance = np.float32(solar_constant_w_m2 * (AU_M / float(sun.distance_m[0])) ** 2)
    return np.asarray(irradiance * lit * np.maximum(cosine, np.float32(0)), np.float32)


def _rise(z: Floats, axis: int, resolution_m: float) -> Floats:
    """Return the rise per metre along an axis; level where there is but one cell."""
    if z.shape[axis] < 2:
        return np.zeros_like(z)
    return np.asarray(np.gradient(z, np.float32(resolution_m), axis=axis), np.float32)
