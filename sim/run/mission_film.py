"""The frames of a descent's film: which there are, and what the camera's sensor makes of each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.lander import LanderParams
from rover.core.time import parse_utc
from sim.mission.daylight import sunlight_at
from sim.mission.descent_film import DescentFilm, frame_times_s
from sim.moon.surface import GROUND_VERSION
from sim.run.closed_loop_landing import PHASES, Descent
from sim.run.mission_scenario import Mission
from sim.sensors.exposure import expose

Floats = npt.NDArray[np.float64]

FILM_STREAM = 9
"""Of `SeedSequence(seed, spawn_key=(stream, frame))`: the noise of a frame, whichever were made before."""

FULL_PER_S = 10.0
_FULL_BEFORE_S = 338.0
"""The published film has its touchdown 5 min 38 s after it begins, at ten frames a second."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FilmPlan:
    """Which frames a film has.

    Attributes:
        time_s: (n,) since ignition.
        pixels: Rows and columns of a frame.
        key: Tells films of other missions, seeds, grounds or sizes from this one.
    """

    time_s: Floats
    pixels: int
    key: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FilmFrame:
    """One frame.

    Attributes:
        number: Which, from 0.
        grey: (rows, cols) uint8.
    """

    number: int
    grey: npt.NDArray[np.uint8]


def plan_film(descent: Descent, mission: Mission, params: LanderParams, *, full: bool) -> FilmPlan:
    """Return the film that the mission file asks for, or in full: ten frames a second at the camera's own size."""
    end = descent.touchdown.time_s
    if full:
        first = max(0.0, end - _FULL_BEFORE_S)
        times = np.append(np.arange(first, end, 1.0 / FULL_PER_S), end)
        pixels = params.lcam.cols
    else:
        times = frame_times_s(descent.time_s, descent.height_m, mission.film.frames)
        pixels = mission.film.pixels
    made_of = (
        mission.model_dump_json(),
        params.model_dump_json(),
        GROUND_VERSION,
        pixels,
        times.tobytes().hex(),
    )
    key = hashlib.sha256(repr(made_of).encode()).hexdigest()[:32]
    return FilmPlan(time_s=times, pixels=pixels, key=key)


def film_frames(
    descent: Descent, mission: Mission, params: LanderParams, plan: FilmPlan, wanted: Iterable[int]
) -> Iterator[FilmFrame]:
    """Yield frames as they are made; `wanted` should ascend, since ground is kept from one to the next."""
    film = DescentFilm(descent.world, params.lcam, plan.pixels)
    epoch = parse_utc(mission.descent.ignition_utc)
    for number in wanted:
        time_s = float(plan.time_s[number])
        sun = sunlight_at(descent.world.site, epoch, time_s)
        height = float(np.interp(time_s, descent.time_s, descent.height_m))
        picture = film.picture(descent.state_at(time_s), height, sun)
        noise = np.random.default_rng(np.random.SeedSequence(mission.seed, spawn_key=(FILM_STREAM, number)))
        frame = expose(picture, params.lcam, sun.distance_m, noise)
        grey = (frame.number >> (frame.bits - 8)).astype(np.uint8)
        yield FilmFrame(number=number, grey=grey)


def caption(descent: Descent, time_s: float) -> str:
    """Return what stands under a frame: time to touchdown, height, phase."""
    height = float(np.interp(time_s, descent.time_s, descent.height_m))
    phase = PHASES[descent.phase[int(np.searchsorted(descent.time_s, time_s, side="right")) - 1]].value
    high = (
        f"{height / 1000:.1f} km"
        if height >= 9995
        else f"{height / 1000:.2f} km"
        if height >= 999.5
        else (f"{height:.0f} m" if height >= 9.95 else f"{max(height, 0.0):.1f} m")
    )
    left = max(descent.touchdown.time_s - time_s, 0.0)
    return f"T-{left:.0f} s   {high}   {phase}" if left >= 9.95 else f"T-{left:.1f} s   {high}   {phase}"
