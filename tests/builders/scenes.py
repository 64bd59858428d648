"""Ground of which everything is known: planes, self-affine noise, bowls with rims, half-buried rocks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rover.core.grid import Dem, GridGeometry, Site

Floats = npt.NDArray[np.float64]

SITE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")


def dem_of(elevation: npt.ArrayLike, resolution_m: float = 1.0, datum_m: float = -6000.0) -> Dem:
    held = np.asarray(elevation, np.float32)
    rows, cols = held.shape
    geometry = GridGeometry(
        rows=rows, cols=cols, resolution_m=resolution_m, east_m=50.0, north_m=-70.0, site=SITE
    )
    return Dem(geometry=geometry, elevation_m=held, datum_m=datum_m, source="a scene")


def self_affine(side: int, hurst: float, seed: int, rise: float = 0.01) -> Floats:
    """Periodic noise of a Hurst exponent, its rms difference between neighbours `rise`."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    frequency[0, 0] = np.inf
    phases = rng.normal(size=frequency.shape) + 1j * rng.normal(size=frequency.shape)
    noise = np.fft.irfft2(frequency ** -(hurst + 1) * phases, (side, side))
    return noise * (rise / np.sqrt((np.diff(noise, axis=0) ** 2).mean()))


def add_crater(
    elevation: Floats, row: float, col: float, diameter: float, depth: float, rim: float = 0.15
) -> None:
    """A parabolic bowl, `depth` from rim to floor, whose rim stands `rim` of that above the ground around."""
    reach = 1.5 * diameter
    rows, cols = (slice(max(0, int(at - reach)), int(at + reach) + 2) for at in (row, col))
    there = elevation[rows, cols]
    up, across = np.indices(there.shape)
    r = np.hypot(up + rows.start - row, across + cols.start - col) / (diameter / 2)
    outside = rim * depth * np.maximum(r, 1) ** -3.0 * np.clip((3 - r) / 2, 0, 1)
    there += np.where(r < 1, rim * depth - depth * (1 - r**2), outside)


def equilibrium_scene(
    side: int, seed: int, *, smallest: float = 3.0, density: float = 1.0, rise: float = 0.01
) -> tuple[Floats, Floats]:
    """Cratered noise in cells of 1 m by N(>D) = density x 0.0468 D^-1.83 per km2 (D in km).

    Depth over diameter runs from 0.018 to 0.15 by the square of a uniform number.

    Returns:
        Elevations, and (n, 4) row, column, diameter and depth of the craters, the largest first.
    """
    rng = np.random.default_rng(seed)
    elevation = self_affine(side, 0.8, seed, rise)
    scale, largest = density * 0.0468e-6 * 1e-3**-1.83, side / 4
    ends = scale * np.array([largest, smallest]) ** -1.83
    count = rng.poisson((ends[1] - ends[0]) * side**2)
    diameter = np.sort((rng.uniform(*ends, count) / scale) ** (-1 / 1.83))[::-1]
    fresh = rng.uniform(size=count) ** 2
    depth = diameter * (0.018 + 0.132 * fresh)
    place = rng.uniform(0, side - 1, (count, 2))
    for (row, col), wide, deep, new in zip(place, diameter, depth, fresh, strict=True):
        add_crater(elevation, row, col, wide, deep, rim=0.1 + 0.14 * new)
    return elevation, np.column_stack([place, diameter, depth])


def add_rock(elevation: Floats, row: float, col: float, diameter: float, height: float) -> None:
    """Half a spheroid, lengths in cells; each cell is the mean of 16 points."""
    reach = diameter / 2 + 1
    rows, cols = (slice(max(0, int(at - reach)), int(at + reach) + 2) for at in (row, col))
    there = elevation[rows, cols]
    up, across = np.indices(there.shape)
    for du in (-0.375, -0.125, 0.125, 0.375):
        for dv in (-0.375, -0.125, 0.125, 0.375):
            r = np.hypot(up + du + rows.start - row, across + dv + cols.start - col) / (diameter / 2)
            there += height / 16 * np.sqrt(np.maximum(0, 1 - r**2))
