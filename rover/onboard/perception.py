"""From what was sensed to what is believed: the pose estimated, and the ground round it as seen so far.

`perceive` is what stands between the senses and the executive: it takes an observation without a place and returns one
with the place that the rover believes in and the heights of its local map. Pure, as the rest on board.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from rover.core.bodies import BODIES, MOON
from rover.core.boundary import Command, Observation
from rover.core.eyes import EyesParams
from rover.core.grid import Dem
from rover.core.vehicle import VehicleParams
from rover.onboard.contact_ground import hidden_by_body, lay_contacts
from rover.onboard.local_map import LocalMap, begin_local_map, fuse_look
from rover.onboard.localization import LocalizationState, init_localization, localize, match_map
from rover.sky.almanac import Almanac

MATCH_EVERY_M = 10.0
"""The local map is laid upon the orbital one so far from where it was before: the same ground tells nothing new."""

AT_REST = ("hazcam", "navcam")
"""Pairs as they are mounted, whose looks are laid upon one another."""

START_SIGMA_M, START_UP_SIGMA_M, START_YAW_SIGMA_RAD = 0.05, 1.0, 0.01
"""How well the ground knows the start in its own map: by its pictures of the rover, and of the Sun's direction."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PerceptionParams:
    """What is known on board for perceiving.

    Attributes:
        eyes: How good the senses are.
        almanac: Where the Sun is, as uplinked.
        orbital: The map, as uplinked.
        sensing_range_m: How far heights are told.
        vehicle: That stands on its wheels; None where nothing is to be made of that.
    """

    eyes: EyesParams
    almanac: Almanac
    orbital: Dem
    sensing_range_m: float
    vehicle: VehicleParams | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PerceptionState:
    """What is believed.

    Attributes:
        located: Pose, with its covariance.
        local: The ground seen.
        matched_m: Places at which the local map was laid upon the orbital one, the start among them.
        matches: How often the filter has taken that.
    """

    located: LocalizationState
    local: LocalMap
    matched_m: tuple[tuple[float, float], ...]
    matches: int = 0


def init_perception(
    params: PerceptionParams, *, start_m: tuple[float, float], yaw_rad: float
) -> PerceptionState:
    """Return what is believed at the start, as uplinked.

    Args:
        params: What is known on board.
        start_m: East and north.
        yaw_rad: Heading.
    """
    orbital = params.orbital
    cell = orbital.geometry.cell_at(*start_m)
    up = 0.0 if cell is None else float(orbital.elevation_m[cell])
    located = init_localization(
        params.eyes,
        place_m=(*start_m, up if np.isfinite(up) else 0.0),
        yaw_rad=yaw_rad,
        place_sigma_m=START_SIGMA_M,
        up_sigma_m=START_UP_SIGMA_M,
        yaw_sigma_rad=START_YAW_SIGMA_RAD,
    )
    return PerceptionState(located=located, local=_nothing_seen(params), matched_m=(start_m,))


def restarted(state: PerceptionState, params: PerceptionParams) -> PerceptionState:
    """Return what a computer that begins anew believes: the pose is stored, the map and the last look are lost."""
    located = replace(state.located, look=None, since_look_m=0.0, registered=False)
    return replace(state, located=located, local=_nothing_seen(params))


def _nothing_seen(params: PerceptionParams) -> LocalMap:
    orbital = params.orbital
    return begin_local_map(
        site=orbital.geometry.site,
        datum_m=orbital.datum_m,
        reach_m=params.sensing_range_m if params.vehicle is None else 2 * params.sensing_range_m,
    )


def perceive(
    state: PerceptionState, seen: Observation, command: Command | None, params: PerceptionParams
) -> tuple[PerceptionState, Observation]:
    """Return what is believed after an observation, and the observation with place, attitude and heights as believed.

    Args:
        state: Before the command that the observation ends.
        seen: Without a place.
        command: What the body was told; None before the first.
        params: What is known on board.
    """
    located = localize(
        state.located,
        replace(seen, stereo=tuple(pair for pair in seen.stereo if pair.camera in AT_REST)),
        command=command,
        sun=params.almanac.sun_at(seen.time_s),
        eyes=params.eyes,
        gravity_m_s2=_gravity_m_s2(params),
    )
    state = replace(state, located=located)
    if seen.stereo:
        state = _mapped(state, seen, params)
    east, north, _ = state.located.place_m
    yaw, pitch, roll = state.located.angles_rad
    believed = replace(
        seen,
        east_m=east,
        north_m=north,
        yaw_rad=yaw,
        pitch_rad=pitch,
        roll_rad=roll,
        heights=state.local.dem(east, north, params.sensing_range_m) if seen.stereo else None,
    )
    return state, believed


def _mapped(state: PerceptionState, seen: Observation, params: PerceptionParams) -> PerceptionState:
    """Put a look into the local map and, on ground that is new, lay that upon the orbital one."""
    located = state.located
    local = fuse_look(
        state.local,
        seen.stereo if params.vehicle is None else hidden_by_body(seen.stereo, params.vehicle),
        place_m=located.estimate.place_m,
        rotation=located.estimate.rotation,
        motion=located.motion,
        time_s=seen.time_s,
    )
    if params.vehicle is not None:
        local = lay_contacts(local, params.vehicle, located.estimate, seen.time_s)
    state = replace(state, local=local)
    east, north, _ = located.place_m
    if min(math.dist(place, (east, north)) for place in state.matched_m) < MATCH_EVERY_M:
        return state
    state = replace(state, matched_m=(*state.matched_m, (east, north)))
    located, shift_m = match_map(located, local, params.orbital)
    if shift_m is None:
        return state
    return replace(
        state,
        located=located,
        local=local.moved(shift_m),
        matches=state.matches + 1,
    )


def _gravity_m_s2(params: PerceptionParams) -> float:
    name = params.orbital.geometry.site.body
    return next((body for body in BODIES if body.name == name), MOON).gravity_m_s2
