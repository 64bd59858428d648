"""The descent as a loop: what the lander senses, what it decides, and where it then is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.grid import Dem
from rover.core.lander import LanderParams
from rover.core.time import Epoch
from rover.onboard.descent import (
    DescentReading,
    DescentState,
    Drift,
    Phase,
    aim_at,
    coarse_reach_m,
    drift_by_scans,
    fine_reach_m,
    guide,
    init_descent,
    period_s,
    surface_gravity_m_s2,
)
from rover.onboard.descent_plan import plan_braking
from rover.onboard.landing import (
    CoarseChoice,
    FineChoice,
    Sight,
    choose_coarse,
    choose_fine,
    scan_map,
    sight_tangents,
)
from sim.mission.daylight import sunlight_at
from sim.mission.descent_world import DescentWorld
from sim.mission.lander import (
    STEP_S,
    LanderSensors,
    LanderState,
    advance,
    at_ignition,
    draw_sensors,
    sensed_place_m,
)
from sim.mission.touchdown import CELL_MM, Standing, standing_on
from sim.moon.site import SiteParams
from sim.sensors.exposure import expose

Floats = npt.NDArray[np.float64]

DESCENT_STREAM = 8
"""Of `SeedSequence(seed, spawn_key=(stream, index))`: what the lander's sensors get wrong."""

_LOOK_COLS = 384
"""Of the picture that hazards are looked for in: 4 m to a pixel at 2 km."""

_SCANS_AFTER_S = 3.0, 11.0
"""Of hovering: a scan to tell the drift by, the lander being at rest, and the one that the place is chosen by."""

_LONGEST_S = 1200.0

COLUMNS = (
    "time_s",
    "place_m",
    "velocity_m_s",
    "attitude",
    "rate_rad_s",
    "mass_kg",
    "thrust_n",
    "height_m",
    "phase",
)
PHASES = tuple(Phase)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Descent:
    """A descent as it was flown.

    Attributes:
        world: Ground and frame.
        time_s: (n,) since ignition, at every command, touchdown last.
        values: (n, 15) states as `sim.mission.lander_kernels` has them.
        height_m: (n,) of the feet over the ground below; while braking, over the sphere through the landing site.
        phase: (n,) int8 index into `PHASES`.
        sensors: What they got wrong.
        coarse, fine: What was chosen, None without avoidance.
        touchdown: State when the feet meet the ground.
        standing: What is under them.
        yaw_rad: Of the lander's x axis, counter-clockwise from the ground's east.
    """

    world: DescentWorld
    time_s: Floats
    values: Floats
    height_m: Floats
    phase: npt.NDArray[np.int8]
    sensors: LanderSensors
    coarse: CoarseChoice | None
    fine: FineChoice | None
    touchdown: LanderState
    standing: Standing
    yaw_rad: float

    def __post_init__(self) -> None:
        count = len(self.time_s)
        object.__setattr__(self, "time_s", locked(self.time_s, np.float64, (count,), "time_s"))
        object.__setattr__(self, "values", locked(self.values, np.float64, (count, 15), "values"))
        object.__setattr__(self, "height_m", locked(self.height_m, np.float64, (count,), "height_m"))
        object.__setattr__(self, "phase", locked(self.phase, np.int8, (count,), "phase"))

    def began_s(self, phase: Phase) -> float:
        """Return when a phase began."""
        return float(self.time_s[np.argmax(self.phase == PHASES.index(phase))])

    def state_at(self, time_s: float) -> LanderState:
        """Return the state at a time between those kept, places by cubics and attitude evenly turned."""
        n = int(np.clip(np.searchsorted(self.time_s, time_s, side="right") - 1, 0, len(self.time_s) - 2))
        step = float(self.time_s[n + 1] - self.time_s[n])
        s = (time_s - float(self.time_s[n])) / step
        one, two = self.values[n], self.values[n + 1]
        values = (1.0 - s) * one + s * two
        # Hermite's cubic by places and velocities.
        a, b = (1 + 2 * s) * (1 - s) ** 2, s * (1 - s) ** 2
        c, d = s * s * (3 - 2 * s), s * s * (s - 1)
        values[0:3] = a * one[0:3] + b * step * one[3:6] + c * two[0:3] + d * step * two[3:6]
        other = two[6:10] if one[6:10] @ two[6:10] >= 0 else -two[6:10]
        turn = (1.0 - s) * one[6:10] + s * other
        values[6:10] = turn / np.linalg.norm(turn)
        return LanderState(time_s=time_s, values=values)


