"""What may be named in a panorama, and how bright its ground is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.mission.landing_place import NearCrater
from sim.mission.panorama import SPAN, Panorama, Span
from sim.moon.optics import OpticsParams
from sim.sensors.camera import Eye, Picture, Sunlight, take_picture
from sim.sensors.lens import Lens
from sim.sensors.scene import Scene

_STEP = 4
_MOST_CRATERS, _LOOKED_AT, _LEAST_PIXELS = 4, 200, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something to be named on a panorama.

    Attributes:
        words: What it is.
        azimuth_deg, elevation_deg: Where it is seen.
    """

    words: str
    azimuth_deg: float
    elevation_deg: float


def overview(scene: Scene, eye: Eye, sun: Sunlight, optics: OpticsParams, span: Span = SPAN) -> Picture:
    """Return what a panorama shows where, without its light, on a grid `_STEP` times as wide.

    Args:
        scene: What there is.
        eye: Of `level_eye`.
        sun, optics: As `take_picture` takes them.
        span: The panorama's raster.
    """
    lens = Lens(
        projection="cylinder",
        rows=span.rows // _STEP,
        cols=span.cols // _STEP,
        focal_px=span.cols / _STEP / math.tau,
        centre_row=span.top_deg * span.cols / 360.0 / _STEP - 0.5,
        centre_col=-0.5,
    )
    return take_picture(scene, eye, lens, sun, optics, shaded=False)


def ground_light(panorama: Panorama, seen: Picture, percentile: float) -> float:
    """Return a percentile of the ground's radiance, by which a panorama with bright bodies on it is shown."""
    part = np.s_[_STEP // 2 :: _STEP, _STEP // 2 :: _STEP]
    light, shots = panorama.light[part], panorama.shots[part]
    return float(np.percentile(light[(seen.part == -1) & (shots > 0)], percentile))


def marks_on(
    seen: Picture,
    vehicle: tuple[str, tuple[int, int]],
    here_m: tuple[float, float],
    craters: Sequence[NearCrater],
    span: Span = SPAN,
    *,
    shots: npt.NDArray[np.uint8] | None = None,
) -> list[Mark]:
    """Return what may be named: a vehicle where it is seen, and the craters that take up most of the picture.

    Args:
        seen: Of `overview`.
        vehicle: Its name; the first of its parts among the scene's, and one past the last.
        here_m: East and north of the camera.
        craters: About the place.
        span: The panorama's raster.
        shots: Of the panorama: what no frame holds is not named. All of it is held if left out.
    """
    points, held = seen.points_m(), np.ones(seen.part.shape, bool)
    if shots is not None:
        held = shots[_STEP // 2 :: _STEP, _STEP // 2 :: _STEP] > 0
    ground = (seen.part == -1) & held
    words, (first, last) = vehicle
    found = []
    whole = (seen.part >= first) & (seen.part < last) & held
    if whole.any():
        found.append(_mark(words, whole, span))

    def wide(crater: NearCrater) -> float:
        return crater.diameter_m / max(math.dist((crater.east_m, crater.north_m), here_m), crater.diameter_m)

    shown = []
    for crater in sorted(craters, key=wide, reverse=True)[:_LOOKED_AT]:
        away = np.hypot(points[..., 0] - crater.east_m, points[..., 1] - crater.north_m)
        inside = ground & (away < 0.5 * crater.diameter_m)
        distance = math.dist((crater.east_m, crater.north_m), here_m)
        if np.count_nonzero(inside) >= _LEAST_PIXELS and distance > crater.diameter_m:
            words = f"crater {_metres(crater.diameter_m)} wide, {_metres(distance)} away"
            shown.append((int(np.count_nonzero(inside)), _mark(words, inside, span)))
    shown.sort(key=lambda pair: -pair[0])
    return found + [mark for _, mark in shown[:_MOST_CRATERS]]


def _mark(words: str, where: npt.NDArray[np.bool_], span: Span) -> Mark:
    """Return a mark over the middle of what is seen, at its upper edge; azimuths go round."""
    rows, cols = np.nonzero(where)
    turn = math.tau * (cols + 0.5) / where.shape[1]
    azimuth = math.degrees(math.atan2(np.sin(turn).mean(), np.cos(turn).mean())) % 360.0
    step = (span.top_deg - span.bottom_deg) / where.shape[0]
    return Mark(words=words, azimuth_deg=azimuth, elevation_deg=span.top_deg - float(rows.min()) * step)


def _metres(length_m: float) -> str:
    return f"{length_m / 1000:.1f} km" if length_m >= 999.5 else f"{length_m:.0f} m"
