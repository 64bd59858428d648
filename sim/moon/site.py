"""A site: what the ground of a place is like, and the metric frame it is laid out in."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from rover.core.bodies import MOON
from rover.core.errors import SiteError
from rover.core.tables import validate
from sim.moon.optics import OpticsParams
from sim.moon.site_tables import (
    AnchorParams,
    CraterParams,
    FeatureParams,
    FrameParams,
    ProfileParams,
    RegolithParams,
    ReliefParams,
    RockParams,
    Table,
    TargetParams,
    refuse,
)

FORMAT = 1
"""Of site files."""

REACH_M = math.pi / 2 * MOON.radius_m
"""No ground is further east or north of its site's origin than a quarter of the Moon's circumference."""

BEYOND = "beyond the Moon: a quarter of its circumference, 2,729.1 km, is as far as a site's frame goes"


def _known(format_: int) -> int:
    if format_ != FORMAT:
        raise ValueError(f"not a format that this version reads; give {FORMAT}, or upgrade farside")
    return format_


class SiteParams(Table):
    """All of a site file. `regolith_heat` names one of the kinds of `maps/regolith_heat.toml`."""

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
    regolith_heat: Annotated[str, Field(min_length=1)] = "mare"
    optics: OpticsParams | None = None
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
            refuse("anchor.latitude_deg, longitude_deg", place, BEYOND, "give a place nearer to the frame's")
        for number, feature in enumerate(self.feature):
            from_mm = self.anchor_mm if feature.counted_from == "anchor" else (0, 0)
            for axis, offset_mm in zip(("east_m", "north_m"), from_mm, strict=True):
                value = getattr(feature, axis)
                if abs(value + offset_mm / 1000) > REACH_M:
                    remedy = f"give metres from the {feature.counted_from}"
                    refuse(f"feature.{number}.{axis}", value, BEYOND, remedy)
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
