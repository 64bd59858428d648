"""Kernels of `rover.onboard.registration` and `rover.onboard.site_match`."""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel


@kernel
def bin_look(points, sigma, eye, rotation, west, south, cell, grade, sums):  # type: ignore[no-untyped-def]
    """Add the points of a stereo pair to the cells that hold them, in place.

    Args:
        points: (n, 3) float32 in the body's frame.
        sigma: (n,) float32 standard deviation along the line of sight.
        eye: (3,) float64 from which they are seen, in the body's frame.
        rotation: (3, 3) float64 body to site.
        west, south, cell: South-west corner of the grid, and side of a cell.
        grade: Of the ground, that turns an error across into one of height, root of the mean square.
        sums: (8, rows, cols) float64 of weights, weights times heights, points, places east and north, and errors east,
            north and up (standard deviation along the line of sight, times that line).
    """
    rows, cols = sums.shape[1], sums.shape[2]
    for n in range(len(points)):
        x, y, z = np.float64(points[n, 0]), np.float64(points[n, 1]), np.float64(points[n, 2])
        east = rotation[0, 0] * x + rotation[0, 1] * y + rotation[0, 2] * z
        north = rotation[1, 0] * x + rotation[1, 1] * y + rotation[1, 2] * z
        j, i = math.floor((east - west) / cell), math.floor((north - south) / cell)
        if not (0 <= i < rows and 0 <= j < cols):
            continue
        up = rotation[2, 0] * x + rotation[2, 1] * y + rotation[2, 2] * z
        sx, sy, sz = x - eye[0], y - eye[1], z - eye[2]
        share = sigma[n] / max(1e-9, math.sqrt(sx * sx + sy * sy + sz * sz))
        ee = share * (rotation[0, 0] * sx + rotation[0, 1] * sy + rotation[0, 2] * sz)
        en = share * (rotation[1, 0] * sx + rotation[1, 1] * sy + rotation[1, 2] * sz)
        eu = share * (rotation[2, 0] * sx + rotation[2, 1] * sy + rotation[2, 2] * sz)
        w = 1.0 / (eu * eu + grade * grade * (ee * ee + en * en) + 1e-8)
        sums[0, i, j] += w
        sums[1, i, j] += w * up
        sums[2, i, j] += 1.0
        sums[3, i, j] += east
        sums[4, i, j] += north
        sums[5, i, j] += ee
        sums[6, i, j] += en
        sums[7, i, j] += eu


@kernel
def height_equations(  # type: ignore[no-untyped-def]
    cells, turn, shift, west, south, cell, height, variance, rough, window, most, matrix, vector
):
    """Add the normal equations of laying cells upon a height field, in place; residuals are held by Huber's law.

    A cell out by `shift error + turn error x place` leaves a residual of n . that, n = (-dh/de, -dh/dn, 1).

    Args:
        cells: (n, 7) float64: place east, north and up from the rover, error east, north and up, points.
        turn: (3, 3) from the axes of `cells` to those of the field.
        shift: (3,) the rover's place in the field's frame.
        west, south, cell: Centre of the field's cell (0, 0), and side of a cell.
        height, variance: (rows, cols) float64 the field; NaN is unknown.
        rough: Variance of height that cells do not resolve.
        window: Points that go together in error.
        most: Residual in standard deviations beyond which it counts for less; beyond three times that it is left out.
        matrix, vector: (6, 6), (6,) float64 the equations: shift, turn.

    Returns:
        How many residuals there were, how many were left out, and the sum of the rest's weighed squares.
    """
    rows, cols = height.shape
    lay, out, squares = 0, 0, 0.0
    row = np.empty(6)
    for n in range(len(cells)):
        east = turn[0, 0] * cells[n, 0] + turn[0, 1] * cells[n, 1] + turn[0, 2] * cells[n, 2]
        north = turn[1, 0] * cells[n, 0] + turn[1, 1] * cells[n, 1] + turn[1, 2] * cells[n, 2]
        up = turn[2, 0] * cells[n, 0] + turn[2, 1] * cells[n, 1] + turn[2, 2] * cells[n, 2]
        x = (east + shift[0] - west) / cell
        y = (north + shift[1] - south) / cell
        j, i = math.floor(x), math.floor(y)
        if not (0 <= i < rows - 1 and 0 <= j < cols - 1):
            continue
        fx, fy = x - j, y - i
        a, b, c, d = height[i, j], height[i, j + 1], height[i + 1, j], height[i + 1, j + 1]
        if not math.isfinite(a + b + c + d):
            continue
        ge = ((b - a) * (1.0 - fy) + (d - c) * fy) / cell
        gn = ((c - a) * (1.0 - fx) + (d - b) * fx) / cell
        on = (a * (1.0 - fx) + b * fx) * (1.0 - fy) + (c * (1.0 - fx) + d * fx) * fy
        told = (variance[i, j] + variance[i, j + 1] + variance[i + 1, j] + variance[i + 1, j + 1]) / 4.0
        along = cells[n, 5] - ge * cells[n, 3] - gn * cells[n, 4]
        related, residual = along * along + told, up + shift[2] - on
        lay += 1
        far = abs(residual) / math.sqrt(rough + related)
        if far > 3.0 * most:
            out += 1
            continue
        held = 1.0 if far <= most else most / far
        row[0], row[1], row[2] = -ge, -gn, 1.0
        row[3] = north + gn * up
        row[4] = -ge * up - east
        row[5] = -east * gn + north * ge
        w = held / (rough + max(1.0, window / cells[n, 6]) * related)
        for p in range(6):
            vector[p] -= w * row[p] * residual
            for q in range(6):
                matrix[p, q] += w * row[p] * row[q]
        squares += held * far * far
    return lay, out, squares


