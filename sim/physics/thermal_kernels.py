"""Kernels of `sim.physics.thermal`: heat between four parts of a rover, by an implicit method."""

from __future__ import annotations

from rover.core.jit import kernel
from sim.physics.regolith_heat_kernels import GAMMA, MOST_ROUNDS, STEFAN_BOLTZMANN

BODY, ARRAY, MAST, WHEELS = range(4)
PARTS = 4

WORK = 6
"""Rows of room that `relax` works in."""

AREA, TAKEN, OPEN, SHUT, OPENS_K, OPEN_K = range(6)
"""Of the radiator: m2; sunlight it takes up open, W; emittances; temperatures of the body between which it opens."""


@kernel
def opened(t, radiator):  # type: ignore[no-untyped-def]
    """Return how far the radiator is open, from shut to open emittance over open, and its derivative.

    A smooth step between the two temperatures, which Newton's method needs.
    """
    span = radiator[OPEN_K] - radiator[OPENS_K]
    x = min(1.0, max(0.0, (t - radiator[OPENS_K]) / span))
    shut = radiator[SHUT] / radiator[OPEN]
    share = shut + (1.0 - shut) * x * x * (3.0 - 2.0 * x)
    slope = (1.0 - shut) * 6.0 * x * (1.0 - x) / span
    return share, slope


@kernel
def _rates(t, gains, glow, link, fold, radiator, rate, diag, side, lost):  # type: ignore[no-untyped-def]
    """Fill each part's net heat and its derivatives: by its own temperature, and by the body's (or the body's by it).

    All heat that passes between parts passes through the body, so the matrix is an arrow. `lost` gets what is radiated
    and what the radiator takes up. `side[0, i]` is d rate_i / d t_body, `side[1, i]` d rate_body / d t_i.
    """
    share, slope = opened(t[BODY], radiator)
    eye = STEFAN_BOLTZMANN * radiator[OPEN] * radiator[AREA]
    fourth = t[BODY] ** 4
    taken = share * radiator[TAKEN]
    cast = share * eye * fourth + STEFAN_BOLTZMANN * glow[BODY] * fourth
    rate[BODY] = gains[BODY] + taken - cast
    diag[BODY] = (
        slope * (radiator[TAKEN] - eye * fourth)
        - 4.0 * (share * eye + STEFAN_BOLTZMANN * glow[BODY]) * t[BODY] ** 3
    )
    lost[0] = cast
    lost[1] = taken
    for i in range(1, PARTS):
        shine = STEFAN_BOLTZMANN * glow[i] * t[i] ** 4
        bond = fold if i == ARRAY else 0.0
        across = link[i] * (t[i] - t[BODY]) + STEFAN_BOLTZMANN * bond * (t[i] ** 4 - fourth)
        by_part = link[i] + 4.0 * STEFAN_BOLTZMANN * bond * t[i] ** 3
        by_body = link[i] + 4.0 * STEFAN_BOLTZMANN * bond * t[BODY] ** 3
        rate[i] = gains[i] - shine - across
        rate[BODY] += across
        diag[i] = -4.0 * STEFAN_BOLTZMANN * glow[i] * t[i] ** 3 - by_part
        diag[BODY] -= by_body
        side[0, i] = by_body
        side[1, i] = by_part
        lost[0] += shine


@kernel
def relax(t, capacity, gains, glow, link, fold, radiator, span, steps, sums, work):  # type: ignore[no-untyped-def]
    """Pass a span of time over the parts, in even steps of the two-stage method of `regolith_heat_kernels`.

    Args:
        t: (4,) temperatures of body, array, mast and wheels, K; changed in place.
        capacity: (4,) heat capacities, J/K.
        gains: (4,) heat taken up and made, W; the radiator's share of sunlight apart.
        glow: (4,) emittance times area, m2; the radiator's apart.
        link: (4,) conduction to the body, W/K; that of the body itself is not read.
        fold: Effective emittance times area between body and folded array, m2.
        radiator: (6,) see `AREA` and the names after it.
        span: Seconds.
        steps: How many.
        sums: (2,) added up: radiated, and taken up by the radiator, J.
        work: (WORK, 4) filled.
    """
    rate, diag, base, lost, side = work[0], work[1], work[2], work[3], work[4:6]
    step = span / steps
    weight = GAMMA * step
    for _ in range(steps):
        for i in range(PARTS):
            base[i] = t[i]
        for stage in range(2):
            for _ in range(MOST_ROUNDS):
                _rates(t, gains, glow, link, fold, radiator, rate, diag, side, lost)
                # (capacity - weight * J) change = capacity * (base - t) + weight * rate, an arrow: the parts first.
                pivot = capacity[BODY] - weight * diag[BODY]
                right = capacity[BODY] * (base[BODY] - t[BODY]) + weight * rate[BODY]
                for i in range(1, PARTS):
                    own = capacity[i] - weight * diag[i]
                    wrong = capacity[i] * (base[i] - t[i]) + weight * rate[i]
                    share = -weight * side[1, i] / own
                    pivot += share * weight * side[0, i]
                    right -= share * wrong
                body = right / pivot
                most = abs(body)
                for i in range(1, PARTS):
                    own = capacity[i] - weight * diag[i]
                    wrong = capacity[i] * (base[i] - t[i]) + weight * rate[i]
                    change = (wrong + weight * side[0, i] * body) / own
                    t[i] = max(0.5 * t[i], t[i] + change)
                    most = max(most, abs(change))
                t[BODY] = max(0.5 * t[BODY], t[BODY] + body)
                if most < 1e-9:
                    break
            _rates(t, gains, glow, link, fold, radiator, rate, diag, side, lost)
            part = (1.0 - GAMMA) * step if stage == 0 else weight
            sums[0] += part * lost[0]
            sums[1] += part * lost[1]
            if stage == 0:
                for i in range(PARTS):
                    base[i] += (1.0 - GAMMA) * step * rate[i] / capacity[i]
