"""What rover and lander look like: a few convex parts each, enough to be known by.

Of the rover, sizes come from its figures; what they leave open, and all of the lander, is laid out by eye after
the pictures that the two took of each other. Frames: x forward, y left, z up from the ground under the middle.
"""

from __future__ import annotations

import math

from rover.core.eyes import CameraParams
from rover.core.vehicle import VehicleParams
from sim.sensors.bodies import Part

_GOLD = (1.35, 1.0, 0.45)
_CELLS = (0.7, 0.9, 1.4)
_BODY_M, _EIGHTH = 1.15, math.tan(math.pi / 8)
"""From the middle of the lander to each of its sides, and half a side of that: wider boxes would stick out of them."""


def rover_parts(vehicle: VehicleParams, mast: CameraParams, *, pan_rad: float = 0.0) -> tuple[Part, ...]:
    """Return the parts of a rover: body, wheels on their arms, two panels, mast with its head, and a dish.

    Args:
        vehicle: Its figures.
        mast: The camera pair on its mast.
        pan_rad: By how much the head is turned to the left.
    """
    body_long, body_wide = 0.8 * vehicle.length_m, 0.55 * vehicle.width_m
    belly = vehicle.belly_clearance_m
    deck = max(belly + 0.2, min(0.55 * mast.up_m, belly + 0.45))
    return (
        Part(
            name="body", kind="box", at_m=(0.0, 0.0, (belly + deck) / 2),
            half_m=(body_long / 2, body_wide / 2, (deck - belly) / 2), albedo=0.55, gloss=0.02, tint=_GOLD,
        ),
        *_wheels(vehicle),
        *_panels(body_long, body_wide, deck),
        *_mast(mast, deck, pan_rad),
        Part(
            name="dish", kind="ellipsoid", at_m=(-0.3 * body_long, 0.0, deck + 0.25),
            half_m=(0.04, 0.16, 0.16), turn_deg=(20.0, 35.0, 0.0), albedo=0.8, gloss=0.03,
        ),
        Part(
            name="dish arm", kind="cylinder", at_m=(-0.3 * body_long, 0.0, deck + 0.12),
            half_m=(0.02, 0.02, 0.12), albedo=0.6,
        ),
    )  # fmt: skip


def _wheels(vehicle: VehicleParams) -> list[Part]:
    """Return six wheels, and on each side the beams that carry them."""
    radius, half_track = vehicle.wheel_radius_m, vehicle.track_m / 2
    front = vehicle.wheelbase_m / 2
    places = (front, front - vehicle.middle_axle_back_m, -front)
    parts = []
    for side, word in ((1.0, "left"), (-1.0, "right")):
        for x, where in zip(places, ("front", "middle", "rear"), strict=True):
            parts.append(
                Part(
                    name=f"{where} {word} wheel", kind="cylinder", at_m=(x, side * half_track, radius),
                    half_m=(radius, radius, vehicle.wheel_width_m / 2), turn_deg=(0.0, 0.0, 90.0),
                    albedo=0.25, gloss=0.02,
                )
            )  # fmt: skip
        parts.append(
            Part(
                name=f"{word} beam", kind="box",
                at_m=(0.0, side * (half_track - vehicle.wheel_width_m / 2 - 0.03), 1.6 * radius),
                half_m=(front, 0.02, 0.03), albedo=0.4, gloss=0.03,
            )
        )  # fmt: skip
    return parts


def _panels(body_long: float, body_wide: float, deck: float) -> list[Part]:
    """Return the two wings of the array, spread from the edges of the deck."""
    half = 0.42 * body_wide
    parts = []
    for side, word in ((1.0, "left"), (-1.0, "right")):
        parts.append(
            Part(
                name=f"{word} panel", kind="box", at_m=(0.0, side * (body_wide / 2 + half), deck + 0.02),
                half_m=(0.45 * body_long, half, 0.012), albedo=0.07, gloss=0.02, tint=_CELLS,
            )
        )  # fmt: skip
    return parts