@kernel
def light_equations(  # type: ignore[no-untyped-def]
    seen,
    errors,
    read,
    to_site,
    place,
    to_eye,
    eye,
    focal,
    centre_row,
    centre_col,
    light,
    dull,
    gather,
    most,
    matrix,
    vector,
):
    """Add the normal equations of finding the points of an old picture in a new one by their light, in place.

    Args:
        seen: (n, 3) float64 points in the frame in which the old look was taken, from its rover.
        errors: (n, 3) float64 standard deviation along the line of sight, times that line, in the same frame.
        read: (n,) float64 their light in the old picture, less its mean around; NaN is left out.
        to_site: (3, 3) from that frame to east, north and up.
        place: (3,) the new rover's place from the old one.
        to_eye: (3, 3) from east, north and up to the new eye's axes forward, left and up.
        eye: (3,) the new eye on those axes, from its rover.
        focal, centre_row, centre_col: Of the new picture, pixels.
        light: (rows, cols) float64 the new picture, less its mean around; NaN is left out.
        dull: Variance of light that two pictures of one point do not have in common.
        gather: How many of the points go together in error of range.
        most, matrix, vector: As `height_equations` takes them.

    Returns:
        As of `height_equations`, and the sum of the rest's weights, one over the variance of each residual.
    """
    rows, cols = light.shape
    lay, out, squares, weights = 0, 0, 0.0, 0.0
    row, s, y, g = np.empty(6), np.empty(3), np.empty(3), np.empty(3)
    for n in range(len(seen)):
        if not math.isfinite(read[n]):
            continue
        for p in range(3):
            s[p] = (
                to_site[p, 0] * seen[n, 0]
                + to_site[p, 1] * seen[n, 1]
                + to_site[p, 2] * seen[n, 2]
                - place[p]
            )
        for p in range(3):
            y[p] = to_eye[p, 0] * s[0] + to_eye[p, 1] * s[1] + to_eye[p, 2] * s[2] - eye[p]
        if not y[0] > 0.1:
            continue
        u = centre_col - focal * y[1] / y[0]
        v = centre_row - focal * y[2] / y[0]
        if not (0.0 <= u < cols - 1 and 0.0 <= v < rows - 1):
            continue
        j, i = math.floor(u), math.floor(v)
        fu, fv = u - j, v - i
        a, b, c, d = light[i, j], light[i, j + 1], light[i + 1, j], light[i + 1, j + 1]
        if not math.isfinite(a + b + c + d):
            continue
        gu = (b - a) * (1.0 - fv) + (d - c) * fv
        gv = (c - a) * (1.0 - fu) + (d - b) * fu
        residual = (a * (1.0 - fu) + b * fu) * (1.0 - fv) + (c * (1.0 - fu) + d * fu) * fv - read[n]
        scale = focal / y[0]
        y0, y1, y2 = scale * (gu * y[1] + gv * y[2]) / y[0], -gu * scale, -gv * scale
        for p in range(3):
            g[p] = y0 * to_eye[0, p] + y1 * to_eye[1, p] + y2 * to_eye[2, p]
        along = 0.0
        for p in range(3):
            e = to_site[p, 0] * errors[n, 0] + to_site[p, 1] * errors[n, 1] + to_site[p, 2] * errors[n, 2]
            along += g[p] * e
        related = along * along
        lay += 1
        far = abs(residual) / math.sqrt(dull + related)
        if far > 3.0 * most:
            out += 1
            continue
        held = 1.0 if far <= most else most / far
        row[0], row[1], row[2] = -g[0], -g[1], -g[2]
        row[3] = g[1] * s[2] - g[2] * s[1]
        row[4] = g[2] * s[0] - g[0] * s[2]
        row[5] = g[0] * s[1] - g[1] * s[0]
        w = held / (dull + gather * related)
        for p in range(6):
            vector[p] -= w * row[p] * residual
            for q in range(6):
                matrix[p, q] += w * row[p] * row[q]
        squares += held * far * far
        weights += 1.0 / (dull + related)
    return lay, out, squares, weights
