"""The tables of a site file: what figures a site has, each checked by itself.

Every figure stands beside its source. Lengths are metres, angles degrees, counts per square kilometre.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, NoReturn

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from rover.core.bodies import MOON

# Strict: neither a truth value nor a number in quotes is a number.
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Finite = Annotated[Number, Field(ge=-1e9, le=1e9)]
Positive = Annotated[Number, Field(gt=0, le=1e9)]
Length = Annotated[Number, Field(ge=0.001, le=1e9)]
Exponent = Annotated[Number, Field(gt=0, le=10)]
Grade = Annotated[Number, Field(ge=-10, le=10)]
Share = Annotated[Number, Field(ge=0, le=1)]
Angle = Annotated[Number, Field(gt=0, lt=90)]
Latitude = Annotated[Number, Field(ge=-90, le=90)]
Longitude = Annotated[Number, Field(ge=-180, le=360)]
Elevation = Annotated[Number, Field(ge=-30_000, le=30_000)]
"""The Moon's own ground keeps within 11 km of its sphere."""
Numbers = tuple[Finite, ...]
Range = tuple[Positive, Positive]
Heights = Annotated[tuple[Annotated[Number, Field(gt=0, le=30_000)], ...], Field(min_length=2)]
Positives = Annotated[tuple[Positive, ...], Field(min_length=2)]


def refuse(field: str, value: object, what: str, remedy: str) -> NoReturn:
    """Refuse a value from a validator of a whole table, by the name of its field in the site."""
    found = {"field": field, "value": value, "what": what, "remedy": remedy}
    raise PydanticCustomError("site", "{what}; {remedy}", found)


def _require_growing(name: str, values: Numbers) -> None:
    if any(after <= before for before, after in pairwise(values)):
        raise ValueError(f"{name} out of order; let its values grow")


def _whole_tenths(height_m: float) -> float:
    near_m = round(height_m * 1e4) / 1e4
    if near_m != height_m:
        raise ValueError(f"not in whole tenths of a millimetre, as elevations are; give {near_m!r}")
    return height_m


class Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FrameParams(Table):
    """Where east, north and elevation are counted from.

    A transverse Mercator projection of the Moon's sphere whose origin is the site's own; `datum_m` is the
    elevation of zero, above the sphere of 1737.4 km.
    """

    latitude_deg: Latitude
    longitude_deg: Longitude
    datum_m: Annotated[Elevation, AfterValidator(_whole_tenths)]
    source: str


class AnchorParams(Table):
    """A point whose elevation and slope are known, and hold for every seed.

    `grade_east` and `grade_north` are the rise over run of the ground around it; the elevation is put right
    over `level_radius_m`, the slope over one and a half `tilt_radius_m` (as cells of a 24th, a sixth and three eighths
    of that show it). Short relief is damped over `smooth_radius_m`, and within 8 m, or that radius where it is
    smaller, the finest and the rocks are gone, so that the smallest cells show the slope too.
    No seeded crater lies over it or has its rim within `quiet_m` (of those under half a metre, within as much less as
    they are smaller), and none over `calm_diameter_m` has its rim within `calm_radius_m`: the large craters there are
    known, and are features.
    """

    latitude_deg: Latitude
    longitude_deg: Longitude
    elevation_m: Elevation
    grade_east: Grade
    grade_north: Grade
    level_radius_m: Length
    tilt_radius_m: Annotated[Number, Field(ge=20, le=200)]
    smooth_radius_m: Length
    quiet_m: Length
    calm_diameter_m: Length
    calm_radius_m: Length
    source: str


class TerraceParams(Table):
    """Benches of a slumped wall: between two distances, slopes are steeper and gentler by turns.

    One bench for every `height_m` of height. `strength` is by how much of itself a slope changes: at 1 the
    benches would be level. Where along the wall a bench stands strays by the warp.
    """

    from_m: Length
    to_m: Length
    height_m: Length
    strength: Annotated[Number, Field(ge=0, lt=1)]
    source: str

    @model_validator(mode="after")
    def _ordered(self) -> TerraceParams:
        if self.from_m >= self.to_m:
            raise ValueError("from_m is not under to_m; exchange them")
        return self


