"""The traffic between rover and world. Nothing else crosses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.grid import Dem


class Mode(StrEnum):
    """What the rover is doing; each has a load in the vehicle file, see `VehicleParams.load_w`."""

    IDLE = "idle"
    """With nothing to do: before the first decision and at the goal."""
    PLAN = "plan"
    """Standing while a new way is reckoned on board."""
    DRIVE = "drive"
    COMMAND = "command"
    CHARGE = "charge"
    NAP = "nap"
    DORMANT = "dormant"
    SAFE = "safe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What the rover tells its body to do next.

    Attributes:
        mode: Mode to be in meanwhile.
        turn_rad: Turn in place first, counter-clockwise.
        drive_m: Then drive so far over the ground, backwards if negative; 0 in every mode but DRIVE.
        curvature_per_m: One over the radius of the arc that it drives along, positive to the left of its heading
            whichever way it goes; 0 straight ahead.
        duration_s: Otherwise stay this long.
        look_round: Then look all round with the mast, not only ahead.
        rolls_per_m: How far the wheels' rims are to roll per metre of `drive_m`: the drive ends when they have. None
            where the body itself tells how far it has come over the ground, as perfect senses do.
    """

    mode: Mode
    turn_rad: float = 0.0
    drive_m: float = 0.0
    curvature_per_m: float = 0.0
    duration_s: float = 0.0
    look_round: bool = False
    rolls_per_m: float | None = None

    def __post_init__(self) -> None:
        if self.mode is not Mode.DRIVE and (self.turn_rad or self.drive_m):
            raise ValueError(f"a motion in mode {self.mode}")
        if self.curvature_per_m and not self.drive_m:
            raise ValueError(f"curvature_per_m = {self.curvature_per_m} of no drive")
        if self.rolls_per_m is not None and not 0 < self.rolls_per_m < math.inf:
            raise ValueError(f"rolls_per_m = {self.rolls_per_m}; give what the rims roll per metre driven")


@dataclass(frozen=True, slots=True, kw_only=True)
class DriveReading:
    """What the drives of the wheels tell while they turn: front left, front right, middle, rear.

    Attributes:
        told_m_s: (6,) speed of each rim as commanded, backwards negative.
        rim_m_s: (6,) as its encoder has it.
        motor_w: (6,) electrical power of each motor.
    """

    told_m_s: tuple[float, ...]
    rim_m_s: tuple[float, ...]
    motor_w: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Odometry:
    """What the wheels turned since the last observation.

    Attributes:
        forward_m: Way that they rolled, backwards negative; wheels that slip roll further than the rover moves.
        turn_rad: Turn in place that they tell, counter-clockwise.
    """

    forward_m: float
    turn_rad: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Inertial:
    """What the inertial unit felt.

    Attributes:
        turned_rad: (3,) turn about forward, left and up since the last observation, biases included.
        felt_m_s2: (3,) specific force along forward, left and up at rest: the vertical times gravity.
        elapsed_s: Time since the last observation.
    """

    turned_rad: tuple[float, float, float]
    felt_m_s2: tuple[float, float, float]
    elapsed_s: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RectifiedPicture:
    """A picture of a pinhole, and how it was looked through.

    Attributes:
        light: (rows, cols) float32 what the sensor read, 1 in a full pixel; row 0 is the uppermost.
        axes: (3, 3) unit vectors forward, left and up of the eye as rows, in the body's frame.
        focal_px: Focal length.
        centre_row, centre_col: Of the optical axis; pixel centres are whole numbers.
    """

    light: npt.NDArray[np.float32]
    axes: npt.NDArray[np.float64]
    focal_px: float
    centre_row: float
    centre_col: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "light", locked(self.light, np.float32, (None, None), "light"))
        object.__setattr__(self, "axes", locked(self.axes, np.float64, (3, 3), "axes"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StereoPoints:
    """What a stereo pair has ranged.

    Attributes:
        camera: Name of the pair.
        points_m: (n, 3) float32 forward, left and up in the body's frame.
        sigma_m: (n,) float32 standard deviation of the depth along the optical axis. Maps on board take it for that
            along the line of sight, which is more by as much as the point is further away than deep: twice that at the
            edge of 120 deg.
        eye_m: (3,) the left eye in the body's frame, from which they are seen.
        picture: What the left eye's sensor read; None where it was not kept.
    """

    camera: str
    points_m: npt.NDArray[np.float32]
    sigma_m: npt.NDArray[np.float32]
    eye_m: tuple[float, float, float]
    picture: RectifiedPicture | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "points_m", locked(self.points_m, np.float32, (None, 3), "points_m"))
        shape = (len(self.points_m),)
        object.__setattr__(self, "sigma_m", locked(self.sigma_m, np.float32, shape, "sigma_m"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observation:
    """What the rover has sensed at the end of a command.

    Attributes:
        time_s: Since the scenario's epoch.
        east_m, north_m, yaw_rad: Pose in the terrain's frame; NaN from senses that do not tell it.
        pitch_rad: Nose up positive, with noise.
        roll_rad: Left side up positive, with noise.
        soc: State of charge, 0-1.
        array_w: Output of the solar array.
        stalled: Whether the last motion was cut short by something that the wheels could not pass.
        body_k: Temperature of the body, NaN where it is not measured.
        heights: Sensed elevations round the rover, NaN where none; None while parked or with the sensors off.
        odometry: What the wheels turned; None without encoders.
        inertial: What the inertial unit felt; None without one.
        sun_direction: (3,) unit vector to the Sun in the body's frame; None where it is not seen.
        stereo: What each stereo pair has ranged at this look; empty while parked or with perfect senses.
        halted: Whether the last motion was ended before its time by what watches the drives on board, or by a computer
            that went down.
        out_of_link_s: Time since the last observation in which the relay could not be reached.
        boots: How often the computer has begun, as it counts itself.
        folded: Whether the array's latch is shut; None where that is not told.
        place_sigma_m: Standard deviation of the place along the horizontal direction in which it is known least; 0 from
            senses that tell it as it is.
        uncertain: Whether senses contradict what is believed of the place again and again.
        corrected_m: East and north by which places seen or stood at before have moved, since what was believed of the
            place was corrected.
    """

    time_s: float
    east_m: float
    north_m: float
    yaw_rad: float
    pitch_rad: float
    roll_rad: float
    soc: float
    array_w: float
    stalled: bool
    heights: Dem | None
    body_k: float = math.nan
    odometry: Odometry | None = None
    inertial: Inertial | None = None
    sun_direction: tuple[float, float, float] | None = None
    stereo: tuple[StereoPoints, ...] = ()
    halted: bool = False
    out_of_link_s: float = 0.0
    boots: int = 1
    folded: bool | None = None
    place_sigma_m: float = 0.0
    uncertain: bool = False
    corrected_m: tuple[float, float] = (0.0, 0.0)
