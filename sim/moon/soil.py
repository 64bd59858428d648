"""The soil that wheels roll on: its laws and, place by place, how firm it is."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from rover.core.arrays import locked
from rover.core.errors import SiteError
from rover.core.tables import Source, validate
from sim.moon.regolith import regolith_at
from sim.moon.site import SiteParams
from sim.moon.site_tables import Table
from sim.moon.surface import detail_surface, surface

SQUARE_M = 16
_NODE_M = 1
"""Firmness varies over metres (`patch_m` of the sites is 12), so that nodes a metre apart hold it."""

_MARGIN_M = 3
"""Beyond a square, its patch reaches this far: further than a wheel from the middle of any rover."""

_KEPT = 512

NOMINAL = 0.5
"""Firmness of soil that nothing more is known of: midway between the loosest and the firmest of a site."""

Floats = npt.NDArray[np.float64]


class Figure(Table):
    """A number with its source."""

    value: Annotated[float, Field(ge=0)]
    source: Source


class _Positive(Figure):
    value: Annotated[float, Field(gt=0)]


class _Share(Figure):
    value: Annotated[float, Field(ge=0, le=1)]


class _Angle(Figure):
    value: Annotated[float, Field(gt=0, lt=60)]


class WheelSoilParams(Table):
    """What wheel and soil do to each other.

    `shear_m` is the shear deformation modulus; `peak` and `peak_slip` place the greatest normal stress, at so much
    of the entry angle, more by the second per unit of slip; `exponent_slip` is added to the exponent of sinkage per
    unit of slip; the wheel leaves the soil at `exit_ratio` of its depth of entry; soil shears at `lug_share` of the
    lugs' height.
    """

    shear_m: _Positive
    peak: _Share
    peak_slip: _Share
    exponent_slip: Figure
    exit_ratio: _Share
    lug_share: _Share


class TrapParams(Table):
    """Soil looser than any of a site, which a fault may put somewhere."""

    cohesion_pa: Figure
    friction_deg: _Angle
    stiffness_kpa: _Positive
    exponent: _Positive
    density_kg_m3: _Positive


class SoilParams(Table):
    """All of the soil file."""

    format: Literal[1]
    name: Annotated[str, Field(min_length=1)]
    wheels: WheelSoilParams
    trap: TrapParams


def soil_from_table(table: Mapping[str, Any], *, file: str) -> SoilParams:
    """Check the table read from a soil file.

    Raises:
        SiteError: With one problem for each thing wrong.
    """
    return validate(SoilParams, table, file=file, error=SiteError)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FirmnessPatch:
    """Firmness at nodes.

    Attributes:
        east_m, north_m: Of node (0, 0), the south-west one.
        node_m: Distance between nodes.
        firmness: (rows, cols) float32, 0 loosest to 1 firmest.
    """

    east_m: float
    north_m: float
    node_m: float
    firmness: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        object.__setattr__(self, "firmness", locked(self.firmness, np.float32, (None, None), "firmness"))


class Soil:
    """How firm the soil is, made square by square where it is asked for; a pure function of place."""

    def __init__(self, firmness: Callable[[Floats, Floats], npt.ArrayLike]) -> None:
        """Serve `firmness`, which gives 0 to 1 at points, east and north in metres."""
        self._firmness = firmness
        self._patches: OrderedDict[tuple[int, int], FirmnessPatch] = OrderedDict()

    @classmethod
    def uniform(cls, firmness: float = NOMINAL) -> Soil:
        """Return soil that is the same everywhere."""
        return cls(lambda east, north: np.full(east.shape, firmness))

    @classmethod
    def synthetic(cls, site: SiteParams, *, seed: int, origin_mm: tuple[int, int] = (0, 0)) -> Soil:
        """Return seeded soil in the frame of `Ground.synthetic`."""
        whole, west, south = surface(site, seed), origin_mm[0] / 1000, origin_mm[1] / 1000
        return cls(lambda east, north: regolith_at(whole, east + west, north + south).firmness)

    @classmethod
    def detail(cls, site: SiteParams, *, seed: int, corner_m: tuple[float, float]) -> Soil:
        """Return the soil that goes with a measured DEM's seeded detail; `corner_m` is the DEM's south-west corner."""
        fine, (west, south) = detail_surface(site, seed), corner_m
        return cls(lambda east, north: regolith_at(fine, east - west, north - south).firmness)

    def near(self, east_m: float, north_m: float) -> FirmnessPatch:
        """Return the nodes about a point, `_MARGIN_M` and more to all sides of it."""
        square = math.floor(east_m / SQUARE_M), math.floor(north_m / SQUARE_M)
        held = self._patches.get(square)
        if held is None:
            held = self._patches[square] = self._made(square)
            if len(self._patches) > _KEPT:
                self._patches.popitem(last=False)
        return held

    def _made(self, square: tuple[int, int]) -> FirmnessPatch:
        west, south = (index * SQUARE_M - _MARGIN_M for index in square)
        along = np.arange(0.0, SQUARE_M + 2 * _MARGIN_M + _NODE_M, _NODE_M)
        east, north = np.meshgrid(west + along, south + along)
        return FirmnessPatch(
            east_m=float(west),
            north_m=float(south),
            node_m=float(_NODE_M),
            firmness=np.asarray(self._firmness(east, north), np.float32),
        )
