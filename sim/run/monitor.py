"""What must never happen, judged from the truth by none of the rover's own code.

`watch` judges every state of the world; `looked` is told what the senses have shown from there; `hear` holds against
the truth what the rover says of itself after a command; `commanded` and `cleared` are told what it commands, and when
the ground has let it go on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from rover.core.boundary import Mode, Observation
from rover.core.vehicle import VehicleParams
from rover.core.zones import Zone, ZoneKind, clearance_m, footprint
from sim.run.runlog import Violation
from sim.run.seen_ground import SeenGround
from sim.run.world import WorldState

PLACE_SIGMAS, ZONE_SIGMAS = 4.0, 3.0
"""A place is that sure; and a zone is kept clear of by as much of what it may be out."""

TOLD_M = 0.01
"""Two places are one that are nearer than this."""

PLACES_KEPT, APART_M = 4000, 0.25

SPARSE = 8
"""One in so many places is looked at first: neighbours have nearly the same ground in reach."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Account:
    """What the rover says of itself after a command.

    Attributes:
        believed_m: (east, north) where it believes to be.
        sigma_m: Standard deviation of that; 0 where it is told its place.
        learnt_m: (n, 2) places of which its maps have changed since the last time.
        reach_m: How far away those may lie, by its senses and the size of their cells.
        reasons: Why it did not do what it had set out to.
        latched: Whether it waits for the ground.
    """

    believed_m: tuple[float, float]
    sigma_m: float = 0.0
    learnt_m: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 2)))
    reach_m: float = math.inf
    reasons: tuple[str, ...] = ()
    latched: bool = False


