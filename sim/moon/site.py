"""A site: what the ground of a place is like, and the metric frame it is laid out in.

Every figure of a site file stands beside its source. Lengths are metres, angles degrees, counts per square
kilometre.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated, Any, Literal, NoReturn

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from rover.core.bodies import MOON
from rover.core.errors import SiteError
from rover.core.tables import validate

FORMAT = 1
"""Of site files."""

REACH_M = math.pi / 2 * MOON.radius_m
"""No ground is further east or north of its site's origin than a quarter of the Moon's circumference."""

_BEYOND = "beyond the Moon: a quarter of its circumference, 2,729.1 km, is as far as a site's frame goes"

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


def _refuse(field: str, value: object, what: str, remedy: str) -> NoReturn:
    """Refuse a value from a validator of the whole site, by the name of its field."""
    found = {"field": field, "value": value, "what": what, "remedy": remedy}
    raise PydanticCustomError("site", "{what}; {remedy}", found)


def _require_growing(name: str, values: Numbers) -> None:
    if any(after <= before for before, after in pairwise(values)):
        raise ValueError(f"{name} out of order; let its values grow")


def _known(format_: int) -> int:
    if format_ != FORMAT:
        raise ValueError(f"not a format that this version reads; give {FORMAT}, or upgrade farside")
    return format_


def _whole_tenths(height_m: float) -> float:
    near_m = round(height_m * 1e4) / 1e4
    if near_m != height_m:
        raise ValueError(f"not in whole tenths of a millimetre, as elevations are; give {near_m!r}")
    return height_m


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FrameParams(_Table):
    """Where east, north and elevation are counted from.

    A transverse Mercator projection of the Moon's sphere whose origin is the site's own; `datum_m` is the
    elevation of zero, above the sphere of 1737.4 km.
    """

    latitude_deg: Latitude
    longitude_deg: Longitude
    datum_m: Annotated[Elevation, AfterValidator(_whole_tenths)]
    source: str


class AnchorParams(_Table):
    """A point whose elevation and slope are known, and hold for every seed.

    `grade_east` and `grade_north` are the rise over run of the ground around it; the elevation is put right
    over `level_radius_m`, the slope over `tilt_radius_m`, and short relief is damped over `smooth_radius_m`.
    No seeded crater lies over it or has its rim within `quiet_m`, and none over `calm_diameter_m` has its
    rim within `calm_radius_m`: the large craters there are known, and are features.
    """

    latitude_deg: Latitude
    longitude_deg: Longitude
    elevation_m: Elevation
    grade_east: Grade
    grade_north: Grade
    level_radius_m: Length
    tilt_radius_m: Length
    smooth_radius_m: Length
    quiet_m: Length
    calm_diameter_m: Length
    calm_radius_m: Length
    source: str


class TerraceParams(_Table):
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


class ProfileParams(_Table):
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


class ReliefParams(_Table):
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


class CraterParams(_Table):
    """How many craters, and how deep.

    The cumulative count N(>D) per km2 (D in km) is the lesser of two power laws, equilibrium and production.
    Depth over diameter runs from `ghost_ratio` to `fresh_ratio` by the square of a uniform number (few are
    fresh), each the same within an octave of diameters and read off, at 1.4 times its lower end, lines between the
    points of `ratio_diameter_m` in log-log axes. Where the craters of
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
        if any(
            not ghost < fresh <= 0.5 for ghost, fresh in zip(self.ghost_ratio, self.fresh_ratio, strict=True)
        ):
            raise ValueError(
                "ratios of impossible craters; keep each ghost_ratio under its fresh_ratio, and that under 0.5"
            )
        return self


