"""What the rover remembers of places goes along when what it believes of its own place is corrected.

Where it has stood, what it has driven over and what it has met were put down by the place believed then. A correction
moves them with the local map (`rover.onboard.perception`); the path and the goal are places of the map uplinked, and
stay.
"""

from __future__ import annotations

from dataclasses import replace

from rover.onboard.arc_driver import LocalState
from rover.onboard.arc_track import Driven
from rover.onboard.fault_state import Watch

Place = tuple[float, float]
Pose = tuple[float, float, float]


def along(place: Place, shift_m: Place) -> Place:
    """Return a place remembered, after a correction of (east, north)."""
    return place[0] + shift_m[0], place[1] + shift_m[1]


def all_along(places: tuple[Place, ...], shift_m: Place) -> tuple[Place, ...]:
    """Return places remembered, after a correction of (east, north)."""
    return tuple(along(place, shift_m) for place in places)


def local_along(local: LocalState, shift_m: Place) -> LocalState:
    """Return what driving by arcs remembers, after a correction; the heights seen come anew with the local map."""
    return replace(
        local,
        ground=None,
        refused=tuple(_posed_along(pose, shift_m) for pose in local.refused),
        dead_ends_m=all_along(local.dead_ends_m, shift_m),
        driven=tuple(_driven_along(one, shift_m) for one in local.driven),
        retrace=tuple(_driven_along(one, shift_m) for one in local.retrace),
        about_m=None if local.about_m is None else along(local.about_m, shift_m),
        stood=tuple((*along(one[:2], shift_m), *one[2:]) for one in local.stood),
    )


def watch_along(watch: Watch, shift_m: Place) -> Watch:
    """Return what watching for faults remembers, after a correction: how far the rover comes is reckoned from there."""
    return replace(watch, place_m=along(watch.place_m, shift_m))


def _driven_along(driven: Driven, shift_m: Place) -> Driven:
    return replace(driven, begun=_posed_along(driven.begun, shift_m))


def _posed_along(pose: Pose, shift_m: Place) -> Pose:
    return *along(pose[:2], shift_m), pose[2]
