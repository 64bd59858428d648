"""Rays against simple convex bodies: boxes, cylinders and ellipsoids, turned any way.

`bodies` is a tuple of arrays:
    kind: (n,) int64, one of `BOX`, `CYLINDER`, `ELLIPSOID`.
    figure: (n, 18) centre; the body's three axes as rows; half sizes along them; radius of the sphere about it; albedo;
        share of the light that it reflects as a mirror does, spread over `_GLOSS`.
    group: (g, 6) centre and radius of the sphere about some of the bodies; first of them, and one past the last.
A cylinder stands along its third axis; the first two half sizes are its radii. Lengths are in metres from the scene's
origin.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import bare, bare_inlined

BOX, CYLINDER, ELLIPSOID = 0, 1, 2
FIGURES = 18

_GLOSS = 40.0
"""Exponent of the lobe of a glossy body (Blinn 1977)."""


@bare
def _meet(kind, f, x, y, z, dx, dy, dz):  # type: ignore[no-untyped-def]
    """Return where a ray enters a body and the outward normal there; infinity where it does not, or begins inside.

    Args:
        kind, f: The body's kind and figures.
        x, y, z, dx, dy, dz: Origin and direction of the ray.
    """
    vx, vy, vz = x - f[0], y - f[1], z - f[2]
    nothing = (np.inf, 0.0, 0.0, 0.0)
    along = -(vx * dx + vy * dy + vz * dz)
    away = vx * vx + vy * vy + vz * vz - along * along
    if away > f[15] * f[15] or (along < 0.0 and along < -f[15]):
        return nothing
    a, b, c = f[12], f[13], f[14]
    px = (f[3] * vx + f[4] * vy + f[5] * vz) / a
    py = (f[6] * vx + f[7] * vy + f[8] * vz) / b
    pz = (f[9] * vx + f[10] * vy + f[11] * vz) / c
    qx = (f[3] * dx + f[4] * dy + f[5] * dz) / a
    qy = (f[6] * dx + f[7] * dy + f[8] * dz) / b
    qz = (f[9] * dx + f[10] * dy + f[11] * dz) / c
    if kind == 0:
        t, face = _slabs(px, py, pz, qx, qy, qz)
        nx = (-1.0 if qx > 0.0 else 1.0) if face == 0 else 0.0
        ny = (-1.0 if qy > 0.0 else 1.0) if face == 1 else 0.0
        nz = (-1.0 if qz > 0.0 else 1.0) if face == 2 else 0.0
    elif kind == 1:
        t, face = _tube(px, py, pz, qx, qy, qz)
        nx, ny = (px + t * qx, py + t * qy) if face == 0 else (0.0, 0.0)
        nz = 0.0 if face == 0 else (-1.0 if qz > 0.0 else 1.0)
    else:
        t = _ball(px, py, pz, qx, qy, qz)
        nx, ny, nz = px + t * qx, py + t * qy, pz + t * qz
    if not t < np.inf:
        return nothing
    nx, ny, nz = nx / a, ny / b, nz / c
    q = 1.0 / math.sqrt(nx * nx + ny * ny + nz * nz)
    return (
        t,
        (f[3] * nx + f[6] * ny + f[9] * nz) * q,
        (f[4] * nx + f[7] * ny + f[10] * nz) * q,
        (f[5] * nx + f[8] * ny + f[11] * nz) * q,
    )


@bare
def _slabs(px, py, pz, qx, qy, qz):  # type: ignore[no-untyped-def]
    """Return where a ray enters the cube of half side 1, and by which axis's face."""
    enter, leave, face = -np.inf, np.inf, 0
    for axis in range(3):
        p = px if axis == 0 else (py if axis == 1 else pz)
        q = qx if axis == 0 else (qy if axis == 1 else qz)
        if q == 0.0:
            if abs(p) > 1.0:
                return np.inf, 0
            continue
        near, far = (-1.0 - p) / q, (1.0 - p) / q
        if near > far:
            near, far = far, near
        if near > enter:
            enter, face = near, axis
        leave = min(leave, far)
    if enter > leave or enter <= 0.0:
        return np.inf, 0
    return enter, face


@bare
def _tube(px, py, pz, qx, qy, qz):  # type: ignore[no-untyped-def]
    """Return where a ray enters the cylinder of radius and half height 1: by its side (0) or by an end (1)."""
    a = qx * qx + qy * qy
    b = px * qx + py * qy
    c = px * px + py * py - 1.0
    enter, leave, face = -np.inf, np.inf, 0
    if a > 0.0:
        root = b * b - a * c
        if root < 0.0:
            return np.inf, 0
        root = math.sqrt(root)
        enter, leave = (-b - root) / a, (-b + root) / a
    elif c > 0.0:
        return np.inf, 0
    if qz != 0.0:
        near, far = (-1.0 - pz) / qz, (1.0 - pz) / qz
        if near > far:
            near, far = far, near
        if near > enter:
            enter, face = near, 1
        leave = min(leave, far)
    elif abs(pz) > 1.0:
        return np.inf, 0
    if enter > leave or enter <= 0.0:
        return np.inf, 0
    return enter, face


