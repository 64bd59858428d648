"""The rover's drives of a mission: a scenario about the lander for each, planned and driven as any other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from rover.core.errors import PlaceError
from rover.core.time import Epoch, parse_utc
from rover.core.vehicle import Fraction, Positive, VehicleParams
from sim.mission.figures import Figures, Name, Row, Utc
from sim.moon.site import SiteParams
from sim.run.closed_loop import run_scenario
from sim.run.runlog import Outcome, RunLog
from sim.run.scenario import Scenario, scenario_from_table
from sim.run.scenario_ground import origin_mm_of

Floats = npt.NDArray[np.float64]
Place = tuple[float, float]

MOST_M = 200.0
"""From the lander to a goal: the ground of a drive is held in cells of a decimetre."""

_SPARE_M = 6.0
"""Of map about start, goal and lander, beside the rover's own size."""


class LegRow(Row):
    """A drive: to a place counted from the lander, or to where the portraits are taken from."""

    name: Name
    utc: Utc = Field(description="when it begins, or later if the rover is not ready")
    goal_m: Annotated[tuple[float, float], Field(strict=False)] | None = Field(
        default=None, description="east and north from the lander"
    )
    to_portraits: bool = False

    @model_validator(mode="after")
    def _near(self) -> LegRow:
        if self.goal_m is not None and not math.hypot(*self.goal_m) <= MOST_M:
            raise ValueError(
                f"drive {self.name}: goal_m = {list(self.goal_m)} is not within {MOST_M:g} m of the lander; "
                "give a nearer one"
            )
        return self

    @model_validator(mode="after")
    def _one_goal(self) -> LegRow:
        if self.to_portraits == (self.goal_m is not None):
            raise ValueError(f"drive {self.name} needs a goal_m or to_portraits = true; give one of them")
        return self


