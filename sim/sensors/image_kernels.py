"""Pictures: every pixel's ray to the ground or a body, the Sun's disc seen from there, and the light that comes back.

Rays go by tiles of 8 x 8 pixels, whose bundle is led as far as it is free (`sim.sensors.beam_kernels`). A pixel's
result does not depend on its tile but by where its ray begins to be looked at, which is before the ground.

`lens` and `pose` are as in `sim.sensors.lens_kernels`; `sun` the unit vector towards it, the tangent of its elevation,
a unit vector's east and north along its azimuth, and tangents of the elevation of its lower and upper limb.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import bare, bare_inlined
from sim.sensors.beam_kernels import cone_free, slab_free
from sim.sensors.body_kernels import body_light, first_body, in_beam, in_cone, screened
from sim.sensors.ground_kernels import grain_slope, phase_at, slope_at
from sim.sensors.lens_kernels import aim, cone_about
from sim.sensors.ray_kernels import first_hit, level_at, near_hit
from sim.sensors.sun_ray_kernels import disc_share, skyline_tangent

TILE, PART = 8, 4

SKY, GROUND = -2, -1
"""What a pixel shows that is no body."""

_GRAZING = 0.02
"""Least cosine of emission: below, the law of reflection is no longer told from the roughness of the ground."""

BAND_CELLS = 8.0
"""Cells of a coarser level over which the finer one is led into it."""

HELD_CELLS = 4.0
"""Cells to a wavelength that a level holds."""

_OFF_BODY_M = 1e-3
_SPARE_M = 5e-3
"""By which the beam of light that may be shaded is taken wider: surfaces of bodies are left by `_OFF_BODY_M`."""

_LIMBS = 4


@bare
def see(  # type: ignore[no-untyped-def]
    ground,
    bodies,
    grain,
    table,
    lens,
    pose,
    sun,
    figures,
    finest,
    asked,
    rows,
    room,
    radiance,
    distance,
    part,
    lit,
):
    """Fill some rows of tiles of a picture.

    Args:
        ground, bodies, grain: See `ray_kernels`, `body_kernels` and `ground_kernels`.
        table: (n,) phase function over the sine of half the phase angle.
        lens, pose, sun: See the module.
        figures: (5,) normal albedo, share of sunlight that comes off the ground about into shadows, angle of a pixel,
            and east and north of the scene's origin in the ground's own frame.
        finest: Level below which none is used.
        asked: Whether radiance is wanted; ranges come alone otherwise.
        rows: First row of tiles, and one past the last.
        room: To work in: (64, 3), (64,), (64, 3), int64 (64,) twice, and int64 with a place for each body.
        radiance: (rows, cols) float32 radiance factor I/F.
        distance: (rows, cols) float32 from the eye; infinite in the sky.
        part: (rows, cols) int16 index of the body, `GROUND` or `SKY`.
        lit: (rows, cols) float32 share of the Sun's disc in view, or (0, 0) if it is not wanted.
    """
    way, far, normal, deep, what, found = room
    outwards = level_at(ground[2], pose[0], pose[1], finest) == finest
    tall_all, wide_all = distance.shape
    x, y, z = pose[0], pose[1], pose[2]
    for row in range(rows[0] * TILE, min(rows[1] * TILE, tall_all), TILE):
        tall = min(TILE, tall_all - row)
        for col in range(0, wide_all, TILE):
            wide = min(TILE, wide_all - col)
            aim(lens, pose, row, col, tall, wide, way)
            ax, ay, az, spread = cone_about(way, wide, 0, tall, 0, wide)
            free = cone_free(ground, x, y, z, ax, ay, az, spread, 0.0, finest)
            count = in_cone(bodies, x, y, z, ax, ay, az, spread, found)
            for quarter in range(tall * wide):
                far[quarter], deep[quarter], what[quarter] = np.inf, -1, SKY
            if free < np.inf:
                for top in range(0, tall, PART):
                    for side in range(0, wide, PART):
                        bottom, right = min(top + PART, tall), min(side + PART, wide)
                        ax, ay, az, spread = cone_about(way, wide, top, bottom, side, right)
                        begin = cone_free(ground, x, y, z, ax, ay, az, spread, free, finest)
                        for r in range(top, bottom):
                            for n in range(r * wide + side, r * wide + right):
                                far[n], deep[n] = _meet_ground(
                                    ground, x, y, z, way[n, 0], way[n, 1], way[n, 2], begin, finest, outwards
                                )
            for n in range(tall * wide):
                if deep[n] >= 0:
                    what[n] = GROUND
                if count > 0:
                    t, body, nx, ny, nz = first_body(
                        bodies, found, count, x, y, z, way[n, 0], way[n, 1], way[n, 2]
                    )
                    if t < far[n]:
                        far[n], what[n] = t, body
                        normal[n, 0], normal[n, 1], normal[n, 2] = nx, ny, nz
            for r in range(tall):
                for c in range(wide):
                    distance[row + r, col + c] = far[r * wide + c]
                    part[row + r, col + c] = what[r * wide + c]
            if asked:
                _light(
                    ground, bodies, grain, table, pose, sun, figures, finest, tall, wide,
                    way, far, deep, what, normal, found, radiance[row:, col:],
                    lit[row:, col:] if lit.size else lit,
                )  # fmt: skip


@bare_inlined
def _meet_ground(ground, x, y, z, dx, dy, dz, begin, finest, outwards):  # type: ignore[no-untyped-def]
    """Return where a ray first meets the ground, and the level, as `first_hit`; `outwards` if it leaves the finest."""
    if outwards and begin < np.inf:
        hit, m, begin = near_hit(ground, x, y, z, dx, dy, dz, begin, finest)
        if m >= 0:
            return hit, m
    return first_hit(ground, x, y, z, dx, dy, dz, begin, finest)


@bare_inlined
def _rim(level, m, x, y, band):  # type: ignore[no-untyped-def]
    """Return the share that the next coarser level has in the heights of level `m` at a point."""
    if m == level.shape[0] - 1:
        return 0.0
    inwards = min(min(x - level[m, 3], level[m, 5] - x), min(y - level[m, 4], level[m, 6] - y))
    share = min(max(inwards / band, 0.0), 1.0)
    return 1.0 - share * share * (3.0 - 2.0 * share)


@bare_inlined
def _light(  # type: ignore[no-untyped-def]
    ground,
    bodies,
    grain,
    table,
    pose,
    sun,
    figures,
    finest,
    tall,
    wide,
    way,
    far,
    deep,
    what,
    normal,
    found,
    radiance,
    lit,
):
    """Fill the radiance of a tile; arguments as in `see`, where rays end and what they meet by pixel."""
    shading = _shading(bodies, pose, sun, tall * wide, way, far, what, found)
    nodes, level, shape = ground[0], ground[2], ground[3]
    west, south, east, north, lowest, first = np.inf, np.inf, -np.inf, -np.inf, np.inf, level.shape[0]
    for n in range(tall * wide):
        if what[n] != GROUND:
            continue
        m = deep[n]
        px, py = pose[0] + way[n, 0] * far[n], pose[1] + way[n, 1] * far[n]
        west, east, south, north = min(west, px), max(east, px), min(south, py), max(north, py)
        lowest, first = min(lowest, pose[2] + way[n, 2] * far[n]), min(first, m)
        per_m = 1.0 / level[m, 0]
        gx, gy = slope_at(
            nodes,
            shape[m, 2],
            shape[m, 0],
            shape[m, 1],
            (px - level[m, 1]) * per_m,
            (py - level[m, 2]) * per_m,
            per_m,
        )
        q = 1.0 / math.sqrt(1.0 + gx * gx + gy * gy)
        seen = max(-(way[n, 2] - gx * way[n, 0] - gy * way[n, 1]) * q, 0.05)
        coarser = level[min(m + 1, level.shape[0] - 1), 0]
        bx, by = grain_slope(
            grain, figures[3] + px, figures[4] + py, 2.0 * far[n] * figures[2] / seen,
            HELD_CELLS * level[m, 0], HELD_CELLS * coarser, _rim(level, m, px, py, BAND_CELLS * coarser),
        )  # fmt: skip
        gx, gy = gx + bx, gy + by
        q = 1.0 / math.sqrt(1.0 + gx * gx + gy * gy)
        normal[n, 0], normal[n, 1], normal[n, 2] = -gx * q, -gy * q, q
    clear, crest = np.inf, np.inf
    if first < level.shape[0] and sun[6] > 0.0:
        clear, crest = slab_free(ground, west, south, east, north, lowest, sun[4], sun[5], sun[6], first)
    for r in range(tall):
        for c in range(wide):
            n = r * wide + c
            share = 0.0
            light = 0.0
            if what[n] != SKY:
                share, light = _pixel(
                    ground,
                    bodies,
                    table,
                    found,
                    shading,
                    pose,
                    sun,
                    figures,
                    finest,
                    clear,
                    crest,
                    way[n],
                    far[n],
                    deep[n],
                    what[n],
                    normal[n],
                )
            radiance[r, c] = light
            if lit.size:
                lit[r, c] = share


@bare_inlined
def _pixel(  # type: ignore[no-untyped-def]
    ground, bodies, table, found, shading, pose, sun, figures, finest, clear, crest, way, far, m, what, normal
):
    """Return the share of the Sun's disc that a pixel's surface sees, and its radiance factor."""
    level = ground[2]
    dx, dy, dz = way[0], way[1], way[2]
    px, py, pz = pose[0] + dx * far, pose[1] + dy * far, pose[2] + dz * far
    nx, ny, nz = normal[0], normal[1], normal[2]
    facing = nx * sun[0] + ny * sun[1] + nz * sun[2]
    # What the ground about sends up: of the view, it fills the half below, less what the surface turns away from.
    scattered = figures[1] + figures[0] * max(sun[2], 0.0) * 0.5 * (1.0 - nz)
    if what == GROUND:
        albedo = figures[0]
        begin = level[m, 0]
        if crest < np.inf:
            clear = min(clear, (crest - pz) / sun[6])
    else:
        albedo = bodies[1][what, 16]
        px, py, pz = px + nx * _OFF_BODY_M, py + ny * _OFF_BODY_M, pz + nz * _OFF_BODY_M
        m, begin, clear = level_at(level, px, py, finest), _OFF_BODY_M, np.inf
    share = 0.0
    if facing > 0.0 and sun[7] > 0.0:
        share = _sun_share(ground, bodies, found, shading, sun, px, py, pz, m, begin, clear, what)
    light = albedo * scattered
    if share > 0.0:
        if what == GROUND:
            seen = max(-(nx * dx + ny * dy + nz * dz), _GRAZING)
            bright = 2.0 * albedo * facing / (facing + seen)
            light += share * bright * phase_at(table, -(dx * sun[0] + dy * sun[1] + dz * sun[2]))
        else:
            light += share * body_light(bodies[1][what], nx, ny, nz, dx, dy, dz, sun[0], sun[1], sun[2])
    return share, light


@bare_inlined
def _sun_share(ground, bodies, found, shading, sun, x, y, z, m, begin, end, own):  # type: ignore[no-untyped-def]
    """Return the share of the Sun's disc in view from a point: above the skyline, and past the bodies."""
    share = 1.0
    if m >= 0 and begin < end:
        tangent = skyline_tangent(ground, x, y, z, m, begin, end, sun[4], sun[5], sun[6], sun[7])
        if tangent >= sun[7]:
            return 0.0
        if tangent > sun[6]:
            share = disc_share(2.0 * (sun[7] - tangent) / (sun[7] - sun[6]) - 1.0)
    if shading > 0:
        hidden = 0
        for n in range(_LIMBS):
            dx, dy, dz = _on_disc(sun, n)
            hidden += 1 if screened(bodies, found, shading, x, y, z, dx, dy, dz, own) else 0
        share *= 1.0 - hidden / _LIMBS
    return share


