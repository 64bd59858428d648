"""Ground-penetrating radar: what a pulse brings back from layers and rocks, trace by trace along the track.

Layers are plane to the pulse: the reflection of the whole stack by recursion from the lowest border upwards, with
complex wave numbers, all multiples included (Brekhovskikh 1980, Waves in Layered Media, ch. 1), frequency by frequency
over the channel's band. Each border's echo is weaker by its distance, as that of the antenna's mirror image in a plane.
Rocks are points: of echoes by the lesser of Rayleigh's and the optical scattering length of a sphere, at the two-way
time of the straight ray, which along the track makes the hyperbola. No antenna ringing, no clutter of the rover's body.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator
from scipy.signal import hilbert

from rover.core.bodies import SPEED_OF_LIGHT_M_S
from rover.core.vehicle import Positive
from sim.mission.figures import Count, Figures, Name, Number, Row
from sim.mission.radar_ground import LayerRow, Underground

Floats = npt.NDArray[np.float64]

_TAPER = 0.6
"""Of half the band, at either end of it: less, and the surface rings into what is below."""

_FINER = 16
"""Values of a pulse to a sample, from which that of a rock's echo is taken."""

_WIDE, _WIDEST = 1.5, 2.0
"""Ways to a rock over the straight one from which on its echo fades out, and beyond which it is left out: a sixteenth
of the strongest, and less."""

_REFERENCE = 0.05
"""Reflection of the border by which the depth that a channel sees is told."""


class ChannelRow(Row):
    """A channel."""

    name: Name
    centre_mhz: Positive
    band_mhz: Positive
    sample_ns: Positive
    samples: Count
    bits: Annotated[int, Field(ge=1, le=32)]
    antenna_m: Positive = Field(description="height of the antenna over the ground")
    noise_db: Number = Field(description="of a trace as sent down, against the echo of the surface")

    @model_validator(mode="after")
    def _fits(self) -> ChannelRow:
        if not self.band_mhz < 2.0 * self.centre_mhz:
            raise ValueError(f"band_mhz = {self.band_mhz} reaches below zero frequency; narrow it")
        if not self.sample_ns * (self.centre_mhz + self.band_mhz / 2.0) < 500.0:
            raise ValueError(f"sample_ns = {self.sample_ns} is too long for the band; shorten it")
        return self

    def resolution_m(self, permittivity: float) -> float:
        """Return what two borders must be apart to be told apart: c / (2 B sqrt(permittivity))."""
        return SPEED_OF_LIGHT_M_S / (2.0 * self.band_mhz * 1e6 * math.sqrt(permittivity))

    @property
    def trace_bit(self) -> int:
        """Bits of a trace."""
        return self.samples * self.bits


class RadarParams(Figures):
    """The radar: it works while the rover drives."""

    watts: Positive
    trace_s: Positive = Field(description="between traces")
    channel: Annotated[tuple[ChannelRow, ...], Field(strict=False, min_length=1, max_length=4)]
    layer: Annotated[tuple[LayerRow, ...], Field(strict=False, min_length=1, max_length=20)]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Radargram:
    """What one channel recorded.

    Attributes:
        channel: Which.
        time_s: (samples,) two-way time since the pulse.
        echo: (samples, traces), against the surface's echo.
        border_s: (traces, borders) two-way time of each border, the surface first.
        seen_m: How deep a border of a reflection of 0.05 stands out of the noise.
    """

    channel: ChannelRow
    time_s: Floats
    echo: Floats
    border_s: Floats
    seen_m: float


def spectrum(channel: ChannelRow, frequency_hz: Floats) -> Floats:
    """Return the pulse's spectrum: even over the band, tapered by cosines at its ends."""
    off = np.abs(frequency_hz / 1e6 - channel.centre_mhz) / (channel.band_mhz / 2.0)
    ramp = np.clip((1.0 - off) / _TAPER, 0.0, 1.0)
    return np.asarray(0.5 - 0.5 * np.cos(math.pi * ramp))


def stack_reflection(
    frequency_hz: Floats,
    thickness_m: Floats,
    permittivity: Floats,
    loss_tangent: Floats,
    weaker: Floats | None = None,
) -> npt.NDArray[np.complex128]:
    """Return (traces, n) reflection of layers under vacuum, seen at their top.

    Args:
        frequency_hz: (n,).
        thickness_m: (traces, layers - 1), from the top down; the last layer has no end.
        permittivity, loss_tangent: (layers,).
        weaker: (traces, layers - 1) by how much a layer's lower border echoes weaker than its upper one for its
            distance alone; a plane wave's does not.
    """
    index = np.sqrt(permittivity * (1.0 - 1j * loss_tangent))
    above = np.concatenate([[1.0 + 0j], index[:-1]])
    border = (above - index) / (above + index)
    wave = 2.0 * math.pi * frequency_hz / SPEED_OF_LIGHT_M_S
    found = np.full((thickness_m.shape[0], len(frequency_hz)), border[-1])
    for n in range(thickness_m.shape[1] - 1, -1, -1):
        there = found * np.exp(-2j * index[n] * thickness_m[:, n, None] * wave)
        if weaker is not None:
            there *= weaker[:, n, None]
        found = (border[n] + there) / (1.0 + border[n] * there)
    return np.asarray(found)


