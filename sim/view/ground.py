"""The layers of a map that are ground: shaded relief, contours, hazards, zones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, to_rgba
from matplotlib.patches import Patch, Polygon

from rover.core.grid import Dem
from sim.view import style
from sim.view.window import Piece, Window, piece_under

Array = npt.NDArray[np.float64]
ZoneOutline = tuple[str, str, npt.NDArray[np.float64]]
"""Name, kind and (n, 2) corners, as in `RunLog.zones`."""

LIGHT_AZIMUTH_RAD, LIGHT_ELEVATION_RAD = math.radians(315), math.radians(45)
CONTOUR_CELLS = 125
"""Contours are drawn from at most so many blocks of cells along the longer side."""

LIGHT_NOTE = "Relief is shaded as if lit from the north-west."


def hillshade(elevation_m: Array, resolution_m: float) -> Array:
    """Return (rows, cols) brightness 0-1 of ground lit from the north-west at 45 deg.

    Lambert's cosine law; gentle ground is drawn steeper so that its relief shows. NaN stays NaN.
    """
    rise_north, rise_east = _gradient(elevation_m, resolution_m)
    steepness = _exaggeration(rise_north, rise_east)
    normal_east, normal_north = -rise_east * steepness, -rise_north * steepness
    horizontal = math.cos(LIGHT_ELEVATION_RAD)
    lit = (
        normal_east * horizontal * math.sin(LIGHT_AZIMUTH_RAD)
        + normal_north * horizontal * math.cos(LIGHT_AZIMUTH_RAD)
        + math.sin(LIGHT_ELEVATION_RAD)
    )
    brightness = lit / np.sqrt(1 + normal_east**2 + normal_north**2)
    return np.where(np.isfinite(elevation_m), np.clip(brightness, 0, 1), np.nan)


def _gradient(elevation_m: Array, resolution_m: float) -> tuple[Array, Array]:
    """Return rise per metre to the north and to the east; 0 along a side of one cell and beside a gap."""
    rises = [
        np.nan_to_num(np.gradient(elevation_m, resolution_m, axis=axis))
        if elevation_m.shape[axis] > 1
        else np.zeros_like(elevation_m)
        for axis in (0, 1)
    ]
    return rises[0], rises[1]


def _exaggeration(rise_north: Array, rise_east: Array) -> float:
    """Return the factor that brings the steep twentieth of the ground to 30 deg, between 1 and 6."""
    steep = float(np.percentile(np.hypot(rise_north, rise_east), 95))
    return float(np.clip(math.tan(math.radians(30)) / steep, 1, 6)) if steep > 0 else 1.0


def draw_relief(ax: Axes, dem: Dem, window: Window) -> ScalarMappable:
    """Draw shaded, tinted relief; return what a colour bar needs."""
    piece = piece_under(window, dem.geometry)
    elevation = _elevation(dem, piece)
    norm = _elevation_norm(elevation)
    scale = ScalarMappable(norm=norm, cmap=style.GROUND)
    shade = hillshade(elevation, piece.resolution_m)
    rgba = np.asarray(scale.to_rgba(np.nan_to_num(elevation, nan=norm.vmin or 0.0)), np.float64)
    lit = rgba[..., :3] * (0.3 + shade[..., None])
    rgba[..., :3] = lit / np.maximum(1, lit.max(axis=-1, keepdims=True))
    rgba[~np.isfinite(elevation)] = to_rgba(style.NO_DATA)
    ax.set_facecolor(style.NO_DATA)
    image = ax.imshow(
        rgba, origin="lower", extent=piece.window.extent, interpolation="bilinear", interpolation_stage="rgba"
    )
    image.set_gid("relief")
    return scale


def _elevation(dem: Dem, piece: Piece) -> Array:
    return np.asarray(dem.elevation_m[piece.rows, piece.cols], np.float64) + dem.datum_m


def _elevation_norm(elevation_m: Array) -> Normalize:
    known = elevation_m[np.isfinite(elevation_m)]
    low, high = (float(v) for v in np.percentile(known, [0.5, 99.5])) if known.size else (0.0, 1.0)
    return Normalize(low, high if high - low > 0.01 else low + 0.01, clip=True)


def gap_entries(dem: Dem) -> list[Artist]:
    """Return the legend entry of ground without elevations, where there is some."""
    gaps = not np.isfinite(dem.elevation_m).all()
    return [Patch(facecolor=style.NO_DATA, edgecolor=style.FAINT_INK, lw=0.5, label="no elevations")] * gaps


def draw_contours(ax: Axes, dem: Dem, window: Window) -> float:
    """Draw contours, every fifth one stronger; return their interval in metres, 0 where there are none.

    They follow the ground as blocks of cells average it: contours of rough ground would be dust.
    """
    piece = piece_under(window.grown(3 * max(window.width, window.height) / CONTOUR_CELLS), dem.geometry)
    east, north, elevation = _averaged(piece, _elevation(dem, piece))
    known = elevation[np.isfinite(elevation)]
    if known.size == 0 or min(elevation.shape) < 2 or np.ptp(known) < 0.1:
        return 0.0
    interval = round_number(float(np.ptp(known)) / 8)
    levels = np.arange(math.ceil(known.min() / interval), math.floor(known.max() / interval) + 1)
    drawn = ax.contour(
        east,
        north,
        np.ma.masked_invalid(elevation),
        levels=levels * interval,
        colors=style.INK,
        alpha=0.35,
        linewidths=np.where(levels % 5 == 0, 0.9, 0.4),
        linestyles="solid",
    )
    drawn.set_gid("contours")
    return interval


def _averaged(piece: Piece, elevation_m: Array) -> tuple[Array, Array, Array]:
    """Return east, north and elevation of a piece, averaged over square blocks; a block with a gap is one."""
    side = -(-max(elevation_m.shape) // CONTOUR_CELLS)
    rows, cols = (count // side for count in elevation_m.shape)
    blocks = elevation_m[: rows * side, : cols * side].reshape(rows, side, cols, side)
    east = piece.east_m[: cols * side].reshape(cols, side).mean(axis=1)
    north = piece.north_m[: rows * side].reshape(rows, side).mean(axis=1)
    return east, north, blocks.mean(axis=(1, 3))


def round_number(value: float) -> float:
    """Return the nearest of 1, 2, 5 times a power of ten at or below a positive value."""
    power = 10.0 ** math.floor(math.log10(value) + 1e-9)
    return power * max(step for step in (1, 2, 5) if step * power <= value * (1 + 1e-9))


def draw_hazards(ax: Axes, dem: Dem, flags: npt.NDArray[np.uint8], window: Window) -> list[Artist]:
    """Lay hazards over the ground, one colour a kind; return a legend entry for each kind that shows."""
    piece = piece_under(window, dem.geometry)
    flagged = _any_of(_any_of(flags, piece.rows, axis=0), piece.cols, axis=1)
    rgba = np.zeros((*flagged.shape, 4))
    free = np.ones(flagged.shape, np.bool_)
    entries: list[Artist] = []
    for look in style.HAZARD_LOOKS:
        cells = free & (flagged & look.bit != 0)
        if not cells.any():
            continue
        free &= ~cells
        rgba[cells & _stripes(flagged.shape) if look.hatched else cells] = to_rgba(look.colour, look.alpha)
        entries.append(hazard_entry(look))
    image = ax.imshow(rgba, origin="lower", extent=piece.window.extent, interpolation="nearest")
    image.set_gid("hazards")
    return entries


def _any_of(flags: npt.NDArray[np.uint8], cut: slice, *, axis: int) -> npt.NDArray[np.uint8]:
    """Return flags cut and thinned along an axis, with the bits of what is thinned away."""
    first = np.arange(flags.shape[axis])[cut]
    kept = np.take(flags, np.arange(first[0], min(cut.stop, flags.shape[axis])), axis=axis)
    return np.bitwise_or.reduceat(kept, first - first[0], axis=axis)


def _stripes(shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    period = max(4, max(shape) // 50)
    row, col = np.indices(shape)
    return np.asarray((row + col) % period < period // 2, np.bool_)


def hazard_entry(look: style.HazardLook) -> Patch:
    if look.hatched:
        return Patch(facecolor=style.NO_DATA, edgecolor=look.colour, hatch="/////", lw=0, label=look.words)
    return Patch(
        facecolor=to_rgba(look.colour, look.alpha), edgecolor=style.FAINT_INK, lw=0.5, label=look.words
    )


def draw_zones(ax: Axes, zones: Sequence[ZoneOutline], window: Window) -> list[Artist]:
    """Outline zones; return a legend entry for each kind that touches the window."""
    entries: dict[str, Artist] = {}
    for name, kind, corners in zones:
        outline = Polygon(
            corners, closed=True, fill=False, label=f"{kind} zone", zorder=3, **_zone_line(kind)
        )
        outline.set_gid(f"zone:{name}")
        ax.add_patch(outline)
        if _touches(corners, window):
            entries.setdefault(kind, Patch(fill=False, label=f"{kind} zone", **_zone_line(kind)))
    return list(entries.values())


def zone_colour(kind: str) -> str:
    """Return the colour of a zone's outline and name."""
    return "#9C2F73" if kind == "keep-out" else "#00694C"


def _zone_line(kind: str) -> dict[str, Any]:
    dashes = "-" if kind == "keep-out" else (0, (6, 2))
    return {"edgecolor": zone_colour(kind), "linewidth": 1.8, "linestyle": dashes}


def _touches(corners: Array, window: Window) -> bool:
    low, high = corners.min(axis=0), corners.max(axis=0)
    return bool(
        low[0] < window.east and high[0] > window.west and low[1] < window.north and high[1] > window.south
    )
