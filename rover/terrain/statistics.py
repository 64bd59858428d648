"""The statistics of a DEM: relief, slopes by baseline, and height differences by lag and direction.

Unknown cells (NaN) are no ground: a slope or a height difference with one at either end is not counted.

At long baselines the pairs overlap almost wholly; there every (k / 4)-th row and column stands for the rest,
which makes the cost of all baselines together a small multiple of that of the first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.grid import Dem, check_square

Floats = npt.NDArray[np.float64]
Heights = npt.NDArray[np.float32]

RELIEF_PERCENT = (5.0, 25.0, 50.0, 75.0, 95.0)
SLOPE_PERCENT = (50.0, 90.0, 95.0, 99.0)

DIRECTIONS = ((1, 0), (2, 1), (1, 1), (1, 2), (0, 1), (-1, 2), (-1, 1), (-2, 1))
"""Rows and columns of the steps, from north clockwise; each also stands for its opposite."""

_LONGEST = 0.25
_PER_BASELINE = 4
_MOST_SAMPLES = 2**24


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Relief:
    """How high the ground is.

    Attributes:
        low_m, high_m: Extremes above the body's sphere.
        percentile_m: (5,) elevations above the sphere at `RELIEF_PERCENT`.
        unknown_share: Cells that are NaN over all cells.
        known_m2: Area of the cells that are not.
    """

    low_m: float
    high_m: float
    percentile_m: Floats
    unknown_share: float
    known_m2: float

    def __post_init__(self) -> None:
        held = locked(self.percentile_m, np.float64, (len(RELIEF_PERCENT),), "percentile_m")
        object.__setattr__(self, "percentile_m", held)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SlopeStatistics:
    """Slopes by baseline. A figure without a single sample is NaN.

    Attributes:
        baseline_m: (n,) baselines L.
        slope_rad: (n, 4) percentiles, at `SLOPE_PERCENT`, of the steepest slope by central differences: the
            gradient from the points at L to each side, so over 2 L. At one cell it is that of the map.
        bidirectional_rad: (n,) slope of the median |dz| / L between points L apart, east-west and north-south
            together.
    """

    baseline_m: Floats
    slope_rad: Floats
    bidirectional_rad: Floats

    def __post_init__(self) -> None:
        count = len(self.baseline_m)
        shapes = {
            "baseline_m": (count,),
            "slope_rad": (count, len(SLOPE_PERCENT)),
            "bidirectional_rad": (count,),
        }
        for name, shape in shapes.items():
            object.__setattr__(self, name, locked(getattr(self, name), np.float64, shape, name))

    def bidirectional_at(self, baseline_m: float) -> float:
        """Return the bidirectional slope in radians at any baseline, straight between those measured.

        NaN outside of them.
        """
        if not self.baseline_m[0] <= baseline_m <= self.baseline_m[-1]:
            return math.nan
        return float(np.interp(math.log(baseline_m), np.log(self.baseline_m), self.bidirectional_rad))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StructureFunction:
    """Root mean square height difference by lag. Nothing is taken off: a regional slope shows at long lags.

    Attributes:
        lag_m: (n,) distances.
        azimuth_rad: (8,) of the directions, clockwise from the raster's north, less than a half turn.
        directed_m: (n, 8) by direction. Steps that are not along rows or columns are longer by sqrt 2 or
            sqrt 5; their figures are brought to `lag_m` in log-log axes, and are NaN below their first.
        overall_m: (n,) quadratic mean of the directions that are known.
    """

    lag_m: Floats
    azimuth_rad: Floats
    directed_m: Floats
    overall_m: Floats

    def __post_init__(self) -> None:
        count, ways = len(self.lag_m), len(DIRECTIONS)
        shapes = {
            "lag_m": (count,),
            "azimuth_rad": (ways,),
            "directed_m": (count, ways),
            "overall_m": (count,),
        }
        for name, shape in shapes.items():
            object.__setattr__(self, name, locked(getattr(self, name), np.float64, shape, name))

    @property
    def hurst(self) -> Floats:
        """(n - 1,) local Hurst exponents: the log-log slope from each lag to the next."""
        return np.diff(_log(self.overall_m)) / np.diff(np.log(self.lag_m))

    @property
    def hurst_overall(self) -> float:
        """Slope of the straight line through all lags, least squares in log-log axes; NaN from one lag."""
        lag, rise = np.log(self.lag_m), _log(self.overall_m)
        known = np.isfinite(rise)
        if known.sum() < 2:
            return math.nan
        return float(np.polyfit(lag[known], rise[known], 1)[0])

    @property
    def anisotropy(self) -> Floats:
        """(n,) rms of the roughest direction over that of the smoothest; 1 is isotropic."""
        most, least = np.fmax.reduce(self.directed_m, axis=1), np.fmin.reduce(self.directed_m, axis=1)
        return np.asarray(np.divide(most, least, out=np.full(len(most), math.nan), where=least > 0))

    @property
    def anisotropy_overall(self) -> float:
        """Geometric mean of `anisotropy` over the lags up to a quarter of the longest, of which there are many
        independent pairs, and in which all directions are known."""
        judged = np.isfinite(self.directed_m).all(axis=1) & (self.lag_m <= self.lag_m[-1] / 4)
        ratios = _log(self.anisotropy[judged])
        ratios = ratios[np.isfinite(ratios)]
        return float(np.exp(ratios.mean())) if ratios.size else math.nan


def relief_of(dem: Dem) -> Relief:
    """Return the range of a DEM's elevations.

    Raises:
        ValueError: No elevation is known.
    """
    known = dem.elevation_m[np.isfinite(dem.elevation_m)]
    if known.size == 0:
        raise ValueError("no elevation is known")
    return Relief(
        low_m=float(known.min()) + dem.datum_m,
        high_m=float(known.max()) + dem.datum_m,
        percentile_m=np.percentile(known, RELIEF_PERCENT).astype(np.float64) + dem.datum_m,
        unknown_share=1 - known.size / dem.elevation_m.size,
        known_m2=known.size * dem.geometry.resolution_m * dem.geometry.resolution_north_m,
    )


def slopes_of(dem: Dem) -> SlopeStatistics:
    """Return the slopes of a DEM at baselines of 1, 2, 4 ... cells, up to a quarter of the shorter side.

    Raises:
        DemFrameError: Cells that are not square.
    """
    check_square(dem.geometry, "a slope by baselines")
    cells = baselines_of(dem.geometry.shape)
    lengths = [k * dem.geometry.resolution_m for k in cells]
    return SlopeStatistics(
        baseline_m=np.array(lengths),
        slope_rad=np.array(
            [_slopes(dem.elevation_m, k, length) for k, length in zip(cells, lengths, strict=True)]
        ),
        bidirectional_rad=np.array(
            [_bidirectional(dem.elevation_m, k, length) for k, length in zip(cells, lengths, strict=True)]
        ),
    )


def structure_of(dem: Dem) -> StructureFunction:
    """Return the structure function of a DEM at lags of 1, 2, 4 ... cells, up to a quarter of the shorter side.

    Raises:
        DemFrameError: Cells that are not square.
    """
    check_square(dem.geometry, "a structure function")
    cells = baselines_of(dem.geometry.shape)
    lag = np.array(cells, np.float64)
    directed = np.stack([_directed(dem.elevation_m, lag, step) for step in DIRECTIONS], axis=1)
    return StructureFunction(
        lag_m=lag * dem.geometry.resolution_m,
        azimuth_rad=np.array([math.atan2(cols, rows) for rows, cols in DIRECTIONS]),
        directed_m=directed,
        overall_m=np.sqrt(_mean_of_known(directed**2)),
    )


def baselines_of(shape: tuple[int, int]) -> list[int]:
    """Return the baselines in cells: powers of two to a quarter of the shorter side, and 1 always."""
    longest = max(1, int(min(shape) * _LONGEST))
    return [2**i for i in range(longest.bit_length())]


def _slopes(elevation_m: Heights, k: int, length_m: float) -> Floats:
    """(4,) percentiles in radians."""
    stride = _stride(elevation_m, k)
    middle = (slice(k, -k, stride), slice(k, -k, stride))
    north = elevation_m[2 * k :: stride, middle[1]] - elevation_m[: -2 * k : stride, middle[1]]
    east = elevation_m[middle[0], 2 * k :: stride] - elevation_m[middle[0], : -2 * k : stride]
    rise = np.hypot(north, east)
    # The ground in the middle is not used, but where it is unknown there is no ground to have a slope.
    known = rise[np.isfinite(rise) & np.isfinite(elevation_m[middle])]
    return np.asarray(np.arctan(_percentiles(known, SLOPE_PERCENT) / (2 * length_m)), np.float64)


def _bidirectional(elevation_m: Heights, k: int, length_m: float) -> float:
    """Radians."""
    rises = [np.abs(_differences(elevation_m, k, step)) for step in ((1, 0), (0, 1))]
    return math.atan(float(_percentiles(np.concatenate(rises), (50.0,))[0]) / length_m)


def _directed(elevation_m: Heights, lag: Floats, step: tuple[int, int]) -> Floats:
    """(n,) rms differences in one direction at the lags given in cells."""
    factor = math.hypot(*step)
    measured = [_rms(_differences(elevation_m, int(k), step)) for k in lag]
    if factor == 1:
        return np.array(measured)
    known = np.isfinite(measured)
    if not known.any():
        return np.full(len(lag), math.nan)
    at, rise = np.log(lag[known] * factor), _log(np.array(measured)[known])
    inside = (lag >= lag[known][0] * factor) & (lag <= lag[known][-1] * factor)
    return np.where(inside, np.exp(np.interp(np.log(lag), at, rise)), math.nan)


def _differences(elevation_m: Heights, k: int, step: tuple[int, int]) -> Heights:
    """(m,) known height differences between cells `k` steps apart."""
    stride = _stride(elevation_m, k)
    ends = [_ends(side, k * along) for side, along in zip(elevation_m.shape, step, strict=True)]
    (row_0, row_1), (col_0, col_1) = ends
    pick = (slice(None, None, stride), slice(None, None, stride))
    rises = (elevation_m[row_1, col_1][pick] - elevation_m[row_0, col_0][pick]).ravel()
    return np.asarray(rises[np.isfinite(rises)], np.float32)


def _ends(side: int, shift: int) -> tuple[slice, slice]:
    """Where pairs begin and end along one axis."""
    if shift >= 0:
        return slice(0, max(0, side - shift)), slice(min(side, shift), side)
    begin, end = _ends(side, -shift)
    return end, begin


def _stride(elevation_m: Heights, k: int) -> int:
    enough = math.ceil(math.sqrt(elevation_m.size / _MOST_SAMPLES))
    return max(1, k // _PER_BASELINE, enough)


def _rms(rises: Heights) -> float:
    return math.sqrt(float(np.square(rises).mean(dtype=np.float64))) if rises.size else math.nan


def _percentiles(values: Heights, percent: tuple[float, ...]) -> Floats:
    if values.size == 0:
        return np.full(len(percent), math.nan)
    return np.percentile(values, percent, overwrite_input=True).astype(np.float64)


def _mean_of_known(values: Floats) -> Floats:
    """(n,) means along the rows of (n, m) over what is not NaN; NaN where nothing is."""
    known = np.isfinite(values)
    count = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    return np.asarray(np.divide(total, count, out=np.full(len(values), math.nan), where=count > 0))


def _log(values: Floats) -> Floats:
    """Logarithms; NaN of nothing, as on a level plain."""
    return np.log(values, out=np.full(values.shape, math.nan), where=values > 0)