class DriveParams(Figures):
    """How the rover drives about the lander."""

    initial_soc: Fraction = Field(description="state of charge when the rover stands on the ground")
    reserve_soc: Fraction
    stop_every_m: Positive = Field(description="longest drive on one set of commands")
    map_cell_m: Annotated[float, Field(ge=0.1, le=1.0)] = Field(description="of the map made from pictures")
    ground_cell_m: Annotated[float, Field(ge=0.05, le=0.5)] = Field(description="of the ground it drives on")
    keep_out_m: Positive = Field(description="radius about the lander that is not driven through")
    nap_from: Utc
    nap_until: Utc
    dormant_sun_deg: Annotated[float, Field(ge=0, lt=90)] = Field(
        description="elevation that the Sun falls to when the rover is put to sleep"
    )
    lander_dormant_sun_deg: Annotated[float, Field(ge=0, lt=90)]
    leg: Annotated[tuple[LegRow, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _wakes(self) -> DriveParams:
        if not parse_utc(self.nap_from).seconds_until(parse_utc(self.nap_until)) > 0.0:
            raise ValueError(
                f"nap_until = {self.nap_until} is not after nap_from = {self.nap_from}; give it later"
            )
        return self

    @model_validator(mode="after")
    def _naps_in_peace(self) -> DriveParams:
        nap_s = parse_utc(self.nap_from).seconds_until(parse_utc(self.nap_until))
        for row in self.leg:
            if 0.0 <= parse_utc(self.nap_from).seconds_until(parse_utc(row.utc)) < nap_s:
                raise ValueError(
                    f"leg {row.name}: utc = {row.utc} is within the noon nap, {self.nap_from} to {self.nap_until}; "
                    "give a time outside it"
                )
        return self


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Leg:
    """A drive as it went.

    Attributes:
        name: Of its row.
        start_s, end_s: Since the mission's epoch.
        arrived: Whether it came to its goal.
        reason: How it ended.
        start_m, goal_m: East and north in the ground's frame.
        time_s: (n,) of its telemetry.
        place_m: (n, 2) east and north in the ground's frame.
        yaw_rad, soc, distance_m: (n,).
        array_w, load_w: (n,) in the step before.
        load_j: (n,) since the start.
        moving: (n,) whether the row ends a drive or a turn.
        command_s: (k,) begin of each command cycle.
    """

    name: str
    start_s: float
    end_s: float
    arrived: bool
    reason: str
    start_m: Place
    goal_m: Place
    time_s: Floats
    place_m: Floats
    yaw_rad: Floats
    soc: Floats
    distance_m: Floats
    array_w: Floats
    load_w: Floats
    load_j: Floats
    moving: npt.NDArray[np.bool_]
    command_s: Floats


def drive_leg(
    row: LegRow,
    params: DriveParams,
    *,
    site: SiteParams,
    site_name: str,
    vehicle_name: str,
    vehicle: VehicleParams,
    seed: int,
    epoch: Epoch,
    lander_m: Place,
    rails: Sequence[Place],
    start_m: Place,
    goal_m: Place,
    start_s: float,
    soc: float,
) -> Leg:
    """Plan a drive about the lander and drive it.

    Args:
        row, params: What is asked for.
        site, site_name, seed: The ground.
        vehicle_name, vehicle: The rover.
        epoch: That times count from.
        lander_m: East and north of the lander, in the ground's frame.
        rails: Corners of the rails that stand before it, in the same frame; empty where none do.
        start_m, goal_m: In the same frame.
        start_s: When it begins.
        soc: State of charge then.
    """
    latitude, longitude = site.unproject(*lander_m)
    table = {
        "format": 1,
        "name": "mission drive",
        "seed": seed,
        "start_utc": epoch.utc_at(start_s),
        "start_m": [0.0, 0.0],
        "goal_m": [0.0, 0.0],
        "site": {"name": site_name, "latitude_deg": latitude, "longitude_deg": longitude},
        "vehicle": {"name": vehicle_name},
        "operations": {"mode": "teleoperated", "stop_every_m": params.stop_every_m},
        "power": {"initial_soc": soc, "reserve_soc": min(params.reserve_soc, soc)},
    }
    origin = tuple(mm / 1000.0 for mm in origin_mm_of(scenario_from_table(table, file=row.name), site))

    def here(place: Place) -> list[float]:
        return [place[0] - origin[0], place[1] - origin[1]]

    reach = max(math.dist(origin, place) for place in (start_m, goal_m, lander_m))
    size_m = 2.0 * math.ceil(reach + vehicle.length_m + _SPARE_M)
    table |= {
        "start_m": here(start_m),
        "goal_m": here(goal_m),
        "terrain": {
            "size_m": max(20.0, size_m),
            "resolution_m": params.map_cell_m,
            "world_resolution_m": params.ground_cell_m,
        },
        "zones": _zones(params, here, lander_m, rails),
    }
    scenario = scenario_from_table(table, file=f"drive {row.name}")
    try:
        return _leg(row, run_scenario(scenario), scenario, epoch, start_s, origin, start_m, goal_m)
    except PlaceError as error:  # a place that is underfoot
        return _stays(row, str(error.problems[0]), start_s, start_m, goal_m, soc)


def _zones(
    params: DriveParams, here: object, lander_m: Place, rails: Sequence[Place]
) -> list[dict[str, object]]:
    assert callable(here)
    ring = [
        (
            lander_m[0] + params.keep_out_m * math.cos(math.tau * n / 12),
            lander_m[1] + params.keep_out_m * math.sin(math.tau * n / 12),
        )
        for n in range(12)
    ]
    zones = [("lander", ring)] + ([("rails", list(rails))] if rails else [])
    return [
        {"name": name, "kind": "keep-out", "polygon": [here(corner) for corner in corners]}
        for name, corners in zones
    ]


def _leg(
    row: LegRow,
    log: RunLog,
    scenario: Scenario,
    epoch: Epoch,
    start_s: float,
    origin: Sequence[float],
    start_m: Place,
    goal_m: Place,
) -> Leg:
    begun_s = epoch.seconds_until(parse_utc(scenario.start_utc))  # whole seconds
    told = log.telemetry
    if not len(told["time_s"]):
        return _stays(row, log.reason, start_s, start_m, goal_m, scenario.power.initial_soc)
    modes = list(log.modes)
    driving, command = (
        told["mode"] == modes.index(name) if name in modes else np.zeros(len(told["mode"]), bool)
        for name in ("drive", "command")
    )
    first = command & ~np.concatenate([[False], command[:-1]])
    before = begun_s + np.concatenate([[0.0], told["time_s"][:-1]])  # a row ends what it tells of
    return Leg(
        name=row.name,
        start_s=begun_s,
        end_s=begun_s + float(told["time_s"][-1]),
        arrived=log.outcome is Outcome.ARRIVED,
        reason=log.reason,
        start_m=start_m,
        goal_m=goal_m,
        time_s=begun_s + told["time_s"].astype(np.float64),
        place_m=np.column_stack([told["east_m"], told["north_m"]]).astype(np.float64) + np.array(origin),
        yaw_rad=told["yaw_rad"].astype(np.float64),
        soc=told["soc"].astype(np.float64),
        distance_m=told["distance_m"].astype(np.float64),
        array_w=told["array_w"].astype(np.float64),
        load_w=told["load_w"].astype(np.float64),
        load_j=told["load_j"].astype(np.float64),
        moving=driving,
        command_s=before[first],
    )


def _stays(row: LegRow, reason: str, start_s: float, start_m: Place, goal_m: Place, soc: float) -> Leg:
    one = np.zeros(1)
    return Leg(
        name=row.name,
        start_s=start_s,
        end_s=start_s,
        arrived=False,
        reason=reason,
        start_m=start_m,
        goal_m=goal_m,
        time_s=one + start_s,
        place_m=np.array([start_m]),
        yaw_rad=one,
        soc=one + soc,
        distance_m=one,
        array_w=one,
        load_w=one,
        load_j=one,
        moving=np.zeros(1, bool),
        command_s=np.empty(0),
    )
