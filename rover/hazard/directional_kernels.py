"""What a move costs by its heading: kernels for planners to call once per move, and over whole maps.

A grade is the rise of the ground over a metre on the map. `rules` is `DirectionalCost.rules`, whose places are named
below; `slip` is its slip table. All is float64; NaN in a grade closes every heading.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel
from rover.hazard.angle_kernels import sine_32

SPEED, CLIMB, DESCENT, SIDE, WEIGHT, ROLLING, EFFICIENCY, DRIVE_W, GRADE_STEP, SLIP_PER_GRADE2 = range(10)
"""Places in `rules`: wheel speed, m/s; greatest grade up, greatest down, greatest sine of roll; weight, N; rolling
resistance; efficiency of the drive; load while driving, W; step of the slip table; slip per square of a grade."""

RULES = 10

MOST_SLIP = 0.95
PI = np.float32(math.pi)
HALF_PI = np.float32(math.pi / 2)


@kernel
def pitch_grade(grade_east, grade_north, east, north):  # type: ignore[no-untyped-def]
    """Grade along a heading of unit vector (east, north): the tangent of the pitch, nose up positive."""
    return grade_east * east + grade_north * north


@kernel
def roll_sine(grade_east, grade_north, east, north):  # type: ignore[no-untyped-def]
    """Sine of the roll at a heading, left side up positive: exact on the plane, whatever the pitch."""
    across = grade_north * east - grade_east * north
    return across / math.sqrt(1.0 + grade_east * grade_east + grade_north * grade_north)


@kernel
def allowed(grade_east, grade_north, east, north, rules):  # type: ignore[no-untyped-def]
    """Tell whether pitch and roll at a heading keep to the climbing, descending and side-slope limits; NaN does not."""
    along = pitch_grade(grade_east, grade_north, east, north)
    roll = roll_sine(grade_east, grade_north, east, north)
    return (along <= rules[CLIMB]) and (-along <= rules[DESCENT]) and (abs(roll) <= rules[SIDE])


@kernel
def slip_at(along, rough_grade2, rules, slip):  # type: ignore[no-untyped-def]
    """Slip ratio at a grade, from the table, with what roughness adds; at most 0.95."""
    middle = (slip.size - 1) / 2
    at = min(max(along / rules[GRADE_STEP] + middle, 0.0), slip.size - 1.0)
    low = min(int(at), slip.size - 2)
    level = slip[low] + (at - low) * (slip[low + 1] - slip[low])
    return min(max(level, 0.0) + rules[SLIP_PER_GRADE2] * rough_grade2, MOST_SLIP)


@kernel
def pace(grade_east, grade_north, rough_grade2, east, north, rules, slip):  # type: ignore[no-untyped-def]
    """Seconds per metre on the map at a heading, +inf where it is not allowed or roughness is not known."""
    if not (allowed(grade_east, grade_north, east, north, rules) and rough_grade2 >= 0.0):
        return np.inf
    along = pitch_grade(grade_east, grade_north, east, north)
    longer = math.sqrt(1.0 + along * along)
    return longer / (rules[SPEED] * (1.0 - slip_at(along, rough_grade2, rules, slip)))


@kernel
def energy(grade_east, grade_north, rough_grade2, east, north, rules, slip):  # type: ignore[no-untyped-def]
    """Joules per metre on the map at a heading, +inf as of `pace`. Going down gives nothing back."""
    seconds = pace(grade_east, grade_north, rough_grade2, east, north, rules, slip)
    if seconds == np.inf:
        return np.inf
    along = pitch_grade(grade_east, grade_north, east, north)
    # Weight times (rolling cos + sin) over a way of 1 / cos: the cosine falls out. The wheels turn further by the slip.
    pull = max(0.0, rules[WEIGHT] * (rules[ROLLING] + along))
    turned = 1.0 / (1.0 - slip_at(along, rough_grade2, rules, slip))
    return pull * turned / rules[EFFICIENCY] + rules[DRIVE_W] * seconds


@kernel
def move_cost(grade_east, grade_north, rough_grade2, r0, c0, r1, c1, east, north, length, rules, slip):  # type: ignore[no-untyped-def]
    """Return seconds and joules of a straight move between two cells, +inf where it is not allowed.

    Half of it is on the plane of either cell, and either may refuse.

    Args:
        grade_east, grade_north, rough_grade2: (rows, cols) layers of `DirectionalCost`.
        r0, c0, r1, c1: From and to.
        east, north, length: Unit vector and length in metres of the move.
        rules, slip: Of `DirectionalCost`.
    """
    ea, na = np.float64(grade_east[r0, c0]), np.float64(grade_north[r0, c0])
    eb, nb = np.float64(grade_east[r1, c1]), np.float64(grade_north[r1, c1])
    rough_a, rough_b = np.float64(rough_grade2[r0, c0]), np.float64(rough_grade2[r1, c1])
    seconds = pace(ea, na, rough_a, east, north, rules, slip) + pace(
        eb, nb, rough_b, east, north, rules, slip
    )
    joules = energy(ea, na, rough_a, east, north, rules, slip) + energy(
        eb, nb, rough_b, east, north, rules, slip
    )
    return seconds * length / 2.0, joules * length / 2.0


@kernel
def cost_rows(grade_east, grade_north, rough_grade2, east, north, rules, slip, seconds, joules, first, last):  # type: ignore[no-untyped-def]
    """Fill seconds and joules per metre of every cell of rows `first` up to `last` at one heading."""
    for r in range(first, last):
        for c in range(grade_east.shape[1]):
            e, n = np.float64(grade_east[r, c]), np.float64(grade_north[r, c])
            rough = np.float64(rough_grade2[r, c])
            seconds[r, c] = pace(e, n, rough, east, north, rules, slip)
            joules[r, c] = energy(e, n, rough, east, north, rules, slip)


@kernel
def grade_rows(slope, aspect, roughness, undulation, grade_east, grade_north, rough_grade2, first, last):  # type: ignore[no-untyped-def]
    """Fill the grades of rows `first` up to `last`: uphill is where the aspect does not face."""
    for r in range(first, last):
        for c in range(slope.shape[1]):
            steep = np.divide(sine_32(slope[r, c]), sine_32(HALF_PI - slope[r, c]))
            turned = aspect[r, c] - PI  # -pi to pi: the azimuth uphill
            away = abs(turned)
            folded = PI - away if away > HALF_PI else away
            size = sine_32(folded)
            grade_east[r, c] = steep * (size if turned >= np.float32(0) else -size)
            grade_north[r, c] = steep * sine_32(HALF_PI - away)
            rough_grade2[r, c] = undulation * roughness[r, c] * roughness[r, c]