class RockParams(_Table):
    """Rocks by an exponential law.

    The share of the area under rocks wider than D is covered_fraction * exp(-decay_per_m * D).
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


class RegolithParams(_Table):
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


class TargetParams(_Table):
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


class FeatureParams(_Table):
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


class SiteParams(_Table):
    """All of a site file."""

    format: Annotated[int, Field(strict=True), AfterValidator(_known)]
    name: Annotated[str, Field(min_length=1)]
    title: str
    body: Literal["moon"]
    frame: FrameParams
    anchor: AnchorParams | None = None
    profile: ProfileParams
    relief: ReliefParams
    craters: CraterParams
    rocks: RockParams
    regolith: RegolithParams
    feature: tuple[FeatureParams, ...] = ()
    target: tuple[TargetParams, ...] = ()

    @model_validator(mode="after")
    def _anchor_there(self) -> SiteParams:
        if self.anchor is None and any(feature.counted_from == "anchor" for feature in self.feature):
            raise ValueError(
                "a feature is counted from an anchor that the site does not have; add one, or count from origin"
            )
        return self

    @model_validator(mode="after")
    def _on_the_moon(self) -> SiteParams:
        anchor = self.anchor
        if anchor is not None and not self._reaches(anchor.latitude_deg, anchor.longitude_deg):
            place = f"{anchor.latitude_deg:g}, {anchor.longitude_deg:g}"
            _refuse(
                "anchor.latitude_deg, longitude_deg", place, _BEYOND, "give a place nearer to the frame's"
            )
        for number, feature in enumerate(self.feature):
            from_mm = self.anchor_mm if feature.counted_from == "anchor" else (0, 0)
            for axis, offset_mm in zip(("east_m", "north_m"), from_mm, strict=True):
                value = getattr(feature, axis)
                if abs(value + offset_mm / 1000) > REACH_M:
                    remedy = f"give metres from the {feature.counted_from}"
                    _refuse(f"feature.{number}.{axis}", value, _BEYOND, remedy)
        return self

    def _reaches(self, latitude_deg: float, longitude_deg: float) -> bool:
        """Tell whether the site's frame reaches a place."""
        try:
            return max(map(abs, self.project(latitude_deg, longitude_deg))) <= REACH_M
        except ValueError:  # a quarter of the way round the Moon the projection ends in infinity
            return False

    @property
    def targets(self) -> dict[str, TargetParams]:
        """What figures of the site should come out as, by name."""
        return {target.name: target for target in self.target}

    def project(self, latitude_deg: float, longitude_deg: float) -> tuple[float, float]:
        """Return (east_m, north_m) of a place in the site's frame."""
        return project(
            latitude_deg,
            longitude_deg,
            origin_latitude_deg=self.frame.latitude_deg,
            origin_longitude_deg=self.frame.longitude_deg,
        )

    def unproject(self, east_m: float, north_m: float) -> tuple[float, float]:
        """Return (latitude_deg, longitude_deg) of a point of the site's frame, longitude in [0, 360)."""
        along = north_m / MOON.radius_m + math.radians(self.frame.latitude_deg)
        across = east_m / MOON.radius_m
        level = math.hypot(math.sinh(across), math.cos(along))
        latitude = math.atan2(math.sin(along), level)
        longitude = math.atan2(math.sinh(across), math.cos(along))
        return math.degrees(latitude), (math.degrees(longitude) + self.frame.longitude_deg) % 360.0

    def grid_north_rad(self, latitude_deg: float, longitude_deg: float) -> float:
        """Return the azimuth of the frame's north at a place, clockwise from true north."""
        away = math.radians(longitude_deg - self.frame.longitude_deg)
        return math.atan2(math.sin(away) * math.sin(math.radians(latitude_deg)), math.cos(away))

    @property
    def anchor_mm(self) -> tuple[int, int]:
        """East and north of the anchor, whole millimetres; of the origin where there is none."""
        if self.anchor is None:
            return 0, 0
        east_m, north_m = self.project(self.anchor.latitude_deg, self.anchor.longitude_deg)
        return round(east_m * 1000), round(north_m * 1000)


def project(
    latitude_deg: float, longitude_deg: float, *, origin_latitude_deg: float, origin_longitude_deg: float
) -> tuple[float, float]:
    """Return (east_m, north_m) by the transverse Mercator projection of the Moon's sphere, scale 1.

    Snyder 1987, USGS Professional Paper 1395, equations 8-1 to 8-3.
    """
    latitude, away = math.radians(latitude_deg), math.radians(longitude_deg - origin_longitude_deg)
    east = math.atanh(math.cos(latitude) * math.sin(away))
    north = math.atan2(math.sin(latitude), math.cos(latitude) * math.cos(away)) - math.radians(
        origin_latitude_deg
    )
    return MOON.radius_m * east, MOON.radius_m * north


def site_from_table(table: dict[str, Any], *, file: str) -> SiteParams:
    """Return the site of a parsed site file.

    Raises:
        SiteError: With every unknown, missing, mistyped or impossible value.
    """
    return validate(SiteParams, table, file=file, error=SiteError)
