"""What shows a fault, each as a function of what is sensed: true, false, or None where nothing tells.

None of them is told by anybody that something went wrong: they read drives, cameras, Sun sensor, gyroscopes, charge,
array, temperature, clock and the computer's own count of its beginnings.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import median

import numpy as np

from rover.core.bodies import AU_M, SOLAR_CONSTANT_W_M2
from rover.core.boundary import DriveReading, Mode, Observation
from rover.limits.mobility import exceeds_attitude
from rover.limits.power import full_array_w, gained
from rover.onboard.fault_state import Sight
from rover.onboard.perception import AT_REST
from rover.onboard.place_watch import place_is_unsure
from rover.onboard.power_watch import drains, waits_in_vain, wakes
from rover.onboard.sky_watch import DRIFT_RAD, SOUND_AFTER_S, drift_rad, sun_is_elsewhere

Detector = Callable[[Sight], bool | None]

TURNS_SHARE, TURNS_M_S = 0.2, 0.01
"""A wheel is held that turns less than this share of what it is told, if that is faster than this."""

POWERED_W = 0.15
"""A motor that is switched on takes twice this at least."""

MOST_WHEELS = 2
"""With so many wheels out the rover still drives."""

BLIND_SHARE = 0.5
"""It is blind where a look gives less than this of what looks gave lately."""

LEAST_ROLLED_M, SLIPS = 0.3, 0.7
"""Wheels slip too much that lose this share of what they roll, if that is this way at least."""

WEAK_GAIN, LEAST_GIVEN_SHARE = 0.6, 0.2
"""The array is weak that gives less than this of what is due, where that is so much of what it gives facing the Sun."""

LOST_SOC = 0.03
"""Charge that is gone beyond what all loads together could have taken."""

WARM_K = 1.0
"""It stops working so much before it is too warm for it."""

LOST_PLACE_M = 5.0
"""Standard deviation of the place beyond which maps on board tell nothing of the ground under the wheels."""


def wheel_held(sight: Sight) -> bool | None:
    """A wheel hardly turns though it is told to."""
    return None if sight.drives is None else bool(_held(sight.drives))


def wheel_dead(sight: Sight) -> bool | None:
    """A motor takes no power though its wheel is told to turn."""
    return None if sight.drives is None else bool(_dead(sight.drives))


def wheels_lost(sight: Sight) -> bool | None:
    """More wheels are out than the rover can do without."""
    return None if sight.drives is None else len(_held(sight.drives) | _dead(sight.drives)) > MOST_WHEELS


def _held(drives: DriveReading) -> set[int]:
    pairs = enumerate(zip(drives.told_m_s, drives.rim_m_s, strict=True))
    return {
        k for k, (told, rim) in pairs if abs(told) > TURNS_M_S and not abs(rim) >= TURNS_SHARE * abs(told)
    }


def _dead(drives: DriveReading) -> set[int]:
    pairs = enumerate(zip(drives.told_m_s, drives.motor_w, strict=True))
    return {k for k, (told, watts) in pairs if abs(told) > TURNS_M_S and not watts >= POWERED_W}


def stereo_blind(sight: Sight) -> bool | None:
    """All pairs give far less depth than they gave lately, or one none; nothing is told by who has never seen anything.

    One alone may give far less: it looks over a crest, or towards the Sun, where the other has the ground before it.
    """
    seen = sight.seen
    if seen is None or sight.mode is not Mode.DRIVE or not sight.watch.looks or _is_dark(sight):
        return None
    usual = [median(pair) for pair in zip(*sight.watch.looks, strict=True)]
    shares = [now / was for now, was in zip(depths_of(seen, len(usual)), usual, strict=True) if was > 0]
    return all(share < BLIND_SHARE for share in shares) or 0.0 in shares


def depths_of(seen: Observation, count: int | None = None) -> tuple[int, ...]:
    """Return how much depth a look has given: points by each pair as it is mounted, or cells with a height.

    What the mast sees besides when it is turned all round is left out: looks are held against one another.

    Args:
        seen: Of the look.
        count: How many figures there are where it has given nothing; one where that is left out.
    """
    if seen.stereo:
        return tuple(sum(len(p.points_m) for p in seen.stereo if p.camera == name) for name in AT_REST)
    if seen.heights is None:
        return (0,) * (count or 1)
    return (int(np.isfinite(seen.heights.elevation_m).sum()),)


def _is_dark(sight: Sight) -> bool:
    assert sight.seen is not None
    return sight.uplink.forecaster.window.almanac.sun_at(sight.seen.time_s).elevation_rad <= 0.0


def gyro_drifts(sight: Sight) -> bool | None:
    """Sun and vertical are not where the gyroscopes' turns put them."""
    seen, anchor = sight.seen, sight.watch.anchor
    off = None if seen is None else drift_rad(anchor, seen)
    if seen is None or anchor is None or off is None:
        return None
    # Agreement tells little just after a rest.
    return True if off > DRIFT_RAD else (False if seen.time_s - anchor.time_s > SOUND_AFTER_S else None)


