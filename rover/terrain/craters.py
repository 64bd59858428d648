"""Craters found in a DEM: hollows of every size, kept where they are round, rimmed and deeper than chance.

1. Candidates are the maxima, in place and scale, of the scale-normalised Laplacian of Gaussian (Lindeberg 1998,
   doi:10.1023/A:1008045108935), over an octave pyramid. The scale gives the diameter.
2. Around each, the ground is sampled on rings out to 1.5 radii and a plane taken off. The mean profile gives
   the depth from rim to floor; its share of the variance is the roundness; beyond the rim the ground must no
   longer rise as it does within.
3. The same search in the DEM upside down finds what chance alone makes of such ground. The least score, depth
   over diameter times roundness, is set so that these are at most a tenth of what is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import KDTree

from rover.core.arrays import locked
from rover.core.grid import Dem, check_square
from rover.terrain.octaves import Octave, octaves_of

Floats = npt.NDArray[np.float64]

SMALLEST_CELLS = 8.0
"""Diameter of the smallest craters that are counted, in cells."""

DIAMETER_PER_SIGMA = 4.07
"""Rim diameter over the scale of the strongest response, from parabolic bowls with rims of 0.10 and 0.24 of
their depth (3.93 and 4.21)."""

REACH = 1.5
"""Radii of ground around a centre that must be known."""

_SIGMA = 1.6
_PER_OCTAVE = 3
_LEAST_SIDE = 16
"""Of the coarsest octave, which then shows craters as wide as a third of the side."""

_STRIP_ROWS = 1024
_MARGIN_ROWS = 32
"""More rows than the smoothings of one octave reach together."""

_LEAST_CONTRAST = 0.01
_AZIMUTHS = 16
_RADII = np.arange(13) * 0.125
_ANGLES = np.arange(_AZIMUTHS) * (2 * np.pi / _AZIMUTHS)
_ALONG_ROWS, _ALONG_COLS = np.outer(np.sin(_ANGLES), _RADII), np.outer(np.cos(_ANGLES), _RADII)
_FLOOR, _RIM = _RADII <= 0.3, (_RADII >= 0.75) & (_RADII <= 1.3)
_DISC = np.where(_RADII <= 1.25, _RADII, 0.0) / _RADII[_RADII <= 1.25].sum()
_BATCH = 20_000

_LEAST_RATIO, _LEAST_ROUNDNESS, _MOST_RISE_BEYOND = 0.012, 0.4, 0.5
_BY_CHANCE = 0.1
_SAME_PLACE, _SAME_SIZE = 0.3, 1.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Craters:
    """A list of craters.

    Attributes:
        east_m, north_m: (n,) centres in the DEM's frame.
        diameter_m: (n,) rim to rim.
        depth_m: (n,) from the mean rim to the floor, a plane taken off.
        roundness: (n,) share of the variance within 1.25 radii that the mean profile explains, 0 to 1.
        searched_m2: (n,) area of the places where a crater of that size would lie wholly on known ground.
    """

    east_m: Floats
    north_m: Floats
    diameter_m: Floats
    depth_m: Floats
    roundness: Floats
    searched_m2: Floats

    def __post_init__(self) -> None:
        for name in ("east_m", "north_m", "diameter_m", "depth_m", "roundness", "searched_m2"):
            held = locked(getattr(self, name), np.float64, (len(self.east_m),), name)
            object.__setattr__(self, name, held)

    @property
    def ratio(self) -> Floats:
        """(n,) depth over diameter."""
        return self.depth_m / self.diameter_m


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CraterSearch:
    """What a search has found.

    Attributes:
        craters: From `smallest_m` on.
        by_chance: What the same search keeps in the DEM upside down: about as many of `craters` are none.
        smallest_m, largest_m: Diameters between which the search is fair: `SMALLEST_CELLS` cells, and a third
            of the shorter side.
        least_score: Depth over diameter times roundness of the faintest that may be kept.
    """

    craters: Craters
    by_chance: Craters
    smallest_m: float
    largest_m: float
    least_score: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Hollows:
    """Candidates: row, column and diameter in cells of the DEM, and what was measured there."""

    row: Floats
    col: Floats
    diameter: Floats
    depth_m: Floats
    roundness: Floats
    rise_beyond: Floats
    searched: Floats

    def where(self, kept: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> _Hollows:
        return _Hollows(**{name: getattr(self, name)[kept] for name in self.__slots__})


def find_craters(dem: Dem, *, least_score: float | None = None) -> CraterSearch:
    """Find the craters of a DEM.

    Args:
        dem: Any; craters that reach within a quarter of their diameter of the edge or of unknown ground are
            left out, of which `Craters.searched_m2` takes account.
        least_score: That of the faintest to keep; by default what the DEM upside down says.

    Raises:
        DemFrameError: Cells that are not square.
    """
    check_square(dem.geometry, "a search for craters")
    cell_m = dem.geometry.resolution_m
    octaves = octaves_of(dem.elevation_m, least_side=_LEAST_SIDE)
    both = _candidates(octaves, cell_m)
    kept = [_distinct(_plausible(hollows, cell_m), cell_m) for hollows in both]
    least = (
        _least_score(*(_score(hollows, cell_m) for hollows in kept)) if least_score is None else least_score
    )
    found = [hollows.where(_score(hollows, cell_m) >= least) for hollows in kept]
    craters, by_chance = (_placed(hollows, dem) for hollows in found)
    return CraterSearch(
        craters=craters,
        by_chance=by_chance,
        smallest_m=SMALLEST_CELLS * cell_m,
        largest_m=min(dem.geometry.shape) * cell_m / 3,
        least_score=least,
    )


def _candidates(octaves: list[Octave], cell_m: float) -> tuple[_Hollows, _Hollows]:
    """Hollows of all octaves, and those of the DEM upside down."""
    found: tuple[list[_Hollows], list[_Hollows]] = ([], [])
    for i, octave in enumerate(octaves):
        finer = octaves[max(0, i - 1)]
        for sign, peaks, kept in zip((1, -1), _peaks(octave, cell_m), found, strict=True):
            kept.append(_measured(peaks, octave, finer, sign))
    return _joined(found[0]), _joined(found[1])


def _joined(lists: list[_Hollows]) -> _Hollows:
    return _Hollows(
        **{name: np.concatenate([getattr(part, name) for part in lists]) for name in _Hollows.__slots__}
    )


def _peaks(octave: Octave, cell_m: float) -> tuple[Floats, Floats]:
    """(n, 3) row, column and sigma, in cells of the octave, of hollows and of bumps."""
    rows = octave.elevation_m.shape[0]
    least = _LEAST_CONTRAST * cell_m * octave.cells
    found: tuple[list[Floats], list[Floats]] = ([], [])
    for first in range(0, rows, _STRIP_ROWS):
        last, above = min(rows, first + _STRIP_ROWS), max(0, first - _MARGIN_ROWS)
        strip = octave.elevation_m[above : last + _MARGIN_ROWS]
        for peaks, kept in zip(_peaks_of_strip(strip, least), found, strict=True):
            peaks[:, 0] += above
            kept.append(peaks[(peaks[:, 0] >= first - 0.5) & (peaks[:, 0] < last - 0.5)])
    return np.concatenate(found[0]), np.concatenate(found[1])


def _peaks_of_strip(strip: npt.NDArray[np.float32], least: float) -> tuple[Floats, Floats]:
    sigmas = _SIGMA * 2.0 ** (np.arange(-1, _PER_OCTAVE + 1) / _PER_OCTAVE)
    responses = []
    smooth, before = strip, 0.0
    for sigma in sigmas:
        smooth = ndimage.gaussian_filter(smooth, np.sqrt(sigma**2 - before**2))
        before = sigma
        responses.append(ndimage.laplace(smooth) * np.float32(sigma**2))
    hollows = [ndimage.maximum_filter(response, 3) for response in responses]
    bumps = [-ndimage.minimum_filter(response, 3) for response in responses]
    return (
        _maxima(responses, hollows, sigmas, least),
        _maxima([-response for response in responses], bumps, sigmas, least),
    )


def _maxima(
    responses: list[npt.NDArray[np.float32]],
    around: list[npt.NDArray[np.float32]],
    sigmas: Floats,
    least: float,
) -> Floats:
    """(n, 3) maxima in place and scale; the scale is that of the parabola through three."""
    found = []
    for j in range(1, _PER_OCTAVE + 1):
        here = responses[j]
        row, col = np.nonzero((here == around[j]) & (here > least * sigmas[j]))
        height, finer, coarser = here[row, col], around[j - 1][row, col], around[j + 1][row, col]
        peak = (height >= finer) & (height > coarser)
        row, col = row[peak], col[peak]
        shift = _vertex(finer[peak], height[peak], coarser[peak])
        sigma = sigmas[j] * 2.0 ** (shift / _PER_OCTAVE)
        found.append(np.column_stack([_refined(here, row, col), sigma]))
    return np.concatenate(found)


def _vertex(
    before: npt.NDArray[np.float32], at: npt.NDArray[np.float32], after: npt.NDArray[np.float32]
) -> Floats:
    """(n,) where a parabola through three values one apart has its top, from the middle one; at most 1/2 off."""
    bend = before - 2 * at.astype(np.float64) + after
    shift = np.divide(0.5 * (before - after), bend, out=np.zeros(len(bend)), where=bend < 0)
    return np.asarray(np.clip(shift, -0.5, 0.5))


def _refined(
    response: npt.NDArray[np.float32], row: npt.NDArray[np.int64], col: npt.NDArray[np.int64]
) -> Floats:
    """(n, 2) fractional row and column of maxima."""
    rows, cols = (side - 1 for side in response.shape)
    at = response[row, col]
    along_rows = _vertex(response[np.maximum(row - 1, 0), col], at, response[np.minimum(row + 1, rows), col])
    along_cols = _vertex(response[row, np.maximum(col - 1, 0)], at, response[row, np.minimum(col + 1, cols)])
    return np.column_stack([row + along_rows, col + along_cols])


def _measured(peaks: Floats, octave: Octave, finer: Octave, sign: int) -> _Hollows:
    """What the candidates of an octave are like, those that lie wholly on known ground."""
    clearance = octave.clearance()
    radius = peaks[:, 2] * (DIAMETER_PER_SIGMA / 2)
    peaks = peaks[clearance.at(peaks[:, 0], peaks[:, 1]) >= REACH * radius]
    row, col, diameter = peaks[:, 0], peaks[:, 1], peaks[:, 2] * DIAMETER_PER_SIGMA
    profile = _profiles(octave.place_from(row), octave.place_from(col), diameter * octave.cells, finer, sign)
    return _Hollows(
        row=octave.place_from(row),
        col=octave.place_from(col),
        diameter=diameter * octave.cells,
        depth_m=profile[0],
        roundness=profile[1],
        rise_beyond=profile[2],
        searched=clearance.cells_clear(REACH * diameter / 2) * octave.cells**2,
    )


def _profiles(row: Floats, col: Floats, diameter: Floats, octave: Octave, sign: int) -> Floats:
    """(3, n) depth, roundness and rise beyond the rim over that within."""
    out = np.empty((3, len(row)))
    centre = [octave.place_in(row), octave.place_in(col)]
    radius = diameter / (2 * octave.cells)
    for first in range(0, len(row), _BATCH):
        part = slice(first, first + _BATCH)
        rings = _rings(octave, centre[0][part], centre[1][part], radius[part])
        out[:, part] = _shape(_level(sign * rings))
    return out


def _rings(octave: Octave, row: Floats, col: Floats, radius: Floats) -> Floats:
    """(n, azimuths, radii) elevations around centres."""
    rows = row[:, None, None] + radius[:, None, None] * _ALONG_ROWS
    cols = col[:, None, None] + radius[:, None, None] * _ALONG_COLS
    taken = ndimage.map_coordinates(
        octave.elevation_m, [rows.ravel(), cols.ravel()], output=np.float64, order=1, mode="nearest"
    )
    return np.asarray(taken, np.float64).reshape(rows.shape)


def _level(rings: Floats) -> Floats:
    """Take off the plane that fits the rings about the rim."""
    weight = (_ALONG_ROWS[:, _RIM] ** 2).sum()
    up = (rings[:, :, _RIM] * _ALONG_ROWS[:, _RIM]).sum(axis=(1, 2)) / weight
    across = (rings[:, :, _RIM] * _ALONG_COLS[:, _RIM]).sum(axis=(1, 2)) / weight
    return np.asarray(rings - up[:, None, None] * _ALONG_ROWS - across[:, None, None] * _ALONG_COLS)


def _shape(rings: Floats) -> Floats:
    """(3, n) depth, roundness and rise beyond the rim over that within."""
    profile = rings.mean(axis=1)
    depth = profile[:, _RIM].max(axis=1) - profile[:, _FLOOR].min(axis=1)
    mean = profile @ _DISC
    all_of_it = ((rings - mean[:, None, None]) ** 2).mean(axis=1) @ _DISC
    explained = ((profile - mean[:, None]) ** 2) @ _DISC
    roundness = np.divide(explained, all_of_it, out=np.zeros(len(mean)), where=all_of_it > 0)
    within = profile[:, 7] - profile[:, 3]
    beyond = profile[:, 12] - profile[:, 8]
    rise = np.divide(beyond, within, out=np.full(len(mean), np.inf), where=within > 0)
    return np.stack([depth, roundness, rise])


def _plausible(hollows: _Hollows, cell_m: float) -> _Hollows:
    return hollows.where(
        (hollows.diameter >= SMALLEST_CELLS)
        & (hollows.depth_m >= _LEAST_RATIO * cell_m * hollows.diameter)
        & (hollows.roundness >= _LEAST_ROUNDNESS)
        & (hollows.rise_beyond <= _MOST_RISE_BEYOND)
    )


def _score(hollows: _Hollows, cell_m: float) -> Floats:
    return np.asarray(hollows.depth_m / (cell_m * hollows.diameter) * hollows.roundness)


def _distinct(hollows: _Hollows, cell_m: float) -> _Hollows:
    """Of hollows of about one place and size keep the one of the highest score."""
    order = np.argsort(-_score(hollows, cell_m), kind="stable")
    hollows = hollows.where(order)
    places = np.column_stack([hollows.row, hollows.col])
    if len(places) == 0:
        return hollows
    near = KDTree(places).query_ball_point(places, _SAME_PLACE * hollows.diameter)
    kept = np.ones(len(places), bool)
    for i, others in enumerate(near):
        if kept[i]:
            other = np.array(others)
            size = hollows.diameter[other] / hollows.diameter[i]
            kept[other[(other > i) & (size < _SAME_SIZE) & (size > 1 / _SAME_SIZE)]] = False
    return hollows.where(kept)


def _least_score(found: Floats, chance: Floats) -> float:
    """The lowest score down to which chance makes at most `_BY_CHANCE` of what is kept; infinite if none is."""
    ordered = np.sort(found)[::-1]
    by_chance = len(chance) - np.searchsorted(np.sort(chance), ordered)
    fair = np.flatnonzero(by_chance <= _BY_CHANCE * np.arange(1, len(ordered) + 1))
    return float(ordered[fair[-1]]) if fair.size else np.inf


def _placed(hollows: _Hollows, dem: Dem) -> Craters:
    """In metres, the largest first."""
    hollows = hollows.where(np.argsort(-hollows.diameter, kind="stable"))
    geometry = dem.geometry
    cell_m = geometry.resolution_m
    return Craters(
        east_m=geometry.east_m + hollows.col * cell_m,
        north_m=geometry.north_m + hollows.row * cell_m,
        diameter_m=hollows.diameter * cell_m,
        depth_m=hollows.depth_m,
        roundness=hollows.roundness,
        searched_m2=hollows.searched * cell_m**2,
    )