def sound(channel: ChannelRow, ground: Underground, along_m: Floats, rng: np.random.Generator) -> Radargram:
    """Return the radargram of a channel along a track.

    Args:
        channel: Which.
        ground: What is below.
        along_m: (traces,) distance along the track.
        rng: Draws the noise.
    """
    step_s = channel.sample_ns * 1e-9
    length = 2 * channel.samples  # what comes later than the window must not wrap into it
    frequency: Floats = np.asarray(np.fft.rfftfreq(length, step_s), np.float64)
    band = spectrum(channel, frequency)
    on = np.flatnonzero(band)
    thickness = np.diff(ground.border_m, axis=1, prepend=0.0)
    heard = np.zeros((len(along_m), len(frequency)), complex)
    wave = 2.0 * math.pi * frequency[on] / SPEED_OF_LIGHT_M_S
    far = channel.antenna_m + np.concatenate([np.zeros((len(along_m), 1)), ground.border_m], axis=1)
    stack = stack_reflection(
        frequency[on], thickness, ground.permittivity, ground.loss_tangent, far[:, :-1] / far[:, 1:]
    )
    heard[:, on] = band[on] * stack * np.exp(-2j * channel.antenna_m * wave)
    time_s: Floats = step_s * np.arange(channel.samples, dtype=np.float64)
    echo = np.fft.irfft(heard, length, axis=1)[:, : channel.samples]
    pulse: Floats = np.asarray(_FINER * np.fft.irfft(band, _FINER * length), np.float64)
    echo += _rock_echoes(channel, ground, along_m, time_s, pulse)
    surface = abs((1.0 - math.sqrt(ground.permittivity[0])) / (1.0 + math.sqrt(ground.permittivity[0])))
    echo /= surface * float(np.abs(hilbert(pulse)).max())
    echo += 10.0 ** (channel.noise_db / 20.0) * rng.standard_normal(echo.shape)
    return Radargram(
        channel=channel,
        time_s=time_s,
        echo=np.ascontiguousarray(echo.T),
        border_s=_border_times(channel, ground, thickness),
        seen_m=_seen_m(channel, ground),
    )


def _border_times(channel: ChannelRow, ground: Underground, thickness: Floats) -> Floats:
    """Return (traces, borders) two-way times, the surface first."""
    above = 2.0 * channel.antenna_m / SPEED_OF_LIGHT_M_S
    down = 2.0 / SPEED_OF_LIGHT_M_S * np.cumsum(thickness * np.sqrt(ground.permittivity[:-1]), axis=1)
    return np.concatenate([np.full((len(thickness), 1), above), above + down], axis=1)


def _depths(channel: ChannelRow, ground: Underground, time_s: npt.ArrayLike) -> Floats:
    """Return the depth that two-way times stand for, by the layers' mean borders; above the surface it is negative."""
    at, depth = _mean_times(channel, ground)
    return np.asarray(np.interp(np.asarray(time_s, np.float64), at, depth))


def _mean_times(channel: ChannelRow, ground: Underground) -> tuple[Floats, Floats]:
    """Return two-way times and the depths that they stand for, by the mean borders, down far below the last."""
    borders = np.concatenate([[0.0], ground.border_m.mean(axis=0)])
    depth = np.concatenate([[-channel.antenna_m], borders, [borders[-1] + 1000.0]])
    slow = np.concatenate([[1.0], np.sqrt(ground.permittivity)])
    at = np.concatenate([[0.0], np.cumsum(2.0 / SPEED_OF_LIGHT_M_S * np.diff(depth) * slow)])
    return at, depth


def depth_at(gram: Radargram, ground: Underground, time_s: npt.ArrayLike) -> Floats:
    """Return the depth that two-way times of a radargram stand for, by the layers' mean borders."""
    return _depths(gram.channel, ground, time_s)


