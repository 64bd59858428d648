"""From what was sensed to what is believed: the pose estimated, and the ground round it as seen so far.

`perceive` is what stands between the senses and the executive: it takes an observation without a place and returns one
with the place that the rover believes in and the heights of its local map. Pure, as the rest on board.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rover.core.bodies import BODIES, MOON
from rover.core.boundary import Command, Observation
from rover.core.eyes import EyesParams
from rover.core.grid import Dem
from rover.core.vehicle import VehicleParams
from rover.onboard.contact_ground import hidden_by_body, lay_contacts
from rover.onboard.dead_reckoning import rolls_per_m
from rover.onboard.local_map import LocalMap, begin_local_map, fuse_look
from rover.onboard.localization import LocalizationState, init_localization, localize, match_map
from rover.onboard.site_match import MATCH_EVERY_M
from rover.planning.dem_error import DemError
from rover.sky.almanac import Almanac

LEAST_RISE_M = 0.01
"""The local map is raised or lowered by no less than this."""

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
        orbital_error: How well its elevations are known.
        sensing_range_m: How far heights are told.
        vehicle: That stands on its wheels; None where nothing is to be made of that.
    """

    eyes: EyesParams
    almanac: Almanac
    orbital: Dem
    orbital_error: DemError
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
        corrected_m: East and north by which the local map was moved at the last observation: what the rover remembers
            of places that it has seen or stood at goes along.
    """

    located: LocalizationState
    local: LocalMap
    matched_m: tuple[tuple[float, float], ...]
    matches: int = 0
    corrected_m: tuple[float, float] = (0.0, 0.0)


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
    """Return what a computer that begins anew believes: the pose is stored, the map and the last look are lost.

    What was owed to that map is lost with it. The next look is laid where the pose has it, as it is after all that has
    been told; moved by the old debt it would lie beside it, and places stood at since would be told to have moved.
    """
    located = replace(state.located, look=None, since_look_m=0.0, registered=False, owed_m=np.zeros(3))
    return replace(state, located=located, local=_nothing_seen(params), corrected_m=(0.0, 0.0))


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
    state = replace(state, located=located, corrected_m=(0.0, 0.0))
    if seen.stereo:
        state = _mapped(state, seen, params)
    return state, believed(state, seen, params)


def believed(state: PerceptionState, seen: Observation, params: PerceptionParams) -> Observation:
    """Return an observation with place, attitude and heights as believed, and how far the belief is to be trusted."""
    located = state.located
    east, north, _ = located.place_m
    yaw, pitch, roll = located.angles_rad
    return replace(
        seen,
        east_m=east,
        north_m=north,
        yaw_rad=yaw,
        pitch_rad=pitch,
        roll_rad=roll,
        heights=state.local.dem(east, north, params.sensing_range_m) if seen.stereo else None,
        stalled=seen.stalled or located.stalled,
        place_sigma_m=located.sigma_m,
        uncertain=located.uncertain,
        corrected_m=state.corrected_m,
    )


def by_wheels(state: PerceptionState, command: Command) -> Command:
    """Return a drive as the body can carry it out: it ends when the wheels have rolled as far as they should need.

    How far the rover has come over the ground nobody tells it; how much the wheels slip and how the ground rises, the
    filter believes to know.
    """
    if command.drive_m == 0.0:
        return command
    return replace(
        command, rolls_per_m=rolls_per_m(state.located.estimate, command.turn_rad, command.drive_m)
    )


def _mapped(state: PerceptionState, seen: Observation, params: PerceptionParams) -> PerceptionState:
    """Put a look into the local map and, on ground that is new, lay that upon the orbital one."""
    state = _carried_along(state)
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
    located, shift_m = match_map(located, local, params.orbital, params.orbital_error)
    if shift_m is None:
        return state
    return _moved(replace(state, located=located, matches=state.matches + 1), shift_m)


def _carried_along(state: PerceptionState) -> PerceptionState:
    """Move the local map along with the place of the last look, on which it hangs, where that has been corrected.

    What is less than half a cell is owed on: the map is no finer than that.
    """
    owed_m = state.located.owed_m
    if float(np.abs(owed_m[:2]).max()) < state.local.cell_m / 2 and abs(float(owed_m[2])) < LEAST_RISE_M:
        return state
    return _moved(replace(state, located=replace(state.located, owed_m=np.zeros(3))), owed_m)


def _moved(state: PerceptionState, shift_m: npt.NDArray[np.float64]) -> PerceptionState:
    """Move the local map by (3,), and have it told."""
    east, north = (old + float(new) for old, new in zip(state.corrected_m, shift_m, strict=False))
    return replace(state, local=state.local.moved(shift_m), corrected_m=(east, north))


def _gravity_m_s2(params: PerceptionParams) -> float:
    name = params.orbital.geometry.site.body
    return next((body for body in BODIES if body.name == name), MOON).gravity_m_s2