class ProfileParams(Table):
    """Elevation by distance from the site's origin and direction, smooth and monotone between distances.

    One row for each distance; a row holds one value for each of as many even directions, clockwise from
    north, or a single one for all. `ruggedness` blends the plain relief (0) into the rugged one (1). Places
    are displaced by noise of `warp_wavelength_m` and up and `warp_rms_m` before the table is looked up.
    """

    radius_m: Numbers
    elevation_m: tuple[tuple[Elevation, ...], ...]
    ruggedness: tuple[tuple[Share, ...], ...]
    warp_wavelength_m: Length
    warp_rms_m: Annotated[Number, Field(ge=0, le=1e9)]
    terraces: TerraceParams | None = None
    source: str

    @model_validator(mode="after")
    def _knots(self) -> ProfileParams:
        if not len(self.radius_m) == len(self.elevation_m) == len(self.ruggedness) >= 2:
            raise ValueError(
                "rows that do not match; give radius_m, elevation_m and ruggedness as many rows, two or more"
            )
        for rows in (self.elevation_m, self.ruggedness):
            if any(len(row) != len(rows[0]) for row in rows) or len(rows[0]) in (0, 2, 3):
                raise ValueError(
                    "rows that do not match; give all the same number of directions, one or at least four"
                )
        if self.radius_m[0] != 0 or any(after - before < 0.001 for before, after in pairwise(self.radius_m)):
            raise ValueError("radii out of order; let radius_m start at 0 and grow, by a millimetre or more")
        return self


class ReliefParams(Table):
    """Self-affine relief: rms height of one octave of noise, by wavelength.

    Straight between points in log-log axes; the slope of that line is the Hurst exponent of the scale.
    """

    wavelength_m: Positives
    plain_rms_m: Heights
    rugged_rms_m: Heights
    source: str

    @model_validator(mode="after")
    def _same_length(self) -> ReliefParams:
        if not len(self.wavelength_m) == len(self.plain_rms_m) == len(self.rugged_rms_m):
            raise ValueError(
                "lists that do not match; give wavelength_m, plain_rms_m and rugged_rms_m as many values"
            )
        _require_growing("wavelength_m", self.wavelength_m)
        return self


class CraterParams(Table):
    """How many craters, and how deep.

    The cumulative count N(>D) per km2 (D in km) is the lesser of two power laws, equilibrium and production.
    Depth over diameter runs from `ghost_ratio` to `fresh_ratio` by the square of a uniform number (few are
    fresh), each the same within an octave of diameters and read off, at 1.4 times its lower end, lines between the
    points of `ratio_diameter_m` in log-log axes, beyond which the end points hold. Where the craters of
    `known_diameter_m` and more are all known, within `known_radius_m` of the origin, none is made up: they are
    features.
    """

    equilibrium_per_km2: Positive
    equilibrium_exponent: Exponent
    production_per_km2: Positive
    production_exponent: Exponent
    largest_m: Annotated[Number, Field(gt=0, le=60_000)]
    known_diameter_m: Length = 5000.0
    known_radius_m: Annotated[Number, Field(ge=0, le=1e9)] = 0.0
    ratio_diameter_m: Positives
    ghost_ratio: Positives
    fresh_ratio: Positives
    source: str

    @model_validator(mode="after")
    def _possible(self) -> CraterParams:
        if not len(self.ratio_diameter_m) == len(self.ghost_ratio) == len(self.fresh_ratio):
            raise ValueError(
                "lists that do not match; give ratio_diameter_m, ghost_ratio and fresh_ratio as many values"
            )
        _require_growing("ratio_diameter_m", self.ratio_diameter_m)
        for k, (ghost, fresh) in enumerate(zip(self.ghost_ratio, self.fresh_ratio, strict=True)):
            if fresh > 0.5:
                what = "deeper than half its width, an impossible crater"
                refuse(f"craters.fresh_ratio.{k}", fresh, what, "give depth over diameter, 0.5 or less")
            if ghost >= fresh:
                what = f"a ghost as deep as a fresh crater ({fresh:g})"
                refuse(f"craters.ghost_ratio.{k}", ghost, what, f"give less than fresh_ratio.{k}")
        return self


