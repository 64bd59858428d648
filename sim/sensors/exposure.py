"""From light to numbers: exposure time, electrons with their noise, and bits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.bodies import AU_M
from rover.core.eyes import CameraParams
from sim.sensors.camera import Picture

Electrons = npt.NDArray[np.float32]

_BRIGHT_PERCENTILE, _BRIGHT_SHARE = 99.5, 0.85
"""Auto exposure: this percentile of the picture fills a pixel so far."""

_EVERY = 4
"""Rows and columns at which the picture is looked at for it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """A picture as a sensor gives it.

    Attributes:
        number: (rows, cols) uint16, 0 to 2^bits - 1.
        exposure_s: How long it was exposed.
        bits: Of a number.
    """

    number: npt.NDArray[np.uint16]
    exposure_s: float
    bits: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "number", locked(self.number, np.uint16, (None, None), "number"))

    @property
    def full(self) -> int:
        """Greatest number."""
        return int(2**self.bits - 1)


def auto_exposure_s(picture: Picture, camera: CameraParams, sun_distance_m: float) -> float:
    """Return the exposure that lets the brightest of a picture nearly fill a pixel, within the camera's bounds."""
    bright = float(np.percentile(picture.radiance[::_EVERY, ::_EVERY], _BRIGHT_PERCENTILE))
    bright *= (AU_M / sun_distance_m) ** 2
    if bright <= 0.0:
        return camera.longest_exposure_s
    wanted = _BRIGHT_SHARE * camera.white_exposure_s / bright
    return min(max(wanted, camera.shortest_exposure_s), camera.longest_exposure_s)


def electrons(picture: Picture, camera: CameraParams, sun_distance_m: float, exposure_s: float) -> Electrons:
    """Return (rows, cols) mean electrons by pixel, no more than fill it."""
    scale = (AU_M / sun_distance_m) ** 2 * exposure_s / camera.white_exposure_s * camera.full_well_e
    held: Electrons = np.minimum(picture.radiance * np.float32(scale), np.float32(camera.full_well_e))
    return held


def noise_variance_e2(mean_e: Electrons, camera: CameraParams) -> Electrons:
    """Return (rows, cols) variance of the electrons: shot noise, reading, and the rounding to bits (Janesick 2001)."""
    step = camera.full_well_e / (2**camera.bits - 1)
    return mean_e + np.float32(camera.read_noise_e**2 + step * step / 12.0)


def expose(
    picture: Picture,
    camera: CameraParams,
    sun_distance_m: float,
    generator: np.random.Generator,
    *,
    exposure_s: float | None = None,
) -> Frame:
    """Return what the sensor makes of a picture.

    Args:
        picture: Light.
        camera: Its sensor.
        sun_distance_m: Scales the light.
        generator: Of the noise. Shot noise is taken as normal, which it is but for a few electrons.
        exposure_s: Automatic if left out.
    """
    exposure = auto_exposure_s(picture, camera, sun_distance_m) if exposure_s is None else exposure_s
    held = electrons(picture, camera, sun_distance_m, exposure)
    noise = generator.standard_normal(held.shape, dtype=np.float32)
    noise *= np.sqrt(held + np.float32(camera.read_noise_e**2))
    held += noise
    full = 2**camera.bits - 1
    held *= np.float32(full / camera.full_well_e)
    number = np.clip(np.rint(held, out=held), 0, full, out=held).astype(np.uint16)
    return Frame(number=number, exposure_s=exposure, bits=camera.bits)