@bare_inlined
def _shading(bodies, pose, sun, pixels, way, far, what, found):  # type: ignore[no-untyped-def]
    """List the bodies that may hide the Sun from a tile's surfaces, and return how many there are.

    Across the light the surfaces lie within a disc; a body that comes near the beam from there may shade them.
    """
    if bodies[0].shape[0] == 0:
        return 0
    slant = math.sqrt(max(0.0, 1.0 - sun[2] * sun[2]))
    ux, uy, uz = -sun[2] * sun[4], -sun[2] * sun[5], slant
    left, right, under, over, back = np.inf, -np.inf, np.inf, -np.inf, np.inf
    for n in range(pixels):
        if what[n] == SKY:
            continue
        px, py, pz = pose[0] + way[n, 0] * far[n], pose[1] + way[n, 1] * far[n], pose[2] + way[n, 2] * far[n]
        aside, above = px * sun[5] - py * sun[4], px * ux + py * uy + pz * uz
        left, right, under, over = min(left, aside), max(right, aside), min(under, above), max(over, above)
        back = min(back, px * sun[0] + py * sun[1] + pz * sun[2])
    if not left <= right:
        return 0
    aside, above, back = 0.5 * (left + right), 0.5 * (under + over), back - _SPARE_M
    return in_beam(
        bodies, aside * sun[5] + above * ux + back * sun[0], above * uy - aside * sun[4] + back * sun[1],
        above * uz + back * sun[2], sun[0], sun[1], sun[2], 0.5 * math.hypot(right - left, over - under) + _SPARE_M,
        (sun[7] - sun[6]) / (1.0 + sun[3] * sun[3]), found,
    )  # fmt: skip


@bare_inlined
def _on_disc(sun, n):  # type: ignore[no-untyped-def]
    """Return a direction to the Sun's disc: one of four, in the middle of its quarters."""
    radius = 0.25 * (sun[7] - sun[6]) / (1.0 + sun[3] * sun[3])  # half of the disc's radius, as an angle
    aside = radius if n % 2 == 0 else -radius
    above = radius if n < 2 else -radius
    # Across the azimuth, and up within its plane.
    dx = sun[0] + aside * sun[5] - above * sun[2] * sun[4]
    dy = sun[1] - aside * sun[4] - above * sun[2] * sun[5]
    dz = sun[2] + above * math.sqrt(max(0.0, 1.0 - sun[2] * sun[2]))
    q = 1.0 / math.sqrt(dx * dx + dy * dy + dz * dz)
    return dx * q, dy * q, dz * q