class RockParams(Table):
    """Rocks by an exponential law.

    `covered_fraction` of the area is under rocks of `smallest_m` or more, and falls as exp(-decay_per_m * D) with the
    diameter D that rocks are wider than, to none at `largest_m`: a mean over plain ground and fresh craters.
    Height over diameter is uniform between `flat_ratio` and `tall_ratio`. Inside the freshest craters rocks
    lie `fresh_crater_factor` times as close as on plain ground.
    """

    covered_fraction: Annotated[Number, Field(ge=0, le=0.2)]
    decay_per_m: Length
    smallest_m: Annotated[Number, Field(ge=0.01, le=50)]
    largest_m: Annotated[Number, Field(gt=0, le=50)]
    flat_ratio: Annotated[Number, Field(gt=0, le=10)]
    tall_ratio: Annotated[Number, Field(gt=0, le=10)]
    fresh_crater_factor: Annotated[Number, Field(ge=1, le=100)]
    source: str

    @model_validator(mode="after")
    def _ordered(self) -> RockParams:
        if self.smallest_m >= self.largest_m:
            raise ValueError("smallest_m is not under largest_m; exchange them")
        if self.flat_ratio > self.tall_ratio:
            raise ValueError("flat_ratio over tall_ratio; exchange them")
        return self


class RegolithParams(Table):
    """The strength of the soil, each figure between its loosest and its firmest value.

    How firm it is varies with place at `patch_m` and half of that; round fresh craters it is looser, down to the
    loosest. Pressure at sinkage z is stiffness * z^exponent on a plate as wide as a wheel.
    """

    cohesion_pa: Range
    friction_deg: tuple[Angle, Angle]
    stiffness_kpa: Range
    exponent: Range
    density_kg_m3: Range
    patch_m: Length
    source: str


class TargetParams(Table):
    """What a figure of the site should come out as, by measurements of the real one.

    A figure that depends on how much ground is looked at names the square it holds for, `side_m`.
    """

    name: str
    low: Finite
    high: Finite
    side_m: Length | None = None
    source: str

    @model_validator(mode="after")
    def _ordered(self) -> TargetParams:
        if self.low > self.high:
            raise ValueError("low over high; exchange them")
        return self


class FeatureParams(Table):
    """Something that is there for every seed.

    `east_m`, `north_m` count from the site's origin or from the anchor. `height_m` is the depth of a crater
    from its rim (positive) or the height of a hill (negative for a hollow); `freshness` (0 ghost to 1 fresh)
    serves craters, `ruggedness` hills.
    """

    kind: Literal["crater", "hill"]
    name: str
    counted_from: Literal["origin", "anchor"]
    east_m: Finite
    north_m: Finite
    diameter_m: Annotated[Number, Field(gt=0, le=2 * MOON.radius_m)]
    height_m: Finite
    freshness: Share = 0.0
    ruggedness: Share = 0.0
    source: str

    @model_validator(mode="after")
    def _possible(self) -> FeatureParams:
        if self.kind == "crater" and not 0 < self.height_m <= 0.5 * self.diameter_m:
            raise ValueError(
                f"{self.name!r} of {self.diameter_m:g} m is {self.height_m:g} m deep, an impossible crater; "
                "height_m is the depth from the rim: positive, no more than half of diameter_m"
            )
        return self