def slips(sight: Sight) -> bool | None:
    """The wheels have rolled much further than the rover has come."""
    seen = sight.seen
    if seen is None or seen.odometry is None or sight.mode is not Mode.DRIVE or seen.stalled:
        return None
    rolled, moved = abs(seen.odometry.forward_m), math.dist(sight.watch.place_m, (seen.east_m, seen.north_m))
    return moved < (1.0 - SLIPS) * rolled if rolled >= LEAST_ROLLED_M else None


def blocked(sight: Sight) -> bool | None:
    """The last motion was cut short by what wheels or belly could not pass, not by a wheel that is out."""
    if sight.seen is None or sight.mode is not Mode.DRIVE:
        return None
    wheels = [sight.watch.row(name) for name in ("wheel held", "wheel dead", "wheels lost")]
    out = any(row.count and not row.masked for row in wheels)
    return None if sight.seen.stalled and out else sight.seen.stalled


def tilted(sight: Sight) -> bool | None:
    """Pitch or roll are beyond the vehicle's limits."""
    seen = sight.seen
    if seen is None or sight.mode is not Mode.DRIVE or seen.stalled:
        return None
    steep = exceeds_attitude(seen.pitch_rad, seen.roll_rad, sight.uplink.vehicle)
    return None if steep and sight.leaving else bool(steep)


def runs_short(sight: Sight) -> bool | None:
    """A command cycle takes charge that is to be kept, or a drive has come down to the reserve."""
    if sight.seen is None:
        return None
    if sight.mode is Mode.DRIVE:
        return sight.seen.soc < sight.uplink.forecaster.operations.reserve_soc
    if sight.mode is not Mode.COMMAND:
        return None
    return drains(sight.seen, Mode.COMMAND, sight.uplink, provided=sight.provided) or None


def awake_in_vain(sight: Sight) -> bool | None:
    """Staying awake takes more than the array gives, towards evening or with nothing left to lose."""
    if sight.seen is None:
        return None
    if sight.mode is Mode.NAP:
        return drains(sight.seen, Mode.NAP, sight.uplink)
    if sight.mode in (Mode.CHARGE, Mode.SAFE, Mode.IDLE):
        return waits_in_vain(sight.seen, sight.uplink)
    if sight.mode is not Mode.DORMANT:
        return False
    # Asleep by the Sun's hour it is not amiss; asleep by this it stays so until the array wakes it.
    return True if sight.watch.row("awake in vain").active and not wakes(sight.seen, sight.uplink) else None


def too_warm(sight: Sight) -> bool | None:
    """The body is about to be too warm to work."""
    if sight.seen is None or math.isnan(sight.seen.body_k):
        return None
    return sight.seen.body_k > sight.uplink.work_max_k - WARM_K


