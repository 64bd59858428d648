"""Instruments that work while the rover stands: when their rules let them, which way the rover turns, what it costs.

The infrared spectrometer looks down ahead of the rover. Its target must be lit, by ground and rover, and the phase
angle, between the Sun and the instrument as the target sees them, must be within a window. The analyser counts neutral
atoms that the solar wind knocks out of lit ground, and works in low Sun.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from rover.core.time import Epoch
from rover.core.vehicle import NotNegative, Positive
from sim.mission.daylight import sunlight_at
from sim.mission.figures import Name, Number, Row, Share, Utc
from sim.moon.optics import OpticsParams
from sim.moon.site import SiteParams
from sim.sensors.bodies import Part, attitude, set_down
from sim.sensors.camera import Eye, Sunlight, take_picture
from sim.sensors.lens import Lens
from sim.sensors.mount import BodyPose
from sim.sensors.scene import Scene

Floats = npt.NDArray[np.float64]
Where = Callable[[float], BodyPose | None]
"""How the rover stands at a time; None while it drives or sleeps."""

EVERY_S = 600.0
"""Between the times that are tried."""

_HEADINGS = 24
_PIXELS = 12
_FAR_M = 50.0

Degrees = Annotated[float, Field(ge=0, le=180, allow_inf_nan=False)]


class _Costs(Row):
    name: Name
    utc: Utc = Field(description="not before")
    within_h: Positive = Field(description="and not later than so much after")
    minutes: Positive
    watts: NotNegative
    data_bit: Annotated[int, Field(ge=0, le=10**12)]
    sun_min_deg: Number
    sun_max_deg: Number

    @model_validator(mode="after")
    def _rising(self) -> _Costs:
        if not self.sun_min_deg < self.sun_max_deg:
            raise ValueError(
                f"sun_min_deg = {self.sun_min_deg} is not below sun_max_deg = {self.sun_max_deg}; lower it"
            )
        return self


class SpectrometerRow(_Costs):
    """A measurement of the infrared spectrometer."""

    forward_m: Number = Field(description="of its aperture from the rover's middle")
    up_m: Positive
    down_deg: Annotated[float, Field(gt=0, lt=90)] = Field(description="below level, straight ahead")
    fov_deg: Annotated[float, Field(gt=0, lt=60)]
    phase_min_deg: Degrees
    phase_max_deg: Degrees
    lit_share: Share = Field(description="of the field of view that must be in sunlight")

    @model_validator(mode="after")
    def _window(self) -> SpectrometerRow:
        if not self.phase_min_deg < self.phase_max_deg:
            raise ValueError(
                f"phase_min_deg = {self.phase_min_deg} is not below phase_max_deg = {self.phase_max_deg}; lower it"
            )
        return self


class AnalyserRow(_Costs):
    """A measurement of the analyser of neutral atoms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What came of a row.

    Attributes:
        row: It.
        kind: Of instrument.
        start_s: When, since the mission's epoch; when it was given up, if it was.
        done: Whether it was made.
        words: What was done, or why it was not.
        pose: How the rover stood, turned towards what it measured.
        turned_rad: By how much it was turned for it.
        figures: By name with unit.
    """

    row: SpectrometerRow | AnalyserRow
    kind: str
    start_s: float
    done: bool
    words: str
    pose: BodyPose | None
    turned_rad: float
    figures: dict[str, float]


def measure(
    row: SpectrometerRow | AnalyserRow,
    *,
    from_s: float,
    until_s: float,
    where: Where,
    site: SiteParams,
    epoch: Epoch,
    scene: Scene,
    parts: Sequence[tuple[Sequence[Part], BodyPose]],
    rover: Sequence[Part],
    optics: OpticsParams,
) -> Measurement:
    """Return the first measurement that the rules allow from a time on, or the reason why there is none.

    Args:
        row: What is wanted.
        from_s, until_s: Not before, and begun not after.
        where: How the rover stands.
        site, epoch: Sun and clock.
        scene: Ground about the lander.
        parts: Bodies on it and how they stand, the rover left out.
        rover: Parts of the rover.
        optics: Of the ground.
    """
    kind = _kind(row)
    reasons: dict[str, int] = {}
    for at in np.arange(from_s, until_s + 1.0, EVERY_S).tolist():
        pose = where(at)
        sun = sunlight_at(site, epoch, at)
        why = _kept(row, pose, sun)
        if not why and isinstance(row, AnalyserRow):
            assert pose is not None
            figures = {"sun_elevation_deg": math.degrees(sun.elevation_rad)}
            return _done(row, kind, at, "atoms counted, the ground in low sunlight", pose, 0.0, figures)
        if not why and isinstance(row, SpectrometerRow):
            assert pose is not None
            found = _aimed(row, pose, sun, scene, parts, rover, optics)
            if not isinstance(found, str):
                turned, figures = found
                words = "spectrum of lit ground ahead, at a phase angle within its window"
                return _done(row, kind, at, words, turned_pose(pose, turned), turned, figures)
            why = found
        reasons[why] = reasons.get(why, 0) + 1
    most = max(reasons, key=lambda why: reasons[why])
    return not_made(row, from_s, most)


def not_made(row: SpectrometerRow | AnalyserRow, at_s: float, why: str) -> Measurement:
    """Return what comes of a row that is not measured, given up at a time."""
    return Measurement(
        row=row, kind=_kind(row), start_s=at_s, done=False, words=f"not made within {row.within_h:g} h: {why}",
        pose=None, turned_rad=0.0, figures={},
    )  # fmt: skip


def _kind(row: SpectrometerRow | AnalyserRow) -> str:
    return "spectrometer" if isinstance(row, SpectrometerRow) else "analyser"


def _done(
    row: SpectrometerRow | AnalyserRow,
    kind: str,
    at_s: float,
    words: str,
    pose: BodyPose,
    turned_rad: float,
    figures: dict[str, float],
) -> Measurement:
    return Measurement(
        row=row,
        kind=kind,
        start_s=at_s,
        done=True,
        words=words,
        pose=pose,
        turned_rad=turned_rad,
        figures=figures,
    )


def _kept(row: SpectrometerRow | AnalyserRow, pose: BodyPose | None, sun: Sunlight) -> str:
    """Return which of the rules that both have is broken, empty if none."""
    if pose is None:
        return "the rover drives or rests"
    elevation = math.degrees(sun.elevation_rad)
    if not elevation >= row.sun_min_deg:
        return f"the Sun is lower than {row.sun_min_deg:g} deg"
    if not elevation <= row.sun_max_deg:
        return f"the Sun is higher than {row.sun_max_deg:g} deg"
    return ""


def turned_pose(pose: BodyPose, turn_rad: float) -> BodyPose:
    """Return a pose turned in place; its lean is of the ground and stays, to the uphill and the downhill side."""
    cos, sin = math.cos(turn_rad), math.sin(turn_rad)
    return BodyPose(
        east_m=pose.east_m,
        north_m=pose.north_m,
        up_m=pose.up_m,
        yaw_rad=pose.yaw_rad + turn_rad,
        pitch_rad=pose.pitch_rad * cos + pose.roll_rad * sin,
        roll_rad=-pose.pitch_rad * sin + pose.roll_rad * cos,
    )


def spectrometer_eye(row: SpectrometerRow, pose: BodyPose) -> Eye:
    """Return where the spectrometer is and which way it looks."""
    place = pose.place_m + np.array([row.forward_m, 0.0, row.up_m]) @ pose.axes
    return Eye(place_m=place, axes=attitude(0.0, -math.radians(row.down_deg), 0.0) @ pose.axes)


def phase_angle_rad(eye: Eye, sun: Sunlight) -> float:
    """Return the angle at what is looked at between the Sun and the eye."""
    return math.acos(max(-1.0, min(1.0, float(-eye.axes[0] @ sun.direction))))


def _aimed(
    row: SpectrometerRow,
    pose: BodyPose,
    sun: Sunlight,
    scene: Scene,
    parts: Sequence[tuple[Sequence[Part], BodyPose]],
    rover: Sequence[Part],
    optics: OpticsParams,
) -> tuple[float, dict[str, float]] | str:
    """Return the smallest turn that gives a lit target in the window, with its figures, or why there is none."""
    why = f"no heading has a phase angle of {row.phase_min_deg:g} to {row.phase_max_deg:g} deg"
    turns = [math.tau * n / _HEADINGS for n in range(_HEADINGS)]
    for turn in sorted((turn - math.tau if turn > math.pi else turn for turn in turns), key=abs):
        stands = turned_pose(pose, turn)
        eye = spectrometer_eye(row, stands)
        phase = math.degrees(phase_angle_rad(eye, sun))
        if not row.phase_min_deg <= phase <= row.phase_max_deg:
            continue
        lit, range_m, incidence = _target(row, stands, eye, sun, scene, parts, rover, optics)
        if lit >= row.lit_share:
            return turn, {
                "phase_deg": phase,
                "incidence_deg": incidence,
                "emission_deg": 90.0 - row.down_deg,
                "target_m": range_m,
                "footprint_m": 2.0 * range_m * math.tan(math.radians(row.fov_deg) / 2.0),
                "lit_share": lit,
                "sun_elevation_deg": math.degrees(sun.elevation_rad),
                "turned_deg": math.degrees(turn),
            }
        why = "no heading within its phase angles has a target in sunlight"
    return why


def _target(
    row: SpectrometerRow,
    stands: BodyPose,
    eye: Eye,
    sun: Sunlight,
    scene: Scene,
    parts: Sequence[tuple[Sequence[Part], BodyPose]],
    rover: Sequence[Part],
    optics: OpticsParams,
) -> tuple[float, float, float]:
    """Return how much of the target is lit, how far it is, and the Sun's angle of incidence on level ground there."""
    origin = np.array([scene.east_m, scene.north_m, 0.0])
    groups = [(of, pose.place_m - origin, pose.axes) for of, pose in [*parts, (rover, stands)]]
    lens = Lens.centred("pinhole", rows=_PIXELS, cols=_PIXELS, fov_rad=math.radians(row.fov_deg))
    picture = take_picture(scene.with_bodies(set_down(groups)), eye, lens, sun, optics, lit=True)
    ground = picture.part == -1
    assert picture.lit is not None
    lit = float(np.where(ground, picture.lit, 0.0).mean())
    ranges = picture.range_m[ground]
    range_m = float(np.median(ranges)) if ranges.size else _FAR_M
    return lit, range_m, 90.0 - math.degrees(sun.elevation_rad)
