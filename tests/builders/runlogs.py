"""Run logs made by hand: a traverse of 400 m that naps, sleeps through a night, replans and arrives.

Nothing here is the simulator's: the Sun is a circle, the rover does as it is told, so that what pictures and
tables should show is known beforehand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from rover.core.grid import Dem, GridGeometry, Site
from rover.core.time import SYNODIC_MONTH_S, parse_utc
from rover.hazard.detect import Hazard
from sim.run.runlog import TELEMETRY_COLUMNS, Event, Outcome, RunLog, Severity, Violation

MODES = ("idle", "drive", "command", "charge", "nap", "dormant", "safe")
START_UTC = "2019-01-03T14:22:00Z"
LATITUDE_RAD = math.radians(-45.4446)
START_M, GOAL_M = (40.0, -20.0), (-240.0, 260.0)
OPERATIONS: dict[str, Any] = {
    "mode": "teleoperated",
    "stop_every_m": 7.0,
    "command_cycle_h": 3.0,
    "nap_enter_sun_elevation_deg": 42.0,
    "nap_exit_sun_elevation_deg": 30.0,
    "min_drive_sun_elevation_deg": 10.0,
    "dormant_sun_elevation_deg": 8.0,
}
WAKE_RAD = math.radians(6.9)


@cache
def crater_dem(*, side_m: float = 900.0, resolution_m: float = 3.0, gap: bool = True) -> Dem:
    """Return gently rolling ground with a few craters, and a corner that nobody has seen."""
    cells = round(side_m / resolution_m)
    corner = -side_m / 2 + resolution_m / 2
    site = Site(latitude_rad=LATITUDE_RAD, longitude_rad=math.radians(177.5991), body="moon", crs_wkt="")
    geometry = GridGeometry(
        rows=cells, cols=cells, resolution_m=resolution_m, east_m=corner, north_m=corner, site=site
    )
    axis = corner + np.arange(cells) * resolution_m
    east, north = np.meshgrid(axis, axis)
    elevation = 0.012 * east + 3.0 * np.sin(east / 130.0 + 0.4) * np.cos(north / 170.0 + 1)
    rng = np.random.default_rng(7)
    for x, y, diameter in ((-60, 150, 70), (-190, 60, 40), (-260, 330, 120), (120, 140, 90), (-60, 20, 24)):
        elevation += _crater(east - x, north - y, diameter)
    for x, y, diameter in zip(
        *rng.uniform(-side_m / 2, side_m / 2, (2, 60)), rng.uniform(6, 24, 60), strict=True
    ):
        elevation += _crater(east - x, north - y, diameter)
    if gap:
        elevation[(east > side_m * 0.02) & (north > side_m * 0.36)] = np.nan
    elevation = elevation.astype(np.float32)
    return Dem(geometry=geometry, elevation_m=elevation, datum_m=-5935.0, source="made by hand")


def _crater(east: Any, north: Any, diameter: float) -> npt.NDArray[np.float64]:
    r = np.hypot(east, north) / (diameter / 2)
    bowl = np.where(r < 1, 0.19 * diameter * (r**2 - 1), 0.0) * 0.75
    rim = 0.03 * diameter * np.exp(-(((r - 1) / 0.25) ** 2))
    return np.asarray(bowl + rim, np.float64)


def crater_hazards(dem: Dem) -> npt.NDArray[np.uint8]:
    """Return flags: steep and rough walls, a few steps, gaps, and the zone."""
    elevation = dem.elevation_m.astype(np.float64)
    rise = np.gradient(elevation, dem.geometry.resolution_m)
    slope = np.degrees(np.arctan(np.hypot(*rise)))
    flags = np.zeros(dem.geometry.shape, np.uint8)
    flags[slope > 15] |= np.uint8(Hazard.TILT)
    flags[(slope > 12) & (slope <= 15)] |= np.uint8(Hazard.ROUGHNESS)
    scattered = np.random.default_rng(3).random(flags.shape) < 0.002
    flags[scattered] |= np.uint8(Hazard.STEP)
    flags[~np.isfinite(slope)] |= np.uint8(Hazard.UNKNOWN)
    rows, cols = (_cells_between(dem, low, high) for low, high in ((160.0, 230.0), (-230.0, -160.0)))
    flags[rows, cols] |= np.uint8(Hazard.KEEP_OUT)
    return flags


def _cells_between(dem: Dem, low_m: float, high_m: float) -> slice:
    first, cell = dem.geometry.north_m, dem.geometry.resolution_m
    return slice(round((low_m - first) / cell), round((high_m - first) / cell))


ZONES = (
    (
        "heritage",
        "keep-out",
        np.array([[-230.0, 160.0], [-160.0, 160.0], [-160.0, 230.0], [-230.0, 230.0]]),
    ),
    (
        "survey area",
        "keep-in",
        np.array([[-300.0, -60.0], [90.0, -60.0], [90.0, 300.0], [-300.0, 300.0]]),
    ),
)


def traverse_path() -> npt.NDArray[np.float64]:
    """Return the plan: three straight legs between the craters."""
    return np.array([START_M, (-20.0, 80.0), (-130.0, 120.0), (-150.0, 250.0), GOAL_M])


@dataclass(slots=True)
class _Tape:
    """Telemetry as it grows."""

    path: npt.NDArray[np.float64]
    noon_s: float
    time_s: float = 0.0
    distance_m: float = 0.0
    soc: float = 0.9
    harvest_j: float = 0.0
    load_j: float = 0.0
    rows: list[dict[str, float]] = field(default_factory=list)

    def sun_rad(self, ahead_s: float = 0.0) -> float:
        hour_angle = 2 * math.pi * (self.time_s + ahead_s - self.noon_s) / SYNODIC_MONTH_S
        return math.asin(math.cos(LATITUDE_RAD) * math.cos(hour_angle))

    def place(self) -> tuple[float, float]:
        corner = np.r_[0.0, np.cumsum(np.hypot(*np.diff(self.path, axis=0).T))]
        east, north = (float(np.interp(self.distance_m, corner, self.path[:, i])) for i in (0, 1))
        wobble = 1.5 * math.sin(self.distance_m / 9.0)
        return east + wobble, north + wobble

    def record(self, mode: str, step_s: float, load_w: float, step_m: float = 0.0) -> None:
        """Do one thing for a while, then write a row: a row tells of the step before it."""
        array_w = 136.0 * max(0.0, math.sin(self.sun_rad())) if mode != "dormant" else 0.0
        self.time_s += step_s
        self.distance_m += step_m
        self.harvest_j += array_w * step_s
        self.load_j += load_w * step_s
        self.soc = min(1.0, max(0.05, self.soc + (array_w - load_w) * step_s / (130 * 3600)))
        east, north = self.place()
        row = dict.fromkeys(TELEMETRY_COLUMNS, 0.0) | {
            "time_s": self.time_s,
            "east_m": east,
            "north_m": north,
            "distance_m": self.distance_m,
            "soc": self.soc,
            "array_w": array_w,
            "load_w": load_w,
            "harvest_j": self.harvest_j,
            "load_j": self.load_j,
            "sun_elevation_rad": self.sun_rad(),
            "body_k": 285.0 + 30.0 * math.sin(self.sun_rad()),
            "array_k": 110.0 + 260.0 * max(0.0, math.sin(self.sun_rad())) ** 0.25,
            "mast_k": 200.0 + 120.0 * math.sin(self.sun_rad()),
            "wheels_k": 200.0 + 110.0 * math.sin(self.sun_rad()),
            "ground_k": 95.0 + 280.0 * max(0.0, math.sin(self.sun_rad())) ** 0.25,
            "mode": float(MODES.index(mode)),
        }
        self.rows.append(row)


def _drive(length_m: float, path: npt.NDArray[np.float64]) -> _Tape:
    tape = _Tape(path=path, noon_s=2.9 * 86_400)
    tape.record("idle", 0.0, 10.0)
    while tape.distance_m < length_m:
        sun, rising = tape.sun_rad(), tape.sun_rad(60.0) > tape.sun_rad()
        if sun < WAKE_RAD or (not rising and sun < math.radians(OPERATIONS["dormant_sun_elevation_deg"])):
            tape.record("dormant", 3600.0, 0.1)
        elif sun > math.radians(42.0) or (not rising and sun > math.radians(30.0)):
            tape.record("nap", 1200.0, 12.0)
        elif sun < math.radians(10.0) or tape.soc < 0.3:
            tape.record("charge", 1200.0, 10.0)
        else:
            for _ in range(18):
                tape.record("command", 600.0, 32.0)
            for _ in range(7):
                tape.record("drive", 18.0, 40.0, 1.0)
    return tape


def traverse_log(**changes: Any) -> RunLog:
    """Return a run that arrives after a night.

    Args:
        changes: Fields of the log to replace.
    """
    dem, path = crater_dem(), traverse_path()
    length_m = float(np.hypot(*np.diff(path, axis=0).T).sum())
    tape = _drive(length_m, path)
    telemetry = {name: np.array([row[name] for row in tape.rows]) for name in TELEMETRY_COLUMNS}
    telemetry["mode"] = telemetry["mode"].astype(np.uint8)
    log = RunLog(
        outcome=Outcome.ARRIVED,
        reason="The rover stands within 1 m of the goal.",
        scenario={
            "start_utc": START_UTC,
            "operations": OPERATIONS,
            "power": {"reserve_soc": 0.3},
        },
        summary=_summary(telemetry, length_m),
        telemetry=telemetry,
        modes=MODES,
        events=_events(telemetry),
        violations=(),
        dem=dem,
        hazard_flags=crater_hazards(dem),
        planned_m=path,
        replanned_m=(path[1:] + np.array([3.0, -6.0]), path[2:] + np.array([-7.0, 4.0])),
        stops_m=_stops(telemetry),
        start_m=START_M,
        goal_m=GOAL_M,
        zones=ZONES,
    )
    return replace(log, **changes)


def _summary(telemetry: dict[str, npt.NDArray[Any]], length_m: float) -> dict[str, Any]:
    elapsed_s = float(telemetry["time_s"][-1])
    return {
        "outcome": "arrived",
        "scenario": "first-drive",
        "distance_m": float(telemetry["distance_m"][-1]),
        "planned_length_m": length_m,
        "elapsed_s": elapsed_s,
        "lunar_days": elapsed_s / SYNODIC_MONTH_S,
        "min_soc": float(telemetry["soc"].min()),
        "harvest_j": float(telemetry["harvest_j"][-1]),
        "load_j": float(telemetry["load_j"][-1]),
        "violations": [],
        "seed": 1,
        "start_utc": START_UTC,
        "end_utc": parse_utc(START_UTC).utc_at(elapsed_s),
        "site": "Von Karman",
        "replans": 2,
        "stops": len(_stops(telemetry)),
    }


def _stops(telemetry: dict[str, npt.NDArray[Any]]) -> npt.NDArray[np.float64]:
    command = telemetry["mode"] == MODES.index("command")
    first = command & ~np.r_[False, command[:-1]]
    return np.column_stack([telemetry["east_m"][first], telemetry["north_m"][first]])


def _events(telemetry: dict[str, npt.NDArray[Any]]) -> tuple[Event, ...]:
    found = []
    for name, metres, severity in (
        ("replan", 60.0, Severity.ACTIVITY),
        ("tilt_stop", 150.0, Severity.WARNING),
        ("replan", 152.0, Severity.ACTIVITY),
    ):
        row = int(np.searchsorted(telemetry["distance_m"], metres))
        east, north = float(telemetry["east_m"][row]), float(telemetry["north_m"][row])
        time_s = float(telemetry["time_s"][row])
        found.append(
            Event(time_s=time_s, severity=severity, name=name, text=f"{name}.", east_m=east, north_m=north)
        )
    return tuple(found)


def refused_log() -> RunLog:
    """Return a run that never began: one row, no plan."""
    log = traverse_log()
    summary = dict(log.summary) | {"outcome": "no_plan", "distance_m": 0.0, "planned_length_m": 0.0}
    summary |= {"elapsed_s": 0.0, "lunar_days": 0.0, "stops": 0, "replans": 0, "end_utc": START_UTC}
    return replace(
        log,
        outcome=Outcome.NO_PLAN,
        reason="no plan (no_route): the keep-in zone cuts the goal off; widen the zone",
        summary=summary,
        telemetry={name: values[:1] for name, values in log.telemetry.items()},
        events=(),
        planned_m=np.empty((0, 2)),
        replanned_m=(),
        stops_m=np.empty((0, 2)),
    )


def broken_rule_log() -> RunLog:
    """Return the traverse with two violations and the outcome they led to."""
    log = traverse_log()
    violations = tuple(
        Violation(rule="tilt", time_s=86_400.0 * day, value=21.5, bound=20.0, unit="deg")
        for day in (1.0, 6.0)
    )
    return replace(log, outcome=Outcome.STOPPED_SAFE, reason="Tilt over the limit.", violations=violations)