def fly_descent(
    site: SiteParams,
    params: LanderParams,
    epoch: Epoch,
    *,
    seed: int,
    avoidance: bool = True,
    world: DescentWorld | None = None,
) -> Descent:
    """Return a powered descent from ignition until the lander stands.

    Args:
        site: With an anchor, which the flight plan leads to, and optics.
        params: The lander.
        epoch: Of ignition.
        seed: Of the ground and of what the sensors get wrong.
        avoidance: Whether hazards are looked for, at the two heights, and gone aside of.
        world: Of an earlier flight at the same site and seed by the same plan, whose ground is used again.
    """
    if world is None:
        world = DescentWorld(site, seed, math.radians(params.descent.approach_azimuth_deg))
    return _Flight(world, params, epoch, seed, avoidance=avoidance).fly()


class _Flight:
    """A descent under way."""

    def __init__(
        self, world: DescentWorld, params: LanderParams, epoch: Epoch, seed: int, *, avoidance: bool
    ) -> None:
        self.world, self.params, self.epoch, self.avoidance = world, params, epoch, avoidance
        self.radius_m = self.world.frame.ground_radius_m
        self.plan = plan_braking(params, self.radius_m)
        streams = np.random.SeedSequence(seed, spawn_key=(DESCENT_STREAM, 0)).spawn(4)
        errors, self._heights, self._camera, self._scanner = (np.random.default_rng(s) for s in streams)
        self.sensors = draw_sensors(params, errors)
        self.coarse: CoarseChoice | None = None
        self.fine: FineChoice | None = None
        self._first: tuple[Dem, DescentReading] | None = None
        self._drift = Drift()

    def fly(self) -> Descent:
        """Return the whole of it."""
        params, frame = self.params, self.world.frame
        state = at_ignition(params, frame, self.plan.begin_m, self.plan.begin_m_s)
        mind = init_descent(self.plan)
        rows: list[tuple[float, Floats, float, int]] = []
        while mind.phase is not Phase.FALL:
            height = self._height(state, mind)
            reading = self._reading(state, height)
            mind, command = guide(mind, reading, self.plan, params, self.radius_m)
            mind = self._looked(mind, state, reading)
            rows.append((state.time_s, state.values, height, PHASES.index(mind.phase)))
            if state.time_s > _LONGEST_S or height < -1.0:
                break
            state = advance(state, command.direction, command.thrust_n, period_s(mind), params, frame)
        state, height = self._fallen(state)
        rows.append((state.time_s, state.values, height, PHASES.index(Phase.FALL)))
        return self._told(rows, state)

    def _height(self, state: LanderState, mind: DescentState) -> float:
        if mind.phase is Phase.BRAKING:
            return self.world.level_height_m(state)
        return self.world.height_m(state)

    def _reading(self, state: LanderState, height_m: float) -> DescentReading:
        errors = self.sensors
        noise = self.params.navigation.height_m * float(self._heights.standard_normal())
        sensed = DescentReading(
            time_s=state.time_s,
            place_m=sensed_place_m(state, errors),
            velocity_m_s=state.velocity_m_s + errors.velocity_m_s,
            height_m=height_m * (1.0 + errors.height_share) + noise,
            mass_kg=state.mass_kg,
        )
        return self._drift.taken_off(sensed)

    def _looked(self, mind: DescentState, state: LanderState, reading: DescentReading) -> DescentState:
        """Return the state with another target where it is time to look for one."""
        if not self.avoidance:
            return mind
        if mind.phase is Phase.DROP and self.coarse is None:
            self.coarse = self._coarse(mind, state, reading)
            return aim_at(mind, reading, self.coarse.aside_m)
        if mind.phase is not Phase.HOVER:
            return mind
        hovered = reading.time_s - mind.began_s
        if self._first is None and hovered >= _SCANS_AFTER_S[0]:
            self._first = self._scanned(state), reading
        if self.fine is None and hovered >= _SCANS_AFTER_S[1]:
            second = self._scanned(state)
            self.fine = self._fine(mind, second, reading)
            assert self._first is not None
            self._drift = drift_by_scans(*self._first, second, reading, self.params)
            return aim_at(mind, reading, self.fine.aside_m)
        return mind

    def _coarse(self, mind: DescentState, state: LanderState, reading: DescentReading) -> CoarseChoice:
        camera = self.params.lcam
        sun = sunlight_at(self.world.site, self.epoch, state.time_s)
        picture = self.world.look(state, camera, sun, _LOOK_COLS)
        frame = expose(picture, camera, sun.distance_m, self._camera)
        sight = Sight(
            tangents=sight_tangents(picture.lens.rows, picture.lens.cols, camera.fov_rad),
            axes=state.axes,
            offset_m=np.array([camera.forward_m, camera.left_m, camera.up_m]) @ state.axes,
        )
        return choose_coarse(
            frame.number,
            sight,
            height_m=reading.height_m,
            reach_m=coarse_reach_m(self.params, surface_gravity_m_s2(self.radius_m)),
            target_m=_aside(mind, reading),
        )

    def _scanned(self, state: LanderState) -> Dem:
        """Return the map of a scan, laid by an attitude that is not quite known."""
        scanner = self.params.scanner
        lean = math.radians(self.params.navigation.attitude_deg) * self._scanner.standard_normal(2)
        up = state.axes[2] + lean[0] * state.axes[0] + lean[1] * state.axes[1]
        sight = Sight(
            tangents=sight_tangents(scanner.rows, scanner.cols, scanner.fov_rad),
            axes=np.stack(
                [state.axes[0] - lean[0] * state.axes[2], state.axes[1] - lean[1] * state.axes[2], up]
            ),
            offset_m=np.zeros(3),
        )
        return scan_map(self.world.scan(state, scanner, self._scanner), sight)

    def _fine(self, mind: DescentState, scan: Dem, reading: DescentReading) -> FineChoice:
        return choose_fine(
            scan,
            self.params.body,
            reach_m=fine_reach_m(self.params, surface_gravity_m_s2(self.radius_m), reading.mass_kg),
            target_m=_aside(mind, reading),
        )

    def _fallen(self, state: LanderState) -> tuple[LanderState, float]:
        """Return the state where the feet meet the ground, the engine being off, and what height is left."""
        up = np.array([0.0, 0.0, 1.0])
        height = self.world.height_m(state)
        while height > 0.0 and state.time_s < _LONGEST_S:
            after = advance(state, up, 0.0, STEP_S, self.params, self.world.frame)
            below = self.world.height_m(after)
            if below <= 0.0:
                share = height / (height - below)
                values = (1.0 - share) * state.values + share * after.values
                return LanderState(time_s=state.time_s + share * STEP_S, values=values), 0.0
            state, height = after, below
        return state, height

    def _told(self, rows: list[tuple[float, Floats, float, int]], state: LanderState) -> Descent:
        world, body = self.world, self.params.body
        east, north = world.map_m(state.place_m)
        ahead_east, ahead_north = (float(v) for v in world.frame.turned(*state.axes[0, :2]))
        yaw = math.atan2(ahead_north, ahead_east)
        patch = world.patch(state.place_m, body.footprint_radius_m + 1.0, CELL_MM)
        time, values, height, phase = zip(*rows, strict=True)
        return Descent(
            world=world,
            time_s=np.array(time),
            values=np.stack(values),
            height_m=np.array(height),
            phase=np.array(phase, np.int8),
            sensors=self.sensors,
            coarse=self.coarse,
            fine=self.fine,
            touchdown=state,
            standing=standing_on(patch, east, north, yaw, body),
            yaw_rad=yaw,
        )


def _aside(mind: DescentState, reading: DescentReading) -> tuple[float, float]:
    """Return the target ahead and left of where the lander takes itself to be."""
    return mind.target_m[0] - float(reading.place_m[0]), mind.target_m[1] - float(reading.place_m[1])