class Monitor:
    """Watches every state of the world and notes what breaks a rule, once for each stretch that it is broken."""

    def __init__(
        self,
        vehicle: VehicleParams,
        *,
        zones: Sequence[Zone],
        zone_times: Sequence[tuple[float, float]] | None = None,
        reserve_soc: float,
        min_drive_sun_rad: float,
        nap_enter_sun_rad: float,
        nap_exit_sun_rad: float,
        work_max_k: float = math.inf,
        dusks_s: Sequence[float] = (),
        haven_tilt_rad: float = math.inf,
        over_seen_ground: bool = False,
    ) -> None:
        """Begin to watch.

        Args:
            vehicle: Whose limits hold.
            zones, zone_times: To keep out of or in, and when each holds; always where that is left out.
            reserve_soc: Least charge.
            min_drive_sun_rad, nap_enter_sun_rad, nap_exit_sun_rad: Elevations of the Sun that bound driving.
            work_max_k: Warmer than this the body may not drive or work.
            dusks_s: Times at which the Sun sinks too low to be awake.
            haven_tilt_rad: Steepest ground for a night.
            over_seen_ground: Whether its wheels may only stand on ground that its senses have shown.
        """
        self._vehicle = vehicle
        always = [(-math.inf, math.inf)] * len(zones)
        self._zones = list(zip(zones, always if zone_times is None else zone_times, strict=True))
        self._reserve_soc = reserve_soc
        self._sun_rad = (min_drive_sun_rad, nap_enter_sun_rad, nap_exit_sun_rad)
        self._work_max_k = work_max_k
        self._peaked = False
        self._broken: set[str] = set()
        self._unserved_j = 0.0
        self._dusks_s = sorted(dusks_s)
        self._haven_tilt_rad = haven_tilt_rad
        self._haven_m = 0.0
        self._last: WorldState | None = None
        self._places: list[tuple[float, float]] = []
        self._latched_m: float | None = None
        self._safe_m: float | None = None
        self._seen = SeenGround(vehicle) if over_seen_ground else None
        self.violations: list[Violation] = []

    def watch(self, state: WorldState) -> None:
        """Judge one state."""
        vehicle, stance, deg = self._vehicle, state.stance, math.degrees
        self._at_most("pitch", state, abs(deg(stance.pitch_rad)), vehicle.slope_limit_deg, "deg")
        self._at_most("roll", state, abs(deg(stance.roll_rad)), vehicle.roll_limit_deg, "deg")
        self._at_most("contact", state, stance.step_m, vehicle.step_limit_m, "m")
        self._at_least("belly", state, stance.belly_gap_m, 0.0, "m")
        self._at_least("tip-over", state, deg(stance.tip_margin_rad), 0.0, "deg")
        self._at_least("reserve", state, state.power.stored_j / vehicle.battery_j, self._reserve_soc, "soc")
        self._at_most("empty", state, state.power.unserved_j - self._unserved_j, 0.0, "J not served")
        self._unserved_j = state.power.unserved_j
        for zone, (from_s, until_s) in self._zones:
            known = all(math.isfinite(x) for x in (state.east_m, state.north_m, state.yaw_rad))
            if not known or not from_s <= state.time_s <= until_s or self._passes(zone, state):
                self._broken.discard(f"zone {zone.name}")
                continue
            covered = footprint(vehicle, state.east_m, state.north_m, state.yaw_rad)
            self._at_least(f"zone {zone.name}", state, clearance_m(zone, covered), 0.0, "m")
        self._watch_time(state)
        elevation_rad = state.sun.elevation_rad
        self._peaked = elevation_rad >= self._sun_rad[1] or (self._peaked and elevation_rad > 0)
        if state.mode in (Mode.DRIVE, Mode.COMMAND):
            self._at_most("too warm to work", state, state.heat.body_k, self._work_max_k, "K")
        if state.mode is Mode.DRIVE:
            elevation = deg(state.sun.elevation_rad)
            self._at_least("drive in low Sun", state, elevation, deg(self._sun_rad[0]), "deg")
            self._at_most("drive in high Sun", state, elevation, deg(self._ceiling_rad(state)), "deg")

    def _watch_time(self, state: WorldState) -> None:
        """Judge what hangs on time: it goes on, the state is one, and the night finds the rover asleep on a haven."""
        last, self._last = self._last, state
        if self._seen is not None and last is None:
            self._seen.put_down(state)
        known = (
            state.east_m,
            state.north_m,
            state.yaw_rad,
            state.time_s,
            state.heat.body_k,
            state.distance_m,
        )
        self._at_most("state not finite", state, sum(not math.isfinite(x) for x in known), 0.0, "figures")
        if last is not None:
            self._at_least("time goes back", state, state.time_s - last.time_s, 0.0, "s")
            moved_m = state.distance_m - last.distance_m
            still = state.mode is not Mode.DRIVE
            self._at_most("motion out of drive mode", state, moved_m if still else 0.0, 0.0, "m")
        if not self._places or math.dist(self._places[-1], (state.east_m, state.north_m)) > APART_M:
            self._places = [*self._places[1 - PLACES_KEPT :], (state.east_m, state.north_m)]
        if self._seen is not None and all(map(math.isfinite, known)):
            self._at_most("drives over unseen ground", state, self._seen.unseen_wheels(state), 0.0, "wheels")
        if state.sun.elevation_rad < 0:
            awake = state.mode is not Mode.DORMANT
            self._at_most("awake at night", state, float(awake), 0.0, "")
            # A hinge that is stuck nobody on board can shut.
            left_open = not (awake or state.folded or state.hinge_stuck)
            self._at_most("array open at night", state, float(left_open), 0.0, "")
        if math.hypot(state.stance.pitch_rad, state.stance.roll_rad) <= self._haven_tilt_rad:
            self._haven_m = state.distance_m
        dusk_s = next((dusk for dusk in self._dusks_s if dusk >= state.time_s), math.inf)
        if state.mode is Mode.DRIVE and math.isfinite(dusk_s):
            back_s = (state.distance_m - self._haven_m) / self._vehicle.speed_m_s
            self._at_least("haven before night", state, dusk_s - state.time_s - back_s, 0.0, "s")

    def looked(self, state: WorldState, seen: Observation) -> None:
        """Take in what the senses have shown of the ground, from a true pose."""
        if self._seen is not None:
            self._seen.looked(state, seen)

    def hear(self, state: WorldState, account: Account) -> None:
        """Judge what the rover says of itself, where the world has come to."""
        off_m = math.dist(account.believed_m, (state.east_m, state.north_m))
        self._at_most("place", state, off_m, PLACE_SIGMAS * account.sigma_m + TOLD_M, "m")
        self._at_most("knows unseen ground", state, self._unseen_m(account), account.reach_m, "m")
        unsaid = (state.stalled or state.halted) and not any(account.reasons)
        self._at_most("stop without a reason", state, float(unsaid), 0.0, "")
        if not account.latched:
            self._latched_m = None
        elif self._latched_m is None:
            self._latched_m = state.distance_m
        since_m = 0.0 if self._latched_m is None else state.distance_m - self._latched_m
        self._at_most("motion though latched", state, since_m, 0.0, "m")
        if state.mode is Mode.DRIVE and account.sigma_m > 0:
            self._hear_of_zones(state, ZONE_SIGMAS * account.sigma_m)

    def commanded(self, state: WorldState, mode: Mode) -> None:
        """Judge by its commands whether a rover that has gone safe stays where it is, whatever it says of itself."""
        if self._safe_m is None and mode is Mode.SAFE:
            self._safe_m = state.distance_m
        since_m = 0.0 if self._safe_m is None else state.distance_m - self._safe_m
        self._at_most("motion after going safe", state, since_m, 0.0, "m")

    def cleared(self) -> None:
        """Take in that the ground has cleared what the rover went safe for."""
        self._safe_m = None

    def end(self, state: WorldState, reason: str) -> None:
        """Judge the end of a run."""
        self._at_most("end without a reason", state, float(not reason.strip()), 0.0, "")

    def _unseen_m(self, account: Account) -> float:
        """Return how far the farthest of the places learnt lies from the nearest that the rover has stood at."""
        left, farthest, latest = account.learnt_m, 0.0, self._places[::-1]
        for place in (*latest[::SPARSE], *latest):
            away = np.hypot(*(left - place).T)
            beyond = away > account.reach_m
            if not beyond.any():
                return max(farthest, float(away.max(initial=0.0)))
            left = left[beyond]
        return max((min(math.dist(p, q) for q in self._places) for p in left.tolist()), default=farthest)

    def _hear_of_zones(self, state: WorldState, doubt_m: float) -> None:
        """Hold the doubt of the place against how far off the zones are."""
        for zone, (from_s, until_s) in self._zones:
            if from_s <= state.time_s <= until_s and not self._passes(zone, state, doubt_m):
                covered = footprint(self._vehicle, state.east_m, state.north_m, state.yaw_rad)
                gap_m = clearance_m(zone, covered)
                self._at_least(f"doubt by zone {zone.name}", state, gap_m, doubt_m, "m")

    def _ceiling_rad(self, state: WorldState) -> float:
        """Return the highest Sun to drive in: the nap's begin, and after a noon above it the nap's end."""
        return self._sun_rad[2] if self._peaked and not state.sun.rising else self._sun_rad[1]

    def _passes(self, zone: Zone, state: WorldState, further_m: float = 0.0) -> bool:
        """Tell cheaply of a keep-out zone that is out of reach, as most are most of the time."""
        west, south, east, north = zone.polygon.bounds
        reach = self._vehicle.footprint_radius_m + further_m
        beside = state.east_m < west - reach or state.east_m > east + reach
        above = state.north_m < south - reach or state.north_m > north + reach
        return zone.kind is ZoneKind.KEEP_OUT and (beside or above)  # NaN passes nothing

    def _at_most(self, rule: str, state: WorldState, value: float, bound: float, unit: str) -> None:
        self._note(rule, state, value, bound, unit, holds=value <= bound + 1e-9)

    def _at_least(self, rule: str, state: WorldState, value: float, bound: float, unit: str) -> None:
        self._note(rule, state, value, bound, unit, holds=value >= bound - 1e-9)

    def _note(
        self, rule: str, state: WorldState, value: float, bound: float, unit: str, *, holds: bool
    ) -> None:
        if holds:
            self._broken.discard(rule)
        elif rule not in self._broken:
            self._broken.add(rule)
            self.violations.append(
                Violation(rule=rule, time_s=state.time_s, value=value, bound=bound, unit=unit)
            )
