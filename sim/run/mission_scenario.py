"""The mission file: which lander comes down where and when, and what is made of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from rover.core.errors import ScenarioError
from rover.core.tables import validate
from rover.core.time import parse_utc
from rover.io.bundle import find_mission
from rover.io.lander import Lander, read_lander
from rover.io.toml import read_toml
from sim.mission.biosphere import BiosphereParams
from sim.mission.instruments import AnalyserRow, SpectrometerRow
from sim.mission.radar import RadarParams
from sim.mission.relay_radio import EVENTS, LinkParams
from sim.mission.rollout import RampParams, RampRow
from sim.mission.rollout_steps import StepRow
from sim.moon.site import SiteParams
from sim.run.mission_drive import DriveParams
from sim.run.mission_figures import plain_tables
from sim.run.scenario_ground import load_site
from sim.run.scenario_limits import Finite, Place, Table, utc_text

Utc = Annotated[str, BeforeValidator(utc_text)]


class DescentTable(Table):
    """The powered descent."""

    ignition_utc: Utc
    avoidance: bool = Field(
        default=True, description="whether the lander looks for hazards and goes aside of them"
    )


class InstantTable(Table):
    """When something is to be done."""

    utc: Utc


class RolloutTable(InstantTable):
    """The way off the lander; `utc` is when the rover is published to have stood on the ground."""

    ramps: RampParams
    ramp: Annotated[tuple[RampRow, ...], Field(min_length=1)]
    step: Annotated[tuple[StepRow, ...], Field(min_length=1)]


class PanoramaTable(InstantTable):
    """The lander's panorama."""

    rover_m: Place = Field(description="east and north of the rover from the lander")
    rover_yaw_deg: Finite = Field(default=0.0, description="where it faces, counter-clockwise from east")

    @model_validator(mode="after")
    def _apart(self) -> PanoramaTable:
        away = math.hypot(*self.rover_m)
        if not 4.0 <= away <= 1000.0:
            raise ValueError(
                f"rover_m = {list(self.rover_m)} is {away:g} m from the lander; give 4 to 1000 m"
            )
        return self


class FilmTable(Table):
    """The film of the descent as it is made without `--full`."""

    frames: Annotated[int, Field(strict=True, ge=2, le=240)] = 200
    pixels: Annotated[int, Field(strict=True, ge=32, le=1024)] = Field(
        default=512, description="rows and columns of a frame"
    )


class Mission(Table):
    """All of a mission file."""

    format: Literal[1]
    name: Annotated[str, Field(min_length=1)]
    lander: Annotated[str, Field(min_length=1)]
    rover: Annotated[str, Field(min_length=1)] = "yutu-2"
    site: Annotated[str, Field(min_length=1)] = "von-karman"
    seed: Annotated[int, Field(strict=True, ge=0, lt=2**63)]
    descent: DescentTable
    rollout: RolloutTable
    link: LinkParams | None = None
    drive: DriveParams | None = None
    radar: RadarParams | None = None
    spectrometer: tuple[SpectrometerRow, ...] = ()
    analyser: tuple[AnalyserRow, ...] = ()
    biosphere: BiosphereParams | None = None
    portraits: InstantTable
    panorama: PanoramaTable
    film: FilmTable = FilmTable()

    @model_validator(mode="after")
    def _dated_after_the_ignition(self) -> Mission:
        ignition = parse_utc(self.descent.ignition_utc)
        for name, utc in self.dates():
            if not 0.0 < ignition.seconds_until(parse_utc(utc)) <= MOST_DAYS * 86_400.0:
                raise ValueError(
                    f"{name} = {utc} is not within {MOST_DAYS:g} days after descent.ignition_utc = "
                    f"{self.descent.ignition_utc}; give a time between"
                )
        return self

    def dates(self) -> Iterator[tuple[str, str]]:
        """Yield field and UTC of all that is to be done at a time."""
        for name in ("rollout", "portraits", "panorama"):
            yield f"{name}.utc", getattr(self, name).utc
        if self.biosphere is not None:
            yield "biosphere.watered_utc", self.biosphere.watered_utc
            yield "biosphere.off_utc", self.biosphere.off_utc
        if self.drive is not None:
            yield "drive.nap_from", self.drive.nap_from
            yield "drive.nap_until", self.drive.nap_until
            yield from ((f"drive.leg.{n}.utc", leg.utc) for n, leg in enumerate(self.drive.leg))
        for kind in ("spectrometer", "analyser"):
            yield from ((f"{kind}.{n}.utc", row.utc) for n, row in enumerate(getattr(self, kind)))
        if self.link is not None:
            rows = enumerate(self.link.picture)
            yield from ((f"link.picture.{n}.at", row.at) for n, row in rows if row.at not in EVENTS)

    def read_lander(self) -> Lander:
        """Return the lander.

        Raises:
            LanderError: No such one, or one that cannot be used.
        """
        return read_lander(self.lander)

    def read_site(self) -> SiteParams:
        """Return the site, which must have an anchor to come down at and optics to be seen by.

        Raises:
            ScenarioError: It lacks one.
            SiteError: No such site.
        """
        site = load_site(self.site)
        for table in ("anchor", "optics"):
            if getattr(site, table) is None:
                raise ScenarioError(
                    f"a site without [{table}]", remedy=f"add [{table}] to it, or take von-karman", field="site",
                    value=self.site,
                )  # fmt: skip
        return site


MOST_DAYS = 60.0
"""From the ignition on, two lunar days: so long the sky, the link and the battery may be followed."""

FIGURES = ("rollout", "link", "drive", "radar", "biosphere")
"""Tables whose numbers have sources."""


def load_mission(spec: str | Path) -> Mission:
    """Read a mission by path or bundled name.

    Raises:
        ScenarioError: Every unknown, missing, mistyped or impossible value.
        TomlError: The file cannot be read.
    """
    path = find_mission(str(spec), ScenarioError)
    table = plain_tables(read_toml(path), FIGURES, file=str(path))
    return validate(Mission, table, file=str(path), error=ScenarioError)
