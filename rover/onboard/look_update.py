"""Taking in a look: the motion since the last one, from where it is expected or from where slip may have left it.

Wheels may slip far more than the filter expects: on loose soil the rover comes half the way, or digs itself in. The
look then disagrees with the wheels, and it is the wheels that are wrong. What is not laid upon the last look near the
motion expected is tried all along the way, with a covariance that allows any slip (Helmick et al. 2006, Journal of
Field Robotics 23, doi:10.1002/rob.20128, find slip by holding visual odometry against the wheels).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.onboard.error_state import (
    CLONE_PLACE,
    PLACE,
    PULL,
    SCALE,
    SIZE,
    SLIP,
    Estimate,
    relative_slope,
    update,
    widened,
)
from rover.onboard.looks import Look
from rover.onboard.registration import Registration, register
from rover.sky.almanac import Sun

Floats = npt.NDArray[np.float64]

WIDE_SLIP = 0.4
"""Standard deviation of the slip ratio where it may be anything."""

TRIED = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Shares of the way by which it may have fallen short, from each of which the looks are laid upon one another."""

LEAST_WAY_M = 0.2
"""On shorter ways slip leaves the rover where looks are laid upon one another anyway."""

MOST_TURN_RAD = 0.6
"""After longer turns the looks have too little in common to be searched for."""

LOOK_SCALE, LOOK_SCALE_SIGMA = -0.002, 0.003
"""Share by which looks tell the motion too long, the same on one kind of ground: mean and standard deviation. Over
three seeded grounds they told 0.4, 4 and 5 mm too little of a metre."""

LOOK_PULL, LOOK_PULL_SIGMA = 0.3, 0.25
"""How far looks tell the motion of a metre too far towards the Sun, in their own standard deviations: mean, and spread
over grounds. Away from the Sun the bright patch about the rover's own shadow goes along with it, and shadows hide, so
that both what looks tell and what they say of its error are worst. Over four seeded grounds under a Sun of 23 and 35
deg the share was 0.06 to 0.74, each to 0.18 (488 looks in eight directions): 2 mm of a metre towards the Sun, 7 mm away
from it; driving out and back does not undo it, as it does a scale. In turns in place there is none."""

PULL_FROM_M = 1.0
"""On shorter ways the pull is less in proportion."""

ALIKE_ANYWHERE, AGREE_M = 0.1, 0.05
"""What is left of the light's residuals must be less than this share where the motion may be anything, and two starts
must lead to the place that leaves least: of ground without shadows looks are laid beside as well as right, which would
pass for slip."""

ALIKE_STILL, ALIKE_PER_M = 0.01, 0.22
"""And less than so much, and so much for each metre between the places that they lead to: looks from one place leave
0.004 at most, from places half a metre apart 0.03 to 0.05 and up to 0.15 away from the Sun, a metre apart 0.06 to 0.2
(48 pairs of looks). Away from the Sun the bright patch about the rover's shadow goes along with it, and looks a metre
apart are laid beside, as from nearly one place, leaving 0.06 to 0.08: that would pass for a stall."""

UNEVEN_ANYWHERE = 1.1
"""And heights must leave no more than their variance says: laid right they leave 0.4 to 1.1 of it, beside by 0.15 m or
more 1.2 to 9 (240 and 310 of each, nineteen in twenty, four grounds), also where the bright patch about the rover's
shadow makes light agree."""

KNOWN_SHARE = 0.7
"""A look that leaves more than this share of the doubt about the way come says nothing of it."""

