"""How much of the Sun's disc each cell of a map sees, at an instant and over time.

The disc is cut by a level edge: the horizon at the azimuth of its centre, straight between the azimuths of the horizon
map. Of the horizon within the disc's half degree no more is known. A horizon is stored in steps of 0.0027 deg, which
alone moves a lit fraction by up to 0.007.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.errors import UsageError
from rover.core.grid import GridGeometry
from rover.core.strips import by_strips
from rover.sky.almanac import Almanac
from rover.sky.ephemeris import Target
from rover.sky.events import Disc
from rover.sky.sun import Track
from rover.sky.track import SplineTrack
from rover.terrain.aim import Aims, aims_at, least_rows
from rover.terrain.calendar import checked_times, stretches_above
from rover.terrain.horizon import STEP_RAD, HorizonMap
from rover.terrain.light_kernels import PIECE, lit_rows, mean_rows

Floats = npt.NDArray[np.float32]
Vector = npt.NDArray[np.float64]

HALF_THE_DISC = 0.5
"""Lit fraction from which a cell counts as lit, where nobody asks for another."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Light:
    """When the Sun shines on each cell, over a span of time.

    Times of cells are float32, so to 0.25 s over a lunar day and 2 s over a year. Stretches are cut at the ends of the
    span: a cell that is lit when it begins has its first light there, one lit when it ends its last. A cell that is
    never lit has neither (NaN), and a shadow as long as the span; one that is always lit has a shadow of 0 s. Where the
    horizon is unknown all are NaN.

    Attributes:
        geometry: Where the cells are.
        time_s: (n,) times looked at, since the caller's epoch.
        least_lit: Share of the disc from which a cell counts as lit.
        first_light_s, last_light_s: (rows, cols) seconds since `time_s[0]`.
        longest_shadow_s, lit_s: (rows, cols) longest time without light; time with light in all.
        lit_share: (n,) share of the cells with a known horizon that is lit at each time; NaN if there is none.
    """

    geometry: GridGeometry
    time_s: Vector
    least_lit: float
    first_light_s: Floats
    last_light_s: Floats
    longest_shadow_s: Floats
    lit_s: Floats
    lit_share: Vector

    def __post_init__(self) -> None:
        count = len(self.time_s)
        for name in ("time_s", "lit_share"):
            object.__setattr__(self, name, locked(getattr(self, name), np.float64, (count,), name))
        for name in ("first_light_s", "last_light_s", "longest_shadow_s", "lit_s"):
            held = locked(getattr(self, name), np.float32, self.geometry.shape, name)
            object.__setattr__(self, name, held)


def lit_fraction(horizon: HorizonMap, sun: Disc, *, out: Floats | None = None) -> Floats:
    """Return the share of the solar disc above the horizon of each cell, at one instant.

    Args:
        horizon: The horizon map.
        sun: The Sun at one time over the map's site, its azimuth from true north, as `sun_from_moon` gives it.
        out: (rows, cols) float32 to write into; by default a new array.

    Returns:
        (rows, cols) float32, 0 to 1 within 1e-4 of the circular segment; NaN where the horizon is unknown. A Sun below
        every horizon gives zeros.

    Raises:
        UsageError: Not one instant, a direction or diameter that is not finite, an `out` of another shape.
    """
    if np.size(sun.azimuth_rad) != 1:
        remedy = "give the Sun at one time, or take lit_maps"
        raise UsageError(
            "a map of more than one instant", remedy=remedy, field="sun", value=np.size(sun.azimuth_rad)
        )
    (fraction,) = _maps(horizon, sun, out)
    return fraction


def lit_maps(
    horizon: HorizonMap, sun: Disc, time_s: npt.ArrayLike, *, out: Floats | None = None
) -> Iterator[tuple[float, Floats]]:
    """Yield (time, lit fraction) one after the other, so that many never stand in memory together.

    Args:
        horizon: The horizon map.
        sun: The Sun at n times, as for `lit_fraction`.
        time_s: (n,) ascending, since the caller's epoch.
        out: (rows, cols) float32 that each map is written into, over the one before; by default each is a new array.

    Raises:
        UsageError: As for `lit_fraction`, and times that do not ascend or are not n.
    """
    checked_times(time_s, np.size(sun.azimuth_rad))
    maps = _maps(horizon, sun, out)
    return zip(np.atleast_1d(np.asarray(time_s, np.float64)).tolist(), maps, strict=True)