def array_weak(sight: Sight) -> bool | None:
    """The array gives far less than the Sun, which is seen, lets expect."""
    seen, uplink = sight.seen, sight.uplink
    if seen is None or seen.sun_direction is None or sight.mode in (Mode.DORMANT, Mode.DRIVE):
        return None
    sun = uplink.forecaster.window.almanac.sun_at(seen.time_s)
    lean, (_, left, up) = uplink.vehicle.array_lean_rad, seen.sun_direction
    facing_rad = math.asin(max(-1.0, min(1.0, left * math.sin(lean) + up * math.cos(lean))))
    irradiance = SOLAR_CONSTANT_W_M2 * (AU_M / sun.distance_m) ** 2
    full_w = float(full_array_w(irradiance, sun.elevation_rad, uplink.vehicle))
    due_w, most_w = (
        full_w * float(gained(math.sin(angle), uplink.vehicle)) for angle in (facing_rad, math.pi / 2)
    )
    return None if due_w < LEAST_GIVEN_SHARE * most_w else seen.array_w < WEAK_GAIN * due_w


def charge_gone(sight: Sight) -> bool | None:
    """Charge is gone that no load can have taken."""
    seen, watch, vehicle = sight.seen, sight.watch, sight.uplink.vehicle
    if seen is None or math.isnan(watch.soc):
        return None
    # Driving motors take less than the array gives by noon.
    most_w = 2.0 * vehicle.drive_w / vehicle.discharge_efficiency
    taken = most_w * (seen.time_s - watch.time_s) / vehicle.battery_j
    return watch.soc - seen.soc > LOST_SOC + taken


def array_open(sight: Sight) -> bool | None:
    """The array's latch is open though the rover sleeps."""
    if sight.seen is None or sight.seen.folded is None:
        return None
    return sight.mode is Mode.DORMANT and not sight.seen.folded


def computer_began_anew(sight: Sight) -> bool | None:
    """The computer counts more beginnings than it remembers."""
    return None if sight.seen is None else sight.seen.boots > sight.watch.boots


def link_away(sight: Sight) -> bool | None:
    """The relay cannot be reached while commands are asked for."""
    return None if sight.seen is None or sight.mode is not Mode.COMMAND else sight.seen.out_of_link_s > 0.0


def sun_elsewhere(sight: Sight) -> bool | None:
    """The Sun sensor sees the Sun where the almanac does not have it, or the array gives power in its night."""
    seen, uplink = sight.seen, sight.uplink
    if seen is None:
        return None
    almanac = uplink.forecaster.window.almanac
    steady = not sight.watch.row("gyroscope drift").active
    off = sun_is_elsewhere(seen, almanac, trusts_heading=steady)
    if off is not None:
        return off
    below = almanac.sun_at(seen.time_s).elevation_rad < -0.05
    return True if below and seen.array_w > uplink.vehicle.wake_array_w else None


def clock_wrong(sight: Sight) -> bool | None:
    """The clock goes back, or is past the almanac's end."""
    seen, almanac = sight.seen, sight.uplink.forecaster.window.almanac
    if seen is None:
        return None
    within = almanac.time_s[0] <= seen.time_s <= almanac.time_s[-1]
    return not within or (seen.time_s < sight.watch.time_s - 1e-6)


def place_lost(sight: Sight) -> bool | None:
    """The rover no longer knows its place well enough for its maps to be of use."""
    return None if sight.seen is None else not sight.seen.place_sigma_m <= LOST_PLACE_M


def no_progress(sight: Sight) -> bool | None:
    """The rover drives and drives, and gets no nearer to its goal."""
    return None if sight.seen is None or sight.mode is not Mode.DRIVE else sight.watch.progress.spent >= 1.0


def place_unsure(sight: Sight) -> bool | None:
    """After a motion, the place is not known well enough to keep clear of what only the map shows."""
    if sight.seen is None or sight.mode is not Mode.DRIVE:
        return None
    return place_is_unsure(sight.seen, sight.uplink)
