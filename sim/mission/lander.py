"""The lander in the world: its motion under thrust and gravity, and what its sensors tell of it.

Motion is integrated in straight axes that turn with the Moon, x ahead along the ground, y left and z up from the
landing site of the flight plan: gravity of a round Moon, the frame's turning, thrust along the body's z axis, whose
attitude jets have bounds of rate and acceleration, and mass that is burnt. Ground is laid out along arcs from there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.bodies import MOON_GM_M3_S2, MOON_TURN_RAD_S
from rover.core.lander import LanderParams
from sim.mission.lander_kernels import MASS, SIZE, THRUST, fly

Floats = npt.NDArray[np.float64]

STEP_S = 0.05
"""Of the integration: a sixth of the engine's lag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DescentFrame:
    """Where the straight axes of a descent lie.

    Attributes:
        ground_radius_m: From the Moon's centre to the origin.
        latitude_rad: Of the origin.
        azimuth_rad: Of flight, clockwise from the ground's north.
    """

    ground_radius_m: float
    latitude_rad: float
    azimuth_rad: float

    @property
    def turning_rad_s(self) -> Floats:
        """(3,) turning of the Moon, ahead, left and up."""
        north, up = math.cos(self.latitude_rad), math.sin(self.latitude_rad)
        return MOON_TURN_RAD_S * np.array(
            [north * math.cos(self.azimuth_rad), north * math.sin(self.azimuth_rad), up]
        )

    def to_ground(self, place_m: Floats) -> Floats:
        """Return (..., 3) east and north along the ground from the origin, and height over its sphere, of places."""
        places = np.asarray(place_m, np.float64)
        ahead, left, up = places[..., 0], places[..., 1], places[..., 2]
        level = np.hypot(ahead, left)
        high = up + self.ground_radius_m
        arc = self.ground_radius_m * np.arctan2(level, high)
        scale = np.divide(arc, level, out=np.ones_like(arc), where=level > 0)
        east, north = self.turned(ahead * scale, left * scale)
        return np.stack([east, north, np.hypot(level, high) - self.ground_radius_m], axis=-1)

    def turned(self, ahead: npt.ArrayLike, left: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Return the east and north of lengths ahead and left."""
        sine, cosine = math.sin(self.azimuth_rad), math.cos(self.azimuth_rad)
        ahead, left = np.asarray(ahead, np.float64), np.asarray(left, np.float64)
        return ahead * sine - left * cosine, ahead * cosine + left * sine

    def axes_at(self, east_m: float, north_m: float) -> tuple[Floats, Floats]:
        """Return where a point of the ground's sphere is, and (3, 3) its east, north and up as rows."""
        level = math.hypot(east_m, north_m)
        sine, cosine = math.sin(self.azimuth_rad), math.cos(self.azimuth_rad)
        ahead, left = east_m * sine + north_m * cosine, -east_m * cosine + north_m * sine
        angle = level / self.ground_radius_m
        out = np.array([ahead, left, 0.0]) / level if level > 0 else np.array([1.0, 0.0, 0.0])
        zenith = np.array([0.0, 0.0, 1.0])
        up = math.cos(angle) * zenith + math.sin(angle) * out
        along = math.cos(angle) * out - math.sin(angle) * zenith
        across = np.cross(zenith, out)
        # The map's axes: what is along the arc and across it, turned as at the origin.
        east = np.array([sine, -cosine, 0.0])
        north = np.array([cosine, sine, 0.0])
        rows = [along * (axis @ out) + across * (axis @ across) for axis in (east, north)]
        return up * self.ground_radius_m - zenith * self.ground_radius_m, np.stack([*rows, up])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LanderState:
    """The lander at a moment.

    Attributes:
        time_s: Since ignition.
        values: (15,) as `sim.mission.lander_kernels` has it.
    """

    time_s: float
    values: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", locked(self.values, np.float64, (SIZE,), "values"))

    @property
    def place_m(self) -> Floats:
        return self.values[0:3]

    @property
    def velocity_m_s(self) -> Floats:
        return self.values[3:6]

    @property
    def axes(self) -> Floats:
        """(3, 3) the body's x, y and z as rows, ahead, left and up."""
        return axes_of(self.values[6:10])

    @property
    def mass_kg(self) -> float:
        return float(self.values[MASS])

    @property
    def thrust_n(self) -> float:
        return float(self.values[THRUST])


def at_ignition(
    params: LanderParams, frame: DescentFrame, place_m: Floats, velocity_m_s: Floats
) -> LanderState:
    """Return the lander on its orbit, engine first into the flight.

    Args:
        params: The lander.
        frame: Of the descent.
        place_m: (3,) there.
        velocity_m_s: (3,) against the stars.
    """
    from_centre = place_m + np.array([0.0, 0.0, frame.ground_radius_m])
    values = np.zeros(SIZE)
    values[0:3] = place_m
    values[3:6] = velocity_m_s - np.cross(frame.turning_rad_s, from_centre)
    values[6:10] = attitude_of(-velocity_m_s / np.linalg.norm(velocity_m_s))
    values[MASS] = params.body.ignition_mass_kg
    return LanderState(time_s=0.0, values=values)


def advance(
    state: LanderState,
    direction: Floats,
    thrust_n: float,
    duration_s: float,
    params: LanderParams,
    frame: DescentFrame,
) -> LanderState:
    """Return the lander after a time under one command.

    Args:
        state: Before.
        direction: (3,) unit vector that the thrust is to be turned to.
        thrust_n: Commanded, within what the engine gives; 0 turns it off.
        duration_s: A whole number of steps of `STEP_S`, at least one.
        params: The lander.
        frame: Of the descent.
    """
    engine, turning = params.engine, params.turning
    if thrust_n > 0.0:
        thrust_n = min(max(thrust_n, engine.least_thrust_n), engine.most_thrust_n)
    figures = np.array(
        [
            MOON_GM_M3_S2,
            frame.ground_radius_m,
            engine.exhaust_m_s,
            params.body.dry_mass_kg,
            engine.lag_s,
            math.radians(turning.rate_limit_deg_s),
            math.radians(turning.acceleration_limit_deg_s2),
        ]
    )
    values = state.values.copy()
    count = max(1, round(duration_s / STEP_S))
    fly(values, attitude_of(direction), float(thrust_n), figures, frame.turning_rad_s, STEP_S, count)
    return replace(state, time_s=state.time_s + count * STEP_S, values=values)


def attitude_of(direction: Floats) -> Floats:
    """Return (4,) the quaternion of the body whose z axis points so, and whose y axis is as near to left as can be."""
    x, y, z = (float(value) for value in direction)
    level = math.hypot(x, z)
    ahead = (z / level, 0.0, -x / level)  # left cross up
    left = (y * ahead[2], z * ahead[0] - x * ahead[2], -y * ahead[0])
    return _quaternion(np.array([ahead, left, (x, y, z)]).T)


def _quaternion(turn: Floats) -> Floats:
    """Return the quaternion, scalar first, of a rotation (Shepperd 1978)."""
    trace = float(np.trace(turn))
    pivot = int(np.argmax([trace, turn[0, 0], turn[1, 1], turn[2, 2]]))
    if pivot == 0:
        found = [
            1.0 + trace,
            turn[2, 1] - turn[1, 2],
            turn[0, 2] - turn[2, 0],
            turn[1, 0] - turn[0, 1],
        ]
    else:
        i, j, k = ((0, 1, 2), (1, 2, 0), (2, 0, 1))[pivot - 1]
        found = [0.0, 0.0, 0.0, 0.0]
        found[0] = turn[k, j] - turn[j, k]
        found[1 + i] = 1.0 + turn[i, i] - turn[j, j] - turn[k, k]
        found[1 + j] = turn[j, i] + turn[i, j]
        found[1 + k] = turn[k, i] + turn[i, k]
    quaternion = np.array(found)
    return np.asarray(quaternion / np.linalg.norm(quaternion))


def axes_of(quaternion: Floats) -> Floats:
    """Return (3, 3) the body's axes as rows."""
    w, a, b, c = (float(value) for value in quaternion)
    return np.array(
        [
            [1 - 2 * (b * b + c * c), 2 * (a * b + w * c), 2 * (a * c - w * b)],
            [2 * (a * b - w * c), 1 - 2 * (a * a + c * c), 2 * (b * c + w * a)],
            [2 * (a * c + w * b), 2 * (b * c - w * a), 1 - 2 * (a * a + b * b)],
        ]
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LanderSensors:
    """What a flight's sensors get wrong throughout.

    Attributes:
        place_m, velocity_m_s: (3,) errors at ignition and throughout.
        height_share: Of heights.
    """

    place_m: Floats
    velocity_m_s: Floats
    height_share: float


def draw_sensors(params: LanderParams, generator: np.random.Generator) -> LanderSensors:
    """Return the errors of a flight."""
    navigation = params.navigation
    level = navigation.position_m * generator.standard_normal(2)
    return LanderSensors(
        place_m=np.array([level[0], level[1], 0.0]),
        velocity_m_s=navigation.velocity_m_s * generator.standard_normal(3),
        height_share=navigation.height_share * float(generator.standard_normal()),
    )


def sensed_place_m(state: LanderState, sensors: LanderSensors) -> Floats:
    """Return (3,) where the lander takes itself to be: velocities are summed up, errors and all, height is measured."""
    drift = sensors.velocity_m_s * np.array([1.0, 1.0, 0.0]) * state.time_s
    return np.asarray(state.place_m + sensors.place_m + drift)