def _rock_echoes(
    channel: ChannelRow, ground: Underground, along_m: Floats, time_s: Floats, pulse: Floats
) -> Floats:
    """Return (traces, samples) echoes of rocks; `pulse` has `_FINER` values to a sample."""
    found = np.zeros((len(along_m), len(time_s)))
    if not len(ground.rocks):
        return found
    at, depth = _mean_times(channel, ground)
    half = round(3e3 / channel.band_mhz / channel.sample_ns)
    fine = _FINER * (half + 1)
    shape = np.concatenate([pulse[-fine:], pulse[: fine + 1]])
    offset = np.arange(-half, half + 1)
    step_s = channel.sample_ns * 1e-9
    for (where, aside, deep, radius), inside in zip(
        ground.rocks.tolist(), ground.rock_permittivity.tolist(), strict=True
    ):
        straight_s = float(np.interp(deep, depth, at))
        high = deep + channel.antenna_m
        slant = np.sqrt(1.0 + ((along_m - where) ** 2 + aside**2) / high**2)
        layer = int(np.searchsorted(ground.border_m.mean(axis=0), deep))
        strength = _scattering_m(channel, radius, ground.permittivity[layer], inside)
        lost = math.pi * channel.centre_mhz * 1e6 * _loss_times(ground, deep) * slant
        size = 2.0 * strength * channel.antenna_m / (high * slant) ** 2 / slant**2 * np.exp(-lost)
        size *= np.clip((_WIDEST - slant) / (_WIDEST - _WIDE), 0.0, 1.0)
        centre = straight_s * slant / step_s
        heard = np.flatnonzero((centre < len(time_s) - half - 1) & (centre > half) & (slant < _WIDEST))
        first = np.rint(centre[heard]).astype(np.int64)[:, None]
        wanted = fine + np.rint(_FINER * (first + offset - centre[heard, None])).astype(np.int64)
        found[heard[:, None], first + offset] += size[heard, None] * shape[wanted]
    return found


def _scattering_m(channel: ChannelRow, radius_m: float, outside: float, inside: float) -> float:
    """Return a sphere's scattering length backwards: Rayleigh's for a small one, half the radius times the border's."""
    wave = 2.0 * math.pi * channel.centre_mhz * 1e6 * math.sqrt(outside) / SPEED_OF_LIGHT_M_S
    contrast = inside / outside
    small = wave**2 * radius_m**3 * abs(contrast - 1.0) / (contrast + 2.0)
    large = radius_m / 2.0 * abs(math.sqrt(contrast) - 1.0) / (math.sqrt(contrast) + 1.0)
    return min(small, large)


def _loss_times(ground: Underground, deep_m: float) -> float:
    """Return the two-way time to a depth, each layer's weighted by its loss tangent, s."""
    borders = np.concatenate([[0.0], ground.border_m.mean(axis=0), [np.inf]])
    within = np.clip(deep_m - borders[:-1], 0.0, np.diff(borders))
    return float(
        2.0 / SPEED_OF_LIGHT_M_S * (within * np.sqrt(ground.permittivity) * ground.loss_tangent).sum()
    )


def _seen_m(channel: ChannelRow, ground: Underground) -> float:
    """Return down to which depth a border of a reflection of `_REFERENCE` is above the noise."""
    depths = np.arange(0.1, 500.0, 0.1)
    spread = channel.antenna_m / (depths + channel.antenna_m)
    rate = math.pi * channel.centre_mhz * 1e6
    loss = np.exp([-rate * _loss_times(ground, float(depth)) for depth in depths])
    first = float(ground.permittivity[0])
    surface = (math.sqrt(first) - 1.0) / (math.sqrt(first) + 1.0)
    level = 20.0 * np.log10(_REFERENCE * (1.0 - surface**2) * spread * loss / surface)
    above = depths[level > channel.noise_db]
    return float(above.max()) if len(above) else 0.0


def traces_along(
    time_s: Floats,
    place_m: Floats,
    distance_m: Floats,
    moving: Sequence[bool] | npt.NDArray[np.bool_],
    trace_s: float,
) -> tuple[Floats, Floats, Floats]:
    """Return when, how far along and where traces are taken: every `trace_s` while the rover moves forwards.

    Args:
        time_s, distance_m: (n,) of the rover's telemetry.
        place_m: (n, 2).
        moving: (n,) whether it drove up to each row.
        trace_s: Between traces.
    """
    times = [np.empty(0)]
    for n in range(1, len(time_s)):
        if moving[n] and distance_m[n] - distance_m[n - 1] > 1e-3:
            first = math.ceil(time_s[n - 1] / trace_s) * trace_s
            times.append(np.arange(first, time_s[n], trace_s))
    at = np.concatenate(times)
    along = np.interp(at, time_s, distance_m)
    places = np.column_stack([np.interp(at, time_s, place_m[:, axis]) for axis in (0, 1)])
    return at, along, places