def mean_light(horizon: HorizonMap, sun: Disc, *, each: int) -> npt.NDArray[np.uint8]:
    """Return (rows, cols, n / each) the lit fraction's mean over every `each` instants, of 255; unknown is dark.

    Args:
        horizon: The horizon map.
        sun: The Sun at n times, as for `lit_fraction`.
        each: Instants in a mean; n is a multiple of it.

    Raises:
        UsageError: As for `lit_maps`.
        ValueError: n is no multiple of `each`.
    """
    aims, per_step = aims_at(horizon, sun), _per_step(sun)
    if len(per_step) % each != 0:
        raise ValueError(f"{len(per_step)} instants are no multiple of {each}")
    lit = np.empty((*horizon.geometry.shape, len(per_step) // each), np.uint8)

    def work(first: int, last: int) -> None:
        mean_rows(horizon.steps, aims, per_step, each, lit, np.empty(PIECE, np.float32), first, last)

    by_strips(horizon.geometry.rows, work, least=1)
    return lit


def light_over(
    horizon: HorizonMap, sun: Disc, time_s: npt.ArrayLike, *, least_lit: float = HALF_THE_DISC
) -> Light:
    """Return when the Sun shines on each cell: first and last light, longest shadow, time lit, and the map's lit share.

    Between two times the Sun's height above the horizon is taken to change evenly: first and last light are then told
    to minutes from hourly times. What is lit or dark for less than a step may be missed.

    Args:
        horizon: The horizon map.
        sun: The Sun at n times, as for `lit_fraction`; of an almanac it is `sun_track`.
        time_s: (n,) ascending, since the caller's epoch.
        least_lit: Share of the disc from which a cell is lit, above 0 and up to 1.

    Raises:
        UsageError: As for `lit_maps`, and a share out of range.
    """
    if not 0 < least_lit <= 1:
        remedy = "give a share of the disc above 0 and up to 1, such as 0.5"
        raise UsageError("not a share of the disc", remedy=remedy, field="least_lit", value=least_lit)
    higher = centre_at(least_lit) * _radii(sun)
    found = stretches_above(horizon, aims_at(horizon, sun, lowered_rad=higher), time_s)
    return Light(
        geometry=horizon.geometry,
        time_s=np.atleast_1d(np.array(time_s, np.float64)),
        least_lit=least_lit,
        first_light_s=found.begins,
        last_light_s=found.ends,
        longest_shadow_s=found.longest_below,
        lit_s=found.above,
        lit_share=found.share,
    )


def sun_track(almanac: Almanac, time_s: npt.ArrayLike) -> Track:
    """Return the Sun of an almanac at (n,) times, its azimuth from true north as the functions here take it.

    Raises:
        ValueError: A time is outside the almanac.
    """
    on_raster = SplineTrack(
        time_s=almanac.time_s,
        direction=almanac.direction,
        distance_m=almanac.distance_m,
        radius_m=Target.SUN.radius_m,
    ).at(time_s)
    return Track(
        azimuth_rad=(on_raster.azimuth_rad + almanac.site.grid_north_rad) % (2 * math.pi),
        elevation_rad=on_raster.elevation_rad,
        distance_m=on_raster.distance_m,
        angular_diameter_rad=on_raster.angular_diameter_rad,
    )


def centre_at(share: float) -> float:
    """Return how many radii a disc's centre stands over a level edge that leaves a share of it, 0 to 1, in view."""
    low, high = -1.0, 1.0
    while (middle := (low + high) / 2) not in (low, high):
        in_view = 0.5 + (middle * math.sqrt(1 - middle * middle) + math.asin(middle)) / math.pi
        low, high = (middle, high) if in_view < share else (low, middle)
    return high if share > 0.5 else low if share < 0.5 else 0.0


def _maps(horizon: HorizonMap, sun: Disc, out: Floats | None) -> Iterator[Floats]:
    """Check what is given and return the maps to come."""
    aims = aims_at(horizon, sun)
    per_step = _per_step(sun)
    if out is not None and (out.shape != horizon.geometry.shape or out.dtype != np.float32):
        rows, cols = horizon.geometry.shape
        raise UsageError(
            "not an array that the map can be written into",
            remedy=f"give float32 of {rows} x {cols} cells",
            field="out",
            value=f"{out.dtype} of {' x '.join(map(str, out.shape))} cells",
        )
    return (_map(horizon, aims, t, per_step, out) for t in range(len(per_step)))


def _map(horizon: HorizonMap, aims: Aims, t: int, per_step: Floats, out: Floats | None) -> Floats:
    fraction = np.empty(horizon.geometry.shape, np.float32) if out is None else out

    def work(first: int, last: int) -> None:
        lit_rows(horizon.steps, aims, t, per_step, fraction, first, last)

    by_strips(horizon.geometry.rows, work, least=least_rows(horizon.geometry))
    return fraction


def _per_step(sun: Disc) -> Floats:
    return (STEP_RAD / _radii(sun)).astype(np.float32)


def _radii(sun: Disc) -> Vector:
    radii = np.atleast_1d(np.asarray(sun.angular_diameter_rad, np.float64)) / 2
    if not ((radii > 0) & (radii < math.pi / 2)).all():
        remedy = "give the diameter of the disc in radians, about 0.0093 for the Sun"
        raise UsageError("no disc", remedy=remedy, field="angular_diameter_rad", value=(2 * radii).tolist())
    return radii
