"""Watching the Sun and the gyroscopes on board: each is held against what else tells of it.

Gyroscopes: the Sun and the vertical, as they were in the body's frame some while ago, turned by what the gyroscopes
have felt since, must be where they are seen now. A bias about any axis shows in one or the other.

Almanac: the Sun's elevation follows from its direction and the vertical, both seen, whatever the heading is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from rover.core.boundary import Observation
from rover.onboard.rotations import rotation_from_angles, rotation_of
from rover.sky.almanac import Almanac

Floats = npt.NDArray[np.float64]

ANCHOR_S = 600.0
"""Turns on the move are added up over so long: a sound gyroscope drifts by half a degree at worst."""

LEAST_REST_S = 60.0
"""A rest so long tells the rates that gyroscopes read of nothing, to half a degree an hour."""

DRIFT_RAD = math.radians(1.2)
"""Sun sensor and accelerometers together are off by a third of this at worst."""

SOUND_AFTER_S = 300.0
"""Gyroscopes that have agreed for so long on the move do not drift by as much as is looked for."""

OFF_RAD = math.radians(2.0)
"""The Sun is elsewhere if it is so far from where the almanac has it: four hours of its way."""

OFF_HEADING_RAD = math.radians(5.0)
"""The same of its azimuth, which is only known as well as the heading is."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Anchor:
    """Sun and vertical as they were seen, and the turn since.

    Attributes:
        time_s: When.
        sun, up: (3,) unit vectors in the body's frame of that time.
        turned: (3, 3) from the body's frame now to that one, by the gyroscopes.
        rate_rad_s: (3,) what they read at rest, last.
    """

    time_s: float
    sun: Floats
    up: Floats
    turned: Floats = field(default_factory=lambda: np.eye(3))
    rate_rad_s: Floats = field(default_factory=lambda: np.zeros(3))


def next_anchor(anchor: Anchor | None, seen: Observation, *, at_rest: bool) -> Anchor | None:
    """Return the anchor carried on over an observation; a new one after a rest, and where there was none or it is old.

    Args:
        anchor: Before it.
        seen: Now.
        at_rest: Whether it ends a rest, over which the gyroscopes' rates are set anew.
    """
    if seen.inertial is None:
        return None
    turned, elapsed_s = np.array(seen.inertial.turned_rad), seen.inertial.elapsed_s
    rate = np.zeros(3) if anchor is None else anchor.rate_rad_s
    if at_rest and elapsed_s >= LEAST_REST_S:
        rate = turned / elapsed_s
    if anchor is not None and not at_rest and seen.time_s - anchor.time_s <= ANCHOR_S:
        return replace(anchor, turned=anchor.turned @ rotation_of(turned - rate * elapsed_s))
    if seen.sun_direction is None:
        return None if anchor is None else replace(anchor, rate_rad_s=rate, time_s=-math.inf)
    return Anchor(time_s=seen.time_s, sun=np.array(seen.sun_direction), up=_vertical(seen), rate_rad_s=rate)


def drift_rad(anchor: Anchor | None, seen: Observation) -> float | None:
    """Return by how much Sun or vertical are off where the gyroscopes' turns put them; None where nothing tells.

    Args:
        anchor: Carried on to the observation.
        seen: Now.
    """
    if anchor is None or seen.inertial is None or seen.sun_direction is None or math.isinf(anchor.time_s):
        return None
    sun = _angle(anchor.turned.T @ anchor.sun, np.array(seen.sun_direction))
    return max(sun, _angle(anchor.turned.T @ anchor.up, _vertical(seen)))


def sun_is_elsewhere(seen: Observation, almanac: Almanac, *, trusts_heading: bool) -> bool | None:
    """Tell whether the Sun is not where the almanac has it; None where it is not seen and need not be.

    Args:
        seen: Now.
        almanac: As uplinked.
        trusts_heading: Whether the azimuth is held against it too.
    """
    if seen.sun_direction is None:
        return None
    told = almanac.sun_at(seen.time_s)
    yaw = seen.yaw_rad if math.isfinite(seen.yaw_rad) else 0.0
    east, north, up = (
        rotation_from_angles(yaw, seen.pitch_rad, seen.roll_rad) @ np.array(seen.sun_direction)
    ).tolist()
    if abs(math.asin(max(-1.0, min(1.0, up))) - told.elevation_rad) > OFF_RAD:
        return True
    if not (trusts_heading and math.isfinite(seen.yaw_rad)):
        return False
    aside = math.remainder(math.atan2(east, north) - told.azimuth_rad, 2 * math.pi)
    return abs(aside) * math.cos(told.elevation_rad) > OFF_HEADING_RAD


def _vertical(seen: Observation) -> Floats:
    """Return the (3,) vertical in the body's frame, as pitch and roll have it."""
    return np.asarray(rotation_from_angles(0.0, seen.pitch_rad, seen.roll_rad)[2])


def _angle(one: Floats, other: Floats) -> float:
    return math.atan2(float(np.linalg.norm(np.cross(one, other))), float(one @ other))
