"""What is kept away from a site's anchor, so that what stands there stands as level as its slope says.

Relief is damped and rocks are thinned out by smooth functions of place, and whole craters are left out: they have
no volume, so that no coarser raster misses them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sim.moon.craters import Craters
from sim.moon.landform import bump
from sim.moon.rocks import Rocks
from sim.moon.scatter import HALF_MM
from sim.moon.site_tables import AnchorParams

_SMOOTH_WAVE_M, _DAMPED_WAVE_M = 60.0, 240.0
"""Relief of waves up to the first is damped over an anchor's `smooth_radius_m`, of longer ones, up to the second, over
as much more as they are longer: what is under a cell of 20 m and its neighbours hangs on those too."""
_DAMPED = 0.8
"""Share of it that is taken off at the anchor."""
_STILL_WAVE_M, _STILL_M = 8.0, 8.0
"""Shorter waves are taken off altogether at the anchor, and not from this radius on; within 2 m, under what stands
there, a hundredth of them is left."""
_SMALL_M = 0.5
"""Smaller craters may lie nearer to an anchor than its `quiet_m`, the nearer the smaller."""

Field = npt.NDArray[np.float64]
Place = tuple[int, int]
Window = tuple[int, int, int, int]


def reaches(window: Window, place: Place, radius_m: float) -> bool:
    """Tell whether the square of a radius about a place meets a window (west, south, east, north; half-millimetres)."""
    west, south, east, north = window
    reach = int(radius_m * HALF_MM) + 1
    return west - reach <= place[0] <= east + reach and south - reach <= place[1] <= north + reach


def still_radius_m(anchor: AnchorParams) -> float:
    """Return how far from the anchor the finest relief and the rocks are thinned out."""
    return min(_STILL_M, anchor.smooth_radius_m)


def damped_radius_m(anchor: AnchorParams, wave_m: float) -> float:
    """Return how far from the anchor relief of a wavelength is damped; 0 where it is not."""
    if wave_m > _DAMPED_WAVE_M:
        return 0.0
    return anchor.smooth_radius_m * max(1.0, wave_m / _SMOOTH_WAVE_M)


def damping(anchor: AnchorParams, wave_m: float, east_m: Field, north_m: Field) -> Field:
    """Return the factors of relief of a wavelength that is damped, at places counted from the anchor."""
    factors = bump(east_m, north_m, damped_radius_m(anchor, wave_m))
    factors *= _DAMPED
    np.subtract(1.0, factors, out=factors)
    if wave_m < _STILL_WAVE_M:
        still = bump(east_m, north_m, still_radius_m(anchor))
        np.subtract(1.0, still, out=still)
        factors *= still
    return factors


def thinned_out(rocks: Rocks, anchor: AnchorParams, place: Place, window: Window) -> Rocks:
    """Drop the rocks that are missing round the anchor.

    Args:
        rocks: Whose centres lie in a window.
        anchor: The anchor.
        place: Its east and north, half-millimetres.
        window: West, south, east and north, half-millimetres.
    """
    radius_m = still_radius_m(anchor)
    if not reaches(window, place, radius_m):
        return rocks
    apart = (rocks.place - np.array(place)) / HALF_MM
    return rocks.where(rocks.mark >= bump(apart[:, 0], apart[:, 1], radius_m))


def clear_of_anchor(craters: Craters, anchor: AnchorParams, place: Place, window: Window) -> Craters:
    """Drop the seeded craters that the anchor rules out.

    Args:
        craters: Those that reach into a window.
        anchor: The anchor.
        place: Its east and north, half-millimetres.
        window: West, south, east and north, half-millimetres.
    """
    suspects = np.flatnonzero(craters.diameter_m >= _ruled_from_m(anchor, place, window))
    diameter_m = craters.diameter_m[suspects]
    x = (craters.place[suspects, 0] - place[0]) / HALF_MM
    y = (craters.place[suspects, 1] - place[1]) / HALF_MM
    near_m = anchor.quiet_m * np.minimum(1.0, diameter_m / _SMALL_M)
    clear = 0.6 * diameter_m + np.where(diameter_m > anchor.calm_diameter_m, anchor.calm_radius_m, near_m)
    kept = np.ones(len(craters.diameter_m), dtype=np.bool_)
    kept[suspects] = x * x + y * y > clear * clear
    return craters.where(kept)


def _ruled_from_m(anchor: AnchorParams, place: Place, window: Window) -> float:
    """Return a diameter below which no crater that is ruled out reaches into a window."""
    for from_m, widest_m in ((0.0, _SMALL_M), (_SMALL_M, anchor.calm_diameter_m)):
        if reaches(window, place, 3.0 * widest_m + anchor.quiet_m):
            return from_m
    return anchor.calm_diameter_m