STALLED_SHARE = 0.2
"""A rover that comes less than this share of the way that its wheels have rolled is stalled."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Laid:
    """What came of laying a look upon the last one.

    Attributes:
        estimate: After it.
        told: Whether it told anything.
        taken: Whether the filter took it.
        stalled: Whether it showed the wheels turn and the rover stay.
    """

    estimate: Estimate
    told: bool
    taken: bool
    stalled: bool = False


def laid_upon(e: Estimate, old: Look, new: Look, *, way_m: float, sun: Sun | None = None) -> Laid:
    """Return the estimate after laying a look upon that taken from its clone.

    Args:
        e: Before it.
        old, new: The looks.
        way_m: That the wheels have rolled between them.
        sun: Where the almanac has the Sun; None where it does not say.
    """
    found = _registered(e, old, new, np.zeros(6))
    near = Laid(estimate=e, told=found is not None, taken=False)
    if found is not None:
        after, taken = _taken(e, found, sun)
        near = Laid(estimate=after, told=True, taken=taken, stalled=taken and _stalls(e, after, way_m))
        if taken and _along_sigma_m(after) < KNOWN_SHARE * _along_sigma_m(e):
            return near
    # Refused, or it says nothing of how far the rover has come: it may have come to anywhere along the way.
    wide, again = _anywhere(e, old, new, way_m)
    if wide is not None and again is not None:
        after, taken = _taken(wide, again, sun)
        if taken and _along_sigma_m(after) < KNOWN_SHARE * _along_sigma_m(e):
            return Laid(estimate=after, told=True, taken=True, stalled=_stalls(e, after, way_m))
    return near


def _anywhere(e: Estimate, old: Look, new: Look, way_m: float) -> tuple[Estimate | None, Registration | None]:
    """Return the estimate with any slip allowed, and the best registration if two starts along the way agree on it."""
    found: list[tuple[Floats, Registration]] = []
    wide = None
    for wide, shift in _hypotheses(e, way_m):
        again = _registered(wide, old, new, shift)
        if again is None or again.uneven > UNEVEN_ANYWHERE:
            continue
        error = np.asarray(np.linalg.lstsq(again.directions, again.moved, rcond=None)[0][:3], np.float64)
        apart_m = float(np.linalg.norm(e.place_m - e.clone_place_m + error))
        if again.alike <= min(ALIKE_ANYWHERE, max(ALIKE_STILL, ALIKE_PER_M * apart_m)):
            found.append((error, again))
    if not found:
        return wide, None
    best, again = min(found, key=lambda each: each[1].alike)
    agree = sum(float(np.abs(best - other).max()) < AGREE_M for other, _ in found)
    return wide, again if agree > 1 else None


def _along(e: Estimate) -> tuple[Floats, float]:
    """Return the (24,) slope of the way since the last look, and its length; nothing where there is none."""
    moved = e.place_m - e.clone_place_m
    length = float(np.linalg.norm(moved))
    slope = np.zeros(SIZE)
    if length > 0.0:
        slope[PLACE], slope[CLONE_PLACE] = moved / length, -moved / length
    return slope, length


def _along_sigma_m(e: Estimate) -> float:
    """Return the standard deviation of how far the rover has come since the last look."""
    slope, _ = _along(e)
    return math.sqrt(max(0.0, float(slope @ e.covariance @ slope)))


def _registered(e: Estimate, old: Look, new: Look, start: Floats) -> Registration | None:
    into = relative_slope(e)
    return register(
        old,
        new,
        reference=(e.clone_place_m, e.clone_rotation),
        predicted=(e.place_m, e.rotation),
        prior=into @ e.covariance @ into.T,
        start=start,
    )


def _taken(e: Estimate, found: Registration, sun: Sun | None) -> tuple[Estimate, bool]:
    slope = found.directions @ relative_slope(e)
    slope[:, SCALE] = found.directions[:, :3] @ (e.place_m - e.clone_place_m)
    if sun is not None:
        slope[:, PULL] = found.directions[:, :3] @ _sunwards_m(e, found, sun)
    told = e.look_scale * slope[:, SCALE] + e.look_pull * slope[:, PULL]
    return update(e, found.moved - told, slope, np.diag(found.variance))


def _sunwards_m(e: Estimate, found: Registration, sun: Sun) -> Floats:
    """Return (3,) towards the Sun, as long as the standard deviation of the way that a look is going to leave."""
    slope, length = _along(e)
    into = relative_slope(e)
    told = found.directions.T / found.variance @ found.directions
    left = np.linalg.inv(np.linalg.inv(into @ e.covariance @ into.T + 1e-10 * np.eye(6)) + told)[:3, :3]
    ahead = slope[PLACE]
    long = math.sqrt(max(0.0, float(ahead @ left @ ahead))) * min(1.0, length / PULL_FROM_M)
    return long * np.array([math.sin(sun.azimuth_rad), math.cos(sun.azimuth_rad), 0.0])


def _hypotheses(e: Estimate, way_m: float) -> Iterator[tuple[Estimate, Floats]]:
    """Yield the estimate with any slip allowed, and the (6,) errors of the motion to begin from."""
    moved = e.place_m - e.clone_place_m
    length = float(np.linalg.norm(moved))
    turned = float(np.trace(e.clone_rotation.T @ e.rotation))
    if way_m < LEAST_WAY_M or length < 0.5 * way_m or turned < 1.0 + 2.0 * math.cos(MOST_TURN_RAD):
        return
    along = np.zeros((1, SIZE))
    along[0, PLACE] = -WIDE_SLIP * moved
    along[0, SLIP] = WIDE_SLIP
    wide = widened(e, along)
    for share in TRIED:
        yield wide, np.concatenate([-share * moved, np.zeros(3)])


def _stalls(before: Estimate, after: Estimate, way_m: float) -> bool:
    """Tell whether the rover has hardly come on, and for certain, though its wheels have rolled."""
    ahead, length = _along(before)
    if way_m < LEAST_WAY_M or length < LEAST_WAY_M:
        return False
    came = float((after.place_m - after.clone_place_m) @ ahead[PLACE])
    sigma = math.sqrt(max(0.0, float(ahead @ after.covariance @ ahead)))
    return came + 3.0 * sigma < STALLED_SHARE * way_m