@bare
def _ball(px, py, pz, qx, qy, qz):  # type: ignore[no-untyped-def]
    """Return where a ray enters the sphere of radius 1."""
    a = qx * qx + qy * qy + qz * qz
    b = px * qx + py * qy + pz * qz
    root = b * b - a * (px * px + py * py + pz * pz - 1.0)
    if root < 0.0:
        return np.inf
    t = (-b - math.sqrt(root)) / a
    return t if t > 0.0 else np.inf


@bare
def in_cone(bodies, x, y, z, dx, dy, dz, spread, found):  # type: ignore[no-untyped-def]
    """List the bodies whose spheres a cone of rays may meet, and return how many there are.

    Args:
        bodies: See the module.
        x, y, z, dx, dy, dz: Tip and axis of the cone.
        spread: Tangent of its half angle.
        found: (n,) int64, filled from its beginning.
    """
    figure, group = bodies[1], bodies[2]
    count = 0
    slant = math.sqrt(1.0 + spread * spread)
    for g in range(group.shape[0]):
        if not _near_cone(group[g], group[g, 3], x, y, z, dx, dy, dz, spread, slant):
            continue
        for n in range(int(group[g, 4]), int(group[g, 5])):
            if _near_cone(figure[n], figure[n, 15], x, y, z, dx, dy, dz, spread, slant):
                found[count] = n
                count += 1
    return count


@bare_inlined
def _near_cone(centre, radius, x, y, z, dx, dy, dz, spread, slant):  # type: ignore[no-untyped-def]
    vx, vy, vz = centre[0] - x, centre[1] - y, centre[2] - z
    along = vx * dx + vy * dy + vz * dz
    square = vx * vx + vy * vy + vz * vz
    if square <= radius * radius:
        return True
    if along <= -radius:
        return False
    away = math.sqrt(max(square - along * along, 0.0))
    return away <= max(along, 0.0) * spread + radius * slant


@bare
def first_body(bodies, found, count, x, y, z, dx, dy, dz):  # type: ignore[no-untyped-def]
    """Return where a ray first enters one of the first `count` bodies of `found`, which, and the normal there."""
    kind, figure = bodies[0], bodies[1]
    best, which, nx, ny, nz = np.inf, -1, 0.0, 0.0, 0.0
    for n in range(count):
        body = found[n]
        t, a, b, c = _meet(kind[body], figure[body], x, y, z, dx, dy, dz)
        if t < best:
            best, which, nx, ny, nz = t, body, a, b, c
    return best, which, nx, ny, nz


@bare
def in_beam(bodies, x, y, z, dx, dy, dz, radius, spread, found):  # type: ignore[no-untyped-def]
    """List the bodies whose spheres a widening beam may meet, and return how many there are.

    Args:
        bodies: See the module.
        x, y, z, dx, dy, dz: Middle of the disc that the beam begins at, or goes on from, and its direction.
        radius: Of that disc.
        spread: By how much the beam's radius grows with its length.
        found: (n,) int64, filled from its beginning.
    """
    figure, group = bodies[1], bodies[2]
    count = 0
    for g in range(group.shape[0]):
        if not _near_beam(group[g], group[g, 3], x, y, z, dx, dy, dz, radius, spread):
            continue
        for n in range(int(group[g, 4]), int(group[g, 5])):
            if _near_beam(figure[n], figure[n, 15], x, y, z, dx, dy, dz, radius, spread):
                found[count] = n
                count += 1
    return count


@bare_inlined
def _near_beam(centre, round_it, x, y, z, dx, dy, dz, radius, spread):  # type: ignore[no-untyped-def]
    vx, vy, vz = centre[0] - x, centre[1] - y, centre[2] - z
    along = vx * dx + vy * dy + vz * dz
    if along <= -round_it:
        return False
    reach = radius + round_it + spread * (along + round_it)
    return vx * vx + vy * vy + vz * vz - along * along <= reach * reach


@bare
def screened(bodies, found, count, x, y, z, dx, dy, dz, own):  # type: ignore[no-untyped-def]
    """Tell whether one of the first `count` bodies of `found`, other than `own`, stands in a ray's way."""
    kind, figure = bodies[0], bodies[1]
    for k in range(count):
        n = found[k]
        if n != own and _meet(kind[n], figure[n], x, y, z, dx, dy, dz)[0] < np.inf:
            return True
    return False


@bare
def body_light(f, nx, ny, nz, dx, dy, dz, sx, sy, sz):  # type: ignore[no-untyped-def]
    """Return the radiance factor of a body's surface in full sunlight: Lambert's law and a glossy lobe.

    Args:
        f: Its figures.
        nx, ny, nz: Its normal.
        dx, dy, dz: Of the ray that sees it.
        sx, sy, sz: Towards the Sun.
    """
    facing = nx * sx + ny * sy + nz * sz
    if facing <= 0.0:
        return 0.0
    hx, hy, hz = sx - dx, sy - dy, sz - dz
    half = (nx * hx + ny * hy + nz * hz) / math.sqrt(max(hx * hx + hy * hy + hz * hz, 1e-12))
    lobe = f[17] * (_GLOSS + 8.0) / 8.0 * max(half, 0.0) ** _GLOSS if f[17] > 0.0 else 0.0
    return (f[16] + lobe) * facing