def _mast(mast: CameraParams, deck: float, pan_rad: float) -> list[Part]:
    """Return the mast and the head that holds the cameras, behind their apertures."""
    top, pan_deg = mast.up_m, math.degrees(pan_rad)
    cos, sin = math.cos(pan_rad), math.sin(pan_rad)

    def turned(ahead: float, aside: float) -> tuple[float, float, float]:
        return mast.forward_m + ahead * cos - aside * sin, mast.left_m + ahead * sin + aside * cos, top

    return [
        Part(
            name="mast", kind="cylinder", at_m=(mast.forward_m - 0.06, mast.left_m, (deck + top) / 2 - 0.03),
            half_m=(0.035, 0.035, (top - deck) / 2 - 0.03), albedo=0.7, gloss=0.02,
        ),
        Part(
            name="head", kind="box", at_m=turned(-0.08, 0.0), turn_deg=(pan_deg, 0.0, 0.0),
            half_m=(0.06, mast.baseline_m / 2 + 0.05, 0.055), albedo=0.75, gloss=0.02,
        ),
        *(
            Part(
                name=f"{word} lens", kind="cylinder", at_m=turned(-0.015, side * mast.baseline_m / 2),
                half_m=(0.03, 0.03, 0.012), turn_deg=(pan_deg, 90.0, 0.0), albedo=0.04, gloss=0.05,
            )
            for side, word in ((1.0, "left"), (-1.0, "right"))
        ),
    ]  # fmt: skip


def lander_parts(ramps_deg: float | None = 0.0) -> tuple[Part, ...]:
    """Return the parts of a lander of Chang'e-4's kind: an eight-sided body on four legs, two panels, a dish, ramps.

    Args:
        ramps_deg: Side that the ramps are let down on, counter-clockwise from the x axis; None while they are stowed.
    """
    parts = [
        Part(
            name=f"body {n}", kind="box", at_m=(0.0, 0.0, 1.55), half_m=(_BODY_M, _BODY_M * _EIGHTH, 0.55),
            turn_deg=(45.0 * n, 0.0, 0.0), albedo=0.55, gloss=0.03, tint=_GOLD,
        )
        for n in range(4)
    ]  # fmt: skip
    parts.append(
        Part(
            name="deck", kind="cylinder", at_m=(0.0, 0.0, 2.13), half_m=(1.1, 1.1, 0.04), albedo=0.75,
            gloss=0.02,
        )
    )  # fmt: skip
    for n in range(4):
        parts += _leg(math.radians(45.0 + 90.0 * n))
    for side, word in ((1.0, "left"), (-1.0, "right")):
        parts.append(
            Part(
                name=f"{word} panel", kind="box", at_m=(0.0, side * 2.05, 2.2), half_m=(0.6, 0.85, 0.015),
                turn_deg=(0.0, 0.0, side * 15.0), albedo=0.07, gloss=0.02, tint=_CELLS,
            )
        )  # fmt: skip
        if ramps_deg is not None:
            parts.append(_ramp(f"{word} ramp", side * 0.4, ramps_deg))
    parts += [
        Part(
            name="dish", kind="ellipsoid", at_m=(-0.7, 0.0, 2.75), half_m=(0.06, 0.38, 0.38),
            turn_deg=(180.0, 30.0, 0.0), albedo=0.8, gloss=0.03,
        ),
        Part(name="dish arm", kind="cylinder", at_m=(-0.7, 0.0, 2.44), half_m=(0.03, 0.03, 0.27), albedo=0.6),
        Part(
            name="camera mast", kind="cylinder", at_m=(0.6, 0.45, 2.5), half_m=(0.04, 0.04, 0.35), albedo=0.7
        ),
    ]  # fmt: skip
    return tuple(parts)


def _ramp(name: str, left_m: float, azimuth_deg: float) -> Part:
    """Return one of the two ramps, so far to the left of the middle between them."""
    cos, sin = math.cos(math.radians(azimuth_deg)), math.sin(math.radians(azimuth_deg))
    return Part(
        name=name, kind="box", at_m=(2.15 * cos - left_m * sin, 2.15 * sin + left_m * cos, 0.6),
        half_m=(1.25, 0.09, 0.02), turn_deg=(azimuth_deg, -28.0, 0.0), albedo=0.5,
    )  # fmt: skip


def _leg(azimuth_rad: float) -> list[Part]:
    """Return a leg: a strut slanting out from the body, and its foot pad."""
    cos, sin = math.cos(azimuth_rad), math.sin(azimuth_rad)
    inner, outer, top = 1.05, 2.0, 1.25
    slant = math.atan2(outer - inner, top)
    half = math.hypot(outer - inner, top) / 2
    middle = (inner + outer) / 2
    return [
        Part(
            name="leg", kind="cylinder", at_m=(middle * cos, middle * sin, top / 2 + 0.06),
            half_m=(0.06, 0.06, half), turn_deg=(math.degrees(azimuth_rad), math.degrees(slant), 0.0),
            albedo=0.6, gloss=0.03, tint=_GOLD,
        ),
        Part(
            name="foot", kind="cylinder", at_m=(outer * cos, outer * sin, 0.05), half_m=(0.32, 0.32, 0.05),
            albedo=0.6, gloss=0.02, tint=_GOLD,
        ),
    ]  # fmt: skip
