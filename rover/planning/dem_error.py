"""What is not known of a DEM: a Gaussian error of elevation with a correlation length, and what it makes of the grades.

The true elevation is the measured one and an error of mean 0 and covariance `sigma^2 exp(-(d / length)^2)` at a
distance d. Horn's gradient is linear in the elevations: its error is Gaussian too, of a covariance in closed form.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft

from rover.core.errors import UsageError
from rover.core.grid import GridGeometry
from rover.core.memory import check_memory

Floats = npt.NDArray[np.float64]

CLONE_STREAM = 1
"""Of `SeedSequence(seed, spawn_key=(stream, index))`: errors over a whole map."""

UNCORRELATED = 6.1
"""Correlation lengths at which the covariance is less than the rounding of float64: exp(-6.1^2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemError:
    """How well elevations are known.

    Attributes:
        sigma_m: Standard deviation of an elevation, positive.
        length_m: Distance at which the correlation of two errors is 1/e, positive.

    Raises:
        UsageError: Another figure.
    """

    sigma_m: float
    length_m: float

    def __post_init__(self) -> None:
        for field, value in (("sigma_m", self.sigma_m), ("length_m", self.length_m)):
            if not (value > 0 and math.isfinite(value)):
                raise UsageError(
                    "not a length above zero",
                    remedy="give metres, such as 0.5 with a correlation length of 20",
                    field=field,
                    value=value,
                )

    def on(self, geometry: GridGeometry) -> DemError:
        """Return the same error where a map's cells can show it.

        Raises:
            UsageError: The correlation length is shorter than a cell.
        """
        cell_m = max(geometry.resolution_m, geometry.resolution_north_m)
        if self.length_m < cell_m:
            raise UsageError(
                f"a correlation length shorter than the cells of {cell_m:g} m, which cannot show it",
                remedy=f"give {cell_m:g} or more, or a finer DEM",
                field="length_m",
                value=self.length_m,
            )
        return self

    def covariance_m2(self, distance_m: npt.ArrayLike) -> Floats:
        """Return (...) covariance of the errors at two places so far apart."""
        return np.asarray(
            self.sigma_m**2 * np.exp(-((np.asarray(distance_m, np.float64) / self.length_m) ** 2))
        )

    def grade_sigma(self, baseline_m: float) -> float:
        """Return the standard deviation of either component of Horn's gradient; the two are independent at a place.

        Args:
            baseline_m: Side of Horn's window, centre to centre.
        """
        east, _, _ = self.grade_covariance(np.zeros(1), np.zeros(1), baseline_m)
        return math.sqrt(float(east[0]))

    def grade_covariance(
        self, east_m: npt.ArrayLike, north_m: npt.ArrayLike, baseline_m: float
    ) -> tuple[Floats, Floats, Floats]:
        """Return how the errors of Horn's gradients at two places go together.

        The covariance is a product of one of the distance east and one of that north, and Horn's gradient is a central
        difference one way and a mean of weights 1, 2, 1 the other; so each result is a product of two sums. The mixed
        one is odd in either distance: errors of one place's two components are independent.

        Args:
            east_m, north_m: (...) from the one place to the other.
            baseline_m: Side of Horn's window.

        Returns:
            (...) covariance of the two grades east, of the two grades north, and of that east with that north.
        """
        x, y = np.asarray(east_m, np.float64), np.asarray(north_m, np.float64)
        step = baseline_m / 2
        return (
            self.sigma_m**2 * self._of_differences(x, step) * self._of_means(y, step),
            self.sigma_m**2 * self._of_means(x, step) * self._of_differences(y, step),
            -(self.sigma_m**2) * self._mixed(x, step) * self._mixed(y, step),
        )

    def _along(self, distance: Floats) -> Floats:
        return np.asarray(np.exp(-((distance / self.length_m) ** 2)))

    def _of_differences(self, at: Floats, step: float) -> Floats:
        outer = self._along(at - 2 * step) + self._along(at + 2 * step)
        return (2 * self._along(at) - outer) / (4 * step * step)

    def _of_means(self, at: Floats, step: float) -> Floats:
        near = self._along(at - step) + self._along(at + step)
        outer = self._along(at - 2 * step) + self._along(at + 2 * step)
        return (6 * self._along(at) + 4 * near + outer) / 16

    def _mixed(self, at: Floats, step: float) -> Floats:
        """Covariance of the difference at 0 with the mean at a distance."""
        behind = self._along(at - 2 * step) + 2 * self._along(at - step)
        ahead = 2 * self._along(at + step) + self._along(at + 2 * step)
        return (behind - ahead) / (8 * step)


def error_clones(
    geometry: GridGeometry, error: DemError, *, seed: int, count: int, first: int = 0
) -> Iterator[Floats]:
    """Yield errors that the elevations of a map could have: (rows, cols) metres, independent of one another.

    White noise is filtered on a torus, by the square roots of the covariance's eigenvalues, and the map cut out of it.
    The torus is so much larger that no cell of the map is correlated with another the long way round: every variance
    and correlation is exact. A clone depends on the seed and its number only.

    Args:
        geometry: Of the map.
        error: Its standard deviation and correlation length.
        seed: Any.
        count: How many.
        first: Number of the first.

    Raises:
        UsageError: A negative count, or a correlation length shorter than a cell.
        ResourceError: More memory than there is.
    """
    if count < 0:
        raise UsageError("not a number of clones", remedy="give 0 or more", field="count", value=count)
    return _clones(geometry, error.on(geometry), seed, range(first, first + count))


def _clones(geometry: GridGeometry, error: DemError, seed: int, numbers: range) -> Iterator[Floats]:
    (rows, row_gain), (cols, col_gain) = (
        _torus(cells, cell_m, error.length_m)
        for cells, cell_m in (
            (geometry.rows, geometry.resolution_north_m),
            (geometry.cols, geometry.resolution_m),
        )
    )
    check_memory(
        6 * 8 * rows * cols,
        what=f"an error over {rows} x {cols} cells",
        field="length_m",
        value=error.length_m,
        remedy="give a smaller map or a shorter correlation length",
    )
    gain = error.sigma_m * row_gain[:, None] * col_gain[None, : cols // 2 + 1]
    for number in numbers:
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(CLONE_STREAM, number)))
        noise = fft.rfft2(rng.standard_normal((rows, cols)))
        yield fft.irfft2(noise * gain, s=(rows, cols))[: geometry.rows, : geometry.cols].copy()


def _torus(cells: int, cell_m: float, length_m: float) -> tuple[int, Floats]:
    """Return how many cells go round one way, and the square roots of the eigenvalues of the correlation on them."""
    around = fft.next_fast_len(cells + math.ceil(UNCORRELATED * length_m / cell_m), real=True)
    there = np.arange(around) * cell_m / length_m
    back = around * cell_m / length_m - there  # both ways added up: no eigenvalue of such a sum is negative
    eigenvalues = fft.fft(np.exp(-(there**2)) + np.where(there > 0, np.exp(-(back**2)), 0.0)).real
    return around, np.sqrt(np.maximum(eigenvalues, 0.0))
